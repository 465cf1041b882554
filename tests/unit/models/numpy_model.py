"""The on-disk model as NumPy sees it.

numpy_model.py energy FOLDER   prints the energy of the state with v_i = -1 for i % 3 = 0 and
                               h_j = -1 for j % 2 = 1, computed in float64 from the folder's arrays
numpy_model.py make FOLDER     writes a 3 x 2 model with w_ij = i - j / 4, b_i = i / 2, c_j = -j

Exit status 77: NumPy is not installed.
"""
import pathlib
import sys

try:
    import numpy as np
except ImportError:
    sys.exit(77)


def energy(folder):
    w, b, c = (np.load(folder / f"{name}.npy") for name in ("weights", "visible_bias", "hidden_bias"))
    assert w.dtype == b.dtype == c.dtype == np.float32 and w.shape == (b.size, c.size)
    v = np.where(np.arange(b.size) % 3 == 0, -1.0, 1.0)
    h = np.where(np.arange(c.size) % 2 == 1, -1.0, 1.0)
    w, b, c = (x.astype(np.float64) for x in (w, b, c))
    print(repr(float(-(v @ w @ h) - b @ v - c @ h)))


def make(folder):
    folder.mkdir()
    i, j = np.arange(3), np.arange(2)
    np.save(folder / "weights.npy", (i[:, None] - j[None, :] / 4).astype(np.float32))
    np.save(folder / "visible_bias.npy", (i / 2).astype(np.float32))
    np.save(folder / "hidden_bias.npy", (-j).astype(np.float32))
    (folder / "model.yaml").write_text(
        "schema: 1\nkind: rbm\nn_visible: 3\nn_hidden: 2\nbeta: 0.5\nname: from numpy\n")


{"energy": energy, "make": make}[sys.argv[1]](pathlib.Path(sys.argv[2]))

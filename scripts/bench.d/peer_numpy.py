"""Block Gibbs sampling of an RBM as anybody writes it in NumPy: the peer of scripts/bench.

Usage: peer_numpy.py MODEL_FOLDER BETA CHAINS SWEEPS none|every
Prints the seconds that the sweeps took, then what ran them. `every` keeps each sample, packed.
"""

import sys
import time

import numpy as np


def blas_library():
    with open("/proc/self/maps", encoding="ascii", errors="replace") as maps:
        names = {line.rsplit("/", 1)[-1].strip() for line in maps if "blas" in line}
    return " ".join(sorted(name for name in names if ".so" in name)) or "unknown BLAS"


def main():
    folder, beta, chains, sweeps, mode = sys.argv[1:]
    weights = np.load(folder + "/weights.npy")
    visible_bias = np.load(folder + "/visible_bias.npy")
    hidden_bias = np.load(folder + "/hidden_bias.npy")
    minus_two_beta = np.float32(-2 * float(beta))
    generator = np.random.default_rng(1)

    def draw(field):
        probability = 1 / (1 + np.exp(minus_two_beta * field))
        uniform = generator.random(field.shape, dtype=np.float32)
        return np.where(uniform < probability, np.float32(1), np.float32(-1))

    visible = draw(np.zeros((int(chains), weights.shape[0]), dtype=np.float32))
    samples = []
    start = time.perf_counter()
    for _ in range(int(sweeps)):
        hidden = draw(visible @ weights + hidden_bias)
        visible = draw(hidden @ weights.T + visible_bias)
        if mode == "every":
            samples.append(np.packbits(np.concatenate((visible, hidden), axis=1) > 0, axis=1))
    seconds = time.perf_counter() - start
    print(f"{seconds:.9f} NumPy {np.__version__}, {blas_library()}")


main()

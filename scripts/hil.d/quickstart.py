"""Case fashion_784x64 of configs/quickstart.yaml on a device that is lent: python3 quickstart.py ADDRESS MODEL.

Same model, seeds and starting states as `pbitloop compare configs/quickstart.yaml`, so the samples are its samples, bit
for bit; prints their mean energy, flip rate and CRC-32, and keeps them with a third argument FILE.npy.
"""
import sys
import zlib
import numpy as np
from pbitloop_hil import Device
from pbitloop_hil.host import activation_table, case_seed, rbm_words, starting_states

address, folder, *out = sys.argv[1:]
weights, visible, hidden = (np.load(f"{folder}/{n}.npy") for n in ("weights", "visible_bias", "hidden_bias"))
words, case = rbm_words(weights, visible, hidden), 1
hw = {"n_visible": 784, "n_hidden": 64, "replicas": 16, "lanes": 16}
with Device(address, hw=hw) as dev:
    dev.upload(words, activation_table())
    dev.seed(case_seed(20260301, case, 0))
    dev.set_states(starting_states(words, 16, case_seed(20260301, case, 1)))
    dev.write("BETA", 1 << 12)
    dev.sample(500, keep=False)
    flips = dev.read64("FLIPS")
    bits = dev.sample(4000)
    flips = dev.read64("FLIPS") - flips
s, w = bits * 2.0 - 1, words / 64
energy = -np.einsum("cti,ij,ctj->ct", s[..., :784], w[:784, :64], s[..., 784:], optimize=True) - s @ np.r_[w[:784, 64], w[784, :64]]
packed = np.packbits(bits, axis=2, bitorder="little")
print(f"energy {energy.mean():.4f}, flip rate {flips / bits.size:.5f}, CRC-32 {zlib.crc32(packed):08x}, cycles {dev.cycles}")
if out: np.save(out[0], packed)

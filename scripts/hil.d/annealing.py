"""Simulated annealing on a device that is lent: python3 annealing.py ADDRESS.

A random 6 x 6 model is cooled in 40 steps; the energies that the device itself counts are compared with the least of all
4096 states.
"""
import sys
import numpy as np
from pbitloop_hil import Device
from pbitloop_hil.host import activation_table, rbm_words

rng = np.random.default_rng(7)
words = rbm_words(rng.normal(0, 1, (6, 6)), rng.normal(0, .3, 6), rng.normal(0, .3, 6))
spins = np.array([[1 if k >> i & 1 else -1 for i in range(12)] for k in range(4096)])
least = (-np.einsum("ki,ij,kj->k", spins[:, :6], words[:6, :6], spins[:, 6:]) - spins @ np.r_[words[:6, 6], words[6, :6]]).min()
with Device(sys.argv[1], hw={"n_visible": 6, "n_hidden": 6, "replicas": 16, "lanes": 16}) as dev:
    dev.upload(words, activation_table())
    dev.seed(1)
    dev.set_states(rng.choice([-1, 1], (16, 12)))
    for beta in np.geomspace(.1, 6, 40):
        dev.write("BETA", round(beta * 4096))
        dev.sample(50, keep=False)
    energies = []
    for replica in range(16):
        dev.write("REPLICA_SELECT", replica)
        energies.append((dev.read64("ENERGY") ^ 1 << 63) - (1 << 63))
found = sum(e == least for e in energies)
print(f"least energy {least / 64:.4f}; found by {found} of 16 replicas, best {min(energies) / 64:.4f}")
sys.exit(0 if found else 1)

"""How fast a device that is lent answers: python3 latency.py ADDRESS.

Register round trips, batched writes, and words of the sample stream per second of wall time.
"""
import sys
import time
from pbitloop_hil import Device
from pbitloop_hil.host import activation_table, rbm_words

with Device(sys.argv[1], hw={"n_visible": 64, "n_hidden": 64, "replicas": 32, "lanes": 32}) as dev:
    begin = time.perf_counter()
    for _ in range(2000): dev.read("ID")
    print(f"register reads, one by one: {2000 / (time.perf_counter() - begin):.0f}/s")
    begin = time.perf_counter()
    dev.write("SCRATCH", *range(200000))
    dev.flush()
    print(f"register writes in blocks:  {200000 / (time.perf_counter() - begin):.0f}/s")
    dev.upload(rbm_words([[0.0] * 64] * 64, [0.0] * 64, [0.0] * 64), activation_table())
    dev.seed(1)
    dev.set_states([[1] * 128] * 32)
    dev.write("BETA", 1 << 12)
    begin = time.perf_counter()
    draws = dev.sample(2000).shape[1]
    print(f"sample stream: {draws * 128 * 4 / 1e6 / (time.perf_counter() - begin):.2f} MB/s ({draws} draws of 128 words)")

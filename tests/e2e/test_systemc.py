"""Device tlm: the RTL as a SystemC model gives what the RTL gives."""
import os
import unittest

from harness import HERE, ProgramTest

SOUND = os.path.join(HERE, "sound.yaml")


class SystemC(ProgramTest):
    def samples(self, device, *options):
        out = f"{device}{len(options)}"
        report = self.compare(None, SOUND, "--device", device, "--set", "cases.sound.draws=500",
                              *options, out=out)
        counters = report["cases"][0]["counters"]
        return (self.bytes_of(out, "sound", "device.npy"), counters["busy_cycles"],
                counters["stall_cycles"], counters["flips"])

    def test_the_rtl_in_systemc_gives_the_bytes_and_clocks_of_the_rtl(self):
        own = self.samples("rtl")
        for quantum in (1, 1000, 1000000):
            self.assertTrue(own == self.samples("tlm", "--set", f"tlm_quantum_ns={quantum}"))
        # another seed gives other samples: the comparison can fail
        self.assertFalse(own[0] == self.samples("tlm", "--seed", "2")[0])
        self.run_program(0, "lockstep", SOUND, "--device", "tlm", "--quiet",
                         "--set", "lockstep.sweeps=300", "--set", "lockstep.throttle_permille=700")

    def test_a_quantum_out_of_range_is_refused(self):
        done = self.run_program(2, "compare", SOUND, "--device", "tlm", "--set", "tlm_quantum_ns=0")
        self.assertIn("tlm_quantum_ns", done.stderr)

    def test_without_systemc_the_reason_is_named(self):
        done = self.run_program(3, "compare", SOUND, "--device", "tlm")
        self.assertIn("libsystemc-dev", done.stderr)


if __name__ == "__main__":
    unittest.main()

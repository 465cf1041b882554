"""What the end-to-end tests share: running the program in a folder of its own, reading its results."""
import json
import os
import resource
import shutil
import subprocess
import tempfile
import time
import unittest

PROGRAM = os.environ["PBITLOOP"]
SOURCE = os.environ["PBITLOOP_SOURCE_DIR"]
HERE = os.path.dirname(os.path.abspath(__file__))


def children_cpu():
    """Processor time of all ended children, theirs included."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


class ProgramTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def run_program(self, expected, *arguments):
        """Runs the program in self.folder; self.seconds is its wall time, self.cpu_seconds the
        processor time of it and of what it started: limits are set on that, which a busy machine
        does not stretch."""
        start, cpu = time.monotonic(), children_cpu()
        done = subprocess.run([PROGRAM, *arguments], cwd=self.folder, text=True,
                              capture_output=True, check=False)
        self.seconds = time.monotonic() - start
        self.cpu_seconds = children_cpu() - cpu
        self.assertIn(done.returncode, (0, 10, 11, 12) if expected is None else (expected,),
                         f"{' '.join(arguments)}\n{done.stdout[-3000:]}\n{done.stderr[-2000:]}")
        return done

    def start_server(self, device, *options):
        """`pbitloop serve`, ended with the test; returns it and the address that it announces."""
        server = subprocess.Popen([PROGRAM, "serve", "--device", device, *options], cwd=self.folder,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.end_server, server)
        line = server.stdout.readline()
        if not line.startswith(f"serving {device} on "):
            self.fail(f"{line}{server.stderr.read()}")
        return server, line.split(" on ")[1].strip()

    @staticmethod
    def end_server(server):
        if server.poll() is None:
            server.kill()
        server.communicate()

    def compare(self, expected, config, *options, out="out"):
        """report.json of a comparison that must end with this exit code; None: with any verdict."""
        self.run_program(expected, "compare", config, "--out", out, "--quiet", *options)
        with open(self.path(out, "report.json"), encoding="utf-8") as file:
            return json.load(file)

    def bytes_of(self, *parts):
        with open(self.path(*parts), "rb") as file:
            return file.read()

    def npy_shape(self, *parts):
        """Shape of a .npy file of bytes whose size is what its header says."""
        data = self.bytes_of(*parts)
        self.assertEqual(data[:8], b"\x93NUMPY\x01\x00")
        end = 10 + int.from_bytes(data[8:10], "little")
        header = data[10:end].decode("ascii")
        self.assertIn("'|u1'", header)
        shape = tuple(int(n) for n in header.split("(")[1].split(")")[0].split(",") if n.strip())
        size = 1
        for n in shape:
            size *= n
        self.assertEqual(len(data) - end, size)
        return shape


def show_gates(case):
    for gate in case["gates"]:
        print(f"  {gate['name']}: {gate['status']}, statistic {gate['statistic']}, "
              f"p {gate['p_value']}, alpha {gate['alpha']}")

"""pbitloop selftest as a user calls it: the page's example, exit codes, faults between client and server."""
import json
import os
import re
import socket
import struct
import threading
import unittest

from harness import SOURCE, ProgramTest

PAGE = os.path.join(SOURCE, "docs", "selftest.md")
HEADER = struct.Struct("<4sIHHIQ")
BATCH_REPLY = 0x8006
OPTIONS = ["--set", "hw.exchange=true", "--set", "hw.statistics=true", "--set", "hw.statistics_pairs=8"]
SPARSE = """schema: 1
hw: {fabric: sparse, lanes: 2}
cases:
  - name: ring
    graph: {source: 'torus:4x4'}
    chains: 4
"""
LATTICE = """schema: 1
hw: {fabric: lattice, lanes: 2}
cases:
  - name: square
    hw: {side: 4, graph: g4}
    lattice: {couplings: gaussian}
    chains: 4
"""


class Proxy(threading.Thread):
    """Between a client and a server; `fault` gets the words of every reply to BATCH and their number."""

    def __init__(self, address, server, fault):
        super().__init__(daemon=True)
        self.server, self.fault, self.replies = server, fault, 0
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(address)
        self.listener.listen(1)

    def run(self):
        client, _ = self.listener.accept()
        device = socket.socket(socket.AF_UNIX)
        device.connect(self.server)
        threading.Thread(target=self.forward, args=(client, device), daemon=True).start()
        try:
            self.answer(device, client)
        except OSError:
            pass
        for end in (client, device):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()

    @staticmethod
    def forward(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            pass

    def answer(self, device, client):
        replies = device.makefile("rb")
        while len(head := replies.read(HEADER.size)) == HEADER.size:
            _, length, opcode, code, _, _ = HEADER.unpack(head)
            data = replies.read(length)
            if opcode == BATCH_REPLY and code == 0:
                self.replies += 1
                words = struct.unpack(f"<{length // 4}I", data)
                words = self.fault(words, self.replies)
                if words is None:
                    return
                data = struct.pack(f"<{length // 4}I", *words)
            client.sendall(head + data)


class LyingServer(Proxy):
    """`fault` gets opcode, payload and number of every reply of that opcode that is no error; its answer
    is the header's opcode, its length (None: as it is) and the payload."""

    def answer(self, device, client):
        replies, seen = device.makefile("rb"), {}
        while len(head := replies.read(HEADER.size)) == HEADER.size:
            magic, length, opcode, code, sequence, cycles = HEADER.unpack(head)
            data = replies.read(length)
            if code == 0:
                seen[opcode] = seen.get(opcode, 0) + 1
                opcode, length, data = self.fault(opcode, data, seen[opcode])
            client.sendall(HEADER.pack(magic, len(data) if length is None else length, opcode, code, sequence, cycles) + data)


class Selftest(ProgramTest):
    def selftest(self, expected, *arguments):
        return self.run_program(expected, "selftest", "--quiet", *arguments)

    def results(self, expected, *arguments):
        """{check: result} and the whole object."""
        report = json.loads(self.selftest(expected, "--json", *arguments).stdout)
        return {c["name"]: c["result"] for c in report["checks"]}, report

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def proxied(self, fault):
        """Address of a twin behind a proxy."""
        self.start_server("twin", "--quiet", "--listen", "unix:" + self.path("device"))
        Proxy(self.path("proxy"), self.path("device"), fault).start()
        return "remote:unix:" + self.path("proxy")

    def test_the_example_of_the_selftest_page_is_what_is_printed(self):
        with open(PAGE, encoding="utf-8") as file:
            example = file.read().split("## An example")[1].split("\n## ")[0]
        command, *shown = [line[4:] for line in example.splitlines() if line.startswith("    ")]
        self.assertEqual(command.split()[0], "pbitloop")
        printed = self.run_program(0, *command.split()[1:]).stdout.splitlines()

        def form(lines):  # numbers of registers and seconds may be others
            return [re.sub(r"[0-9][0-9A-Fa-fx.e+-]*", "N", line) for line in lines
                    if line.strip() and not line.startswith("register read")]
        self.assertEqual(form(printed), form(shown))

    def test_a_data_bit_that_is_stuck_between_client_and_server_exits_10(self):
        device = self.proxied(lambda words, _: [w & ~0x20 for w in words])
        results, report = self.results(10, "--device", device, "--set", "hw.table_size=64")
        self.assertEqual(results["id"], "PASS")
        self.assertEqual(results["scratch"], "FAIL")
        self.assertEqual(results["masks"], "SKIPPED")
        self.assertEqual(report["first_failed"], "scratch")
        scratch = next(c for c in report["checks"] if c["name"] == "scratch")
        self.assertIn("never 1: 0x00000020", scratch["text"])
        self.assertEqual((scratch["address"], scratch["expected"] ^ scratch["got"]), (8, 0x20))
        self.assertEqual(report["failed"] + report["passed"] + report["skipped"], len(report["checks"]))

    def test_a_device_that_leaves_exits_3_and_what_was_found_is_printed(self):
        device = self.proxied(lambda words, n: words if n < 2000 else None)
        done = self.selftest(3, "--device", device, "--set", "hw.table_size=64")
        self.assertRegex(done.stdout, r"(?m)^scratch +PASS ")
        self.assertRegex(done.stdout, r"(?m)^trace +SKIPPED +needs a device that answers")
        self.assertIn("pbitloop: input/output error: ", done.stderr)
        done = self.selftest(3, "--device", "remote:unix:" + self.path("nobody"))
        self.assertIn("cannot reach", done.stderr)

    def test_lies_of_a_server_end_with_one_message(self):
        batch, advance = BATCH_REPLY, 0x8007

        def lie(at, first, change):
            return lambda opcode, data, n: change(data) if opcode == at and n >= first else (opcode, None, data)

        endless = struct.pack("<QI", 1, 32768) + bytes(32768 * 5) + bytes(8)
        for k, (fault, text) in enumerate((
                (lie(0x8001, 1, lambda d: (0x8001, None, b"\x09\0" + d[2:])), "speaks protocol 9.0, this program 1.0"),
                (lie(batch, 50, lambda d: (batch, None, d[:3])), "no value of the register in it"),
                (lie(batch, 50, lambda d: (advance, None, d)), "is no reply of this protocol"),
                (lie(batch, 50, lambda d: (6, None, d)), "is no reply of this protocol"),
                (lie(batch, 50, lambda d: (batch, 262145, d)), "is no reply of this protocol"),
                (lie(advance, 5, lambda d: (advance, None, d[:13])), "it ends inside a stream"),
                (lie(advance, 5, lambda d: (advance, None, d[:8] + b"\xff\xff\xff\x7f" + d[12:])), "more stream words than"),
                (lie(advance, 5, lambda d: (advance, None, endless)), "stream"))):
            self.start_server("twin", "--quiet", "--listen", "unix:" + self.path(f"device{k}"))
            LyingServer(self.path(f"proxy{k}"), self.path(f"device{k}"), fault).start()
            done = self.selftest(3, "--device", "remote:unix:" + self.path(f"proxy{k}"), "--set", "hw.table_size=64")
            self.assertIn(text, done.stderr)
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
            self.assertLess(self.cpu_seconds, 10)

    def test_a_board_is_tested_as_it_is_and_as_configured(self):
        config = self.write("lattice.yaml", LATTICE)
        self.start_server("twin", "--quiet", "--config", config, "--file", "./board")
        results, report = self.results(0, "--device", "uio:./board", "--fresh")
        self.assertEqual((results["reset"], results["back_pressure"]), ("PASS", "PASS"))
        self.assertEqual((report["hardware"], report["hw"]["fabric"]), ("hardware as it is", "lattice"))
        results, report = self.results(10, config, "--device", "uio:./board", "--set", "hw.weight_frac=5")
        self.assertEqual((report["first_failed"], report["failed"]), ("caps", 1))

    def test_selftest_finds_bad_usage_before_it_touches_a_device(self):
        self.assertIn("--case nobody: ", self.selftest(2, "--device", "twin", "--case", "nobody").stderr)
        self.assertIn("missing.yaml", self.selftest(2, "missing.yaml", "--device", "twin").stderr)
        self.assertIn("hw.lanes", self.selftest(2, "--device", "twin", "--set", "hw.lanes=99").stderr)

    def passes(self, device):
        """Everything that is built, in each fabric."""
        results, _ = self.results(0, "--device", device, *OPTIONS, "--set", "hw.trace=true")
        for check in ("exchange", "statistics", "trace", "back_pressure", "throttle", "interrupt"):
            self.assertEqual(results[check], "PASS", check)
        results, _ = self.results(0, self.write("sparse.yaml", SPARSE), "--device", device, *OPTIONS)
        for check in ("groups", "random_site", "exchange", "statistics"):
            self.assertEqual(results[check], "PASS", check)
        results, _ = self.results(0, self.write("lattice.yaml", LATTICE), "--device", device)
        self.assertEqual(results["cyclic"], "PASS")

    def test_the_rtl_passes_its_selftest(self):
        self.passes("rtl")

    def test_the_systemc_model_passes_its_selftest(self):
        self.passes("tlm")


if __name__ == "__main__":
    unittest.main()

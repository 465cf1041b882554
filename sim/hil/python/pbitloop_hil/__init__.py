"""Client of `pbitloop serve`: a p-bit device over a socket (docs/hil.md).

    from pbitloop_hil import Device
    with Device("unix:/run/user/1000/pbit", hw={"n_visible": 6, "n_hidden": 6}) as dev:
        print(hex(dev.read("ID")), dev.cycles)

Needs Python 3.8 and nothing else; Device.sample and some functions of pbitloop_hil.host need NumPy.
"""
import array
import hashlib
import hmac
import os
import socket
import stat
import struct
import sys
import zlib

from .host import generator_states

__all__ = ["Device", "HilError", "HW_NAMES", "REGISTERS"]

MAGIC, VERSION, REPLY = 0x4C494850, (1, 0), 0x8000
HELLO, AUTH, OPEN, CLOSE, INFO, BATCH, ADVANCE, THROTTLE, PING = range(1, 10)
CODES = ("ok", "bad frame", "wrong version", "not authenticated", "busy", "no device open",
         "refused", "device error", "timeout", "limit exceeded", "unknown opcode", "server failure")
HEADER = struct.Struct("<IIHHIQ")
MAX_CYCLES, POST_BYTES = 1 << 17, 1 << 16

HW_NAMES = ("fabric n_visible n_hidden replicas lanes weight_int weight_frac beta_int beta_frac "
            "table_size table_range_log2 threshold_bits rounding generator lfsr_steps field_bits "
            "side n_rules a0 a1 a2 a3 a4 a5 b0 b1 b2 b3 b4 b5 lattice_sites pbits edge_rows groups "
            "sparse_sites exchange statistics stat_pairs trace "
            "no_regulator cells_per_generator").split()
HW_DEFAULT = dict(fabric=1, n_visible=6, n_hidden=6, replicas=1, lanes=1, weight_int=5,
                  weight_frac=6, beta_int=4, beta_frac=12, table_size=1024, table_range_log2=4,
                  threshold_bits=24, rounding=1, generator=0, lfsr_steps=32, field_bits=32)
# Those that are used most; any other register by its offset (docs/registers.md).
REGISTERS = dict(ID=0x000, VERSION=0x004, SCRATCH=0x008, CTRL=0x020, STATUS=0x024, CONFIG=0x028,
                 SWEEPS=0x02C, SAMPLE_EVERY=0x030, BETA=0x034, BETA_ACTIVE=0x038, IRQ_ENABLE=0x03C,
                 IRQ_STATUS=0x040, IMG_SELECT=0x044, IMG_ADDRESS=0x048, IMG_DATA=0x04C,
                 IMG_HASH=0x050, BUSY_CYCLES=0x054, STALL_CYCLES=0x05C, SWEEP_COUNT=0x064,
                 FLIPS=0x06C, SAMPLES=0x084, REPLICA_SELECT=0x08C, ENERGY=0x090)
BUSY, DONE, CHECKING, HASH_VALID, ERROR = 1, 2, 4, 8, 32
WEIGHTS, TABLE, CLAMPS, STATE, GENERATOR = range(5)


class HilError(Exception):
    """What the server refused, with `code` as in docs/hil.md; None: the connection failed."""

    def __init__(self, code, text):
        super().__init__(text if code is None else f"{CODES[code]}: {text}")
        self.code = code


def _secret(path):
    with open(path, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode) or status.st_mode & 0o077:
            raise HilError(None, f"{path} must be a file that only its owner can read")
        return file.read()


class Device:
    """A device, from power-up to close(); a context manager.

    hw: parameters by name (HW_NAMES) over the defaults of the simulator, or None: the server's
    default; the attribute `hw` has them all. secret: path of the file that the server has, too.
    Writes are collected and go out with the next call that needs an answer. `cycles` is the
    device's clock count as of the last answer."""

    def __init__(self, address, hw=None, secret=None, name=None, reset_seed=0, timeout=60):
        self.cycles, self._sequence, self._batch = 0, 0, bytearray()
        self.samples, self.telemetry, self.trace = ([], []), ([], []), ([], [])
        self.socket = self._connect(address, timeout)
        try:
            self._greet(secret, name or f"{os.path.basename(sys.argv[0] or 'python')}[{os.getpid()}]")
            words = []
            if hw is not None:
                unknown = set(hw) - set(HW_NAMES)
                if unknown:
                    raise ValueError(f"unknown hardware parameters: {sorted(unknown)}")
                words = [{**HW_DEFAULT, **hw}.get(key, 0) for key in HW_NAMES]
            self.socket.settimeout(1800)  # the server may have to build it
            reply = self._request(OPEN, struct.pack(f"<QH{len(words)}I", reset_seed, len(words), *words))
            self.socket.settimeout(timeout)
            self.has_throttle, self.has_trace = reply[0] & 1 != 0, reply[0] & 2 != 0
            count = struct.unpack_from("<H", reply, 4)[0]
            self.hw = dict(zip(HW_NAMES, struct.unpack_from(f"<{count}I", reply, 6)))
        except BaseException:
            self.socket.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.close()

    @staticmethod
    def _connect(address, timeout):
        try:
            if address.startswith("unix:"):
                link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                link.settimeout(timeout)
                link.connect(address[5:])
            else:
                host, _, port = address.rpartition(":")
                link = socket.create_connection((host.strip("[]"), int(port)), timeout)
                link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            raise HilError(None, f"cannot reach a server at {address}: {error}") from error
        return link

    def _greet(self, secret, name):
        mine, text = os.urandom(32), name.encode()[:64]
        reply = self._request(HELLO, struct.pack("<HH32sH", *VERSION, mine, len(text)) + text)
        flags, its = struct.unpack_from("<I32s", reply, 4)
        if (flags & 1 != 0) != (secret is not None):
            raise HilError(None, "the server asks for a secret" if flags & 1 else
                           "the server has no secret, so it is not the one meant")
        if secret is not None:
            key = _secret(secret)
            mac = [hmac.new(key, b"pbitloop hil 1 " + role + mine + its, hashlib.sha256).digest()
                   for role in (b"client", b"server")]
            if not hmac.compare_digest(self._request(AUTH, mac[0]), mac[1]):
                raise HilError(None, "this server does not know the secret")

    # ---- frames ----

    def _receive(self, n):
        parts = bytearray()
        while len(parts) < n:
            part = self.socket.recv(n - len(parts))
            if not part:
                raise HilError(None, "the server closed the connection")
            parts += part
        return bytes(parts)

    def _request(self, opcode, payload=b""):
        """One frame and its answer."""
        try:
            self.socket.sendall(HEADER.pack(MAGIC, len(payload), opcode, 0, self._sequence, 0) + payload)
            magic, length, what, code, sequence, self.cycles = HEADER.unpack(self._receive(HEADER.size))
            reply = self._receive(length)
        except OSError as error:
            raise HilError(None, f"the connection was lost: {error}") from error
        if magic != MAGIC or (code != 1 and (what, sequence) != (opcode | REPLY, self._sequence)):
            raise HilError(None, "what it answers is no reply of this protocol")
        self._sequence = self._sequence + 1 & 0xFFFFFFFF
        if code:
            raise HilError(code, reply[6:].decode("ascii", "replace"))
        return reply

    def flush(self):
        """Sends collected writes; raises HilError of the first that failed. Returns words read."""
        batch, self._batch = bytes(self._batch), bytearray()
        reply = self._request(BATCH, batch) if batch else b""
        return struct.unpack(f"<{len(reply) // 4}I", reply)

    def close(self):
        """Gives the device back."""
        if self.socket.fileno() >= 0:
            try:
                self.flush()
                self._request(CLOSE)
            except HilError:
                pass  # it is given back by the end of the connection, too
            self.socket.close()

    # ---- registers and clocks ----

    def read(self, register):
        self._batch += struct.pack("<I", REGISTERS.get(register, register))
        return self.flush()[-1]

    def read64(self, register):
        low = REGISTERS.get(register, register)
        return self.read(low) | self.read(low + 4) << 32

    def write(self, register, *values):
        """Several values go to the same register, one after the other."""
        address = REGISTERS.get(register, register)
        for at in range(0, len(values), POST_BYTES // 4):
            part = [int(v) & 0xFFFFFFFF for v in values[at:at + POST_BYTES // 4]]
            self._batch += struct.pack(f"<II{len(part)}I", address | 2, len(part), *part)
            if len(self._batch) >= POST_BYTES:
                self.flush()

    def advance(self, cycles, trace=False):
        """Runs up to `cycles` clocks; less when an interrupt comes. Words that have arrived are
        appended to samples, telemetry and trace: pairs of lists (words, TLAST). Returns the clocks
        that ran."""
        self.flush()
        ran, more = 0, True
        limits = (32768, 2048, 16384 if trace else 0)
        while more:
            piece, more = min(cycles - ran, MAX_CYCLES), False
            reply = self._request(ADVANCE, struct.pack("<QIII", piece, *limits))
            done, at = struct.unpack_from("<Q", reply)[0], 8
            for (words, last), limit in zip((self.samples, self.telemetry, self.trace), limits):
                n = struct.unpack_from("<I", reply, at)[0]
                words.extend(struct.unpack_from(f"<{n}I", reply, at + 4))
                last.extend(reply[at + 4 + 4 * n:at + 4 + 5 * n])
                at += 4 + 5 * n
                more |= 0 < limit == n  # there may be more words
            ran += done
            if done < piece:
                cycles = ran  # it stopped early
            more |= ran < cycles
        return ran

    def throttle(self, permille, seed=1):
        self.flush()
        self._request(THROTTLE, struct.pack("<IQ", permille, seed))

    # ---- dense fabric: images, states, samples ----

    def target(self, select, row, words):
        self.write("IMG_SELECT", select)
        self.write("IMG_ADDRESS", row << 16)
        self.write("IMG_DATA", *words)

    def wait(self, mask, value, batch=32768, patience=10**9):
        """Runs until STATUS & mask == value."""
        start = self.cycles
        while (status := self.read("STATUS")) & mask != value:
            if status & ERROR or self.cycles - start > patience:
                raise HilError(None, f"STATUS is 0x{status:X} after {self.cycles - start} cycles")
            self.advance(batch)

    def upload(self, words, table, clamps=None):
        """Image: (V+1) x (H+1) words, table of thresholds, one clamp bit a p-bit; the device's hash
        of it must be the one computed here."""
        flat = [int(w) for row in words for w in row]
        clamps = list(clamps or [0] * (self.hw["n_visible"] + self.hw["n_hidden"]))
        for select, content in ((WEIGHTS, flat), (TABLE, table), (CLAMPS, clamps)):
            self.target(select, 0, content)
        self.write("IRQ_STATUS", 1)
        self.write("CTRL", 8)
        self.wait(CHECKING | HASH_VALID, HASH_VALID)
        content = flat + list(table) * self.hw["lanes"] + clamps
        expected = zlib.crc32(struct.pack(f"<{len(content)}I", *(w & 0xFFFFFFFF for w in content)))
        if self.read("IMG_HASH") != expected:
            raise HilError(None, "the device does not hold the image that was sent")

    def seed(self, seed):
        cells = self.hw["lanes"] + 1  # and the control generator
        self.target(GENERATOR, 0, [w for state in generator_states(cells, seed) for w in state])

    def set_states(self, states):
        """replicas x p-bits, +1 or -1."""
        lanes = self.hw["lanes"]
        for c in range(self.hw["replicas"] // lanes):
            rows = states[c * lanes:(c + 1) * lanes]
            self.target(STATE, c, [sum((int(r[p]) > 0) << l for l, r in enumerate(rows))
                                   for p in range(len(rows[0]))])

    def sample(self, draws, every=1, keep=True):
        """Runs draws x every sweeps; returns bits as uint8, replicas x draws x p-bits."""
        import numpy as np
        lanes, replicas = self.hw["lanes"], self.hw["replicas"]
        pbits = self.hw["n_visible"] + self.hw["n_hidden"]
        self.samples = ([], [])
        for register, value in (("IRQ_ENABLE", 1), ("SWEEPS", draws * every),
                                ("SAMPLE_EVERY", every if keep else 0), ("IRQ_STATUS", 1), ("CTRL", 1)):
            self.write(register, value)
        self.wait(BUSY | DONE, DONE)
        self.advance(0)  # the last words may have come during the read of STATUS
        self.write("IRQ_STATUS", 1)
        words = np.array(array.array("I", self.samples[0]), dtype="<u4").reshape(
            -1, (pbits * lanes + 31) // 32)
        bits = np.unpackbits(words.view(np.uint8), axis=1, bitorder="little")[:, :pbits * lanes]
        bits = bits.reshape(-1, replicas // lanes, pbits, lanes)  # draw, context, p-bit, lane
        return bits.transpose(1, 3, 0, 2).reshape(replicas, -1, pbits)

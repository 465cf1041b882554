"""Random contents of a device's memories, and the words that its hash must cover (docs/device.md)."""
import struct
import zlib

from pbitloop_hil.host import activation_table

WEIGHTS, TABLE, CLAMPS, STATE, GENERATOR, SCHEDULE = range(6)
FIRST, LAST, TAIL, END, VALID = 1 << 28, 1 << 29, 1 << 30, 1 << 31, 1 << 31


class Image:
    """`writes`: (select, row, words) in the order of upload; `crc`: what IMG_HASH must become."""

    def __init__(self, hardware, random):
        self.hw, self.random = hardware, random
        w = hardware.words
        self.table = activation_table(w["table_size"], w["table_range_log2"], w["threshold_bits"])
        self.clamps = [int(random.random() < 0.15) for _ in range(hardware.pbits)]
        # states[context][p-bit]: a bit a lane
        self.states = [[random.getrandbits(hardware.lanes) for _ in range(hardware.pbits)]
                       for _ in range(hardware.contexts)]
        self.generators = [random.getrandbits(32) or 1 for _ in range(4 * (hardware.cells + 1))]
        content = getattr(self, hardware.fabric)()
        self.writes.append((TABLE, 0, self.table))
        self.writes.append((CLAMPS, 0, self.clamps))
        content = content + self.table * hardware.cells + self.clamps
        self.crc = zlib.crc32(struct.pack(f"<{len(content)}I", *(c & 0xFFFFFFFF for c in content)))
        for context, states in enumerate(self.states):
            self.writes.append((STATE, context, states))
        self.writes.append((GENERATOR, 0, self.generators))

    def weight(self):
        return self.random.randint(-300, 300)  # a fraction of 6 bits

    def dense(self):
        v, h = self.hw.words["n_visible"], self.hw.words["n_hidden"]
        self.rows = [[self.weight() for _ in range(h + 1)] for _ in range(v + 1)]
        self.rows[v][h] = 0
        words = [w for row in self.rows for w in row]
        self.writes = [(WEIGHTS, 0, words)]
        return words

    def lattice(self):
        steps = self.hw.words["n_visible"] // self.hw.sites
        words = [self.weight() for _ in range(2 * steps * self.hw.sites * (4 * self.hw.words["n_rules"] + 1))]
        self.writes = [(WEIGHTS, 0, words)]
        return words

    def sparse(self):
        """A random graph, its blocks by greedy colouring, groups of `sites` p-bits."""
        n, sites = self.hw.pbits, self.hw.sites
        weights = {i: {} for i in range(n)}
        for i in range(n):
            for j in self.random.sample(range(n), 2):
                if i != j and len(weights[i]) < 4 and len(weights[j]) < 4:
                    weights[i][j] = weights[j][i] = self.weight()
        colours = []
        for i in range(n):
            taken = {colours[j] for j in weights[i] if j < i}
            colours.append(min(set(range(n)) - taken))
        edges, schedule = [], []
        for colour in range(max(colours) + 1):
            block = [i for i in range(n) if colours[i] == colour]
            groups = [block[k:k + sites] for k in range(0, len(block), sites)]
            for g, group in enumerate(groups):
                lists = [sorted(weights[i].items()) for i in group]
                length = max(map(len, lists))
                flags = (FIRST if g == 0 else 0) | (LAST if g == len(groups) - 1 else 0)
                if colour == max(colours):
                    flags |= TAIL | (END if g == len(groups) - 1 else 0)
                row = [flags | length, len(edges)]
                for s in range(sites):
                    row += [group[s] | VALID, self.weight()] if s < len(group) else [0, 0]
                schedule.append(row)
                for k in range(length):
                    edges.append([])
                    for s in range(sites):
                        entry = lists[s][k:k + 1] if s < len(lists) else []
                        edges[-1] += [entry[0][0] | VALID, entry[0][1]] if entry else [0, 0]
        assert len(schedule) <= self.hw.words["groups"] and len(edges) <= self.hw.words["edge_rows"]
        edges, schedule = sum(edges, []), sum(schedule, [])
        self.writes = [("PBITS", 0, [n]), (WEIGHTS, 0, edges), (SCHEDULE, 0, schedule)]
        return schedule + edges

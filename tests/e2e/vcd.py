"""Value change dumps: signals by their full names, and their values at a time."""
import bisect


class Vcd:
    """names: full name -> code; changes: code -> (times, values), values as integers."""

    def __init__(self, path):
        self.names, self.changes, scope, time = {}, {}, [], 0
        with open(path, encoding="ascii") as file:
            for line in file:
                words = line.split()
                if line.startswith("$scope"):
                    scope.append(words[2])
                elif line.startswith("$upscope"):
                    scope.pop()
                elif line.startswith("$var"):
                    self.names[".".join([*scope, words[4]])] = words[3]
                elif line.startswith("$timescale"):
                    self.timescale = (words[1:] or next(file).split())[0]
                elif line.startswith("#"):
                    time = int(line[1:])
                elif line[0] == "b":
                    self.change(words[1], time, int(words[0][1:], 2))
                elif line[0] in "01":
                    self.change(line[1:].strip(), time, int(line[0]))
        self.end = time

    def change(self, code, time, value):
        times, values = self.changes.setdefault(code, ([], []))
        times.append(time)
        values.append(value)

    def at(self, name, time):
        """Value of the signal just after what happens at this time."""
        times, values = self.changes[self.names[name]]
        return values[bisect.bisect_right(times, time) - 1]

    def rises(self, name):
        """Times at which a bit goes from 0 to 1."""
        times, values = self.changes[self.names[name]]
        return [t for t, v, before in zip(times[1:], values[1:], values) if v and not before]

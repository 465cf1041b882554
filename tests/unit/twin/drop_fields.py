"""Drops the fields of the twin's state one by one; test_pbl_twin_save has to notice each.

Usage: drop_fields.py COMPILER SOURCE LIBRARIES OBJECTS   (lists with ';')
"""
import os
import re
import subprocess
import sys
import tempfile

LIST = re.compile(r"\s+(if \(.*\) )?(pbl_archive_|PBL_ARCHIVE_ENUM)")
ITEM = re.compile(r"&[trsx]->\w+,?")


def mutants(lines):
    """(number of the line, what is dropped, the line without it)"""
    first = next(i for i, line in enumerate(lines) if line.startswith("static void walk_memories"))
    last = next(i for i, line in enumerate(lines) if line.startswith("static void walk(pbl_archive"))
    for i in range(first, last):
        line = lines[i]
        if LIST.match(line):
            if "words[k]" not in line and "numbers[k]" not in line:
                yield i, line.strip(), ""
        elif "*const" in line or re.match(r"\s+&", line):
            for item in ITEM.findall(line):
                yield i, item, line.replace(item, "", 1)


def main():
    compiler, source, libraries, objects = sys.argv[1:]
    root = os.path.dirname(os.path.dirname(os.path.dirname(source)))
    includes = [f"-I{root}/{folder}" for folder in ("sim/twin", "sim", "host/base")]
    with open(source, encoding="utf-8") as file:
        lines = file.read().split("\n")
    missed, n = [], 0
    with tempfile.TemporaryDirectory() as folder:
        for i, what, line in mutants(lines):
            copy, test = os.path.join(folder, "save.c"), os.path.join(folder, "test")
            with open(copy, "w", encoding="utf-8") as file:
                file.write("\n".join(lines[:i] + [line] + lines[i + 1:]))
            subprocess.run([compiler, "-D_GNU_SOURCE", "-O1", *includes, "-o", test, copy,
                            *objects.split(";"), *libraries.split(";"), "-lcmocka", "-lz", "-lm",
                            "-lpthread"], check=True)
            n += 1
            try:
                done = subprocess.run([test], capture_output=True, timeout=120, check=False)
            except subprocess.TimeoutExpired:
                continue
            if done.returncode == 0:
                missed.append(f"{source}:{i + 1}: {what}")
    print(f"{n} fields dropped, {len(missed)} not noticed", *missed, sep="\n")
    return 1 if missed or n < 120 else 0


sys.exit(main())

#!/usr/bin/env bash
# The lists of the device's sources agree: pbit.f and board/board.f, the FuseSoC core and the files on disk. The core
# has the project's version and every parameter of pbit_top but IsSim.
#
# Usage: source_lists.sh VERSION [FAULT]
#   FAULT  plants one and passes when it is found: list, core, disk, order, include, parameter,
#          version
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
version=$1 fault=${2-}
rtl=$here/../../rtl

if ! python3 -c 'import yaml' 2>/dev/null; then
  echo "SKIPPED: needs python3-yaml"
  exit 77
fi

# compare FOLDER: what differs, one a line; nothing when all is well
compare() {
  python3 - "$1" "$version" <<'PYTHON'
import pathlib, re, sys, yaml

rtl, version = pathlib.Path(sys.argv[1]), sys.argv[2]
lines = [l.strip() for f in ("pbit.f", "board/board.f") for l in (rtl / f).read_text().splitlines()]
listed = [l for l in lines if l and not l.startswith(("//", "+"))]
folders = [l.removeprefix("+incdir+") for l in lines if l.startswith("+incdir+")]
text = (rtl / "pbitloop.core").read_text()
if not text.startswith("CAPI=2:\n"):
    print("pbitloop.core does not begin with CAPI=2:")
core = yaml.safe_load(text.removeprefix("CAPI=2:"))
sources, includes = [], []
for entry in core["filesets"]["rtl"]["files"] + core["filesets"]["board"]["files"]:
    name, options = next(iter(entry.items())) if isinstance(entry, dict) else (entry, {})
    (includes if options.get("is_include_file") else sources).append(name)
    if options.get("is_include_file") and options.get("include_path") not in folders:
        print(f"{name}: its include_path is no +incdir+ of pbit.f")


def differ(what, a, of_a, b, of_b):
    for name in sorted(set(a) - set(b)):
        print(f"{what} {name} is in {of_a} but not in {of_b}")
    for name in sorted(set(b) - set(a)):
        print(f"{what} {name} is in {of_b} but not in {of_a}")


def on_disk(suffix):
    return [str(p.relative_to(rtl)) for p in rtl.rglob("*" + suffix)]


differ("source", listed, "pbit.f", on_disk(".sv"), "rtl/")
differ("source", listed, "pbit.f", sources, "pbitloop.core")
differ("include", includes, "pbitloop.core", on_disk(".svh"), "rtl/")
if sorted(listed) == sorted(sources) and listed != sources:
    print("pbit.f and pbitloop.core list the sources in different orders or more than once")
top = (rtl / "pbit_top.sv").read_text()
declared = set(re.findall(r"^    parameter int (\w+)", top, re.M)) - {"IsSim"}
differ("parameter", declared, "pbit_top.sv", core["parameters"], "pbitloop.core")
differ("parameter", declared, "pbit_top.sv", core["targets"]["default"]["parameters"],
       "the target")
if core["name"].rpartition(":")[2] != version:
    print(f"pbitloop.core is version {core['name'].rpartition(':')[2]}, the project {version}")
PYTHON
}

if [[ -z $fault ]]; then
  found=$(compare "$rtl")
  printf '%s\n' "${found:-all lists agree}"
  [[ -z $found ]]
  exit
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r "$rtl" "$work/rtl"
cd "$work/rtl"
case $fault in
  list) sed -i '/dense_lane\.sv/d' pbit.f && says='dense_lane.sv is in pbitloop.core' ;;
  core) sed -i '/dense_lane\.sv/d' pbitloop.core && says='dense_lane.sv is in pbit.f' ;;
  disk) echo >bus/other.sv && says='bus/other.sv is in rtl/ but not in pbit.f' ;;
  order) # the last source first
    sed -i '/^pbit_top/d' pbit.f && sed -i '1i pbit_top.sv' pbit.f && says='different orders'
    ;;
  include) sed -i '/pbit_regs/d' pbitloop.core && says='pbit_regs.svh is in rtl/' ;;
  parameter) sed -i '/^  LfsrSteps:/d' pbitloop.core && says='LfsrSteps is in pbit_top.sv' ;;
  version) sed -i 's/^name: .*/name: ::pbitloop:0.0.1/' pbitloop.core && says='is version 0.0.1' ;;
  *)
    echo "unknown fault $fault" >&2
    exit 2
    ;;
esac
found=$(compare "$work/rtl")
printf '%s\n' "$found"
[[ $found == *"$says"* ]]

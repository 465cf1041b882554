# Sourced by tests that plant a fault in the copy of the RTL in $folder/rtl.

# plant FILE OLD NEW: replaces a text that must occur exactly once, whatever its white space.
plant() {
  python3 - "$folder/rtl/$1" "$2" "$3" <<'PY' || exit 1
import re, sys
path, old, new = sys.argv[1:]
text = open(path).read()
pattern = r"\s+".join(re.escape(word) for word in old.split())
if len(re.findall(pattern, text)) != 1:
    sys.exit(f"FAILED: '{old}' does not occur exactly once in {path}; update the mutant")
open(path, "w").write(re.sub(pattern, lambda _: new, text))
PY
}

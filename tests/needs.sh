# Sourced by test scripts: needs TOOL... skips the test by name when one is missing.
# shellcheck shell=bash
needs() {
  local tool
  for tool in "$@"; do
    if ! command -v "$tool" >/dev/null; then
      echo "SKIPPED: $tool is not installed"
      exit 77
    fi
  done
}

#!/bin/sh
# One behaviour of `pbitloop graph` per call: graph_test.sh PROGRAM BEHAVIOUR
set -u
program=$1
behaviour=$2
subcommand=graph
here=$(cd "$(dirname "$0")" && pwd)
. "$here/harness.sh"

a_graph_is_described_and_coloured() {
  printf '5 5\n1 2 1\n2 3 1\n3 4 -2\n4 5 1\n5 1 1\n' >pentagon.txt
  run 0 pentagon.txt
  output_says "graph         pentagon"
  output_says "format        gset, nodes from 1"
  output_says "degree        2 to 2, mean 2"
  output_says "couplings     -1 to 2"
  output_says "colours       3 (dsatur), blocks of 2 2 1"
  output_says "not bipartite"
  run 0 king:8x8 --colour greedy
  output_says "colours       4 (greedy), blocks of 16 16 16 16"
  run 0 chimera:8x8x4
  output_says "colours       2 (dsatur), blocks of 256 256"
  output_says "dense fabric  fits as 256 x 256"
  output_says "sparse fabric 32 groups, 184 edge rows, 201 clocks a sweep at 16 sites per clock"
  run 0 complete:300
  output_says "sparse fabric does not fit: it needs 89700 edge rows at 1 sites per clock, 65536 are there; more"
  run 0 torus:60x60
  output_says "does not fit: blocks of 1800 and 1800"
}

every_format_is_converted_to_every_other_one() {
  run 0 king:4x3 --couplings normal,1 --fields sign,0.3 --seed 5 --out a.graph
  run 0 a.graph --out b.mtx
  run 0 b.mtx --out c.edges
  run 0 c.edges --out d.graph
  sed 1,3d a.graph >first
  sed 1,3d d.graph >last
  cmp -s first last || fail "the way round changed the graph"
  run 2 a.graph --out e.gset
  errors_say "a Gset file has no fields"
  [ ! -e e.gset ] || fail "there is an e.gset"
  run 0 torus:4x4 --couplings sign,1 --seed 2 --out e.gset
  run 0 e.gset --out f.txt
  run 0 f.txt --format edges --out g.gset
  cmp -s e.gset g.gset || fail "the way round changed the Gset file"
}

bad_files_are_named_with_the_line() {
  printf '0 1 1\n1 2 1\n1 0 3\n' >a.edges
  run 3 a.edges
  errors_say "a.edges:3: edge 1 - 0 again (first in line 1); keep one"
  run 3 nosuch.graph
  errors_say "cannot open nosuch.graph: No such file"
  mkdir empty
  run 3 empty
  errors_say "empty/model.yaml is missing"
  run 3 a.edges --format mtx
  errors_say "a.edges:1: the first line of a Matrix Market file"
  output_is_empty
}

options_are_checked() {
  printf '1 2 1\n' >a.edges
  run 2
  errors_say "FILE|GENERATOR is missing"
  run 2 sk:10
  errors_say "sk:10 draws at random and needs --seed N"
  run 2 king:3x3 --format gset
  errors_say "--format goes with a file"
  run 2 a.edges --seed 1
  errors_say "--seed goes with a generator, and 'a.edges' is a file"
  run 2 a.edges --base 2
  errors_say "'2' is neither 0 nor 1"
  run 2 a.edges --format gest
  errors_say "'gest' is none of graph, edges, gset, mtx, model"
  run 2 a.edges --colour dsatr
  errors_say "'dsatr' is none of greedy, largest-first, dsatur"
  run 2 a.edges --out b.json
  errors_say "the ending of 'b.json' is none of"
  run 2 a.edges --quantise 5
  errors_say "'5' is not like 5.6"
  run 2 a.edges --quantise 20.20
  errors_say "s[20][20] has 41 bits"
  run 2 king:3
  errors_say "'king:3' is not like king:WxL"
  run 2 pegasus:60
  errors_say "a graph has at most 65536"
  output_is_empty
  run 0 a.edges --base 0
  output_says "nodes         3"
}

colours_and_words_are_written() {
  run 0 torus:4x3 --colours c.npy --quantise 1.2,row --balance
  output_says "colours       3 (dsatur), blocks of 4 4 4"
  output_says "saturated     0 of 60 words"
  output_says "hash "
  [ "$(wc -c <c.npy)" -eq $((128 + 12 * 4)) ] || fail "c.npy has $(wc -c <c.npy) bytes"
}

json_is_complete() {
  run 0 king:3x3 --json --quantise 5.6
  command -v python3 >/dev/null || exit 77
  python3 - out <<'PYTHON' || fail "the JSON lacks something"
import json, sys
d = json.load(open(sys.argv[1]))
assert (d["nodes"], d["edges"], d["min_degree"], d["max_degree"]) == (9, 20, 3, 8), d
assert d["colours"] == 4 and sum(d["blocks"]) == 9 and not d["bipartite"]
assert not d["fits_dense_fabric"] and "not bipartite" in d["dense_fabric"]
assert d["fits_sparse_fabric"] and d["sparse_fabric"] is None
assert (d["sites_per_clock"], d["groups"]) == (4, 4) and d["clocks_per_sweep"] == d["edge_rows"] + 33
assert d["words"]["max_abs_error"] == 0 and d["words"]["saturated"] == 0
PYTHON
}

# The worked example of docs/models.md: the line behind the dollar, and the lines below it.
the_page_shows_what_is_printed() {
  page=$SOURCE_DIR/docs/models.md
  example=$(sed -n 's/^ *\$ pbitloop graph \(.*\)$/\1/p' "$page" | head -n 1)
  [ -n "$example" ] || fail "no example in $page"
  # shellcheck disable=SC2086
  run 0 $example
  sed -n '/^ *\$ pbitloop graph/,/^```$/p' "$page" | sed '1d;$d' >shown
  cmp -s shown out || fail "docs/models.md shows $(diff shown out)"
}

"$behaviour"

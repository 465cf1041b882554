// What the parameters of pbit_top may be; included in its body. A bad one stops every tool at
// elaboration, and the message names it.
  localparam int Longest = Sparse != 0 ? 1024 + 2
      : Lattice != 0 ? 4 * NRules + 2 : (Visible > Hidden ? Visible : Hidden) + 2;
  localparam int Least = Sparse != 0 ? 0 : 1;
  localparam int Most = Sparse != 0 ? 0 : Lattice != 0 ? 8192 : 1024;

  `PBIT_REQUIRE(visible, Visible >= Least && Visible <= Most)
  `PBIT_REQUIRE(hidden, Hidden >= Least && Hidden <= Most)
  `PBIT_REQUIRE(lanes, Lanes >= 1 && Lanes <= 32 && Replicas % Lanes == 0 && Replicas <= 256)
  `PBIT_REQUIRE(fabric, Fabric >= 1 && Fabric <= 3)
  `PBIT_REQUIRE(side, Lattice == 0 || (Side >= 4 && Side <= 128 && Side % 2 == 0 &&
                                       Visible == Side * Half && Hidden == Visible))
  `PBIT_REQUIRE(sites, Lattice == 0 || (Sites >= 1 && Cells <= 4096 && ImageWords < 65536 &&
                                        (Half % P == 0 || (P % Half == 0 && Visible % P == 0))))
  `PBIT_REQUIRE(sparse_sites, Sparse == 0 || (Sites >= 1 && Sites <= 64 && Cells <= 4096))
  `PBIT_REQUIRE(pbits, Sparse == 0 || (Pbits >= 2 && Pbits <= 65536))
  `PBIT_REQUIRE(edge_rows, Sparse == 0 || (EdgeRows >= 1 && EdgeRows <= 65536))
  `PBIT_REQUIRE(groups, Sparse == 0 || (Groups >= 1 && Groups <= 65536))
  `PBIT_REQUIRE(generator, Generator >= 0 && Generator <= 2)
  `PBIT_REQUIRE(cells_per_generator, CellsPerGenerator >= 1 && P % CellsPerGenerator == 0)
  `PBIT_REQUIRE(rules, Lattice == 0 || (NRules >= 1 && NRules <= 6))
  `PBIT_REQUIRE(regulator, Regulator == 0 || Regulator == 1)
  `PBIT_REQUIRE(exchange, Exchange == 0 || (Exchange == 1 && Contexts >= 2 && Contexts <= 64))
  `PBIT_REQUIRE(statistics, Statistics == 0 || (Statistics == 1 && (Lanes & (Lanes - 1)) == 0))
  `PBIT_REQUIRE(stat_pairs, StatPairs >= 0 && StatPairs <= (Statistics != 0 ? 1048576 : 0))
  `PBIT_REQUIRE(trace, Trace == 0 || Trace == 1)
  `PBIT_REQUIRE(weight_bits, WeightBits >= 4 && WeightBits <= 24)
  `PBIT_REQUIRE(field_bits, FieldBits <= 32 && FieldBits > WeightBits + $clog2(Longest))

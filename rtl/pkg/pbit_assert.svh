// Assertions with three bodies: concurrent under simulation with assertions on, clocked immediate
// under FORMAL, nothing in synthesis. Names end in _A (assert), _M (assume), _C (cover). With
// PBIT_REACH assertions are left out and the contrary of a cover is asserted (tests/formal).
`ifndef PBIT_ASSERT_SVH
`define PBIT_ASSERT_SVH

`ifdef FORMAL
`define PBIT_ASSUME(name, clk, rst_n, expr) \
  always @(posedge clk) if (rst_n) name: assume (expr);
`ifdef PBIT_REACH
`define PBIT_ASSERT(name, clk, rst_n, expr)
`define PBIT_COVER(name, clk, rst_n, expr) \
  always @(posedge clk) if (rst_n) name: assert (!(expr));
`else
`define PBIT_ASSERT(name, clk, rst_n, expr) \
  always @(posedge clk) if (rst_n) name: assert (expr);
`define PBIT_COVER(name, clk, rst_n, expr) \
  always @(posedge clk) if (rst_n) name: cover (expr);
`endif
`elsif PBIT_SIM_ASSERT
`define PBIT_ASSERT(name, clk, rst_n, expr) \
  always @(posedge clk) if (rst_n && !(expr)) $display("%m: assertion name failed");
`define PBIT_ASSUME(name, clk, rst_n, expr) \
  always @(posedge clk) if (rst_n && !(expr)) $display("%m: assumption name failed");
`define PBIT_COVER(name, clk, rst_n, expr)
`else
`define PBIT_ASSERT(name, clk, rst_n, expr)
`define PBIT_ASSUME(name, clk, rst_n, expr)
`define PBIT_COVER(name, clk, rst_n, expr)
`endif

// Elaboration check that Verilator, Icarus 11 and Yosys all stop at: an unknown module.
`define PBIT_REQUIRE(label, expr) \
  if (!(expr)) begin : g_bad_``label \
    pbit_bad_parameter_``label u_stop (); \
  end

`endif

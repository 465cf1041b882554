// Assertions with three bodies: concurrent under simulation with assertions on, clocked immediate
// under FORMAL, nothing in synthesis. Names end in _A (assert), _M (assume), _C (cover).
`ifndef PBIT_ASSERT_SVH
`define PBIT_ASSERT_SVH

`ifdef FORMAL
`define PBIT_ASSERT(name, clk, rst_n, expr) \
  always @(posedge clk) if (rst_n) name: assert (expr);
`elsif PBIT_SIM_ASSERT
`define PBIT_ASSERT(name, clk, rst_n, expr) \
  always @(posedge clk) if (rst_n && !(expr)) $display("%m: assertion name failed");
`else
`define PBIT_ASSERT(name, clk, rst_n, expr)
`endif

// Elaboration check that Verilator, Icarus 11 and Yosys all stop at: an unknown module.
`define PBIT_REQUIRE(label, expr) \
  if (!(expr)) begin : g_bad_``label \
    pbit_bad_parameter_``label u_stop (); \
  end

`endif

`default_nettype none
// Bench of scripts/bench rtl: the device's lattice 16 x 16 of degree 12 under Icarus. +sweeps=N runs
// N sweeps at beta 1 and prints the clocks that they took. Memories are filled from here, as the bus
// would take longer than the run.
`include "pbit_regs.svh"
module icarus_lattice;
  localparam int Side = 16, Sites = 64, Degree = 12;
  reg clk = 0, rst_n = 0, awvalid = 0, wvalid = 0;
  reg [11:0] awaddr = 0;
  reg [31:0] wdata = 0;
  wire awready, wready, bvalid;
  integer sweeps, clocks;

  pbit_top #(
      .Visible(Side * Side / 2), .Hidden(Side * Side / 2), .LfsrSteps(32), .IsSim(1), .Fabric(2),
      .Side(Side), .Sites(Sites), .NRules(3), .RuleA(48'h000000090400), .RuleB(48'h0000000a0101)
  ) u_dut (
      .clk_i(clk), .rst_ni(rst_n), .s_axil_awaddr(awaddr), .s_axil_awvalid(awvalid),
      .s_axil_awready(awready), .s_axil_wdata(wdata), .s_axil_wstrb(4'hF),
      .s_axil_wvalid(wvalid), .s_axil_wready(wready), .s_axil_bresp(), .s_axil_bvalid(bvalid),
      .s_axil_bready(1'b1), .s_axil_araddr(12'd0), .s_axil_arvalid(1'b0), .s_axil_arready(),
      .s_axil_rdata(), .s_axil_rresp(), .s_axil_rvalid(), .s_axil_rready(1'b0), .m_axis_tdata(),
      .m_axis_tvalid(), .m_axis_tready(1'b1), .m_axis_tlast(), .m_axis_telemetry_tdata(),
      .m_axis_telemetry_tvalid(), .m_axis_telemetry_tready(1'b1), .m_axis_telemetry_tlast(),
      .m_axis_trace_tdata(), .m_axis_trace_tvalid(), .m_axis_trace_tready(1'b1),
      .m_axis_trace_tlast(), .irq_o()
  );

  task tick;
    begin
      #1 clk = 1;
      #1 clk = 0;
    end
  endtask
  task write(input [11:0] at, input [31:0] data);
    begin
      awaddr = at;
      wdata = data;
      awvalid = 1;
      wvalid = 1;
      #1;
      while (awvalid || wvalid) begin
        #1 clk = 1;
        if (awready) awvalid <= 0;
        if (wready) wvalid <= 0;
        #1 clk = 0;
      end
      repeat (4) tick;
    end
  endtask

  // weights in planes of 64 words of 32 bits, then the constants h - sum w; here h = 0, w = +-1/8
  reg [15*64*32-1:0] row;
  reg signed [31:0] w, sum;
  integer r, i, d;
  initial begin
    for (r = 0; r < 4; r = r + 1) begin
      row = '0;
      for (i = 0; i < Sites; i = i + 1) begin
        sum = 0;
        for (d = 0; d < Degree; d = d + 1) begin
          w = $random % 2 ? 8 : -8;
          row[(d*64+i)*32+:32] = w;
          sum = sum + w;
        end
        row[((Degree+1)*64+i)*32+:32] = -sum;
      end
      u_dut.g_lattice.u_fabric.g_weights[0].u_weights.mem[r] = row;
      u_dut.g_lattice.u_fabric.clamp_mem[r] = '0;
      u_dut.g_lattice.u_fabric.g_lane[0].u_lane.g_states.u_states.mem[r] = {$random, $random};
    end
    for (i = 0; i < 1024; i = i + 1) begin
      u_dut.g_lattice.u_fabric.g_lane[0].u_lane.g_row[0].u_row.g_shared.table_mem[i] =
          $rtoi(16777216.0 / (1.0 + $exp(i / 64.0)) + 0.5);
    end
    for (i = 0; i < 4 * Sites; i = i + 1) begin
      u_dut.g_lattice.u_fabric.g_lane[0].u_lane.g_row[0].u_row.u_generators.g_xoshiro.s_q[i*32+:32] =
          $random;
    end
    if (!$value$plusargs("sweeps=%d", sweeps)) sweeps = 100;
    repeat (4) tick;
    rst_n = 1;
    tick;
    write(`PBIT_REG_BETA, 32'd4096);
    write(`PBIT_REG_SWEEPS, sweeps);
    write(`PBIT_REG_CTRL, 32'd1);
    clocks = 0;
    while (u_dut.seq_busy) begin
      tick;
      clocks = clocks + 1;
    end
    $display("%0d clocks, %0d flips", clocks, u_dut.u_registers.flips_q);
    $finish;
  end
endmodule
`default_nettype wire

`default_nettype none
// A small dense device without the temperature regulator does what docs/device-options.md promises:
// its registers read 0 and refuse writes, of REG_CONFIG only MODE and FREEZE stay, modes 2 to 4 act
// as 1 and pause for nothing, the schedule goes on, and telemetry never speaks.
//
// Regulator = 1: of a device that has one, which the bench has to notice.
module tb_no_regulator #(
    parameter int Regulator = 0
);
  `include "pbit_regs.svh"
  localparam int Visible = 2, Hidden = 2, Sweeps = 3;
  localparam int SweepClocks = 2 * (Visible + 1) + Hidden + 13, Pause = 128;
  localparam int HostBeta = 100, LaterBeta = 200, ScheduleBeta = 77;

  reg clk = 0, rst_n = 0, awvalid = 0, wvalid = 0, bready = 0, arvalid = 0, rready = 0;
  reg [11:0] awaddr = 0, araddr = 0;
  reg [31:0] wdata = 0, value = 0;
  reg [1:0] response = 0;
  wire awready, wready, bvalid, arready, rvalid, telemetry, irq;
  wire [1:0] bresp, rresp;
  wire [31:0] rdata;
  pbit_top #(
      .Visible(Visible), .Hidden(Hidden), .TableLog2(4), .FieldBits(16), .Regulator(Regulator)
  ) u_dut (
      .clk_i(clk), .rst_ni(rst_n), .s_axil_awaddr(awaddr), .s_axil_awvalid(awvalid),
      .s_axil_awready(awready), .s_axil_wdata(wdata), .s_axil_wstrb(4'hF),
      .s_axil_wvalid(wvalid), .s_axil_wready(wready), .s_axil_bresp(bresp),
      .s_axil_bvalid(bvalid), .s_axil_bready(bready), .s_axil_araddr(araddr),
      .s_axil_arvalid(arvalid), .s_axil_arready(arready), .s_axil_rdata(rdata),
      .s_axil_rresp(rresp), .s_axil_rvalid(rvalid), .s_axil_rready(rready),
      .m_axis_tready(1'b1), .m_axis_telemetry_tvalid(telemetry), .m_axis_telemetry_tready(1'b1),
      .m_axis_trace_tready(1'b1), .irq_o(irq)
  );

  integer failures = 0, at, mode, expected;

  task fail(input [8*48-1:0] what);
    begin
      if (failures < 10) $display("FAIL: %0s (register %03h, mode %0d)", what, at[11:0], mode);
      failures = failures + 1;
    end
  endtask

  task tick;
    reg took_aw, took_w, took_ar;
    begin
      took_aw = awvalid && awready;
      took_w  = wvalid && wready;
      took_ar = arvalid && arready;
      if (rst_n && telemetry !== 1'b0) fail("telemetry spoke");
      #1 clk = 1;
      #1 clk = 0;
      if (took_aw) awvalid = 0;
      if (took_w) wvalid = 0;
      if (took_ar) arvalid = 0;
      #1;
    end
  endtask

  `include "axil_host.svh"

  task expect_word(input [11:0] address, input [31:0] word, input [8*48-1:0] what);
    begin
      read(address);
      if (value !== word) fail(what);
    end
  endtask

  // STATUS.ERROR, which is cleared
  task expect_error(input set, input [8*48-1:0] what);
    begin
      read(`PBIT_REG_STATUS);
      if (value[5] !== set) fail(what);
      write(`PBIT_REG_CTRL, 32'h4);
    end
  endtask

  task run_mode;
    begin
      write(`PBIT_REG_BETA, HostBeta);
      write(`PBIT_REG_REG_CONFIG, mode);
      write(`PBIT_REG_CTRL, 32'h35);  // START, CLEAR, WINDOW_CLEAR, SCHED_CLEAR
      write(`PBIT_REG_BETA, LaterBeta);
      read(`PBIT_REG_STATUS);
      if (value[0] !== 1'b1) fail("no run");
      while (value[0]) read(`PBIT_REG_STATUS);
      expected = mode == 0 ? LaterBeta : mode == 5 ? ScheduleBeta : HostBeta;
      expect_word(`PBIT_REG_BETA_ACTIVE, expected, "BETA_ACTIVE after a run");
      expect_word(`PBIT_REG_BUSY_CYCLES_LO, Sweeps * SweepClocks + (mode == 5 ? Pause : 0),
                  "clocks of a run");
      expect_word(`PBIT_REG_IRQ_STATUS, 32'h1, "a window ended");
      expect_word(`PBIT_REG_REG_CONFIG, mode, "mode reads back");
      expect_error(1'b0, "a run set STATUS.ERROR");
    end
  endtask

  initial begin
    at   = 0;
    mode = 0;
    repeat (3) tick;
    rst_n = 1;
    tick;
    expect_word(`PBIT_REG_CAPS_OPTIONS, 32'h8, "CAPS_OPTIONS");
    for (at = `PBIT_REG_WINDOW_SWEEPS; at <= `PBIT_REG_REG_FLAGS; at = at + 4) begin
      expect_word(at[11:0], 32'd0, "an absent register does not read 0");
      access_write(at[11:0], 32'hFFFFFFFF);
      if (at <= `PBIT_REG_T_MAX) begin
        if (response !== 2'b00) fail("bus error in place of STATUS.ERROR");
        expect_error(1'b1, "a write that was not refused");
      end else if (response === 2'b00) begin
        fail("a read-only register took a write");
      end
      expect_word(at[11:0], 32'd0, "an absent register keeps a word");
    end
    at = `PBIT_REG_REG_CONFIG;
    write(at[11:0], 32'hFFFFFFFF);
    expect_word(at[11:0], 32'h17, "REG_CONFIG keeps more or less than MODE and FREEZE");
    expect_error(1'b1, "SOURCE, TELEMETRY, RATE_SHIFT not refused");
    for (mode = 0; mode < 32; mode = mode + 1) begin  // bit by bit
      write(at[11:0], 32'd1 << mode);
      expect_word(at[11:0], (32'd1 << mode) & 32'h17, "what REG_CONFIG keeps of one bit");
      expect_error(mode == 3 || mode == 5 || (mode >= 8 && mode <= 13), "one bit of REG_CONFIG");
    end
    mode = 0;
    write(`PBIT_REG_CTRL, 32'h10);
    expect_error(1'b0, "WINDOW_CLEAR of an idle device");

    write(`PBIT_REG_IMG_SELECT, 6);
    write(`PBIT_REG_IMG_ADDRESS, 0);
    write(`PBIT_REG_IMG_DATA, ScheduleBeta);
    write(`PBIT_REG_IMG_DATA, 1);
    write(`PBIT_REG_SWEEPS, Sweeps);
    for (mode = 0; mode < 8; mode = mode + 1) run_mode;

    // in a run: WINDOW_CLEAR does nothing, SCHED_CLEAR is refused
    mode = 1;
    write(`PBIT_REG_SWEEPS, 1000);
    write(`PBIT_REG_CTRL, 32'h1);
    write(`PBIT_REG_CTRL, 32'h10);
    expect_error(1'b0, "WINDOW_CLEAR in a run");
    write(`PBIT_REG_CTRL, 32'h20);
    expect_error(1'b1, "SCHED_CLEAR in a run");
    if (failures == 0) $display("PASS");
    else $display("FAILED: %0d", failures);
    $finish;
  end
endmodule
`default_nettype wire

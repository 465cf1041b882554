`default_nettype none
// The board around the device: both pages, FIFOs that fill and stop the device, TLAST history, bus
// errors, reset, cycle counter and interrupt, with a host that pauses at random. The sampled words are
// states that the host has written (SWEEPS = 0).
`include "pbit_regs.svh"
module tb_pbit_board #(
    parameter int Seed = 1
);
  localparam int Lanes = 3;  // 36 bits: two words a frame
  localparam int Pbits = 12;
  localparam int Depth = 4;
  reg clk = 0, rst_n = 0;
  reg [12:0] awaddr = 0, araddr = 0;
  reg [31:0] wdata = 0;
  reg [3:0] wstrb = 4'hF;
  reg awvalid = 0, wvalid = 0, bready = 0, arvalid = 0, rready = 0;
  wire awready, wready, bvalid, arready, rvalid, irq;
  wire [1:0] bresp, rresp;
  wire [31:0] rdata;

  pbit_board #(
      .ClockHz(50000000), .SampleDepth(Depth), .TelemetryDepth(2), .TraceDepth(8), .Lanes(Lanes),
      .Replicas(Lanes), .Trace(1), .IsSim(1)
  ) u_dut (
      .clk_i(clk), .rst_ni(rst_n), .s_axil_awaddr(awaddr), .s_axil_awvalid(awvalid),
      .s_axil_awready(awready), .s_axil_wdata(wdata), .s_axil_wstrb(wstrb),
      .s_axil_wvalid(wvalid), .s_axil_wready(wready), .s_axil_bresp(bresp),
      .s_axil_bvalid(bvalid), .s_axil_bready(bready), .s_axil_araddr(araddr),
      .s_axil_arvalid(arvalid), .s_axil_arready(arready), .s_axil_rdata(rdata),
      .s_axil_rresp(rresp), .s_axil_rvalid(rvalid), .s_axil_rready(rready), .irq_o(irq)
  );

  integer failures = 0, seed = Seed, clocks = 0, came, earlier, k, n_words = 0;
  reg [31:0] value, low;
  reg aw_taken, w_taken, ar_taken;
  reg [31:0] expected[0:4095];

  task fail(input [8*60-1:0] what);
    begin
      $display("FAIL: clock %0d: %0s (value %08x)", clocks, what, value);
      failures = failures + 1;
    end
  endtask

  task tick;
    begin
      #1;
      aw_taken = awvalid && awready;
      w_taken  = wvalid && wready;
      ar_taken = arvalid && arready;
      clk = 1;
      #1;
      clk = 0;
      clocks = clocks + 1;
      if (aw_taken) awvalid = 0;
      if (w_taken) wvalid = 0;
      if (ar_taken) arvalid = 0;
      #1;
      if (clocks == 30000) begin
        fail("an access is never answered");
        $finish;
      end
      if (rst_n && (^{awready, wready, bvalid, arready, rvalid, irq} === 1'bx)) fail("an X");
    end
  endtask

  task pause;
    begin
      while ($random(seed) % 3 == 0) tick;
    end
  endtask

  task write(input [12:0] at, input [31:0] data);
    integer order;
    begin
      pause;
      order = $random(seed) % 3;  // address first, data first, both
      awaddr = at;
      wdata = data;
      if (order != 1) awvalid = 1;
      if (order != 0) wvalid = 1;
      pause;
      awvalid = awvalid || order == 1;
      wvalid = wvalid || order == 0;
      while (!bvalid) tick;
      if (bresp !== 2'b00) fail("a write was not answered with OKAY");
      pause;
      bready = 1;
      tick;
      bready = 0;
    end
  endtask

  task read(input [12:0] at);
    begin
      pause;
      araddr = at;
      arvalid = 1;
      while (!rvalid) tick;
      came = clocks;
      if (rresp !== 2'b00) fail("a read was not answered with OKAY");
      pause;
      value = rdata;
      rready = 1;
      tick;
      rready = 0;
    end
  endtask

  task expect_read(input [12:0] at, input [31:0] good, input [8*60-1:0] what);
    begin
      read(at);
      if (value !== good) fail(what);
    end
  endtask

  // A frame of random states; its two words are expected.
  task sample;
    reg [63:0] bits;
    reg [31:0] states;
    integer p;
    begin
      bits = 64'd0;
      write(13'h044, 3);
      write(13'h048, 0);
      for (p = 0; p < Pbits; p = p + 1) begin
        states = $random(seed);
        bits[p*Lanes+:Lanes] = states[Lanes-1:0];
        write(13'h04C, {29'd0, states[2:0]});
      end
      expected[n_words] = bits[31:0];
      expected[n_words+1] = bits[63:32];
      n_words = n_words + 2;
      write(13'h02C, 0);
      write(13'h030, 1);
      write(13'h020, 1);
    end
  endtask

  task idle(input [31:0] busy);
    begin
      repeat (60) tick;
      read(13'h024);
      if (value[0] !== busy[0]) fail("STATUS.BUSY");
    end
  endtask

  // Puts a word into the FIFO of telemetry or trace.
  task push(input integer stream, input [31:0] data, input last);
    begin
      if (stream == 1) begin
        force u_dut.g_streams[1].g_fifo.u_fifo.s_axis_tdata = data;
        force u_dut.g_streams[1].g_fifo.u_fifo.s_axis_tlast = last;
        force u_dut.g_streams[1].g_fifo.u_fifo.s_axis_tvalid = 1'b1;
        tick;
        release u_dut.g_streams[1].g_fifo.u_fifo.s_axis_tvalid;
        release u_dut.g_streams[1].g_fifo.u_fifo.s_axis_tlast;
        release u_dut.g_streams[1].g_fifo.u_fifo.s_axis_tdata;
      end else begin
        force u_dut.g_streams[2].g_fifo.u_fifo.s_axis_tdata = data;
        force u_dut.g_streams[2].g_fifo.u_fifo.s_axis_tlast = last;
        force u_dut.g_streams[2].g_fifo.u_fifo.s_axis_tvalid = 1'b1;
        tick;
        release u_dut.g_streams[2].g_fifo.u_fifo.s_axis_tvalid;
        release u_dut.g_streams[2].g_fifo.u_fifo.s_axis_tlast;
        release u_dut.g_streams[2].g_fifo.u_fifo.s_axis_tdata;
      end
    end
  endtask

  task check_identity_and_errors;
    begin
      expect_read(13'h1000, 32'h50425244, "BOARD_ID");
      expect_read(13'h1004, 32'h00010000, "BOARD_VERSION");
      expect_read(13'h1008, 32'd50000000, "CLOCK_HZ");
      expect_read(13'h1108, Depth, "DEPTH of the samples");
      expect_read(13'h1148, 2, "DEPTH of the telemetry");
      expect_read(13'h1188, 8, "DEPTH of the trace");
      expect_read(13'h0000, 32'h50424954, "ID");
      write(13'h0008, 32'hCAFE1234);
      expect_read(13'h0008, 32'hCAFE1234, "SCRATCH");
      expect_read(13'h1020, 0, "BUS_ERRORS");
      expect_read(13'h11C0, 0, "a register that there is not");
      expect_read(13'h1FFC, 0, "the last register that there is not");
      expect_read(13'h1020, 0, "page 1 counts no errors");
      write(13'h0FF0, 1);
      read(13'h0FF4);
      expect_read(13'h1020, 2, "two errors");
      expect_read(13'h1024, 32'h80000FF0, "the first was a write");
      write(13'h1020, 0);
      expect_read(13'h1020, 0, "cleared");
      read(13'h0FF8);
      expect_read(13'h1024, 32'h00000FF8, "the first is a read");
      write(13'h1020, 0);
      wstrb = 4'h3;
      write(13'h101C, 15);
      wstrb = 4'hF;
      expect_read(13'h1024, 32'h8000101C, "half a word is refused");
      expect_read(13'h101C, 0, "and not written");
      write(13'h1020, 0);
    end
  endtask

  task check_fifo;
    integer taken;
    reg [31:0] lasts;
    begin
      lasts = 0;
      expect_read(13'h110C, 0, "DATA of an empty FIFO");
      expect_read(13'h1100, 0, "COUNT of an empty FIFO");
      write(13'h101C, 2);  // FIFO 0 half full
      sample;
      idle(0);
      expect_read(13'h1100, 2, "COUNT after a frame");
      expect_read(13'h1018, 2, "half full, no interrupt of the device");
      if (irq !== 1'b1) fail("no interrupt when half full");
      write(13'h101C, 1);
      if (irq !== 1'b0) fail("an interrupt that is masked");
      write(13'h03C, 1);  // IRQ_ENABLE of the device
      tick;
      tick;
      if (irq !== 1'b1) fail("no interrupt of the device");
      expect_read(13'h1018, 3, "interrupt of the device");
      write(13'h040, 1);
      sample;
      idle(0);
      write(13'h040, 1);
      sample;  // does not fit
      idle(1);
      expect_read(13'h1100, Depth, "COUNT of a full FIFO");
      for (taken = 0; taken < n_words; taken = taken + 1) begin
        expect_read(13'h110C, expected[taken], "DATA");
        lasts = {lasts[30:0], taken % 2 == 1};
        expect_read(13'h1104, lasts, "LASTS");
        idle(taken < 1 ? 1 : 0);
      end
      expect_read(13'h1100, 0, "COUNT at the end");
      expect_read(13'h110C, 0, "DATA at the end");
      expect_read(13'h1104, lasts, "LASTS stay");
      write(13'h03C, 0);
      write(13'h040, 1);
    end
  endtask

  task check_other_streams;
    begin
      push(1, 32'hAAAA0001, 1'b0);
      push(1, 32'hAAAA0002, 1'b1);
      push(1, 32'hAAAA0003, 1'b1);  // full: not taken
      push(2, 32'hBBBB0001, 1'b1);
      expect_read(13'h1140, 2, "COUNT of the telemetry");
      expect_read(13'h1180, 1, "COUNT of the trace");
      expect_read(13'h1018, 4, "telemetry half full");
      expect_read(13'h114C, 32'hAAAA0001, "first word of the telemetry");
      expect_read(13'h114C, 32'hAAAA0002, "second word of the telemetry");
      expect_read(13'h114C, 0, "no third");
      expect_read(13'h1144, 1, "LASTS of the telemetry");
      expect_read(13'h118C, 32'hBBBB0001, "word of the trace");
      expect_read(13'h1184, 1, "LASTS of the trace");
    end
  endtask

  task check_cycles;
    begin
      read(13'h1010);
      low = value;
      earlier = came;
      for (k = 0; k < 20; k = k + 1) begin
        read(13'h1010);
        if (value - low !== came - earlier) fail("CYCLES do not count the clocks");
      end
      // the high word is that of the low word read before it
      for (k = 0; k < 40; k = k + 1) begin
        u_dut.u_registers.cycles_q = 64'h1_FFFFFFFF - k;
        read(13'h1010);
        low = value;
        repeat (50) tick;
        expect_read(13'h1014, low[31] ? 1 : 2, "CYCLES_HI is of another time");
      end
    end
  endtask

  task check_reset;
    begin
      write(13'h034, 77);  // BETA
      expect_read(13'h034, 77, "BETA");
      sample;
      idle(0);
      write(13'h101C, 15);
      read(13'h0FF0);
      write(13'h100C, 1);
      expect_read(13'h100C, 1, "in reset");
      read(13'h0000);  // answered, and counted
      if (value !== 0) fail("the device answered in reset");
      value = 1;
      while (value[0]) read(13'h100C);
      expect_read(13'h1020, 1, "BUS_ERRORS begin anew with that in reset");
      expect_read(13'h1024, 0, "which was a read of 0");
      expect_read(13'h101C, 0, "IRQ_ENABLE");
      expect_read(13'h1100, 0, "COUNT");
      expect_read(13'h1104, 0, "LASTS");
      expect_read(13'h034, 0, "BETA as after power-up");
      read(13'h1010);
      if (value > 300) fail("CYCLES begin anew");
      if (irq !== 1'b0) fail("an interrupt after reset");
      write(13'h1020, 0);
    end
  endtask

  initial begin
    repeat (3) tick;
    rst_n = 1;
    read(13'h100C);
    if (value !== 1) fail("the device is in reset at first");
    value = 1;
    while (value[0]) read(13'h100C);
    check_identity_and_errors;
    check_fifo;
    check_other_streams;
    check_cycles;
    check_reset;
    n_words = 0;
    check_fifo;
    if (failures == 0) $display("PASS");
    $finish;
  end
endmodule
`default_nettype wire

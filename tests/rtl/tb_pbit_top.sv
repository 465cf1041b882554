`default_nettype none
// The whole device against the twin: plays recorded bus accesses and compares every word of the sample
// and the telemetry stream and every register read. No output may be X after reset.
//
// +bus=FILE lines of {operation 4, address 12, data 32} bits: 0 write, 1 read and compare, 2 wait for
// the end of a run, 3 wait for the image hash, 4 every word of the stream has arrived, 5 of the
// telemetry stream, 15 end.
// +stream=FILE, +telemetry=FILE lines of {TLAST 4, TDATA 32} bits. +receiver=ready takes
// every word at once, busy takes one on a clock of 64, so that the array stalls; then STALL_CYCLES
// must count.
`include "pbit_regs.svh"
module tb_pbit_top #(
    parameter int Visible       = 6,
    parameter int Hidden        = 6,
    parameter int Replicas      = 1,
    parameter int Lanes         = 1,
    parameter int TableLog2     = 10,
    parameter int ThresholdBits = 24,
    parameter int Generator     = 0,
    parameter int LfsrSteps     = 32,
    parameter int Fabric        = 1,
    parameter int Side          = 0,  // lattice of the nearest neighbours
    parameter int Sites         = 0,
    parameter int NRules        = 0,
    parameter int Exchange      = 0
);
  localparam int MaxBus = 8192;
  localparam int MaxWords = 8192;
  reg clk = 0, rst_n = 0;
  reg [11:0] awaddr = 0, araddr = 0;
  reg [31:0] wdata = 0;
  reg awvalid = 0, wvalid = 0, bready = 0, arvalid = 0, rready = 0, tready = 0;
  reg telemetry_ready = 0;
  wire awready, wready, bvalid, arready, rvalid, tvalid, tlast, irq;
  wire telemetry_valid, telemetry_last;
  wire [31:0] telemetry_data;
  wire [1:0] bresp, rresp;
  wire [31:0] rdata, tdata;

  pbit_top #(
      .Visible(Visible), .Hidden(Hidden), .Replicas(Replicas), .Lanes(Lanes),
      .TableLog2(TableLog2), .ThresholdBits(ThresholdBits), .Generator(Generator),
      .LfsrSteps(LfsrSteps), .FieldBits(32), .IsSim(1), .Exchange(Exchange), .Fabric(Fabric), .Side(Side),
      .Sites(Sites), .NRules(NRules), .RuleA(48'd0), .RuleB(48'd1)
  ) u_dut (
      .clk_i(clk), .rst_ni(rst_n), .s_axil_awaddr(awaddr), .s_axil_awvalid(awvalid),
      .s_axil_awready(awready), .s_axil_wdata(wdata), .s_axil_wstrb(4'hF),
      .s_axil_wvalid(wvalid), .s_axil_wready(wready), .s_axil_bresp(bresp),
      .s_axil_bvalid(bvalid), .s_axil_bready(bready), .s_axil_araddr(araddr),
      .s_axil_arvalid(arvalid), .s_axil_arready(arready), .s_axil_rdata(rdata),
      .s_axil_rresp(rresp), .s_axil_rvalid(rvalid), .s_axil_rready(rready),
      .m_axis_tdata(tdata), .m_axis_tvalid(tvalid), .m_axis_tready(tready),
      .m_axis_tlast(tlast), .m_axis_telemetry_tdata(telemetry_data),
      .m_axis_telemetry_tvalid(telemetry_valid), .m_axis_telemetry_tready(telemetry_ready),
      .m_axis_telemetry_tlast(telemetry_last), .m_axis_trace_tready(1'b1), .irq_o(irq)
  );

  reg [47:0] bus[0:MaxBus-1];
  reg [35:0] stream[0:MaxWords-1];
  reg [35:0] telemetry[0:MaxWords-1];
  reg [8*512-1:0] bus_file, stream_file, telemetry_file, receiver;
  reg [31:0] value;
  reg [1:0] response;
  reg busy_receiver, aw_taken, w_taken, ar_taken, held, held_last;
  reg [31:0] held_data;
  reg record_held;
  reg [32:0] held_record;
  integer op, words, stalls, records, failures, seed, waited, reads;

  task fail(input [8*60-1:0] what);
    begin
      $display("FAIL at access %0d, stream word %0d: %0s", op, words, what);
      failures = failures + 1;
    end
  endtask

  task take_word;
    begin
      if ({3'd0, tlast, tdata} !== stream[words]) begin
        fail("stream word differs");
        $display("  device %b %h, twin %h", tlast, tdata, stream[words]);
      end
      words = words + 1;
    end
  endtask

  task take_record_word;
    begin
      if ({3'd0, telemetry_last, telemetry_data} !== telemetry[records]) begin
        fail("telemetry word differs");
        $display("  word %0d: device %b %h, twin %h", records, telemetry_last, telemetry_data,
                 telemetry[records]);
      end
      records = records + 1;
    end
  endtask

  task tick;
    begin
      telemetry_ready = busy_receiver ? {$random(seed)} % 64 == 0 : 1'b1;
      tready = busy_receiver ? {$random(seed)} % 64 == 0 : 1'b1;
      #1;
      if (^{awready, wready, bvalid, bresp, arready, rvalid, rresp, rdata, tvalid, tlast, tdata,
            telemetry_valid, telemetry_last, telemetry_data, irq} === 1'bx) fail("an output is X");
      if (held && !(tvalid && tdata === held_data && tlast === held_last))
        fail("a waiting stream word changed");
      if (record_held && {telemetry_valid, telemetry_data} !== held_record)
        fail("a waiting telemetry word changed");
      record_held = telemetry_valid && !telemetry_ready;
      held_record = {telemetry_valid, telemetry_data};
      held = tvalid && !tready;
      held_data = tdata;
      held_last = tlast;
      aw_taken = awvalid && awready;
      w_taken  = wvalid && wready;
      ar_taken = arvalid && arready;
      if (tvalid && tready) take_word;
      if (telemetry_valid && telemetry_ready) take_record_word;
      clk = 1;
      #1 clk = 0;
      if (aw_taken) awvalid = 0;
      if (w_taken) wvalid = 0;
      if (ar_taken) arvalid = 0;
      #1;
    end
  endtask

`include "axil_host.svh"

  // STATUS & mask == want
  task wait_for(input [31:0] mask, input [31:0] want);
    begin
      waited = 0;
      value  = ~want;
      while ((value & mask) != want && waited < 200000) begin
        read(`PBIT_REG_STATUS);
        waited = waited + 1;
      end
      if ((value & mask) != want) fail("waited for STATUS in vain");
    end
  endtask

  task expect_register(input [11:0] at, input [31:0] want, input [8*60-1:0] what);
    begin
      read(at);
      if (value !== want) fail(what);
    end
  endtask

  // What the regulator's registers and commands refuse and keep (docs/device.md), beyond the record.
  task rules_of_the_regulator;
    begin
      write(`PBIT_REG_CTRL, 32'h14);  // CLEAR, WINDOW_CLEAR
      expect_register(`PBIT_REG_WINDOW_INDEX, 0, "WINDOW_CLEAR leaves WINDOW_INDEX");
      expect_register(`PBIT_REG_REG_FLAGS, 0, "WINDOW_CLEAR leaves REG_FLAGS");
      expect_register(`PBIT_REG_WINDOW_POSITION, 0, "WINDOW_CLEAR leaves WINDOW_POSITION");
      access_write(`PBIT_REG_WINDOW_INDEX, 0);
      if (response !== 2'b10) fail("a read-only register of the regulator takes a write");
      access_write(12'h1FC, 0);
      if (response !== 2'b10) fail("an address without a register takes a write");
      // what is kept of a word
      write(`PBIT_REG_FILTER, 32'h80000001);
      expect_register(`PBIT_REG_FILTER, 32'h80000000, "FILTER above 2^31");
      write(`PBIT_REG_LAMBDA, 32'h0C000000);
      expect_register(`PBIT_REG_LAMBDA, 32'hFC000000, "LAMBDA keeps 27 bits with sign");
      write(`PBIT_REG_LAMBDA, 0);
      write(`PBIT_REG_REG_CONFIG, 32'hFFFFFFFF);
      expect_register(`PBIT_REG_REG_CONFIG, 32'h00003F3F, "REG_CONFIG keeps 14 bits");
      write(`PBIT_REG_CONFIG, 32'h2);
      expect_register(`PBIT_REG_CONFIG, Lanes % 2 ? 0 : 2, "COUPLED");
      expect_register(`PBIT_REG_STATUS, Lanes % 2 ? 32'h28 : 32'h08, "STATUS after COUPLED");
      write(`PBIT_REG_CONFIG, 0);
      // a run that cannot end by itself: interrupts of windows, and refusals
      write(`PBIT_REG_REG_CONFIG, 32'h00002000);
      write(`PBIT_REG_WINDOW_SWEEPS, 2);
      write(`PBIT_REG_IRQ_STATUS, 3);
      write(`PBIT_REG_IRQ_ENABLE, 2);
      write(`PBIT_REG_SAMPLE_EVERY, 0);
      write(`PBIT_REG_SWEEPS, 32'hFFFFFFFF);
      write(`PBIT_REG_CTRL, 32'h5);  // CLEAR, START
      if (irq !== 0) fail("interrupt before a window has ended");
      waited = 0;
      while (!irq && waited < 5000) begin
        tick;
        waited = waited + 1;
      end
      if (!irq) fail("no interrupt at the end of a window");
      expect_register(`PBIT_REG_IRQ_STATUS, 2, "IRQ_STATUS of a window");
      expect_register(`PBIT_REG_STATUS, 32'h09, "STATUS of a run");
      write(`PBIT_REG_RATE_SET, 5);
      expect_register(`PBIT_REG_STATUS, 32'h29, "a write to the busy regulator is an error");
      write(`PBIT_REG_CTRL, 32'h4);
      write(`PBIT_REG_LAMBDA, 5);
      expect_register(`PBIT_REG_LAMBDA, 0, "a busy regulator keeps LAMBDA");
      expect_register(`PBIT_REG_STATUS, 32'h29, "a write of LAMBDA while busy is an error");
      write(`PBIT_REG_CTRL, 32'h4);
      write(`PBIT_REG_CTRL, 32'h10);
      expect_register(`PBIT_REG_STATUS, 32'h29, "WINDOW_CLEAR while busy is an error");
      write(`PBIT_REG_CTRL, 32'h2);  // STOP
      wait_for(32'h3, 32'h2);
      read(`PBIT_REG_RATE_SET);
      if (value === 5) fail("a busy regulator keeps RATE_SET");
      read(`PBIT_REG_WINDOW_INDEX);
      if (value == 0) fail("WINDOW_CLEAR while busy clears");
    end
  endtask

  task play;
    begin
      case (bus[op][47:44])
        4'd0: write(bus[op][43:32], bus[op][31:0]);
        4'd1: begin
          read(bus[op][43:32]);
          reads = reads + 1;
          if (value !== bus[op][31:0]) begin
            fail("register differs");
            $display("  address %h: device %h, twin %h", bus[op][43:32], value, bus[op][31:0]);
          end
        end
        4'd2: wait_for(32'h3, 32'h2);
        4'd3: wait_for(32'hC, 32'h8);
        4'd4: if (words != bus[op][31:0]) fail("wrong number of stream words");
        4'd5: if (records != bus[op][31:0]) fail("wrong number of telemetry words");
        default: fail("unknown operation");
      endcase
    end
  endtask

  initial begin
    if (!$value$plusargs("bus=%s", bus_file) || !$value$plusargs("stream=%s", stream_file) ||
        !$value$plusargs("telemetry=%s", telemetry_file) ||
        !$value$plusargs("receiver=%s", receiver)) begin
      $display("FAIL: +bus, +stream, +telemetry and +receiver are needed");
      $finish;
    end
    $readmemh(bus_file, bus);
    $readmemh(stream_file, stream);
    $readmemh(telemetry_file, telemetry);
    busy_receiver = receiver == "busy";
    op = 0;
    words = 0;
    records = 0;
    record_held = 0;
    failures = 0;
    reads = 0;
    held = 0;
    seed = 20260301;
    #1 clk = 1;
    #1 clk = 0;
    #1 rst_n = 1;
    #1;
    while (bus[op][47:44] !== 4'hF && failures < 20) begin
      play;
      op = op + 1;
    end
    read(`PBIT_REG_STALL_CYCLES_LO);
    stalls = value;
    if (failures == 0) rules_of_the_regulator;
    if (failures == 0 && busy_receiver != (stalls > 0)) fail("back-pressure and STALL_CYCLES disagree");
    if (failures == 0)
      $display("PASS: %0d accesses, %0d registers compared, %0d stream words, %0d of telemetry, %0d stalled clocks",
               op, reads, words, records, stalls);
    $finish;
  end
endmodule
`default_nettype wire

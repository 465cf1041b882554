`default_nettype none
// pbit_board: pbit_top behind one AXI4-Lite slave of 8 KiB and one interrupt line, for processors that
// reach a board by memory-mapped accesses alone. Page 0 is the device's registers, page 1 the board's:
// reset, cycle counter, bus errors, and a FIFO for each stream (docs/board.md).
//
//  s_axil -> board_bus -+-> pbit_top -> m_axis, telemetry, trace -> stream_fifo (3) -+
//                       +-> axil_slave -> board_registers <--------------------------+-> irq_o
//
// Parameters as of pbit_top, and below. All accesses are answered with OKAY; what the device refuses is
// counted. Reset: the device in reset for 16 clocks more. Tested in tests/rtl/tb_pbit_board.sv.
module pbit_board #(
    parameter int ClockHz = 0,             // nominal frequency of clk_i, for the host's waits
    parameter int SampleDepth = 4096,      // words of the FIFOs, powers of two
    parameter int TelemetryDepth = 256,
    parameter int TraceDepth = 1024,       // with Trace
    parameter int Visible = 6,
    parameter int Hidden = 6,
    parameter int Replicas = 1,
    parameter int Lanes = 1,
    parameter int WeightBits = 12,
    parameter int WeightFrac = 6,
    parameter int BetaBits = 16,
    parameter int BetaFrac = 12,
    parameter int TableLog2 = 10,
    parameter int RangeLog2 = 4,
    parameter int ThresholdBits = 24,
    parameter int Rounding = 1,
    parameter int Generator = 0,
    parameter int LfsrSteps = 1,
    parameter int CellsPerGenerator = 1,
    parameter int FieldBits = 32,
    parameter int IsSim = 0,
    parameter int Fabric = 1,
    parameter int Sites = 0,
    parameter int Pbits = 0,
    parameter int EdgeRows = 0,
    parameter int Groups = 0,
    parameter int Side = 0,
    parameter int NRules = 0,
    parameter logic [47:0] RuleA = 48'd0,
    parameter logic [47:0] RuleB = 48'd0,
    parameter int Regulator = 1,
    parameter int Exchange = 0,
    parameter int Statistics = 0,
    parameter int StatPairs = 0,
    parameter int Trace = 0
) (
    input  wire         clk_i,
    input  wire         rst_ni,
    input  wire  [12:0] s_axil_awaddr,
    input  wire         s_axil_awvalid,
    output logic        s_axil_awready,
    input  wire  [31:0] s_axil_wdata,
    input  wire  [ 3:0] s_axil_wstrb,
    input  wire         s_axil_wvalid,
    output logic        s_axil_wready,
    output logic [ 1:0] s_axil_bresp,
    output logic        s_axil_bvalid,
    input  wire         s_axil_bready,
    input  wire  [12:0] s_axil_araddr,
    input  wire         s_axil_arvalid,
    output logic        s_axil_arready,
    output logic [31:0] s_axil_rdata,
    output logic [ 1:0] s_axil_rresp,
    output logic        s_axil_rvalid,
    input  wire         s_axil_rready,
    output logic        irq_o
);
  logic reset, core_rst_nq, core_irq, error, error_write;
  logic [12:0] error_address;
  logic [11:0] awaddr, araddr;
  logic [31:0] wdata;
  logic [3:0] wstrb;
  logic [1:0] awvalid, awready, wvalid, wready, bvalid, bready, arvalid, arready, rvalid, rready;
  logic [3:0] bresp, rresp;
  logic [63:0] rdata;
  board_bus u_bus (
      .clk_i(clk_i), .rst_ni(rst_ni), .hold_i(reset || !core_rst_nq), .s_axil_awaddr(s_axil_awaddr),
      .s_axil_awvalid(s_axil_awvalid), .s_axil_awready(s_axil_awready),
      .s_axil_wdata(s_axil_wdata), .s_axil_wstrb(s_axil_wstrb), .s_axil_wvalid(s_axil_wvalid),
      .s_axil_wready(s_axil_wready), .s_axil_bresp(s_axil_bresp), .s_axil_bvalid(s_axil_bvalid),
      .s_axil_bready(s_axil_bready), .s_axil_araddr(s_axil_araddr),
      .s_axil_arvalid(s_axil_arvalid), .s_axil_arready(s_axil_arready),
      .s_axil_rdata(s_axil_rdata), .s_axil_rresp(s_axil_rresp), .s_axil_rvalid(s_axil_rvalid),
      .s_axil_rready(s_axil_rready), .m_axil_awaddr(awaddr), .m_axil_wdata(wdata),
      .m_axil_wstrb(wstrb), .m_axil_araddr(araddr), .m_axil_awvalid(awvalid),
      .m_axil_awready(awready), .m_axil_wvalid(wvalid), .m_axil_wready(wready),
      .m_axil_bvalid(bvalid), .m_axil_bready(bready), .m_axil_arvalid(arvalid),
      .m_axil_arready(arready), .m_axil_rvalid(rvalid), .m_axil_rready(rready),
      .m_axil_bresp(bresp), .m_axil_rresp(rresp), .m_axil_rdata(rdata), .error_o(error),
      .error_write_o(error_write), .error_address_o(error_address)
  );

  // ---- page 0 ----

  // out of a register, since it is an asynchronous reset
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) core_rst_nq <= 1'b0;
    else core_rst_nq <= !reset;
  end

  logic [95:0] tdata;
  logic [2:0] tvalid, tready, tlast;
  pbit_top #(
      .Visible(Visible), .Hidden(Hidden), .Replicas(Replicas), .Lanes(Lanes),
      .WeightBits(WeightBits), .WeightFrac(WeightFrac), .BetaBits(BetaBits), .BetaFrac(BetaFrac),
      .TableLog2(TableLog2), .RangeLog2(RangeLog2), .ThresholdBits(ThresholdBits),
      .Rounding(Rounding), .Generator(Generator), .LfsrSteps(LfsrSteps), .FieldBits(FieldBits),
      .CellsPerGenerator(CellsPerGenerator),
      .IsSim(IsSim), .Fabric(Fabric), .Sites(Sites), .Pbits(Pbits), .EdgeRows(EdgeRows),
      .Groups(Groups), .Side(Side), .NRules(NRules), .RuleA(RuleA), .RuleB(RuleB),
      .Regulator(Regulator), .Exchange(Exchange), .Statistics(Statistics), .StatPairs(StatPairs),
      .Trace(Trace)
  ) u_device (
      .clk_i(clk_i), .rst_ni(core_rst_nq), .s_axil_awaddr(awaddr), .s_axil_awvalid(awvalid[0]),
      .s_axil_awready(awready[0]), .s_axil_wdata(wdata), .s_axil_wstrb(wstrb),
      .s_axil_wvalid(wvalid[0]), .s_axil_wready(wready[0]), .s_axil_bresp(bresp[1:0]),
      .s_axil_bvalid(bvalid[0]), .s_axil_bready(bready[0]), .s_axil_araddr(araddr),
      .s_axil_arvalid(arvalid[0]), .s_axil_arready(arready[0]), .s_axil_rdata(rdata[31:0]),
      .s_axil_rresp(rresp[1:0]), .s_axil_rvalid(rvalid[0]), .s_axil_rready(rready[0]),
      .m_axis_tdata(tdata[31:0]), .m_axis_tvalid(tvalid[0]), .m_axis_tready(tready[0]),
      .m_axis_tlast(tlast[0]), .m_axis_telemetry_tdata(tdata[63:32]),
      .m_axis_telemetry_tvalid(tvalid[1]), .m_axis_telemetry_tready(tready[1]),
      .m_axis_telemetry_tlast(tlast[1]), .m_axis_trace_tdata(tdata[95:64]),
      .m_axis_trace_tvalid(tvalid[2]), .m_axis_trace_tready(tready[2]),
      .m_axis_trace_tlast(tlast[2]), .irq_o(core_irq)
  );

  // ---- page 1 ----

  logic write, read;
  logic [11:0] address;
  logic [31:0] write_data, read_data;
  axil_slave #(.AddressBits(12)) u_axil (
      .clk_i(clk_i), .rst_ni(rst_ni), .s_axil_awaddr(awaddr), .s_axil_awvalid(awvalid[1]),
      .s_axil_awready(awready[1]), .s_axil_wdata(wdata), .s_axil_wstrb(wstrb),
      .s_axil_wvalid(wvalid[1]), .s_axil_wready(wready[1]), .s_axil_bresp(bresp[3:2]),
      .s_axil_bvalid(bvalid[1]), .s_axil_bready(bready[1]), .s_axil_araddr(araddr),
      .s_axil_arvalid(arvalid[1]), .s_axil_arready(arready[1]), .s_axil_rdata(rdata[63:32]),
      .s_axil_rresp(rresp[3:2]), .s_axil_rvalid(rvalid[1]), .s_axil_rready(rready[1]),
      .write_o(write), .read_o(read), .address_o(address), .write_data_o(write_data),
      .read_data_i(read_data), .error_i(1'b0)
  );

  logic [95:0] fifo_data, lasts;
  logic [47:0] count;
  logic [2:0] half, take;
  board_registers #(
      .ClockHz(ClockHz), .SampleDepth(SampleDepth), .TelemetryDepth(TelemetryDepth),
      .TraceDepth(Trace != 0 ? TraceDepth : 0)
  ) u_registers (
      .clk_i(clk_i), .rst_ni(rst_ni), .write_i(write), .read_i(read), .address_i(address),
      .write_data_i(write_data), .read_data_o(read_data), .reset_o(reset), .error_i(error),
      .error_write_i(error_write), .error_address_i(error_address), .irq_i(core_irq),
      .irq_o(irq_o), .take_o(take), .data_i(fifo_data), .lasts_i(lasts), .count_i(count),
      .half_i(half)
  );

  for (genvar k = 0; k < 3; k++) begin : g_streams
    if (k < 2 || Trace != 0) begin : g_fifo
      stream_fifo #(
          .Depth(k == 0 ? SampleDepth : k == 1 ? TelemetryDepth : TraceDepth)
      ) u_fifo (
          .clk_i(clk_i), .rst_ni(rst_ni), .clear_i(reset), .s_axis_tdata(tdata[k*32+:32]),
          .s_axis_tvalid(tvalid[k]), .s_axis_tready(tready[k]), .s_axis_tlast(tlast[k]),
          .take_i(take[k]), .data_o(fifo_data[k*32+:32]), .lasts_o(lasts[k*32+:32]),
          .count_o(count[k*16+:16]), .half_o(half[k])
      );
    end else begin : g_none
      assign tready[k] = 1'b1;
      assign fifo_data[k*32+:32] = 32'd0;
      assign lasts[k*32+:32] = 32'd0;
      assign count[k*16+:16] = 16'd0;
      assign half[k] = 1'b0;
    end
  end
endmodule
`default_nettype wire

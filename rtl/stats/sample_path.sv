`default_nettype none
// Way of the frames out of the array: packed into words, then to the sample stream (m_axis_*), to
// the statistics unit, or to both.
//
//   push -> axis_packer -> words --+--> m_axis
//                                  +--> statistics_unit (Statistics = 1)
//
// Destinations hold for a whole frame and are those of its first push. A word leaves when all of
// its destinations have it, each of which takes it once; nothing is ever dropped. Reset: empty.
// Behaviour: docs/device.md, A run; docs/device-options.md, Statistics unit.
module sample_path #(
    parameter int Bits        = 1,   // of a push
    parameter int Statistics  = 0,
    parameter int Pbits       = 12,
    parameter int Replicas    = 1,
    parameter int Lanes       = 1,
    parameter int Contexts    = 1,
    parameter int Pairs       = 0,
    parameter int FrameAfter  = 0,
    parameter int ContextBits = 1,
    parameter int LaneBits    = 1
) (
    input  wire                    clk_i,
    input  wire                    rst_ni,
    // frames; see axis_packer
    input  wire                    push_i,
    input  wire                    push_last_i,
    input  wire  [            5:0] push_count_i,
    input  wire  [       Bits-1:0] push_data_i,
    input  wire                    to_stream_i,
    input  wire                    to_unit_i,
    output logic                   ready_o,
    output logic                   empty_o,           // no word is left
    output logic                   frame_o,           // the last word of a sample has left
    output logic                   busy_o,            // words or work of the unit are left
    output logic [           31:0] m_axis_tdata,
    output logic                   m_axis_tvalid,
    input  wire                    m_axis_tready,
    output logic                   m_axis_tlast,
    // statistics unit
    input  wire                    write_i,
    input  wire                    read_i,
    input  wire  [           11:0] address_i,
    input  wire  [           31:0] data_i,
    input  wire                    idle_i,
    input  wire                    swap_i,
    input  wire                    clear_i,
    output logic [           31:0] data_o,
    output logic                   readable_o,
    output logic                   writable_o,
    output logic                   refused_o,
    output logic [           31:0] every_o,
    input  wire  [           16:0] pbits_i,
    input  wire                    due_i,
    input  wire                    sweep_i,
    input  wire                    at_next_i,
    input  wire                    next_i,
    input  wire  [ContextBits-1:0] context_i,
    output logic                   hold_o,
    output logic [   LaneBits-1:0] energy_lane_o,
    output logic [ContextBits-1:0] energy_context_o,
    input  wire                    energy_taken_i,
    input  wire  [           47:0] energy_i
);
  logic valid, ready, frame, unit_ready, unit_busy, stream_has, unit_has;
  logic open_q, to_stream_q, to_unit_q, stream_done_q, unit_done_q;

  axis_packer #(.Bits(Bits)) u_packer (
      .clk_i(clk_i), .rst_ni(rst_ni), .push_i(push_i), .push_last_i(push_last_i),
      .push_count_i(push_count_i), .push_data_i(push_data_i), .ready_o(ready_o),
      .empty_o(empty_o), .frame_o(frame), .m_axis_tdata(m_axis_tdata), .m_axis_tvalid(valid),
      .m_axis_tready(ready), .m_axis_tlast(m_axis_tlast)
  );

  assign m_axis_tvalid = valid && to_stream_q && !stream_done_q;
  assign stream_has    = !to_stream_q || stream_done_q || m_axis_tready;
  assign unit_has      = !to_unit_q || unit_done_q || unit_ready;
  assign ready         = stream_has && unit_has;
  assign frame_o       = frame && to_stream_q;
  assign busy_o        = !empty_o || unit_busy;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      {open_q, to_stream_q, to_unit_q, stream_done_q, unit_done_q} <= '0;
    end else begin
      if (push_i) begin
        open_q <= !push_last_i;
        if (!open_q) {to_stream_q, to_unit_q} <= {to_stream_i, to_unit_i};
      end
      if (valid) begin
        stream_done_q <= !ready && stream_has;
        unit_done_q   <= !ready && unit_has;
      end
    end
  end

  if (Statistics != 0) begin : g_unit
    statistics_unit #(
        .Pbits(Pbits), .Replicas(Replicas), .Lanes(Lanes), .Contexts(Contexts), .Pairs(Pairs),
        .FrameAfter(FrameAfter), .ContextBits(ContextBits), .LaneBits(LaneBits)
    ) u_unit (
        .clk_i(clk_i), .rst_ni(rst_ni), .write_i(write_i), .read_i(read_i),
        .address_i(address_i), .data_i(data_i), .idle_i(idle_i), .swap_i(swap_i),
        .clear_i(clear_i), .data_o(data_o), .readable_o(readable_o), .writable_o(writable_o),
        .refused_o(refused_o), .every_o(every_o), .pbits_i(pbits_i), .due_i(due_i),
        .sweep_i(sweep_i), .at_next_i(at_next_i), .next_i(next_i), .context_i(context_i),
        .hold_o(hold_o), .busy_o(unit_busy), .energy_lane_o(energy_lane_o),
        .energy_context_o(energy_context_o), .energy_taken_i(energy_taken_i),
        .energy_i(energy_i), .word_valid_i(valid && to_unit_q && !unit_done_q), .word_last_i(m_axis_tlast),
        .word_i(m_axis_tdata), .word_ready_o(unit_ready)
    );
  end else begin : g_no_unit
    assign {data_o, readable_o, writable_o, refused_o, every_o, hold_o, unit_busy} = '0;
    assign {energy_lane_o, energy_context_o} = '0;
    assign unit_ready = 1'b1;
  end
endmodule
`default_nettype wire

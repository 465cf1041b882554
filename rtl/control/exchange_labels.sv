`default_nettype none
// Labels of a ladder of replicas: replica r = context Lanes + lane runs at rung label(r), and the
// Contexts replicas of a lane hold each rung once.
//
// find_low_i and find_high_i search, in the clock they are set, the lane's replicas at rung_i and
// rung_i + 1 (of several the lowest context); swap_i exchanges the labels of those found last.
// Reads are combinational. Reset and clear_i: label = context. Behaviour: docs/device-options.md,
// Replica exchange. Proved: the labels of a lane stay a permutation unless the host writes them.
module exchange_labels #(
    parameter int Lanes       = 1,
    parameter int Contexts    = 2,   // 2..64
    parameter int ContextBits = 1,   // also of a label
    parameter int LaneBits    = 1,
    parameter int ReplicaBits = 1
) (
    input  wire                    clk_i,
    input  wire                    rst_ni,
    input  wire                    clear_i,
    // host, while idle
    input  wire                    we_i,
    input  wire  [ReplicaBits-1:0] host_replica_i,
    input  wire  [ContextBits-1:0] host_label_i,
    // pass
    input  wire                    find_low_i,
    input  wire                    find_high_i,
    input  wire                    swap_i,           // only when found_o
    input  wire  [   LaneBits-1:0] lane_i,
    input  wire  [ContextBits-1:0] rung_i,           // below Contexts - 1
    output logic [ContextBits-1:0] low_context_o,    // at rung_i
    output logic [ContextBits-1:0] high_context_o,   // at rung_i + 1
    output logic                   found_o,          // both
    // reads
    input  wire  [ReplicaBits-1:0] replica_i,
    output logic [ContextBits-1:0] label_o,
    input  wire  [ReplicaBits-1:0] shown_replica_i,
    output logic [ContextBits-1:0] shown_label_o,
    input  wire  [            5:0] word_i,           // replicas 4 word_i and three more, a byte each
    output logic [           31:0] word_o
);
  localparam int Replicas = Lanes * Contexts;        // derived
  localparam int LabelsBits = Replicas * ContextBits;  // derived

  logic [LabelsBits-1:0] labels_q;
  logic [ContextBits-1:0] rung_above;
  logic low_found_q, high_found_q;

  function automatic [LabelsBits-1:0] in_order(input unused);
    in_order = '0;
    for (int r = 0; r < Replicas; r++) begin
      in_order[r*ContextBits+:ContextBits] = ContextBits'(r / Lanes) | ContextBits'(unused);
    end
  endfunction

  // {found, lowest context of the lane at this rung}
  function automatic [ContextBits:0] lowest(input [LabelsBits-1:0] labels,
                                            input [LaneBits-1:0] lane,
                                            input [ContextBits-1:0] rung);
    lowest = '0;
    for (int c = Contexts - 1; c >= 0; c--) begin
      if (labels[(c*Lanes+32'(lane))*ContextBits+:ContextBits] == rung) begin
        lowest = {1'b1, ContextBits'(c)};
      end
    end
  endfunction

  function automatic [31:0] word_of(input [LabelsBits-1:0] labels, input [5:0] word);
    word_of = '0;
    for (int b = 0; b < 4; b++) begin
      if (32'(word) * 4 + b < Replicas) begin
        word_of[8*b+:8] = 8'(labels[(32'(word)*4+b)*ContextBits+:ContextBits]);
      end
    end
  endfunction

  assign rung_above    = rung_i + 1'b1;
  assign found_o       = low_found_q && high_found_q;
  assign label_o       = 32'(replica_i) < Replicas
                             ? labels_q[32'(replica_i)*ContextBits+:ContextBits] : '0;
  assign shown_label_o = 32'(shown_replica_i) < Replicas
                             ? labels_q[32'(shown_replica_i)*ContextBits+:ContextBits] : '0;
  assign word_o        = word_of(labels_q, word_i);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      labels_q <= in_order(1'b0);
    end else if (clear_i) begin
      labels_q <= in_order(1'b0);
    end else if (we_i) begin
      labels_q[32'(host_replica_i)*ContextBits+:ContextBits] <= host_label_i;
    end else if (swap_i) begin
      labels_q[(32'(low_context_o)*Lanes+32'(lane_i))*ContextBits+:ContextBits]  <= rung_above;
      labels_q[(32'(high_context_o)*Lanes+32'(lane_i))*ContextBits+:ContextBits] <= rung_i;
    end
  end

  always_ff @(posedge clk_i) begin
    if (find_low_i) {low_found_q, low_context_o} <= lowest(labels_q, lane_i, rung_i);
    if (find_high_i) {high_found_q, high_context_o} <= lowest(labels_q, lane_i, rung_above);
  end
endmodule
`default_nettype wire

`default_nettype none
// Operation counter of the dense fabric: one row operation per clock while sweep_i.
//
//   ACC (V+1) -> HID (H) -> drain 6 -> [VIS (V+1) -> drain 6 -> [ACC -> HID -> drain 6]]
//
// Half-sweep A = ACC HID, B = VIS; cyclic A B, palindromic A B A, reversed B A, read-only A. end_o
// marks the last clock. A sample leaves while the first A, or B and A, read the state. Advances
// while en_i. Reset: at the start. Behaviour: docs/device.md, sections Sweeps and Cycles.
module dense_operations #(
    parameter int Visible   = 6,
    parameter int Hidden    = 6,
    parameter int IndexBits = 11,
    parameter int StateBits = 3    // address bits of the visible state memory
) (
    input  wire                  clk_i,
    input  wire                  rst_ni,
    input  wire                  en_i,
    input  wire                  sweep_i,          // a context's sweep is in progress
    input  wire                  next_i,           // it has ended
    input  wire                  last_context_i,
    input  wire                  read_only_i,
    input  wire                  emit_i,           // a sample is due in this pass
    input  wire                  palindromic_i,
    input  wire                  reversed_i,       // neither with palindromic_i nor read_only_i
    output logic                 end_o,            // last clock of the sweep
    output logic                 acc_o,
    output logic                 acc_init_o,
    output logic                 hid_o,
    output logic                 vis_o,
    output logic                 tail_o,           // VIS on the bias row: energy only
    output logic                 emit_o,           // this operation's old state goes to the stream
    output logic                 emit_last_o,      // and is the last of the frame
    output logic [IndexBits-1:0] index_o,
    output logic [StateBits-1:0] state_address_o
);
  localparam int Drain = 6;  // clocks from a half-sweep's last operation until its state is written
  localparam logic [2:0] Acc = 3'd0, Hid = 3'd1, HidDrain = 3'd2, Vis = 3'd3, VisDrain = 3'd4;

  logic [2:0] state_q, state_d, state;
  logic [IndexBits-1:0] index_q, index_d, index;
  logic visible_first;
  logic [StateBits-1:0] base_q;
  logic second_q, second_d;  // the A after B

  // not in the block below: Icarus 11 would run a block that reads what it writes for ever
  assign end_o = 32'(index_q) == Drain - 1 &&
                 ((state_q == HidDrain && (read_only_i || second_q)) ||
                  (state_q == VisDrain && !palindromic_i && !reversed_i));
  // the first clock of a reversed sweep
  assign visible_first = reversed_i && !second_q && state_q == Acc && 32'(index_q) == Visible;
  assign state = visible_first ? Vis : state_q;
  assign index = visible_first ? '0 : index_q;

  always_comb begin
    state_d  = state;
    index_d  = index + 1'b1;
    second_d = second_q;
    case (state)
      Acc: begin
        // row V (hidden biases) first, then 0..V-1
        if (32'(index) == Visible) index_d = '0;
        if (32'(index) == Visible - 1) begin
          state_d = Hid;
          index_d = '0;
        end
      end
      Hid: begin
        if (32'(index) == Hidden - 1) begin
          state_d = HidDrain;
          index_d = '0;
        end
      end
      HidDrain: begin
        if (32'(index) == Drain - 1) begin
          state_d = Vis;
          index_d = '0;
        end
      end
      Vis: begin
        if (32'(index) == Visible) begin
          state_d = VisDrain;
          index_d = '0;
        end
      end
      default: begin  // VisDrain
        if (32'(index) == Drain - 1) begin
          state_d  = Acc;
          second_d = 1'b1;
          index_d  = IndexBits'(Visible);
        end
      end
    endcase
    if (end_o) begin
      state_d  = Acc;
      second_d = 1'b0;
      index_d  = IndexBits'(Visible);
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q  <= Acc;
      index_q  <= IndexBits'(Visible);
      base_q   <= '0;
      second_q <= 1'b0;
    end else begin
      if (en_i && sweep_i) begin
        state_q  <= state_d;
        index_q  <= index_d;
        second_q <= second_d;
      end
      if (next_i) base_q <= last_context_i ? '0 : base_q + StateBits'(Visible);
    end
  end

  always_comb begin
    acc_o           = sweep_i && state == Acc;
    acc_init_o      = acc_o && 32'(index) == Visible;
    hid_o           = sweep_i && state == Hid;
    vis_o           = sweep_i && state == Vis;
    tail_o          = vis_o && 32'(index) == Visible;
    // the old visible states, then the old hidden ones
    emit_o          = emit_i && (reversed_i ? (vis_o && !tail_o) || hid_o
                                            : !second_q && ((acc_o && !acc_init_o) || hid_o));
    emit_last_o     = emit_o && hid_o && 32'(index) == Hidden - 1;
    index_o         = index;
    state_address_o = base_q + StateBits'(index);
  end
endmodule
`default_nettype wire

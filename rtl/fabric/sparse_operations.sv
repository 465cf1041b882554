`default_nettype none
// Operation counter of the sparse fabric: walks the groups of the schedule, one edge row per clock
// while sweep_i.
//
//   [energy pass: groups 0 .. END -> drain 8] -> groups 0 .. END -> [before TAIL .. 0] -> [frame]
//
// A group takes max(LENGTH, 1) clocks; 8 clocks of drain follow the last group of a block in the
// direction of travel, so that the next block reads its states. The row of the group in progress
// stands in the schedule's output register: its last clock reads the next one. A frame takes n + 2
// clocks; a read-only sweep is the frame alone. Advances while en_i. Reset: at the start. Needs a
// schedule that the colour guard has passed. Behaviour: docs/device.md, The sparse fabric.
module sparse_operations (
    input  wire         clk_i,
    input  wire         rst_ni,
    input  wire         en_i,
    input  wire         load_i,         // START or end of a context's sweep: back to group 0
    input  wire         pass_i,         // and the next sweep begins with an energy pass
    input  wire         sweep_i,        // a context's sweep is in progress
    input  wire         read_only_i,
    input  wire         emit_i,         // its sample is due
    input  wire         palindromic_i,
    input  wire  [16:0] pbits_i,        // n
    output logic        end_o,          // last clock of the sweep
    // schedule: row of the group in progress
    output logic        read_o,
    output logic [15:0] read_group_o,
    input  wire  [15:0] length_i,
    input  wire  [15:0] start_i,
    input  wire         first_i,
    input  wire         last_i,
    input  wire         tail_i,
    input  wire         end_i,
    // operation of this clock
    output logic        step_o,         // edge row row_o of the group
    output logic [15:0] row_o,
    output logic        step_first_o,   // first row of the group
    output logic        step_last_o,    // last
    output logic        step_empty_o,   // the group has no rows
    output logic        pass_o,         // for the energy alone
    output logic        clear_o,        // first clock of an energy pass
    output logic        frame_o,        // the frame reads p-bit frame_pbit_o
    output logic [15:0] frame_pbit_o,
    output logic        frame_last_o
);
  localparam int Drain = 8;  // clocks between two blocks
  localparam logic [1:0] Walk = 2'd0, Wait = 2'd1, Frame = 2'd2;

  logic [1:0] phase_q;
  logic pass_q, back_q, finish_q, tail_seen_q;
  logic [15:0] group_q, tail_q, offset_q, next_group, tail_group;
  logic [2:0] wait_q;
  logic [16:0] frame_q;
  logic step, step_last, turn, forward_done, finish, block_done, frame, last_wait, frame_done;

  always_comb begin
    step         = sweep_i && !read_only_i && phase_q == Walk;
    step_last    = 17'(offset_q) + 17'd1 >= 17'(length_i);
    tail_group   = tail_seen_q ? tail_q : group_q;  // with END, which is of the last block
    forward_done = !back_q && end_i;
    turn         = forward_done && !pass_q && palindromic_i && tail_group != '0;
    finish       = back_q ? group_q == '0 : forward_done && !pass_q && !turn;
    block_done   = back_q ? first_i : (pass_q ? end_i : last_i);
    next_group   = back_q ? group_q - 16'd1 : group_q + 16'd1;
    if (turn) next_group = tail_group - 16'd1;
    if (finish || (pass_q && end_i)) next_group = '0;
    last_wait    = sweep_i && phase_q == Wait && 32'(wait_q) == Drain - 1;
    frame        = sweep_i && (read_only_i || phase_q == Frame);
    frame_done   = frame && frame_q == pbits_i + 17'd1;

    read_o       = load_i || (en_i && step && step_last);
    read_group_o = load_i ? '0 : next_group;
    step_o       = step;
    row_o        = start_i + offset_q;
    step_first_o = offset_q == '0;
    step_last_o  = step_last;
    step_empty_o = length_i == '0;
    pass_o       = pass_q;
    clear_o      = step && pass_q && group_q == '0 && offset_q == '0;
    frame_o      = frame && frame_q < pbits_i;
    frame_pbit_o = frame_q[15:0];
    frame_last_o = frame_q + 17'd1 == pbits_i;
    end_o        = frame_done || (last_wait && finish_q && !emit_i);
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      phase_q     <= Walk;
      pass_q      <= 1'b0;
      back_q      <= 1'b0;
      finish_q    <= 1'b0;
      tail_seen_q <= 1'b0;
      group_q     <= '0;
      tail_q      <= '0;
      offset_q    <= '0;
      wait_q      <= '0;
      frame_q     <= '0;
    end else if (load_i) begin
      phase_q     <= Walk;
      pass_q      <= pass_i;
      back_q      <= 1'b0;
      finish_q    <= 1'b0;
      tail_seen_q <= 1'b0;
      group_q     <= '0;
      offset_q    <= '0;
      wait_q      <= '0;
      frame_q     <= '0;
    end else if (en_i && sweep_i) begin
      if (step) begin
        offset_q <= step_last ? '0 : offset_q + 16'd1;
        if (tail_i && !back_q && !tail_seen_q) begin
          tail_seen_q <= 1'b1;
          tail_q      <= group_q;
        end
        if (step_last) begin
          group_q <= next_group;
          if (turn) back_q <= 1'b1;
          finish_q <= finish;
          if (block_done) phase_q <= Wait;
        end
      end
      if (phase_q == Wait) begin
        wait_q <= wait_q + 3'd1;
        if (last_wait) begin
          phase_q <= finish_q ? Frame : Walk;
          if (pass_q) begin
            pass_q      <= 1'b0;
            tail_seen_q <= 1'b0;
          end
        end
      end
      if (frame) frame_q <= frame_q + 17'd1;
    end
  end
endmodule
`default_nettype wire

`default_nettype none
// Operation counter of the sparse fabric: walks the groups of the schedule, one edge row per clock
// while sweep_i.
//
//   [energy pass: groups 0 .. END -> drain 8] -> groups 0 .. END -> [before TAIL .. 0] -> [frame]
//                                           or -> groups END .. 0, or END + 1 random ones
//
// A group takes max(LENGTH, 1) clocks; 8 clocks of drain follow the last group of a block in the
// direction of travel, so that the next block reads its states, and each pick of a random scan. The
// row of the group in progress stands in the schedule's output register: its last clock reads the
// next one, or the last clock of drain a pick, (word_i G) >> 32 by one multiplier. A pick draws in
// its first clock, so that word_i is the next one's. Until the sweep begins its first row is read
// anew, since others may draw. A frame takes n + 2 clocks; a read-only sweep is the frame alone.
// Advances while en_i. Reset: at the start. Needs a schedule that the colour guard has passed.
// Behaviour: docs/device.md, The sparse fabric; docs/device-options.md.
`include "pbit_assert.svh"
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
    input  wire         random_i,       // in force; with load_i, of the next sweep
    input  wire         coin_i,         // in force: reversed_i may change before a sweep
    input  wire         reversed_i,     // END .. 0; with load_i, the next sweep
    input  wire  [15:0] last_group_i,   // END is in it
    input  wire  [31:0] word_i,         // next word of the control generator
    output logic        draw_o,         // it is taken
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
  logic waiting_q;  // for the first clock of a sweep
  logic [15:0] group_q, tail_q, offset_q, picks_q, next_group, tail_group, pick, first_group;
  logic [2:0] wait_q;
  logic [16:0] frame_q;
  logic step, step_last, turn, forward_done, finish, block_done, frame, last_wait, frame_done;
  logic begins, begins_pass, picks, pick_ends;

  // where a sweep begins: with load_i, until its first clock, and behind an energy pass
  assign begins      = load_i || (waiting_q && !sweep_i && (random_i || coin_i));
  assign begins_pass = load_i ? pass_i : pass_q;
  assign pick        = random_i ? 16'((49'(word_i) * (49'(last_group_i) + 49'd1)) >> 32) : '0;
  assign first_group = random_i ? pick : reversed_i ? last_group_i : '0;
  assign picks       = random_i && !pass_q;
  assign pick_ends   = random_i && last_wait && !finish_q;

  always_comb begin
    step         = sweep_i && !read_only_i && phase_q == Walk;
    step_last    = 17'(offset_q) + 17'd1 >= 17'(length_i);
    tail_group   = tail_seen_q ? tail_q : group_q;  // with END, which is of the last block
    forward_done = !back_q && end_i;
    turn         = forward_done && !pass_q && palindromic_i && tail_group != '0;
    finish       = picks ? picks_q == last_group_i
                 : back_q ? group_q == '0 : forward_done && !pass_q && !turn;
    block_done   = picks || (back_q ? first_i : (pass_q ? end_i : last_i));
    next_group   = back_q ? group_q - 16'd1 : group_q + 16'd1;
    if (turn) next_group = tail_group - 16'd1;
    if (finish) next_group = '0;
    if ((pass_q && end_i) || pick_ends) next_group = first_group;
    if (begins) next_group = begins_pass ? '0 : first_group;
    last_wait    = sweep_i && phase_q == Wait && 32'(wait_q) == Drain - 1;
    frame        = sweep_i && (read_only_i || phase_q == Frame);
    frame_done   = frame && frame_q == pbits_i + 17'd1;

    read_o       = begins || (en_i && ((step && step_last) || pick_ends));
    read_group_o = next_group;
    draw_o       = en_i && step && picks && offset_q == '0;
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
      waiting_q   <= 1'b0;
      picks_q     <= '0;
      group_q     <= '0;
      tail_q      <= '0;
      offset_q    <= '0;
      wait_q      <= '0;
      frame_q     <= '0;
    end else if (load_i) begin
      phase_q     <= Walk;
      pass_q      <= pass_i;
      back_q      <= reversed_i && !pass_i;
      finish_q    <= 1'b0;
      tail_seen_q <= 1'b0;
      waiting_q   <= 1'b1;
      picks_q     <= '0;
      group_q     <= next_group;
      offset_q    <= '0;
      wait_q      <= '0;
      frame_q     <= '0;
    end else if (begins) begin
      back_q  <= reversed_i && !pass_q;
      group_q <= next_group;
    end else if (en_i && sweep_i) begin
      waiting_q <= 1'b0;
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
          if (pick_ends) begin
            group_q <= next_group;
            if (!pass_q) picks_q <= picks_q + 16'd1;
          end
          if (pass_q) begin
            pass_q      <= 1'b0;
            back_q      <= reversed_i;
            tail_seen_q <= 1'b0;
          end
        end
      end
      if (frame) frame_q <= frame_q + 17'd1;
    end
  end

  `PBIT_ASSERT(row_of_the_word_A, clk_i, rst_ni,
               !(step && picks && offset_q == '0) || group_q == pick)
endmodule
`default_nettype wire

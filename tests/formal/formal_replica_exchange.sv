`default_nettype none
// replica_exchange with decisions that are free inputs: whatever is accepted, the labels of each
// lane stay a permutation of its rungs; look-up, label frame and pass take the clocks of
// docs/device-options.md; a label frame has the labels of all replicas, in order, and its words wait
// for the stream.
//
// Registers are written while idle only, the host writes no labels, and what the unit asks to be
// held is held. Contexts 2 or 3, so that a pass tries one pair of rungs. PBIT_INSIDE: invariants of
// the induction.
`include "pbit_assert.svh"
module exchange_decision #(
    parameter int BetaBits = 16,
    parameter int Frac     = 18
) (
    input  wire               clk_i,
    input  wire               rst_ni,
    input  wire               en_i,
    input  wire               start_i,
    input  wire  [BetaBits:0] beta_step_i,
    input  wire  [      48:0] energy_step_i,
    input  wire  [      31:0] word_i,
    output logic              accept_o
);
  assign accept_o = word_i[0];  // of the clock in which it counts: free
endmodule

module formal_replica_exchange #(
    parameter int Lanes    = 2,
    parameter int Contexts = 3
) (
    input wire        clk,
    input wire        rst_n,
    input wire        en,
    input wire        enable,
    input wire        freeze,
    input wire        clear,
    input wire        count_clear,
    input wire [31:0] every,
    input wire        random,
    input wire        begins,
    input wire        after_start,
    input wire        after_pause,
    input wire        sweep_done,
    input wire        due,
    input wire [ 3:0] beta_word,
    input wire        load,
    input wire [ 1:0] load_context,
    input wire        taken,
    input wire [47:0] energy,
    input wire [31:0] word,
    input wire        free_stream,
    input wire        tready
);
  localparam int ContextBits = Contexts > 2 ? 2 : 1, LaneBits = 1, Replicas = Lanes * Contexts;
  localparam int Words = (Replicas + 3) / 4;
  wire [31:0] position, tries, accepts, tdata;
  wire [5:0] shown, entry;
  wire wanted, ends, hold, read, reads, lane_read, draw, tvalid, tlast;
  wire [ContextBits-1:0] context_read;
  wire [4*Lanes-1:0] betas;
  replica_exchange #(
      .Lanes(Lanes), .Contexts(Contexts), .BetaBits(4), .Frac(4), .ContextBits(ContextBits),
      .LaneBits(LaneBits)
  ) u_dut (
      .clk_i(clk), .rst_ni(rst_n), .en_i(en), .enable_i(enable), .freeze_i(freeze),
      .clear_i(clear), .count_clear_i(count_clear), .label_we_i(1'b0), .label_replica_i(16'd0),
      .label_data_i(6'd0), .every_i(every), .random_i(random), .select_i(6'd0),
      .replica_i(16'd0), .position_o(position), .tries_o(tries), .accepts_o(accepts),
      .label_o(shown), .begin_i(begins), .after_start_i(after_start), .after_pause_i(after_pause),
      .sweep_done_i(sweep_done), .due_i(due), .wanted_o(wanted), .end_o(ends), .hold_o(hold),
      .read_o(read), .entry_o(entry), .beta_word_i(beta_word), .load_i(load),
      .load_context_i(load_context[ContextBits-1:0]), .lane_beta_o(betas), .energy_read_o(reads),
      .energy_lane_o(lane_read), .energy_context_o(context_read), .energy_taken_i(taken),
      .energy_i(energy), .draw_o(draw), .word_i(word), .stream_free_i(free_stream),
      .label_tdata_o(tdata), .label_tvalid_o(tvalid), .label_tlast_o(tlast), .tready_i(tready)
  );

  // ---- environment ----
  reg past = 1'b0;
  always @(posedge clk) past <= 1'b1;
  `PBIT_ASSUME(reset_first_M, clk, 1'b1, rst_n == past)
  reg active = 1'b0;  // model: between the begin and the last clock
  reg was_enable = 1'b0, was_freeze = 1'b0, was_random = 1'b0, was_free = 1'b0;
  reg [31:0] was_every = '0;
  always @(posedge clk) begin
    was_enable <= enable;
    was_freeze <= freeze;
    was_random <= random;
    was_every  <= every;
    was_free   <= free_stream;
  end
  `PBIT_ASSUME(written_while_idle_M, clk, rst_n, !active || (enable == was_enable &&
               freeze == was_freeze && random == was_random && every == was_every))
  `PBIT_ASSUME(cleared_while_idle_M, clk, rst_n, !(clear && (active || begins)))
  `PBIT_ASSUME(begins_M, clk, rst_n, !begins || (en && !active))
  `PBIT_ASSUME(one_before_M, clk, rst_n, !after_start || after_pause)
  `PBIT_ASSUME(held_M, clk, rst_n, !hold || !en)
  `PBIT_ASSUME(nothing_else_is_sent_M, clk, rst_n, !(active && was_free) || free_stream)

  // ---- model: clocks ----
  localparam int LookUp = Replicas + 4, Frame = Words + 2;
  reg frame = 1'b0, pass = 1'b0, look_up = 1'b0, was_due = 1'b0, odd = 1'b0;
  reg [8:0] n = '0;
  reg [2:0] sent = '0;
  wire due_now = after_pause ? was_due : due;
  wire pass_now = !freeze && every != '0 &&
                  {1'b0, position[30:0]} + 32'(position[30:0] != '1) >= every;
  wire [8:0] pairs = odd && Contexts == 2 ? 9'd0 : 9'd1;
  wire [8:0] want = look_up ? 9'(LookUp)
                  : (frame ? 9'(Frame) : 9'd0) + (pass ? 9'd2 + 9'(32 * Lanes) * pairs : 9'd0);
  always @(posedge clk) begin
    if (rst_n) begin
      if (sweep_done) was_due <= due;
      if (begins && enable && (after_start || due_now || pass_now)) begin
        active  <= 1'b1;
        look_up <= after_start;
        frame   <= !after_start && due_now;
        pass    <= !after_start && pass_now;
        n       <= '0;
        sent    <= '0;
      end else if (active) begin
        if (en) begin
          n <= n + 9'd1;
          if (pass && n == (frame ? 9'(Frame) : 9'd0)) odd <= random ? word[31] : position[31];
          if (ends) active <= 1'b0;
        end
        if (tvalid && tready) sent <= sent + 3'd1;
      end
    end
  end
  wire parity_known = n != (frame ? 9'(Frame) : 9'd0);

  `PBIT_ASSERT(wanted_A, clk, rst_n, wanted == (enable && (after_start || due_now || pass_now)))
  `PBIT_ASSERT(clocks_A, clk, rst_n, !(active && (!pass || (n > (frame ? 9'(Frame) : 9'd0)))) ||
               (n < want && ends == (n + 9'd1 == want)))

  // the sweep that follows has read its first row by then (formal_sparse_sequencer)
  `PBIT_ASSERT(draws_before_the_end_A, clk, rst_n, !draw || (active && en && !ends))

  // ---- labels ----
  (* hierconn *) wire [Replicas*ContextBits-1:0] \u_dut.u_labels.labels_q ;
  wire [Replicas*ContextBits-1:0] labels = \u_dut.u_labels.labels_q ;
  wire [Lanes*Contexts-1:0] seen;  // the lane has the rung
  for (genvar l = 0; l < Lanes; l++) begin : g_lane
    for (genvar k = 0; k < Contexts; k++) begin : g_rung
      wire [Contexts-1:0] at;
      for (genvar c = 0; c < Contexts; c++) begin : g_context
        assign at[c] = 32'(labels[(c*Lanes+l)*ContextBits+:ContextBits]) == k;
      end
      assign seen[l*Contexts+k] = at != '0;
    end
  end
  `PBIT_ASSERT(permutation_A, clk, rst_n, seen == '1)

  // ---- label frame ----
  reg was_waiting = 1'b0;
  reg [32:0] waiting = '0;
  wire [8*4*Words-1:0] bytes;
  for (genvar r = 0; r < 4 * Words; r++) begin : g_byte
    if (r < Replicas) begin : g_label
      assign bytes[8*r+:8] = 8'(labels[r*ContextBits+:ContextBits]);
    end else begin : g_zero
      assign bytes[8*r+:8] = 8'd0;
    end
  end
  always @(posedge clk) begin
    was_waiting <= rst_n && tvalid && !tready;
    waiting     <= {tlast, tdata};
  end
  `PBIT_ASSERT(waits_A, clk, rst_n, !was_waiting || (tvalid && {tlast, tdata} == waiting))
  `PBIT_ASSERT(words_A, clk, rst_n, !tvalid || (active && frame && 32'(sent) < Words &&
               tlast == (32'(sent) == Words - 1) && tdata == bytes[32*sent[0]+:32]))
  `PBIT_ASSERT(all_words_A, clk, rst_n, !(active && frame && n >= 9'(Frame)) ||
               32'(sent) == Words)
  `PBIT_ASSERT(sent_in_time_A, clk, rst_n, !(active && en && n == 9'(Frame - 1) && frame) ||
               32'(sent) + 32'(tvalid && tready) == Words)

`ifdef PBIT_INSIDE
  (* hierconn *) wire [2:0] \u_dut.phase_q ;
  (* hierconn *) wire [8:0] \u_dut.count_q ;
  (* hierconn *) wire \u_dut.label_due_q ;
  (* hierconn *) wire \u_dut.valid_q ;
  (* hierconn *) wire [LaneBits-1:0] \u_dut.lane_q ;
  (* hierconn *) wire [ContextBits-1:0] \u_dut.rung_q ;
  (* hierconn *) wire \u_dut.u_labels.low_found_q ;
  (* hierconn *) wire \u_dut.u_labels.high_found_q ;
  (* hierconn *) wire [ContextBits-1:0] \u_dut.u_labels.low_context_o ;
  (* hierconn *) wire [ContextBits-1:0] \u_dut.u_labels.high_context_o ;
  wire [2:0] phase = \u_dut.phase_q ;
  wire [8:0] count = \u_dut.count_q ;
  wire valid = \u_dut.valid_q ;
  wire [LaneBits-1:0] lane = \u_dut.lane_q ;
  wire [ContextBits-1:0] rung = \u_dut.rung_q ;
  wire [ContextBits-1:0] low = \u_dut.u_labels.low_context_o ;
  wire [ContextBits-1:0] high = \u_dut.u_labels.high_context_o ;
  wire [8:0] before = frame ? 9'(Frame) : 9'd0;
  `PBIT_ASSERT(inside_due_A, clk, rst_n, \u_dut.label_due_q == was_due)
  `PBIT_ASSERT(inside_phase_A, clk, rst_n, active == (phase != 3'd0) && phase <= 3'd4)
  `PBIT_ASSERT(inside_kind_A, clk, rst_n, !active || (enable &&
               (look_up ? !frame && !pass : frame || pass)))
  `PBIT_ASSERT(inside_look_up_A, clk, rst_n, !active || look_up == (phase == 3'd1))
  `PBIT_ASSERT(inside_count_A, clk, rst_n, !active || n == (phase == 3'd3 ? before + count
               : phase == 3'd4 ? before + 9'd2 + 9'(32 * 32'(lane)) + count : count))
  `PBIT_ASSERT(inside_frame_A, clk, rst_n, phase != 3'd2 ||
               (frame && pass == pass_now && count < 9'(Frame)))
  `PBIT_ASSERT(inside_head_A, clk, rst_n, phase != 3'd3 || (pass && count < 9'd2 &&
               (count == '0 || 32'(rung) == 32'(odd))))
  `PBIT_ASSERT(inside_try_A, clk, rst_n, phase != 3'd4 || (pass && count < 9'd32 &&
               32'(lane) < Lanes && 32'(rung) == 32'(odd) && 32'(rung) + 1 < Contexts))
  `PBIT_ASSERT(inside_sent_A, clk, rst_n, phase == 3'd2
               ? 9'(sent) + 9'(valid) == (count < 9'd2 ? 9'd0 : count - 9'd1) : !valid)
  `PBIT_ASSERT(inside_all_sent_A, clk, rst_n, !(frame && (phase == 3'd3 || phase == 3'd4)) ||
               32'(sent) == Words)
  `PBIT_ASSERT(inside_word_A, clk, rst_n, !valid || (32'(sent) < Words &&
               tlast == (32'(sent) == Words - 1) && tdata == bytes[32*sent[0]+:32]))
  `PBIT_ASSERT(inside_low_A, clk, rst_n, !(phase == 3'd4 && count > 9'd0 && count <= 9'd22 &&
               \u_dut.u_labels.low_found_q ) || (32'(low) < Contexts &&
               labels[(32'(low)*Lanes+32'(lane))*ContextBits+:ContextBits] == rung))
  `PBIT_ASSERT(inside_high_A, clk, rst_n, !(phase == 3'd4 && count > 9'd1 && count <= 9'd22 &&
               \u_dut.u_labels.high_found_q ) || (32'(high) < Contexts &&
               labels[(32'(high)*Lanes+32'(lane))*ContextBits+:ContextBits] == rung + 1'b1))
`endif

  // ---- what it can do ----
  reg [Replicas*ContextBits-1:0] was_labels = '0;
  always @(posedge clk) if (begins) was_labels <= labels;
  wire over = active && en && ends;
  `PBIT_COVER(look_up_C, clk, rst_n, over && look_up)
  `PBIT_COVER(frame_C, clk, rst_n, over && frame && !pass)
  `PBIT_COVER(exchange_C, clk, rst_n, over && pass && labels != was_labels)
  `PBIT_COVER(frame_and_pass_C, clk, rst_n, over && pass && frame)
endmodule
`default_nettype wire

`default_nettype none
// sweep_sequencer (FrameAfter = 1), sparse_operations and control_generator, connected as in
// pbit_top and sparse_fabric: rows, groups, blocks, picks, frames, sweeps and runs, clock by clock
// as docs/device.md has them, in every kernel and for every schedule of up to 4 groups that the
// colour guard lets pass. Commands, registers, stalls, random words and resets at any time are free;
// replica exchange draws while it works, but not in its last clock (replica_exchange.proof).
//
// Positions of the model are visits of a sweep, 0 .. the number of groups on its way; the block
// counts groups. That a run ends follows: a context's sweep has its exact number of clocks, a pause
// 128, replica exchange those that it asks for, and a run of n sweeps no sweep after the n-th.
`include "pbit_assert.svh"
module pbit_rng #(
    parameter int Generator = 0,
    parameter int LfsrSteps = 1
) (
    input  wire         clk_i,
    input  wire         load_i,
    input  wire  [ 1:0] load_word_i,
    input  wire  [31:0] load_data_i,
    input  wire         en_i,
    output wire  [31:0] word_o
);
  reg [31:0] word_q;  // the word to be drawn, then any other
  always @(posedge clk_i) if (en_i || load_i) word_q <= load_data_i;
  assign word_o = word_q;
endmodule

module formal_sparse_sequencer #(
    parameter int Contexts = 1,
    // for runs that have to be found: few groups, p-bits, sweeps, no pauses, known energies
    parameter int Small    = 0
) (
    input wire        clk, rst_n, en, start, stop, palindromic, coin, random, coupled,
    input wire [31:0] any_sweeps, any_every, any_unit_every,
    input wire [ 3:0] beta_set, regulator_beta,
    input wire        sweep_beta, regulates, window_ends, exchange, exchange_end, exchange_draw,
    input wire [31:0] new_word,
    input wire        load_word,       // by the host
    input wire        touch,           // the host writes an edge, a group or a state
    input wire        check,           // CHECK reads groups
    input wire [ 1:0] check_group,
    // the schedule, a bit a group; finals: END
    input wire [ 3:0] any_firsts, any_lasts, any_tails, any_finals,
    input wire [63:0] any_lengths, any_starts,
    input wire [16:0] any_pbits
);
  localparam int Drain = 8;
  localparam logic [31:0] Few = Small != 0 ? 32'd7 : 32'hFFFFFFFF;
  wire [31:0] sweeps = any_sweeps & Few, every = any_every & Few, unit_every = any_unit_every & Few;
  wire [31:0] any_word = new_word & (Small != 0 ? 32'h80000000 : 32'hFFFFFFFF);
  wire [16:0] pbits = any_pbits & Few[16:0];
  // small: group 0, or 0 and 1 in one block or two; 0 or 2 rows each
  wire one = any_finals[0], joined = any_firsts[1];
  wire [3:0] firsts = Small != 0 ? {2'd0, !joined, 1'b1} : any_firsts;
  wire [3:0] lasts = Small != 0 ? {3'd1, one || !joined} : any_lasts;
  wire [3:0] tails = Small != 0 ? {3'd1, one || joined} : any_tails;
  wire [3:0] finals = Small != 0 ? {2'd0, !one, one} : any_finals;
  wire [63:0] lengths = any_lengths & (Small != 0 ? 64'h0000000000020002 : {64{1'b1}});
  wire [63:0] starts = any_starts & (Small != 0 ? 64'd0 : {64{1'b1}});
  wire at_next, at_pause, at_pause_end, pause_window, busy, load, load_context, palindromic_now;
  wire coin_now, random_now, coupled_now, next, context_now, sweep, sweep_end, read_only;
  wire sample_due, last_context, sweep_done, stream_due, to_stream, to_unit, reversed, draw, read;
  wire step, step_first, step_last, step_empty, pass, clear, frame, frame_last;
  wire [3:0] beta;
  wire [15:0] read_group, row, frame_pbit;
  wire [31:0] word;

  sweep_sequencer #(
      .Contexts(Contexts), .BetaBits(4), .ContextBits(1), .FrameAfter(1)
  ) u_sequencer (
      .clk_i(clk), .rst_ni(rst_n), .en_i(en), .start_i(start), .stop_i(stop),
      .palindromic_i(palindromic), .coin_i(coin), .random_i(random), .coupled_i(coupled),
      .sweeps_i(sweeps), .every_i(every), .unit_every_i(unit_every), .beta_i(beta_set),
      .sweep_beta_i(sweep_beta), .regulates_i(regulates), .regulator_beta_i(regulator_beta),
      .window_ends_i(window_ends), .exchange_i(exchange), .exchange_end_i(exchange_end),
      .stream_due_o(stream_due), .at_next_o(at_next), .at_pause_o(at_pause),
      .at_pause_end_o(at_pause_end), .pause_window_o(pause_window), .busy_o(busy), .load_o(load),
      .load_context_o(load_context), .beta_o(beta), .palindromic_o(palindromic_now),
      .coin_o(coin_now), .random_o(random_now), .coupled_o(coupled_now), .sweep_o(sweep),
      .end_i(sweep_end), .read_only_o(read_only), .emit_o(sample_due), .to_stream_o(to_stream),
      .to_unit_o(to_unit), .next_o(next), .last_context_o(last_context), .context_o(context_now),
      .sweep_done_o(sweep_done)
  );
  control_generator u_control (
      .clk_i(clk), .rst_ni(rst_n), .load_i(load_word), .load_word_i(2'd0), .load_data_i(any_word),
      .coin_i(coin_now), .read_only_i(read_only), .begin_i(load), .sweep_i(sweep && en),
      .reversed_o(reversed), .draw_i(draw || exchange_draw), .word_o(word)
  );

  // ---- sparse_fabric: energies known or not, and the row of the schedule that was read last ----
  reg unknown = Small == 0;
  reg [1:0] shown = '0;
  always @(posedge clk) begin
    if (!rst_n || touch) unknown <= touch || Small == 0;
    else if (sweep_done) unknown <= 1'b0;
    if (check) shown <= check_group;
    else if (read) shown <= read_group[1:0];
  end
  wire [1:0] final_group = finals[0] ? 2'd0 : finals[1] ? 2'd1 : finals[2] ? 2'd2 : 2'd3;
  wire next_coin = busy ? coin_now : coin;
  sparse_operations u_operations (
      .clk_i(clk), .rst_ni(rst_n), .en_i(en), .load_i(load), .pass_i(unknown && !sweep_done),
      .sweep_i(sweep), .read_only_i(read_only), .emit_i(sample_due),
      .palindromic_i(palindromic_now), .random_i(busy ? random_now : random), .coin_i(coin_now),
      .reversed_i(load ? next_coin && word[31] : reversed), .last_group_i(16'(final_group)),
      .word_i(word), .draw_o(draw), .pbits_i(pbits), .end_o(sweep_end), .read_o(read),
      .read_group_o(read_group), .length_i(lengths[16*shown+:16]), .start_i(starts[16*shown+:16]),
      .first_i(firsts[shown]), .last_i(lasts[shown]), .tail_i(tails[shown]),
      .end_i(finals[shown]), .step_o(step), .row_o(row), .step_first_o(step_first),
      .step_last_o(step_last), .step_empty_o(step_empty), .pass_o(pass), .clear_o(clear),
      .frame_o(frame), .frame_pbit_o(frame_pbit), .frame_last_o(frame_last)
  );

  // ---- environment ----
  reg past = 1'b0;
  reg [161:0] was_schedule = '0;
  wire [160:0] schedule = {firsts, lasts, tails, finals, lengths, starts, pbits};
  always @(posedge clk) begin
    past         <= 1'b1;
    was_schedule <= {1'b0, schedule};
  end
  reg only_read = 1'b0, exchanging = 1'b0, pausing = 1'b0;  // model, below
  `PBIT_ASSUME(reset_first_M, clk, !past, !rst_n)
  // device_registers keeps the kernels apart, and the host from writing in a run
  `PBIT_ASSUME(one_kernel_M, clk, rst_n, 2'(coin) + 2'(palindromic) + 2'(random) <= 2'd1)
  `PBIT_ASSUME(idle_host_M, clk, rst_n, !(busy || start) || !(load_word || touch || check))
  `PBIT_ASSUME(kept_M, clk, rst_n, !busy || {1'b0, schedule} == was_schedule)
  `PBIT_ASSUME(exchange_draw_M, clk, rst_n, !exchange_draw ||
               (busy && exchanging && !pausing && en && !exchange_end))
  `PBIT_ASSUME(no_pause_M, clk, rst_n, Small == 0 || !(regulates || window_ends))
  // what sparse_check lets pass (codes 1, 2 and 5), which a run with sweeps needs
  wire [3:0] inside;  // groups up to END
  wire [3:0] crooked;
  for (genvar g = 0; g < 4; g++) begin : g_group
    assign inside[g] = 32'(final_group) >= g;
    assign crooked[g] = inside[g] && ((finals[g] && !(lasts[g] && tails[g])) ||
                        lengths[16*g+:16] > 16'd1024 || (g == 0 ? !firsts[g] :
                        firsts[g] != lasts[(g+3)%4] ||
                        (tails[g] ? !(tails[(g+3)%4] || firsts[g]) : tails[(g+3)%4])));
  end
  `PBIT_ASSUME(guarded_M, clk, rst_n, !((start && sweeps != '0) || (busy && !only_read)) ||
               (finals != '0 && crooked == '0))
  `PBIT_ASSUME(pbits_M, clk, rst_n, !(start || busy) || (pbits != '0 && pbits <= 17'd65536))

  // ---- model: the way of a sweep ----
  reg palin = 1'b0, flips = 1'b0, picks = 1'b0;  // kernel of the run
  reg passing = 1'b0;                            // the energy pass
  reg fresh = 1'b0, side_q = 1'b0;               // first clock of a context's sweep; its coin
  reg [2:0] visit = '0;                          // groups visited before this one
  reg [1:0] pick_q = '0;
  reg [15:0] offset = '0;                        // rows of this group
  reg draining = 1'b0, framing = 1'b0, ending = 1'b0;
  reg [2:0] clock = '0;                          // of the drain
  reg [16:0] pbit = '0;                          // of the frame
  wire [1:0] tail_group = tails[0] ? 2'd0 : tails[1] ? 2'd1 : tails[2] ? 2'd2 : 2'd3;
  wire side = fresh ? word[31] : side_q;
  wire back = flips && side && !only_read;       // END .. 0
  // (word G) >> 32 for G = 1 .. 4 groups
  wire [1:0] pick_now = final_group == 2'd0 ? 2'd0 : final_group == 2'd1 ? {1'b0, word[31]}
                      : final_group == 2'd3 ? word[31:30]
                      : word >= 32'hAAAAAAAB ? 2'd2 : word >= 32'h55555556 ? 2'd1 : 2'd0;
  wire [1:0] pick = offset == '0 ? pick_now : pick_q;
  wire [2:0] visits = 3'(final_group) + 3'd1 + (palin && !passing ? 3'(tail_group) : 3'd0);
  function automatic [1:0] group_of(input [2:0] at);
    if (passing) group_of = at[1:0];
    else if (picks) group_of = pick;
    else if (palin && at > 3'(final_group)) group_of = 2'(3'(tail_group) + 3'(final_group) - at);
    else group_of = back ? final_group - at[1:0] : at[1:0];
  endfunction
  function automatic block_end_of(input [2:0] at);
    if (passing) block_end_of = at == 3'(final_group);
    else if (picks) block_end_of = 1'b1;
    else if (back || (palin && at > 3'(final_group))) block_end_of = firsts[group_of(at)];
    else block_end_of = lasts[group_of(at)];
  endfunction
  wire [1:0] group = group_of(visit);
  wire [15:0] length = lengths[16*group+:16];
  wire group_ends = 17'(offset) + 17'd1 >= 17'(length);
  wire last_visit = visit + 3'd1 == visits;

  // ---- model: runs ----
  reg ctx = 1'b0, stopped = 1'b0, ends = 1'b0;
  reg was_accepted = 1'b0, was_held = 1'b0, was_busy = 1'b0, was_reset = 1'b0;
  reg beta_may_move = 1'b0;
  reg [7:0] n_pause = '0;
  reg [31:0] n = '0, k = '0, done = '0, since = '0, unit_k = '0, unit_since = '0;
  reg [1:0] after_stop = '0;
  reg [43:0] held = '0;
  reg [3:0] beta_was = '0;
  reg [2:0] n_frames = '0;
  reg saw_stall = 1'b0, saw_back = 1'b0, saw_exchange = 1'b0, saw_reset = 1'b0, saw_pass = 1'b0;
  wire resting = pausing || exchanging;
  wire [43:0] state_now = {busy, step, {20{step}} & {row, step_first, step_last, step_empty, pass},
                           clear, frame, {16{frame}} & frame_pbit, at_next, at_pause,
                           at_pause_end, context_now};
  wire accepted = start && !busy && (sweeps != '0 || every != '0);
  wire due_now = k != '0 && since + 1'b1 == k;
  wire unit_now = unit_k != '0 && unit_since + 1'b1 == unit_k;
  wire last_now = done + 1'b1 == n || stopped || stop;  // this sweep is the run's last
  wire sample = only_read || due_now || unit_now;       // the sweep ends with a frame
  wire last_ctx = 32'(ctx) == Contexts - 1;
  wire updating = busy && !resting && !framing && !ending;
  wire stepping = updating && !draining;

  always @(posedge clk) begin
    was_reset <= !rst_n;
    was_busy <= busy && rst_n;
    was_accepted <= accepted && rst_n;
    was_held <= busy && !en && rst_n;
    held     <= state_now;
    beta_was <= beta;
    beta_may_move <= (start && !busy) || (sweep_done && sweep_beta) ||
                     (at_pause_end && en && regulates);
    if (!rst_n) saw_reset <= was_busy || saw_reset;
    if (!rst_n || !busy) begin
      {stopped, after_stop, saw_stall, saw_back, saw_exchange, saw_pass} <= '0;
      if (rst_n && accepted) begin
        {visit, offset, clock, draining, ending, ctx, ends, exchanging, n_pause, pbit} <= '0;
        {done, since, unit_since, n_frames} <= '0;
        n         <= sweeps;
        k         <= every;
        unit_k    <= unit_every;
        palin     <= palindromic;
        flips     <= coin;
        picks     <= random;
        only_read <= sweeps == '0;
        framing   <= sweeps == '0;
        passing   <= sweeps != '0 && unknown;
        pausing   <= sweeps != '0 && regulates;
        fresh     <= 1'b1;
      end
    end else begin
      stopped <= stopped || stop;
      after_stop <= after_stop + 2'(sweep_done && (stopped || stop) && after_stop != 2'd3);
      if (!en) saw_stall <= 1'b1;
      if (back && step && visit == 3'd1) saw_back <= 1'b1;
      if (exchanging && exchange_draw) saw_exchange <= 1'b1;
      if (pass) saw_pass <= 1'b1;
      if (frame && frame_last && en && n_frames != 3'd7) n_frames <= n_frames + 1'b1;
    end
    if (rst_n && busy && en) begin
      if (pausing) begin
        n_pause <= n_pause + 1'b1;
        if (n_pause == 8'd127) begin
          pausing    <= 1'b0;
          exchanging <= exchange;
        end
      end else if (exchanging) begin
        if (exchange_end) exchanging <= 1'b0;
      end else begin
        fresh <= ending;
        if (fresh) side_q <= word[31];
        if (ending) begin
          ending  <= 1'b0;
          visit   <= '0;
          pbit    <= '0;
          passing <= unknown && !sweep_done && !only_read;
          framing <= only_read && !last_ctx;
          ctx     <= last_ctx ? 1'b0 : ctx + 1'b1;
          if (last_ctx && !only_read) begin
            done       <= done + 1'b1;
            since      <= due_now ? '0 : since + 1'b1;
            unit_since <= unit_now ? '0 : unit_since + 1'b1;
            ends       <= last_now;
            pausing    <= window_ends;
            exchanging <= exchange && !window_ends;
            n_pause    <= '0;
          end
        end else if (framing) begin
          pbit <= pbit + 17'd1;
          if (pbit == pbits + 17'd1) {framing, ending} <= 2'b01;
        end else if (draining) begin
          clock <= clock + 3'd1;
          if (32'(clock) == Drain - 1) begin
            draining <= 1'b0;
            passing  <= passing && !last_visit;
            visit    <= !last_visit ? visit + 3'd1 : passing ? '0 : visit;
            if (last_visit && !passing) {framing, ending} <= sample ? 2'b10 : 2'b01;
          end
        end else begin
          pick_q <= pick;
          offset <= group_ends ? '0 : offset + 16'd1;
          if (group_ends && block_end_of(visit)) draining <= 1'b1;
          else if (group_ends) visit <= visit + 3'd1;
        end
      end
    end
  end

  // ---- model: clocks since the last row of a group, up to 8 ----
  reg [3:0] gap = '0;
  reg stepped = 1'b0, was_pass = 1'b0;
  reg [1:0] was_group = '0;
  always @(posedge clk) begin
    if (!rst_n || !busy) begin
      stepped <= 1'b0;
    end else if (en) begin
      gap <= step ? '0 : gap + 4'(32'(gap) < Drain);
      if (step) {stepped, was_pass, was_group} <= {1'b1, pass, shown};
    end
  end
  function automatic [2:0] block_of(input [1:0] at);  // blocks that end before the group
    block_of = '0;
    for (int g = 0; g < 3; g++) block_of = block_of + 3'(lasts[g] && 32'(at) > g);
  endfunction

  // ---- operations ----
  `PBIT_ASSERT(step_A, clk, rst_n, step == (stepping && !only_read) && (!step || pass == passing))
  `PBIT_ASSERT(group_A, clk, rst_n, !step || (shown == group && inside[group]))
  `PBIT_ASSERT(row_A, clk, rst_n, !step || (row == starts[16*group+:16] + offset &&
               step_first == (offset == '0) && step_last == group_ends &&
               step_empty == (length == '0)))
  `PBIT_ASSERT(clear_A, clk, rst_n,
               clear == (step && passing && visit == '0 && offset == '0))
  // 8 clocks between two blocks, of one sweep or of two, and before a frame
  `PBIT_ASSERT(block_complete_A, clk, rst_n, !(step && step_first && stepped && 32'(gap) < Drain) ||
               (pass == was_pass && shown != was_group &&
                (pass || block_of(shown) == block_of(was_group))))
  `PBIT_ASSERT(frame_complete_A, clk, rst_n, !(frame && stepped) || 32'(gap) == Drain)
  `PBIT_ASSERT(frame_A, clk, rst_n, frame == (busy && !resting && framing && pbit < pbits) &&
               (!frame || (frame_pbit == pbit[15:0] && frame_last == (pbit + 17'd1 == pbits))))
  `PBIT_ASSERT(sweep_ends_A, clk, rst_n, at_next == (busy && !resting && ending))
  `PBIT_ASSERT(idle_A, clk, rst_n, busy || !(step || frame || at_next || at_pause || at_pause_end))
  `PBIT_ASSERT(context_A, clk, rst_n, !(busy && !resting) || context_now == ctx)
  `PBIT_ASSERT(load_A, clk, rst_n, load == ((start && !busy) || next))
  `PBIT_ASSERT(load_context_A, clk, rst_n, !(load && busy) ||
               load_context == (last_ctx ? 1'b0 : ctx + 1'b1))
  // ---- random words: one a pick, one a sweep of the coin ----
  (* hierconn *) wire \u_control.draw ;
  `PBIT_ASSERT(pick_draw_A, clk, rst_n,
               draw == (en && step && picks && !passing && offset == '0))
  `PBIT_ASSERT(coin_draw_A, clk, rst_n, \u_control.draw == (draw || exchange_draw ||
               (en && busy && !resting && !ending && fresh && flips && !only_read)))

  // ---- runs ----
  `PBIT_ASSERT(starts_A, clk, rst_n, !was_accepted || busy)
  `PBIT_ASSERT(sweep_done_A, clk, rst_n, sweep_done == (next && last_ctx && !only_read))
  `PBIT_ASSERT(not_too_many_A, clk, rst_n, !sweep_done || done < n)
  `PBIT_ASSERT(all_sweeps_A, clk, rst_n, !(was_busy && !busy) || done == n || after_stop != '0)
  `PBIT_ASSERT(stop_A, clk, rst_n, after_stop <= 2'd1)
  `PBIT_ASSERT(ended_A, clk, rst_n, !(busy && !resting) || !ends)
  `PBIT_ASSERT(destination_A, clk, rst_n, !frame ||
               (to_stream == (only_read || due_now) && to_unit == (unit_now && !only_read)))
  `PBIT_ASSERT(stream_due_A, clk, rst_n, !sweep_done || stream_due == due_now)
  `PBIT_ASSERT(pause_A, clk, rst_n, at_pause == (busy && pausing && n_pause == '0) &&
               at_pause_end == (busy && pausing && n_pause == 8'd127))
  `PBIT_ASSERT(exchange_A, clk, rst_n, !(busy && exchanging) ||
               !(step || frame || at_next || at_pause || at_pause_end || next))
  // 32 bits are enough for every run
  `PBIT_ASSERT(no_wrap_A, clk, rst_n, !busy || (done <= n && since <= done && unit_since <= done))
  // ---- reset and stalls ----
  `PBIT_ASSERT(reset_A, clk, !rst_n,
               !(busy || step || frame || draw || sweep || next || sweep_done || beta != '0))
  `PBIT_ASSERT(after_reset_A, clk, rst_n && was_reset, !busy && beta == '0)
  `PBIT_ASSERT(held_A, clk, rst_n, !was_held || state_now == held)
  `PBIT_ASSERT(no_end_in_stall_A, clk, rst_n, en || !(next || sweep_done))
  `PBIT_ASSERT(beta_A, clk, rst_n && !was_reset, beta == beta_was || beta_may_move)

`ifdef PBIT_INSIDE
  // ---- invariants of the induction ----
  (* hierconn *) wire [2:0] \u_sequencer.state_q ;
  (* hierconn *) wire \u_sequencer.emit_q ;
  (* hierconn *) wire \u_sequencer.unit_q ;
  (* hierconn *) wire \u_sequencer.read_only_q ;
  (* hierconn *) wire \u_sequencer.stop_q ;
  (* hierconn *) wire \u_sequencer.end_q ;
  (* hierconn *) wire \u_sequencer.context_q ;
  (* hierconn *) wire [6:0] \u_sequencer.pause_q ;
  (* hierconn *) wire [31:0] \u_sequencer.left_q ;
  (* hierconn *) wire [31:0] \u_sequencer.since_q ;
  (* hierconn *) wire [31:0] \u_sequencer.every_q ;
  (* hierconn *) wire [31:0] \u_sequencer.unit_since_q ;
  (* hierconn *) wire [31:0] \u_sequencer.unit_every_q ;
  (* hierconn *) wire \u_control.fresh_q ;
  (* hierconn *) wire \u_control.reversed_q ;
  (* hierconn *) wire [1:0] \u_operations.phase_q ;
  (* hierconn *) wire \u_operations.pass_q ;
  (* hierconn *) wire \u_operations.back_q ;
  (* hierconn *) wire \u_operations.finish_q ;
  (* hierconn *) wire \u_operations.tail_seen_q ;
  (* hierconn *) wire \u_operations.waiting_q ;
  (* hierconn *) wire [15:0] \u_operations.group_q ;
  (* hierconn *) wire [15:0] \u_operations.tail_q ;
  (* hierconn *) wire [15:0] \u_operations.offset_q ;
  (* hierconn *) wire [15:0] \u_operations.picks_q ;
  (* hierconn *) wire [2:0] \u_operations.wait_q ;
  (* hierconn *) wire [16:0] \u_operations.frame_q ;
  wire walks = updating && !only_read;
  wire forward = walks && !back && visit <= 3'(final_group);
  `PBIT_ASSERT(inside_state_A, clk, rst_n,
               busy ? \u_sequencer.state_q == (pausing ? 3'd3 : exchanging ? 3'd4
                                               : ending ? 3'd2 : 3'd1)
                    : \u_sequencer.state_q == 3'd0)
  `PBIT_ASSERT(inside_one_A, clk, rst_n, !busy || (!(pausing && exchanging) &&
               2'(framing) + 2'(ending) + 2'(draining) <= 2'd1 &&
               (!resting || !(framing || ending || draining)) && (!framing || sample) &&
               (!only_read || framing || ending) && !(passing && (framing || ending)) &&
               2'(palin) + 2'(flips) + 2'(picks) <= 2'd1))
  `PBIT_ASSERT(inside_unknown_A, clk, rst_n, !(busy && passing) || unknown)
  `PBIT_ASSERT(inside_fresh_A, clk, rst_n, !busy || (\u_operations.waiting_q == fresh &&
               \u_control.fresh_q == fresh && (!resting || fresh) && (!ending || !fresh) &&
               (!draining || !fresh) && (!framing || fresh == (only_read && pbit == '0)) &&
               (!fresh || (visit == '0 && offset == '0)) &&
               (fresh || !flips || only_read || \u_control.reversed_q == side_q)))
  `PBIT_ASSERT(inside_phase_A, clk, rst_n, !busy || \u_operations.phase_q ==
               (only_read || resting ? 2'd0 : framing || ending ? 2'd2 : draining ? 2'd1 : 2'd0))
  `PBIT_ASSERT(inside_visit_A, clk, rst_n, !busy || (resting || only_read
               ? visit == '0 && offset == '0 : visit < visits))
  `PBIT_ASSERT(inside_end_A, clk, rst_n, !(busy && !only_read && (framing || ending)) ||
               (last_visit && offset == '0))
  `PBIT_ASSERT(inside_pass_A, clk, rst_n,
               !(busy && !only_read) || \u_operations.pass_q == passing)
  `PBIT_ASSERT(inside_offset_A, clk, rst_n, !(busy && !only_read) ||
               (\u_operations.offset_q == offset && (!draining || offset == '0) &&
                (offset == '0 || offset < length)))
  `PBIT_ASSERT(inside_wait_A, clk, rst_n, !busy || (clock == \u_operations.wait_q &&
               (draining || clock == '0)))
  `PBIT_ASSERT(inside_frame_A, clk, rst_n, !busy || (framing
               ? pbit == \u_operations.frame_q && pbit <= pbits + 17'd1
               : ending || (pbit == '0 && \u_operations.frame_q == '0)))
  // where the walk is: the row of the group stands there, or in a drain that of the next
  wire [2:0] coming = last_visit ? '0 : visit + 3'd1;
  `PBIT_ASSERT(inside_group_A, clk, rst_n, !(walks && !draining) ||
               (\u_operations.group_q == 16'(group) && shown == group))
  `PBIT_ASSERT(inside_coming_A, clk, rst_n, !(walks && draining && !last_visit) || picks ||
               (\u_operations.group_q == 16'(group_of(coming)) && shown == group_of(coming)))
  `PBIT_ASSERT(inside_after_pass_A, clk, rst_n, !(walks && draining && last_visit && passing) ||
               picks || (shown == (back ? final_group : 2'd0) &&
               \u_operations.group_q == 16'(shown)))
  `PBIT_ASSERT(inside_begin_A, clk, rst_n, !(busy && resting) || flips || picks ||
               (\u_operations.group_q == '0 && shown == '0))
  `PBIT_ASSERT(inside_pass_begin_A, clk, rst_n, !(busy && resting && passing) || flips || picks ||
               shown == '0)
  `PBIT_ASSERT(inside_back_A, clk, rst_n, !walks || \u_operations.back_q ==
               (!passing && (back || (palin && (visit > 3'(final_group) || (draining &&
                visit == 3'(final_group) && !last_visit))))))
  `PBIT_ASSERT(inside_begin_back_A, clk, rst_n,
               !(busy && resting && \u_operations.back_q ) || flips)
  `PBIT_ASSERT(inside_finish_A, clk, rst_n, !walks || (draining
               ? \u_operations.finish_q == (last_visit && !passing)
               : !(\u_operations.finish_q && visit == '0 && fresh)))
  `PBIT_ASSERT(inside_drain_A, clk, rst_n, !(walks && draining) || block_end_of(visit))
  `PBIT_ASSERT(inside_tail_A, clk, rst_n, !(forward && palin && !passing) ||
               (\u_operations.tail_seen_q == (visit > 3'(tail_group) ||
                (visit == 3'(tail_group) && (offset != '0 || draining))) &&
                (!\u_operations.tail_seen_q || \u_operations.tail_q == 16'(tail_group))))
  `PBIT_ASSERT(inside_begin_tail_A, clk, rst_n, !(busy && (resting || fresh)) ||
               (!\u_operations.tail_seen_q && !\u_operations.finish_q ))
  `PBIT_ASSERT(inside_picks_A, clk, rst_n, !(busy && !only_read && picks && !ending && !framing) ||
               \u_operations.picks_q == (passing ? 16'd0 : 16'(visit)))
  `PBIT_ASSERT(inside_gap_A, clk, rst_n, !(busy && stepped) ||
               (draining ? 32'(gap) == 32'(clock)
                : !stepping || only_read ? 32'(gap) == Drain
                : offset != '0 ? gap == '0 && was_group == group && was_pass == passing
                : 32'(gap) == Drain || (gap == '0 && visit != '0 && was_pass == passing &&
                  (!picks || passing) && was_group == group_of(visit - 3'd1) &&
                  !block_end_of(visit - 3'd1))))
  `PBIT_ASSERT(inside_pick_gap_A, clk, rst_n, !(walks && stepped && !passing && picks &&
               offset == '0 && !draining) || 32'(gap) == Drain)
  `PBIT_ASSERT(inside_stepped_A, clk, rst_n, !(walks && (draining || offset != '0 ||
               (visit != '0))) || stepped)
  `PBIT_ASSERT(inside_zero_A, clk, rst_n, !(busy && resting) || ctx == '0)
  `PBIT_ASSERT(inside_pause_A, clk, rst_n,
               \u_sequencer.pause_q == (pausing && busy ? n_pause[6:0] : '0) &&
               (!pausing || !busy || n_pause <= 8'd127))
  `PBIT_ASSERT(inside_kernel_A, clk, rst_n, !busy || (palindromic_now == palin &&
               coin_now == flips && random_now == picks))
  `PBIT_ASSERT(inside_run_A, clk, rst_n, !busy ||
               (\u_sequencer.read_only_q == (only_read || ends) && \u_sequencer.every_q == k &&
                \u_sequencer.emit_q == only_read && !\u_sequencer.unit_q &&
                \u_sequencer.since_q == since && \u_sequencer.stop_q == stopped &&
                \u_sequencer.end_q == ends && \u_sequencer.unit_every_q == unit_k &&
                \u_sequencer.unit_since_q == unit_since))
  `PBIT_ASSERT(inside_only_A, clk, rst_n, !busy || (only_read == (n == '0) &&
               (!only_read || (done == '0 && !resting && !ends))))
  `PBIT_ASSERT(inside_last_A, clk, rst_n, !(busy && ends) || done == n || after_stop != '0)
  `PBIT_ASSERT(inside_left_A, clk, rst_n, !busy || \u_sequencer.left_q + done == n)
  `PBIT_ASSERT(inside_more_A, clk, rst_n,
               !(busy && !only_read && !ends) || (done < n && after_stop == '0))
  `PBIT_ASSERT(inside_context_A, clk, rst_n, !busy ||
               (\u_sequencer.context_q == ctx && 32'(ctx) < Contexts))
`endif

  // ---- what it can do ----
  wire ended = rst_n && was_busy && !busy;
  wire single = ended && done == 32'd1 && n == 32'd1;
  `PBIT_COVER(two_sweeps_C, clk, rst_n, sweep_done && done == 32'd1 && n == 32'd2 && saw_stall)
  `PBIT_COVER(palindrome_C, clk, rst_n, step && palin && !passing && 32'(visit) > 32'(final_group))
  `PBIT_COVER(reversed_C, clk, rst_n, single && saw_back)
  `PBIT_COVER(picks_C, clk, rst_n, sweep_done && picks && final_group == 2'd1)
  `PBIT_COVER(sample_C, clk, rst_n, single && k != '0 && n_frames == 3'(Contexts))
  `PBIT_COVER(unit_alone_C, clk, rst_n, single && k == '0 && n_frames == 3'(Contexts))
  `PBIT_COVER(pass_C, clk, rst_n, sweep_done && saw_pass)
  `PBIT_COVER(stopped_C, clk, rst_n, ended && done == 32'd1 && n > 32'd5 && after_stop == 2'd1)
  `PBIT_COVER(exchange_C, clk, rst_n, step && picks && done == 32'd1 && saw_exchange)
  `PBIT_COVER(after_a_reset_C, clk, rst_n, ended && done != '0 && saw_reset)
  `PBIT_COVER(only_sample_C, clk, rst_n, ended && done == '0 && n_frames == 3'(Contexts))
endmodule
`default_nettype wire

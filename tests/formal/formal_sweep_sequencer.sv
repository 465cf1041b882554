`default_nettype none
// sweep_sequencer and dense_operations, connected as in pbit_top: operations, half-sweeps, sweeps,
// samples and runs, counted at their ports and compared with docs/device.md. All commands,
// registers, stalls and coins are free inputs; a coin holds for a sweep, as in control_generator.
//
// That a run ends follows: a context's sweep has its exact number of clocks, a pause 128, replica
// exchange those that it asks for, and a run of n sweeps no sweep after the n-th. PBIT_INSIDE: invariants of the induction, which name signals
// inside.
`include "pbit_assert.svh"
module formal_sweep_sequencer #(
    parameter int Visible  = 1,
    parameter int Hidden   = 2,
    parameter int Contexts = 1
) (
    input wire        clk,
    input wire        rst_n,
    input wire        en,
    input wire        start,
    input wire        stop,
    input wire        palindromic,
    input wire        coin,
    input wire        coupled,
    input wire        side,        // of the coin: B first
    input wire [31:0] sweeps,
    input wire [31:0] every,
    input wire [31:0] unit_every,
    input wire [ 3:0] beta_set,
    input wire        sweep_beta,
    input wire        regulates,
    input wire [ 3:0] regulator_beta,
    input wire        window_ends,
    input wire        exchange,
    input wire        exchange_end
);
  localparam int A = Visible + 1 + Hidden, B = Visible + 1, Drain = 6;  // operations, clocks
  wire at_next, at_pause, at_pause_end, pause_window, busy, load, load_context, palindromic_now;
  wire coin_now, coupled_now, acc, acc_init, hid, vis, tail, emit, emit_last, next, context_now;
  wire sweep, sweep_end, read_only, sample_due, last_context, sweep_done, stream_due;
  wire to_stream, to_unit;
  wire [3:0] beta, index, state_address;
  wire update = !read_only;
  wire reversed = side && coin_now && !read_only;

  sweep_sequencer #(
      .Contexts(Contexts), .BetaBits(4), .ContextBits(1), .FrameAfter(0)
  ) u_sequencer (
      .clk_i(clk), .rst_ni(rst_n), .en_i(en), .start_i(start), .stop_i(stop),
      .palindromic_i(palindromic), .coin_i(coin), .random_i(1'b0), .coupled_i(coupled),
      .sweeps_i(sweeps), .every_i(every), .unit_every_i(unit_every), .beta_i(beta_set),
      .sweep_beta_i(sweep_beta), .regulates_i(regulates),
      .regulator_beta_i(regulator_beta), .window_ends_i(window_ends), .at_next_o(at_next),
      .exchange_i(exchange), .exchange_end_i(exchange_end), .stream_due_o(stream_due),
      .at_pause_o(at_pause), .at_pause_end_o(at_pause_end), .pause_window_o(pause_window),
      .busy_o(busy), .load_o(load), .load_context_o(load_context), .beta_o(beta),
      .palindromic_o(palindromic_now), .coin_o(coin_now), .coupled_o(coupled_now), .sweep_o(sweep),
      .end_i(sweep_end), .read_only_o(read_only), .emit_o(sample_due), .to_stream_o(to_stream),
      .to_unit_o(to_unit), .next_o(next),
      .last_context_o(last_context), .context_o(context_now), .sweep_done_o(sweep_done)
  );
  dense_operations #(
      .Visible(Visible), .Hidden(Hidden), .IndexBits(4), .StateBits(4)
  ) u_operations (
      .clk_i(clk), .rst_ni(rst_n), .en_i(en), .sweep_i(sweep), .next_i(next),
      .last_context_i(last_context), .read_only_i(read_only), .emit_i(sample_due),
      .palindromic_i(palindromic_now), .reversed_i(reversed), .end_o(sweep_end), .acc_o(acc),
      .acc_init_o(acc_init),
      .hid_o(hid), .vis_o(vis), .tail_o(tail), .emit_o(emit), .emit_last_o(emit_last),
      .index_o(index), .state_address_o(state_address)
  );

  reg past = 1'b0;
  always @(posedge clk) past <= 1'b1;
  `PBIT_ASSUME(reset_first_M, clk, 1'b1, rst_n == past)
  // device_registers keeps the two kernels apart; the word of a sweep is taken at its end
  reg was_side = 1'b0, was_next = 1'b0;
  always @(posedge clk) begin
    was_side <= side;
    was_next <= next || !busy;
  end
  `PBIT_ASSUME(one_kernel_M, clk, rst_n, !(coin && palindromic))
  `PBIT_ASSUME(one_side_M, clk, rst_n, was_next || side == was_side)

  // ---- model ----
  reg [4:0] n_acc = '0, n_hid = '0, n_vis = '0;  // operations of this context's sweep
  reg [3:0] gap = '0;                            // clocks since the last of them
  reg pausing = 1'b0, exchanging = 1'b0;
  reg [7:0] n_pause = '0;
  reg ctx = 1'b0;
  reg [31:0] n = '0, k = '0, done = '0, since = '0;  // sweeps and samples of this run
  reg [31:0] unit_k = '0, unit_since = '0;           // of the statistics unit
  reg unit_due = 1'b0;
  reg palin = 1'b0, flips = 1'b0, stopped = 1'b0, only_read = 1'b0, due = 1'b0, ends = 1'b0;
  reg [1:0] after_stop = '0;
  reg was_accepted = 1'b0, was_held = 1'b0, was_busy = 1'b0, beta_may_move = 1'b0;
  reg [20:0] held = '0;
  reg [3:0] beta_was = '0;
  reg [2:0] n_frames = '0;
  reg saw_stall = 1'b0, saw_back = 1'b0, saw_exchange = 1'b0;
  wire resting = pausing || exchanging;
  wire [20:0] state_now = {busy, acc, acc_init, hid, vis, tail, update, emit, emit_last, index,
                           state_address, context_now, at_next, at_pause, at_pause_end};
  wire accepted = start && !busy && (sweeps != '0 || every != '0);
  wire due_now = k != '0 && since + 1'b1 == k;
  wire unit_now = unit_k != '0 && unit_since + 1'b1 == unit_k;
  wire last_now = done + 1'b1 == n || stopped || stop;  // this sweep is the run's last
  wire op = acc || hid || vis;
  wire [4:0] want_acc = only_read ? 5'(B) : palin ? 5'(2 * B) : 5'(B);
  wire [4:0] want_hid = only_read ? 5'(Hidden) : palin ? 5'(2 * Hidden) : 5'(Hidden);
  wire back = flips && side && !only_read;     // this sweep is B A
  wire second = n_vis == 5'(B) && !back;        // the second A
  wire [4:0] acc_at = second ? n_acc - 5'(B) : n_acc;
  wire [4:0] hid_at = second ? n_hid - 5'(Hidden) : n_hid;

  always @(posedge clk) begin
    if (rst_n) begin
      was_busy <= busy;
      was_accepted <= accepted;
      was_held <= busy && !en;
      held     <= state_now;
      beta_was <= beta;
      beta_may_move <= accepted || (start && !busy) || (sweep_done && sweep_beta) ||
                       (at_pause_end && en && regulates);
      if (!busy) begin
        stopped    <= 1'b0;
        after_stop <= '0;
        saw_stall  <= 1'b0;
        saw_back   <= 1'b0;
        saw_exchange <= 1'b0;
        if (accepted) begin
          {n_acc, n_hid, n_vis, gap, ctx} <= '0;
          {done, since, n_frames} <= '0;
          n         <= sweeps;
          k         <= every;
          unit_k    <= unit_every;
          {unit_since, unit_due} <= '0;
          palin     <= palindromic;
          flips     <= coin;
          only_read <= sweeps == '0;
          due       <= sweeps == '0;
          ends      <= 1'b0;
          pausing   <= sweeps != '0 && regulates;
          exchanging <= 1'b0;
          n_pause   <= '0;
        end
      end else begin
        stopped <= stopped || stop;
        after_stop <= after_stop + 2'(sweep_done && (stopped || stop) && after_stop != 2'd3);
        if (!en) saw_stall <= 1'b1;
        if (back && hid) saw_back <= 1'b1;
        if (exchanging && !pausing) saw_exchange <= 1'b1;
      end
      if (busy && en) begin
        if (pausing) begin
          n_pause <= n_pause + 1'b1;
          if (n_pause == 8'd127) begin
            pausing    <= 1'b0;
            exchanging <= exchange;
          end
        end else if (exchanging) begin
          if (exchange_end) exchanging <= 1'b0;
        end else if (next) begin
          {n_acc, n_hid, n_vis, gap} <= '0;
          ctx <= 32'(ctx) == Contexts - 1 ? 1'b0 : ctx + 1'b1;
          if (only_read && 32'(ctx) == Contexts - 1) {due, unit_due} <= '0;
        end else begin
          n_acc <= n_acc + 5'(acc);
          n_hid <= n_hid + 5'(hid);
          n_vis <= n_vis + 5'(vis);
          gap   <= op ? '0 : gap + 1'b1;
        end
        if (sweep_done) begin
          done      <= done + 1'b1;
          since     <= due_now ? '0 : since + 1'b1;
          due       <= due_now;
          only_read <= last_now;
          unit_since <= unit_now ? '0 : unit_since + 1'b1;
          unit_due  <= unit_now;
          ends      <= last_now && !due_now && !unit_now;
          pausing   <= window_ends;
          exchanging <= exchange && !window_ends;
          n_pause   <= '0;
        end
        if (emit_last && n_frames != 3'd7) n_frames <= n_frames + 1'b1;
      end
    end
  end

  // ---- operations ----
  `PBIT_ASSERT(one_operation_A, clk, rst_n,
               4'(acc) + 4'(hid) + 4'(vis) + 4'(at_next) + 4'(at_pause || at_pause_end) <= 4'd1)
  `PBIT_ASSERT(idle_A, clk, rst_n, busy || !(op || at_next || at_pause || at_pause_end))
  `PBIT_ASSERT(acc_A, clk, rst_n, !acc || (n_acc < want_acc && acc_at < 5'(B) && hid_at == '0 &&
               (n_vis == '0 ? !back : n_vis == 5'(B)) && acc_init == (acc_at == '0) &&
               index == (acc_at == '0 ? 4'(Visible) : acc_at[3:0] - 4'd1)))
  `PBIT_ASSERT(hid_A, clk, rst_n, !hid || (n_hid < want_hid && acc_at == 5'(B) &&
               hid_at < 5'(Hidden) && index == hid_at[3:0]))
  `PBIT_ASSERT(vis_A, clk, rst_n, !vis || (!only_read && n_acc == (back ? 5'd0 : 5'(B)) &&
               n_hid == (back ? 5'd0 : 5'(Hidden)) && n_vis < 5'(B) && index == n_vis[3:0] && tail == (n_vis == 5'(Visible))))
  // every half-sweep complete, its drain of 6 clocks too; so the clocks of a sweep are exact
  `PBIT_ASSERT(half_sweeps_A, clk, rst_n, !at_next || (n_acc == want_acc && n_hid == want_hid &&
               n_vis == (only_read ? 5'd0 : 5'(B)) && gap == 4'd6))
  `PBIT_ASSERT(drain_A, clk, rst_n, !op || gap == '0 || gap == 4'd6)
  `PBIT_ASSERT(drained_A, clk, rst_n, !(op && (n_acc + n_hid + n_vis != '0)) ||
               (gap == 4'd6) == ((vis && n_vis == '0) || (acc && acc_at == '0)))
  `PBIT_ASSERT(waits_A, clk, rst_n,
               gap <= 4'd6 && (op || at_next || resting || gap < 4'd6 || !busy))
  `PBIT_ASSERT(update_A, clk, rst_n, !op || update == !only_read)
  `PBIT_ASSERT(context_A, clk, rst_n, !(busy && !resting) || (context_now == ctx &&
               (!op || state_address == 4'(32'(ctx) * Visible) + index)))
  `PBIT_ASSERT(load_A, clk, rst_n, load == ((start && !busy) || next))
  `PBIT_ASSERT(load_context_A, clk, rst_n, !(load && busy) ||
               load_context == (32'(ctx) == Contexts - 1 ? 1'b0 : ctx + 1'b1))

  // ---- runs ----
  `PBIT_ASSERT(starts_A, clk, rst_n, !was_accepted || busy)
  `PBIT_ASSERT(sweep_done_A, clk, rst_n,
               sweep_done == (next && 32'(ctx) == Contexts - 1 && !only_read))
  `PBIT_ASSERT(not_too_many_A, clk, rst_n, !sweep_done || done < n)
  `PBIT_ASSERT(all_sweeps_A, clk, rst_n, !(was_busy && !busy) || done == n || after_stop != '0)
  `PBIT_ASSERT(stop_A, clk, rst_n, after_stop <= 2'd1)
  `PBIT_ASSERT(ended_A, clk, rst_n, !(busy && !resting) || !ends)
  `PBIT_ASSERT(samples_A, clk, rst_n, emit == (busy && !resting && (due || unit_due) && (back
               ? (vis && !tail) || hid : n_vis == '0 && ((acc && n_acc != '0) || hid))))
  `PBIT_ASSERT(last_sample_A, clk, rst_n, emit_last == (emit && hid && n_hid == 5'(Hidden - 1)))
  `PBIT_ASSERT(no_sample_lost_A, clk, rst_n, !(was_busy && !busy) || !(due || unit_due))
  `PBIT_ASSERT(destination_A, clk, rst_n, !emit || (to_stream == due && to_unit == unit_due))
  `PBIT_ASSERT(pause_A, clk, rst_n, at_pause == (busy && pausing && n_pause == '0) &&
               at_pause_end == (busy && pausing && n_pause == 8'd127))
  `PBIT_ASSERT(exchange_A, clk, rst_n, !(busy && exchanging) ||
               !(op || at_next || at_pause || at_pause_end || next))
  `PBIT_ASSERT(stream_due_A, clk, rst_n, !sweep_done || stream_due == due_now)
  // ---- stalls ----
  `PBIT_ASSERT(held_A, clk, rst_n, !was_held || state_now == held)
  `PBIT_ASSERT(no_end_in_stall_A, clk, rst_n, en || !(next || sweep_done))
  `PBIT_ASSERT(beta_A, clk, rst_n, beta == beta_was || beta_may_move)

`ifdef PBIT_INSIDE
  // ---- invariants of the induction ----
  (* hierconn *) wire [2:0] \u_sequencer.state_q ;
  (* hierconn *) wire [2:0] \u_operations.state_q ;
  (* hierconn *) wire \u_operations.second_q ;
  (* hierconn *) wire \u_sequencer.emit_q ;
  (* hierconn *) wire \u_sequencer.read_only_q ;
  (* hierconn *) wire \u_sequencer.stop_q ;
  (* hierconn *) wire \u_sequencer.end_q ;
  (* hierconn *) wire \u_sequencer.context_q ;
  (* hierconn *) wire [3:0] \u_operations.base_q ;
  (* hierconn *) wire [3:0] \u_operations.index_q ;
  (* hierconn *) wire [6:0] \u_sequencer.pause_q ;
  (* hierconn *) wire [31:0] \u_sequencer.left_q ;
  (* hierconn *) wire [31:0] \u_sequencer.since_q ;
  (* hierconn *) wire [31:0] \u_sequencer.every_q ;
  (* hierconn *) wire \u_sequencer.unit_q ;
  (* hierconn *) wire [31:0] \u_sequencer.unit_since_q ;
  (* hierconn *) wire [31:0] \u_sequencer.unit_every_q ;
  wire sweeping = \u_sequencer.state_q == 3'd1;
  wire [2:0] operation = \u_operations.state_q ;
  wire in_acc = sweeping && operation == 3'd0, in_hid = sweeping && operation == 3'd1;
  wire in_vis = sweeping && operation == 3'd3;
  wire after_a = sweeping && operation == 3'd2, after_b = sweeping && operation == 3'd4;  // drains
  wire one_a = n_acc == 5'(B) && n_hid == 5'(Hidden) && n_vis == '0;
  wire one_b = n_acc == 5'(B) && n_hid == 5'(Hidden) && n_vis == 5'(B);
  wire two_a = n_acc == 5'(2 * B) && n_hid == 5'(2 * Hidden) && n_vis == 5'(B);
  wire none_a = n_acc == '0 && n_hid == '0;
  wire [3:0] index_q = \u_operations.index_q ;
  `PBIT_ASSERT(inside_state_A, clk, rst_n, !busy ||
               ((pausing == (\u_sequencer.state_q == 3'd3)) &&
                (exchanging == (\u_sequencer.state_q == 3'd4)) && \u_sequencer.state_q <= 3'd4))
  `PBIT_ASSERT(inside_operation_A, clk, rst_n, operation <= 3'd4)
  // between sweeps the operation counter is at the start
  `PBIT_ASSERT(inside_rest_A, clk, rst_n, sweeping || (operation == 3'd0 &&
               index_q == 4'(Visible) && !\u_operations.second_q ))
  `PBIT_ASSERT(inside_idle_A, clk, rst_n, busy || \u_operations.base_q == '0)
  `PBIT_ASSERT(inside_zero_A, clk, rst_n, !(busy && resting) ||
               {n_acc, n_hid, n_vis, gap, ctx} == '0)
  `PBIT_ASSERT(inside_pause_A, clk, rst_n,
               \u_sequencer.pause_q == (pausing && busy ? n_pause[6:0] : '0) &&
               (!pausing || !busy || n_pause <= 8'd127))
  `PBIT_ASSERT(inside_a_A, clk, rst_n,
               !after_a || (back ? one_b && \u_operations.second_q
                                 : (one_a || two_a) && \u_operations.second_q == two_a))
  `PBIT_ASSERT(inside_b_A, clk, rst_n,
               !after_b || ((back ? none_a && n_vis == 5'(B) : one_b) && !only_read &&
                            !\u_operations.second_q ))
  `PBIT_ASSERT(inside_gap_A, clk, rst_n, !(after_a || after_b) ||
               (index_q == gap && gap < 4'd6))
  `PBIT_ASSERT(inside_op_gap_A, clk, rst_n,
               !in_acc || \u_operations.second_q == (n_vis == 5'(B)))
  `PBIT_ASSERT(inside_hid_A, clk, rst_n,
               !in_hid || (\u_operations.second_q == (n_vis == 5'(B)) && gap == '0 &&
                           (n_vis == '0 ? !back : n_vis == 5'(B))))
  `PBIT_ASSERT(inside_acc_A, clk, rst_n, !in_acc ||
               (back ? (n_hid == '0 && n_acc < 5'(B) && (n_vis == 5'(B) ||
                        (none_a && n_vis == '0 && index_q == 4'(Visible))) &&
                        gap == (n_vis == 5'(B) && n_acc == '0 ? 4'd6 : 4'd0))
                : n_vis == '0 ? (n_hid == '0 && n_acc < 5'(B) && gap == '0)
                            : (palin && !only_read && n_hid == 5'(Hidden) &&
                               n_acc >= 5'(B) && n_acc < 5'(2 * B) &&
                               gap == (n_acc == 5'(B) ? 4'd6 : 4'd0))))
  `PBIT_ASSERT(inside_vis_A, clk, rst_n, !in_vis ||
               (!\u_operations.second_q && gap == (n_vis == '0 ? 4'd6 : 4'd0) &&
                !(back && n_vis == '0)))
  `PBIT_ASSERT(inside_second_A, clk, rst_n,
               !\u_operations.second_q || !busy || ((palin || back) && !only_read))
  `PBIT_ASSERT(inside_palin_A, clk, rst_n, !busy || (palindromic_now == palin &&
               coin_now == flips && !(palin && flips)))
  `PBIT_ASSERT(inside_run_A, clk, rst_n, !busy || (\u_sequencer.read_only_q == only_read &&
               \u_sequencer.emit_q == due && \u_sequencer.every_q == k &&
               \u_sequencer.since_q == since && \u_sequencer.stop_q == stopped &&
               \u_sequencer.end_q == ends && \u_sequencer.unit_q == unit_due &&
               \u_sequencer.unit_every_q == unit_k && \u_sequencer.unit_since_q == unit_since))
  `PBIT_ASSERT(inside_ends_A, clk, rst_n, !busy || ends == (only_read && !due && !unit_due))
  `PBIT_ASSERT(inside_last_A, clk, rst_n, !(busy && only_read) || done == n || after_stop != '0)
  `PBIT_ASSERT(inside_left_A, clk, rst_n, !busy || \u_sequencer.left_q + done == n)
  `PBIT_ASSERT(inside_more_A, clk, rst_n, !(busy && !only_read) || (done < n && after_stop == '0))
  `PBIT_ASSERT(inside_context_A, clk, rst_n, !busy || (\u_sequencer.context_q == ctx &&
               32'(ctx) < Contexts && \u_operations.base_q == 4'(32'(ctx) * Visible)))
`endif

  // ---- what it can do ----
  wire ended = was_busy && !busy;
  `PBIT_COVER(two_sweeps_C, clk, rst_n, ended && done == 32'd2 && n == 32'd2 && saw_stall)
  `PBIT_COVER(palindrome_C, clk, rst_n, ended && done == 32'd1 && n == 32'd1 && palin)
  `PBIT_COVER(reversed_C, clk, rst_n, ended && done == 32'd1 && n == 32'd1 && saw_back)
  `PBIT_COVER(sample_C, clk, rst_n, ended && done == 32'd1 && n_frames == 3'(Contexts))
  `PBIT_COVER(unit_alone_C, clk, rst_n, ended && done == 32'd1 && k == '0 && n_frames == 3'(Contexts))
  `PBIT_COVER(stopped_C, clk, rst_n, ended && done == 32'd1 && n > 32'd5 && after_stop == 2'd1)
  `PBIT_COVER(exchange_C, clk, rst_n, ended && done == 32'd2 && n == 32'd2 && saw_exchange)
  `PBIT_COVER(only_sample_C, clk, rst_n, ended && done == '0 && n_frames == 3'(Contexts))
endmodule
`default_nettype wire

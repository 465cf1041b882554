`default_nettype none
// sweep_sequencer (FrameAfter = 1) and lattice_operations, connected as in pbit_top: steps,
// half-sweeps, frames, sweeps and runs, clock by clock as docs/device.md has them. All commands,
// registers, stalls and coins are free inputs; a coin holds for a sweep, as in control_generator.
//
// That a run ends follows: a context's sweep has its exact number of clocks, a pause 128, replica
// exchange those that it asks for, and a run of n sweeps no sweep after the n-th.
`include "pbit_assert.svh"
module formal_lattice_sequencer #(
    parameter int Steps    = 2,
    parameter int Parts    = 1,
    parameter int Groups   = 1,
    parameter int Sites    = 3,
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
    input wire        side,        // of the coin: even colour first
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
  localparam int Drain = 6, Frame = 2 * Steps * Groups;  // clocks
  wire at_next, at_pause, at_pause_end, pause_window, busy, load, load_context, palindromic_now;
  wire coin_now, random_now, coupled_now, step, odd, first, emit, emit_first, emit_group, emit_last;
  wire next, context_now, sweep, sweep_end, read_only, sample_due, last_context, sweep_done;
  wire stream_due, to_stream, to_unit;
  wire [3:0] beta;
  wire [4:0] index, row, part, base;
  wire reversed = side && coin_now && !read_only;

  sweep_sequencer #(
      .Contexts(Contexts), .BetaBits(4), .ContextBits(1), .FrameAfter(1)
  ) u_sequencer (
      .clk_i(clk), .rst_ni(rst_n), .en_i(en), .start_i(start), .stop_i(stop),
      .palindromic_i(palindromic), .coin_i(coin), .random_i(1'b0), .coupled_i(coupled),
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
  lattice_operations #(
      .Steps(Steps), .Parts(Parts), .Groups(Groups), .Sites(Sites), .IndexBits(5)
  ) u_operations (
      .clk_i(clk), .rst_ni(rst_n), .en_i(en), .sweep_i(sweep), .read_only_i(read_only),
      .emit_i(sample_due), .palindromic_i(palindromic_now), .reversed_i(reversed),
      .end_o(sweep_end), .step_o(step), .odd_o(odd), .first_o(first), .index_o(index),
      .row_o(row), .part_o(part), .base_o(base), .emit_o(emit), .emit_first_o(emit_first),
      .emit_group_o(emit_group), .emit_last_o(emit_last)
  );

  reg past = 1'b0, was_side = 1'b0, was_next = 1'b0;
  always @(posedge clk) begin
    past     <= 1'b1;
    was_side <= side;
    was_next <= next || !busy;
  end
  `PBIT_ASSUME(reset_first_M, clk, 1'b1, rst_n == past)
  // device_registers keeps the two kernels apart; the word of a sweep is taken at its end
  `PBIT_ASSUME(one_kernel_M, clk, rst_n, !(coin && palindromic))
  `PBIT_ASSUME(one_side_M, clk, rst_n, was_next || side == was_side)

  // ---- model: clocks of a context's sweep ----
  reg [1:0] half = '0;              // half-sweeps done
  reg [4:0] clock = '0;             // of this half-sweep, or of the frame
  reg framing = 1'b0, ending = 1'b0;  // frame; the clock behind all
  // ---- model: runs ----
  reg ctx = 1'b0, palin = 1'b0, flips = 1'b0, stopped = 1'b0, only_read = 1'b0, ends = 1'b0;
  reg pausing = 1'b0, exchanging = 1'b0, was_accepted = 1'b0, was_held = 1'b0, was_busy = 1'b0;
  reg beta_may_move = 1'b0;
  reg [7:0] n_pause = '0;
  reg [31:0] n = '0, k = '0, done = '0, since = '0, unit_k = '0, unit_since = '0;
  reg [1:0] after_stop = '0;
  reg [35:0] held = '0;
  reg [3:0] beta_was = '0;
  reg [2:0] n_frames = '0;
  reg saw_stall = 1'b0, saw_back = 1'b0, saw_exchange = 1'b0;
  wire resting = pausing || exchanging;
  wire [35:0] state_now = {busy, step, odd, first, emit, emit_first, emit_group, emit_last, at_next,
                           at_pause, at_pause_end, context_now, index, row, part, base, 4'd0};
  wire accepted = start && !busy && (sweeps != '0 || every != '0);
  wire due_now = k != '0 && since + 1'b1 == k;
  wire unit_now = unit_k != '0 && unit_since + 1'b1 == unit_k;
  wire last_now = done + 1'b1 == n || stopped || stop;  // this sweep is the run's last
  wire sample = only_read || due_now || unit_now;       // the sweep ends with a frame
  wire back = flips && side && !only_read;
  wire [1:0] halves = palin ? 2'd3 : 2'd2;
  wire updating = busy && !resting && !framing && !ending;
  wire half_ends = updating && 32'(clock) == Steps + Drain - 1;
  wire frame_ends = framing && 32'(clock) == Frame - 1;

  always @(posedge clk) begin
    if (rst_n) begin
      was_busy <= busy;
      was_accepted <= accepted;
      was_held <= busy && !en;
      held     <= state_now;
      beta_was <= beta;
      beta_may_move <= (start && !busy) || (sweep_done && sweep_beta) ||
                       (at_pause_end && en && regulates);
      if (!busy) begin
        {stopped, after_stop, saw_stall, saw_back, saw_exchange} <= '0;
        if (accepted) begin
          {half, clock, ending, ctx, ends, exchanging, n_pause} <= '0;
          {done, since, unit_since, n_frames} <= '0;
          n         <= sweeps;
          k         <= every;
          unit_k    <= unit_every;
          palin     <= palindromic;
          flips     <= coin;
          only_read <= sweeps == '0;
          framing   <= sweeps == '0;
          pausing   <= sweeps != '0 && regulates;
        end
      end else begin
        stopped <= stopped || stop;
        after_stop <= after_stop + 2'(sweep_done && (stopped || stop) && after_stop != 2'd3);
        if (!en) saw_stall <= 1'b1;
        if (back && step && !odd && half == '0) saw_back <= 1'b1;
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
        end else if (ending) begin
          ending  <= 1'b0;
          half    <= '0;
          framing <= only_read;
          ctx     <= 32'(ctx) == Contexts - 1 ? 1'b0 : ctx + 1'b1;
          if (32'(ctx) == Contexts - 1 && only_read) framing <= 1'b0;
          if (32'(ctx) == Contexts - 1 && !only_read) begin
            done       <= done + 1'b1;
            since      <= due_now ? '0 : since + 1'b1;
            unit_since <= unit_now ? '0 : unit_since + 1'b1;
            ends       <= last_now;
            pausing    <= window_ends;
            exchanging <= exchange && !window_ends;
            n_pause    <= '0;
          end
        end else if (framing) begin
          clock <= frame_ends ? '0 : clock + 1'b1;
          if (frame_ends) {framing, ending} <= 2'b01;
        end else begin
          clock <= half_ends ? '0 : clock + 1'b1;
          if (half_ends) begin
            half <= half + 1'b1;
            if (half + 1'b1 == halves) {framing, ending} <= sample ? 2'b10 : 2'b01;
          end
        end
        if (emit_last && n_frames != 3'd7) n_frames <= n_frames + 1'b1;
      end
    end
  end
  // of the frame: the step, even colour first, and the word in it
  wire [4:0] frame_step = clock / 5'(Groups);
  wire [4:0] frame_index = 32'(frame_step) >= Steps ? frame_step - 5'(Steps) : frame_step;
  wire [4:0] frame_group = clock - frame_step * 5'(Groups);
  wire [4:0] now = framing ? frame_index : clock;

  // ---- operations ----
  wire stepping = updating && 32'(clock) < Steps;
  `PBIT_ASSERT(step_A, clk, rst_n, step == (stepping && !only_read))
  `PBIT_ASSERT(colour_A, clk, rst_n, !step || odd == (half[0] == back))
  `PBIT_ASSERT(place_A, clk, rst_n, !(step || emit) ||
               (index == now && first == (now == '0) && row == now / 5'(Parts) &&
                part == now % 5'(Parts) && base == now * 5'(Sites)))
  `PBIT_ASSERT(frame_A, clk, rst_n, emit == (busy && !resting && framing))
  `PBIT_ASSERT(frame_words_A, clk, rst_n, !emit ||
               (odd == (32'(frame_step) >= Steps) && emit_first == (frame_group == '0) &&
                emit_group == (32'(frame_group) == Groups - 1) && emit_last == frame_ends))
  `PBIT_ASSERT(half_sweeps_A, clk, rst_n, at_next == (busy && !resting && ending))
  `PBIT_ASSERT(idle_A, clk, rst_n, busy || !(step || emit || at_next || at_pause || at_pause_end))
  `PBIT_ASSERT(context_A, clk, rst_n, !(busy && !resting) || context_now == ctx)
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
  `PBIT_ASSERT(destination_A, clk, rst_n, !emit ||
               (to_stream == (only_read || due_now) && to_unit == (unit_now && !only_read)))
  `PBIT_ASSERT(stream_due_A, clk, rst_n, !sweep_done || stream_due == due_now)
  `PBIT_ASSERT(pause_A, clk, rst_n, at_pause == (busy && pausing && n_pause == '0) &&
               at_pause_end == (busy && pausing && n_pause == 8'd127))
  `PBIT_ASSERT(exchange_A, clk, rst_n, !(busy && exchanging) ||
               !(step || emit || at_next || at_pause || at_pause_end || next))
  // ---- stalls ----
  `PBIT_ASSERT(held_A, clk, rst_n, !was_held || state_now == held)
  `PBIT_ASSERT(no_end_in_stall_A, clk, rst_n, en || !(next || sweep_done))
  `PBIT_ASSERT(beta_A, clk, rst_n, beta == beta_was || beta_may_move)

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
  (* hierconn *) wire [1:0] \u_operations.phase_q ;
  (* hierconn *) wire \u_operations.second_q ;
  (* hierconn *) wire \u_operations.even_q ;
  (* hierconn *) wire \u_operations.frame_odd_q ;
  (* hierconn *) wire [2:0] \u_operations.wait_q ;
  (* hierconn *) wire [7:0] \u_operations.group_q ;
  wire sweeping = \u_sequencer.state_q == 3'd1;
  wire [1:0] phase = \u_operations.phase_q ;
  wire draining = updating && 32'(clock) >= Steps;
  wire [4:0] at = !busy || resting || ending || draining ? '0 : now;
  `PBIT_ASSERT(inside_state_A, clk, rst_n,
               !busy || \u_sequencer.state_q == (pausing ? 3'd3 : exchanging ? 3'd4
                                                 : ending ? 3'd2 : 3'd1))
  `PBIT_ASSERT(inside_one_A, clk, rst_n, !busy || (!(pausing && exchanging) &&
               !(framing && ending) && (!resting || (!framing && !ending))))
  `PBIT_ASSERT(inside_clock_A, clk, rst_n, !busy ||
               (framing ? 32'(clock) < Frame
                : updating ? 32'(clock) < Steps + Drain : clock == '0))
  `PBIT_ASSERT(inside_half_A, clk, rst_n, !busy ||
               (resting ? half == '0
                : only_read ? (half == '0 && (framing || ending))
                : updating ? half < halves
                : half == halves && (!framing || sample) && (!ending || half == halves)))
  `PBIT_ASSERT(inside_phase_A, clk, rst_n,
               sweeping && !only_read ? phase == (framing ? 2'd2 : draining ? 2'd1 : 2'd0)
               : phase == 2'd0)
  `PBIT_ASSERT(inside_wait_A, clk, rst_n, !draining ||
               32'(\u_operations.wait_q ) == 32'(clock) - Steps)
  `PBIT_ASSERT(inside_halves_A, clk, rst_n, !updating ||
               (\u_operations.even_q == half[0] && \u_operations.second_q == (half == 2'd2)))
  `PBIT_ASSERT(inside_rest_A, clk, rst_n, sweeping ||
               !(\u_operations.even_q || \u_operations.second_q ))
  `PBIT_ASSERT(inside_read_only_A, clk, rst_n, !(sweeping && only_read) ||
               !(\u_operations.even_q || \u_operations.second_q ))
  `PBIT_ASSERT(inside_frame_A, clk, rst_n,
               \u_operations.frame_odd_q == (busy && framing && 32'(frame_step) >= Steps) &&
               \u_operations.group_q == (busy && framing ? 8'(frame_group) : 8'd0))
  `PBIT_ASSERT(inside_place_A, clk, rst_n, index == at && row == at / 5'(Parts) &&
               part == at % 5'(Parts) && base == at * 5'(Sites))
  `PBIT_ASSERT(inside_zero_A, clk, rst_n, !(busy && resting) || ctx == '0)
  `PBIT_ASSERT(inside_pause_A, clk, rst_n,
               \u_sequencer.pause_q == (pausing && busy ? n_pause[6:0] : '0) &&
               (!pausing || !busy || n_pause <= 8'd127))
  `PBIT_ASSERT(inside_palin_A, clk, rst_n, !busy || (palindromic_now == palin &&
               coin_now == flips && !(palin && flips)))
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
  wire ended = was_busy && !busy;
  `PBIT_COVER(two_sweeps_C, clk, rst_n, ended && done == 32'd2 && n == 32'd2 && saw_stall)
  `PBIT_COVER(palindrome_C, clk, rst_n, ended && done == 32'd1 && n == 32'd1 && palin)
  `PBIT_COVER(reversed_C, clk, rst_n, ended && done == 32'd1 && n == 32'd1 && saw_back)
  `PBIT_COVER(sample_C, clk, rst_n, ended && done == 32'd1 && n_frames == 3'(Contexts))
  `PBIT_COVER(unit_alone_C, clk, rst_n,
              ended && done == 32'd1 && k == '0 && n_frames == 3'(Contexts))
  `PBIT_COVER(stopped_C, clk, rst_n, ended && done == 32'd1 && n > 32'd5 && after_stop == 2'd1)
  `PBIT_COVER(exchange_C, clk, rst_n, ended && done == 32'd2 && n == 32'd2 && saw_exchange)
  `PBIT_COVER(only_sample_C, clk, rst_n, ended && done == '0 && n_frames == 3'(Contexts))
endmodule
`default_nettype wire

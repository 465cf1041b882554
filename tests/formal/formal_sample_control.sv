`default_nettype none
// sample_control: the statistics unit's banks change places between samples, and each sample is
// counted in one bank, or in none and flagged.
//
// Frames, energies, pairs, series, swaps and clears are free inputs. Assumed: series are read after
// they were started and once, and the host clears while no sample is under way (pbit_top: the
// device is idle). Replicas is chosen so that counters are full within reach: 2^32 / Replicas
// samples are the most.
`include "pbit_assert.svh"
module formal_sample_control #(
    parameter int Replicas = 1,
    parameter int Contexts = 2
) (
    input wire        clk,
    input wire        rst_n,
    input wire        swap,
    input wire        clear,
    input wire        word_valid,
    input wire        word_last,
    input wire [16:0] rows,
    input wire [20:0] pairs,
    input wire        walk_busy,
    input wire        energies,
    input wire        series_busy,
    input wire        series_taken,
    input wire        clipped
);
  localparam logic [32:0] Most = {1'b0, 32'hFFFFFFFF / Replicas};
  wire word_ready, take, first, skip, walk, drop, series, open, context0, bank, rest_d, swapped;
  wire pending, any_clipped, full;
  wire [0:0] context_now;
  wire [31:0] t, samples, rest_first, rest_samples;
  wire [15:0] levels_seen;
  wire [16:0] rows_seen;
  wire [20:0] pairs_seen;

  sample_control #(.Replicas(Replicas), .Contexts(Contexts), .ContextBits(1)) u_dut (
      .clk_i(clk), .rst_ni(rst_n), .swap_i(swap), .clear_i(clear), .word_valid_i(word_valid),
      .word_last_i(word_last), .word_ready_o(word_ready), .take_o(take), .first_o(first),
      .skip_o(skip), .rows_i(rows), .pairs_i(pairs), .walk_o(walk), .walk_busy_i(walk_busy),
      .energies_i(energies), .drop_o(drop), .series_o(series), .series_busy_i(series_busy),
      .series_taken_i(series_taken), .clipped_i(clipped), .open_o(open), .context_o(context_now),
      .context0_o(context0), .bank_o(bank), .rest_d_o(rest_d), .swapped_o(swapped), .t_o(t),
      .samples_o(samples), .levels_seen_o(levels_seen), .rows_seen_o(rows_seen),
      .pairs_seen_o(pairs_seen), .rest_first_o(rest_first), .rest_samples_o(rest_samples),
      .pending_o(pending), .clipped_o(any_clipped), .full_o(full)
  );

  // ---- model: counters of one bit more ----
  reg past = 1'b0, was_open = 1'b0, left_out = 1'b0, asked = 1'b0, flagged = 1'b0, in_frame = 1'b0;
  reg other_bank = 1'b0, next_rest = 1'b1;
  reg [32:0] t_q = '0, n_q = '0, begin_q = '0, rest_begin = '0, rest_n = '0;
  reg [1:0] frames = '0, starts = '0, reads = '0;  // of this sample
  wire closed = was_open && !open;          // a sample has ended with the last clock
  wire [32:0] t_now = t_q + 33'(closed && !left_out);
  wire [32:0] n_now = n_q + 33'(closed && !left_out);
  wire no_room = t_now >= 33'hFFFFFFFF || n_now >= Most;
  wire swaps = (swap || asked) && !open && !(word_valid && word_ready);
  always @(posedge clk) begin
    past <= 1'b1;
    if (rst_n) begin
      was_open  <= open || take;
      next_rest <= rest_d;
      if (take) in_frame <= !word_last;
      if (take && !open) begin
        left_out <= no_room;
        frames   <= 2'(word_last);
        starts   <= '0;
        reads    <= '0;
      end else begin
        frames <= frames + 2'(take && word_last);
        starts <= starts + 2'(series);
        reads  <= reads + 2'(series_taken || drop);
      end
      if (take && !open && no_room) flagged <= 1'b1;
      asked <= !swaps && (asked || swap);
      t_q   <= t_now;
      n_q   <= n_now;
      if (swaps) begin
        other_bank <= !other_bank;
        rest_begin <= begin_q;
        rest_n     <= n_now;
        begin_q    <= t_now;
        n_q        <= '0;
      end
      if (clear) begin
        flagged <= 1'b0;
        asked   <= swap;
        {t_q, n_q, begin_q, rest_begin, rest_n} <= '0;
      end
    end
  end
  `PBIT_ASSUME(reset_first_M, clk, 1'b1, rst_n == past)
  `PBIT_ASSUME(clear_M, clk, rst_n, !clear || (!open && !word_valid))
  // as pair_counts does: busy only from the clock behind a start on
  reg walked = 1'b0;
  always @(posedge clk) walked <= rst_n && (walk || (walked && walk_busy));
  `PBIT_ASSUME(walk_M, clk, rst_n, !walk_busy || walked)
  // as batch_series does: values are read once, in the clocks behind a start
  `PBIT_ASSUME(taken_M, clk, rst_n, !series_taken || (reads < starts && open))

  // ---- what it has to do ----
  `PBIT_ASSERT(swap_A, clk, rst_n, swapped == swaps && pending == asked)
  `PBIT_ASSERT(between_samples_A, clk, rst_n, !swapped || (!open && !take))
  `PBIT_ASSERT(swap_first_A, clk, rst_n, !(asked && !open) || (!word_ready && swapped))
  `PBIT_ASSERT(bank_A, clk, rst_n, bank == other_bank && bank == !next_rest)
  `PBIT_ASSERT(counts_A, clk, rst_n,
               !t_now[32] && n_now <= Most && t == t_now[31:0] && samples == n_now[31:0])
  `PBIT_ASSERT(rest_A, clk, rst_n,
               {1'b0, rest_first} == rest_begin && {1'b0, rest_samples} == rest_n)
  // every counted sample is in the bank that adds, in the one at rest, or in one before it
  `PBIT_ASSERT(none_lost_none_twice_A, clk, rst_n,
               begin_q + n_now == t_now && rest_begin + rest_n == begin_q)
  `PBIT_ASSERT(full_A, clk, rst_n, full == flagged && (!open || skip == left_out) &&
               (open || skip == no_room))
  `PBIT_ASSERT(frames_A, clk, rst_n,
               (!take || (first == !in_frame && (open || !in_frame))) &&
               (!(take && open) || frames == {1'b0, context_now}) &&
               (!closed || frames == 2'(Contexts)))
  `PBIT_ASSERT(energies_A, clk, rst_n,
               !closed || (reads == 2'(Contexts) && starts == (left_out ? 2'd0 : 2'(Contexts))))
  `PBIT_ASSERT(left_out_A, clk, rst_n, !(open && left_out) || !(walk || series))

`ifdef PBIT_INSIDE
  // ---- invariants of the induction ----
  (* hierconn *) wire [2:0] \u_dut.state_q ;
  (* hierconn *) wire [31:0] \u_dut.first_q ;
  (* hierconn *) wire \u_dut.skip_q ;
  (* hierconn *) wire \u_dut.begun_q ;
  (* hierconn *) wire \u_dut.given_q ;
  (* hierconn *) wire \u_dut.taken_q ;
  wire [2:0] state = \u_dut.state_q ;
  wire [1:0] now = {1'b0, context_now};
  `PBIT_ASSERT(inside_state_A, clk, rst_n, state <= 3'd4 && (was_open || !open) &&
               (!open || \u_dut.skip_q == left_out) && 32'(context_now) < Contexts)
  `PBIT_ASSERT(inside_first_A, clk, rst_n, {1'b0, \u_dut.first_q } == begin_q)
  `PBIT_ASSERT(inside_room_A, clk, rst_n,
               !open || left_out || (t_q < 33'hFFFFFFFF && n_q < Most))
  `PBIT_ASSERT(inside_frame_A, clk, rst_n,
               \u_dut.begun_q == in_frame && (!in_frame || state == 3'd1))
  `PBIT_ASSERT(inside_idle_A, clk, rst_n, state != 3'd0 || context_now == '0)
  `PBIT_ASSERT(inside_frames_A, clk, rst_n,
               state == 3'd1 ? frames == now && reads == now
               : state == 3'd2 ? frames == now + 2'd1 && reads == now
               : state == 3'd3 ? frames == now + 2'd1 &&
                                 reads == now + 2'(\u_dut.taken_q && !left_out)
               : state == 3'd4 ? frames == 2'(Contexts) && reads == 2'(Contexts) &&
                                 context_now == '0
               : !closed || (frames == 2'(Contexts) && reads == 2'(Contexts)))
  `PBIT_ASSERT(inside_starts_A, clk, rst_n,
               !was_open ||
               starts == (left_out ? 2'd0 : state == 3'd1 || state == 3'd2 ? now
                          : state == 3'd3 ? now + 2'(\u_dut.given_q ) : 2'(Contexts)))
  `PBIT_ASSERT(inside_walk_A, clk, rst_n, !walked || (state == 3'd3 && !left_out))
  `PBIT_ASSERT(inside_taken_A, clk, rst_n,
               state != 3'd3 || !\u_dut.taken_q || (\u_dut.given_q && !left_out))
`endif

  // ---- what it can do ----
  reg [2:0] n_swaps = '0;
  reg waited = 1'b0;
  always @(posedge clk) begin
    if (rst_n) begin
      if (swapped && n_swaps != '1) n_swaps <= n_swaps + 3'd1;
      waited <= (waited || (pending && open)) && !swapped;
    end
  end
  `PBIT_COVER(swap_waits_for_a_sample_C, clk, rst_n, swapped && waited && samples == 32'd2)
  `PBIT_COVER(two_banks_C, clk, rst_n,
              n_swaps == 3'd2 && rest_first == 32'd1 && rest_samples == 32'd1)
  `PBIT_COVER(sample_left_out_C, clk, rst_n, full && closed && left_out && t == 32'd3)
  `PBIT_COVER(room_after_a_swap_C, clk, rst_n,
              full && n_swaps != '0 && samples == 32'd1 && t == 32'd4)
  `PBIT_COVER(cleared_C, clk, rst_n, clear && swap && t == 32'd1)
endmodule
`default_nettype wire

`default_nettype none
// Counters of window_statistics stop at their largest value and say so; they never wrap.
//
// Every clock is compared with the clock before it, so the induction needs no reset and starts with
// any counts, full ones among them. Product: any (the multiplier is outside).
`include "pbit_assert.svh"
module formal_window_statistics #(
    parameter int FreeStart = 0  // no reset: covers begin with any counts
) (
    input wire        clk,
    input wire        rst_n,
    input wire        clear,
    input wire [31:0] window_sweeps,
    input wire        run,
    input wire [ 2:0] flip_count,
    input wire        hidden,
    input wire        next,
    input wire        context_now,
    input wire        sweep_done,
    input wire        taken,
    input wire [47:0] energy,
    input wire [63:0] product
);
  wire ends, context_read, hold, busy, square_valid, flips_sat, clipped, sq_sat;
  wire [1:0] lane_read;
  wire [31:0] square, position, flips_v, flips_h;
  wire [47:0] energy_ref;
  wire [63:0] energy_sum, energy_sq;

  window_statistics #(.Lanes(4), .CountBits(3), .ContextBits(1), .LaneBits(2)) u_dut (
      .clk_i(clk), .rst_ni(rst_n), .clear_i(clear), .window_sweeps_i(window_sweeps), .run_i(run),
      .flip_count_i(flip_count), .hidden_i(hidden), .next_i(next), .context_i(context_now),
      .sweep_done_i(sweep_done), .ends_o(ends),
      .energy_lane_o(lane_read), .energy_context_o(context_read), .energy_taken_i(taken),
      .energy_i(energy), .hold_o(hold), .busy_o(busy), .square_valid_o(square_valid),
      .square_o(square), .product_i(product), .position_o(position), .flips_v_o(flips_v),
      .flips_h_o(flips_h), .energy_ref_o(energy_ref), .energy_sum_o(energy_sum),
      .energy_sq_o(energy_sq), .flips_sat_o(flips_sat), .clipped_o(clipped), .sq_sat_o(sq_sat)
  );

  reg past = 1'b0;
  always @(posedge clk) past <= 1'b1;
  `PBIT_ASSUME(reset_first_M, clk, 1'b1, rst_n == (past || FreeStart != 0))

  // ---- model: what each counter has to be, with a bit more ----
  localparam [32:0] Full = 33'h0FFFFFFFF;
  wire [32:0] flipped = 33'(flip_count);
  wire counts = run && window_sweeps != '0;
  reg known = 1'b0, cleared = 1'b0, was_sat = 1'b0, was_sq_sat = 1'b0;
  reg [32:0] due_v = '0, due_h = '0;
  reg [31:0] was_v = '0, was_h = '0;
  reg [63:0] was_sq = '0, was_product = '0;
  always @(posedge clk) begin
    known       <= rst_n;
    cleared     <= clear;
    due_v       <= {1'b0, flips_v} + (counts && !hidden ? flipped : 33'd0);
    due_h       <= {1'b0, flips_h} + (counts && hidden ? flipped : 33'd0);
    was_v       <= flips_v;
    was_h       <= flips_h;
    was_sat     <= flips_sat;
    was_sq      <= energy_sq;
    was_sq_sat  <= sq_sat;
    was_product <= product;
  end
  wire over = due_v > Full || due_h > Full;
  wire [64:0] due_sq = {1'b0, was_sq} + {1'b0, was_product};

  `PBIT_ASSERT(cleared_A, clk, rst_n && known && cleared,
               flips_v == '0 && flips_h == '0 && energy_sq == '0 && !flips_sat && !sq_sat)
  `PBIT_ASSERT(flips_v_A, clk, rst_n && known && !cleared,
               flips_v == (due_v > Full ? 32'hFFFFFFFF : due_v[31:0]))
  `PBIT_ASSERT(flips_h_A, clk, rst_n && known && !cleared,
               flips_h == (due_h > Full ? 32'hFFFFFFFF : due_h[31:0]))
  `PBIT_ASSERT(no_wrap_A, clk, rst_n && known && !cleared,
               flips_v >= was_v && flips_h >= was_h && energy_sq >= was_sq)
  `PBIT_ASSERT(flag_A, clk, rst_n && known && !cleared, flips_sat == (was_sat || over))
  `PBIT_ASSERT(squares_A, clk, rst_n && known && !cleared,
               (energy_sq == was_sq && sq_sat == was_sq_sat) ||
               (!due_sq[64] && energy_sq == due_sq[63:0] && sq_sat == was_sq_sat) ||
               (due_sq[64] && energy_sq == 64'hFFFFFFFFFFFFFFFF && sq_sat))

  // ---- what it can do; FreeStart ----
  `PBIT_COVER(visible_full_C, clk, rst_n && known && !was_sat, flips_v == '1 && flips_sat &&
              was_v == 32'hFFFFFFFD)
  `PBIT_COVER(hidden_full_C, clk, rst_n && known && !was_sat, flips_h == '1 && flips_sat &&
              was_h != '1)
  `PBIT_COVER(squares_full_C, clk, rst_n && known && !was_sq_sat, sq_sat && was_sq != '1)
  `PBIT_COVER(full_without_flag_C, clk, rst_n && known && !was_sat, flips_v == '1 && !flips_sat &&
              was_v == 32'hFFFFFFFC)
endmodule
`default_nettype wire

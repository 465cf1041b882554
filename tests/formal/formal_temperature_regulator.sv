`default_nettype none
// Limits and holds of temperature_regulator, whatever the multiplier gives: products are free inputs,
// so that every rate, filter, step and power of two occurs. For all configurations with
// LAMBDA_MIN <= LAMBDA_MAX and T_MIN <= T_MAX that stay while a step is computed. RATE_LIMIT bounds a
// step from within the limits, in the modes that have it.
`include "pbit_assert.svh"
module formal_temperature_regulator #(
    parameter int BetaBits = 4,
    parameter int BetaFrac = 2
) (
    input wire        clk,
    input wire        rst_n,
    input wire        start,
    input wire        window,
    input wire        wait_on,
    input wire [ 2:0] mode,
    input wire        source,
    input wire        freeze,
    input wire [ 5:0] rate_shift,
    input wire [31:0] rate_scale,
    input wire [24:0] rate_set,
    input wire [31:0] gain,
    input wire [15:0] smoothing,
    input wire [24:0] dead_band,
    input wire [25:0] rate_limit,
    input wire [26:0] lambda_min,
    input wire [26:0] lambda_max,
    input wire [31:0] macro_term,
    input wire [29:0] t_min,
    input wire [29:0] t_max,
    input wire        lambda_we,
    input wire        filter_we,
    input wire [31:0] data,
    input wire [31:0] flips_v,
    input wire [31:0] flips_h,
    input wire [63:0] product
);
  wire busy, done, is_window, mul;
  wire [31:0] mul_a, mul_b, filter;
  wire [24:0] rate;
  wire [26:0] lambda;
  wire [29:0] temperature;
  wire [BetaBits-1:0] beta;
  wire [6:0] flags;

  temperature_regulator #(.BetaBits(BetaBits), .BetaFrac(BetaFrac)) u_dut (
      .clk_i(clk), .rst_ni(rst_n), .start_i(start), .window_i(window), .wait_i(wait_on),
      .busy_o(busy), .done_o(done), .window_o(is_window), .mode_i(mode), .source_i(source),
      .freeze_i(freeze), .rate_shift_i(rate_shift), .rate_scale_i(rate_scale),
      .rate_set_i(rate_set), .gain_i(gain), .smoothing_i(smoothing), .dead_band_i(dead_band),
      .rate_limit_i(rate_limit), .lambda_min_i(lambda_min), .lambda_max_i(lambda_max),
      .macro_i(macro_term), .t_min_i(t_min), .t_max_i(t_max), .lambda_we_i(lambda_we),
      .filter_we_i(filter_we), .data_i(data), .flips_v_i(flips_v), .flips_h_i(flips_h),
      .mul_o(mul), .mul_a_o(mul_a), .mul_b_o(mul_b), .product_i(product), .rate_o(rate),
      .filter_o(filter), .lambda_o(lambda), .temperature_o(temperature), .beta_o(beta),
      .flags_o(flags)
  );
  // inside, for the induction only
  (* hierconn *) wire [4:0] \u_dut.step_q ;
  (* hierconn *) wire [4:0] \u_dut.return_q ;
  (* hierconn *) wire \u_dut.power_q ;
  (* hierconn *) wire [35:0] \u_dut.delta_q ;
  (* hierconn *) wire [29:0] \u_dut.remainder_q ;
  wire [4:0] step = \u_dut.step_q ;
  wire [4:0] product_to = \u_dut.return_q ;
  wire signed [35:0] delta = \u_dut.delta_q ;

  // ---- environment ----
  wire [197:0] config_now = {mode, freeze, rate_limit, lambda_min, lambda_max, t_min, t_max,
                             macro_term, dead_band[21:0]};
  reg [197:0] config_was = '0;
  reg past = 1'b0;
  always @(posedge clk) begin
    past       <= 1'b1;
    config_was <= config_now;
  end
  `PBIT_ASSUME(reset_first_M, clk, 1'b1, rst_n == past)
  `PBIT_ASSUME(config_stays_M, clk, rst_n, !busy || config_now == config_was)
  `PBIT_ASSUME(lambda_limits_M, clk, 1'b1, $signed(lambda_min) <= $signed(lambda_max))
  `PBIT_ASSUME(t_limits_M, clk, 1'b1, t_min <= t_max)

  // ---- model ----
  wire regulates = mode >= 3'd2 && mode <= 3'd4;
  wire steps = is_window && regulates && !freeze;  // this run moves LAMBDA
  wire computes = !is_window || regulates;         // and this one T and beta
  wire limited = mode != 3'd2 && rate_limit != '0;
  wire in_range = $signed(lambda) >= $signed(lambda_min) && $signed(lambda) <= $signed(lambda_max);
  wire t_in_range = temperature != '0 && temperature >= t_min &&
                    temperature <= (t_max == '0 ? 30'd1 : t_max);
  reg was_busy = 1'b0, was_in_range = 1'b0, moved = 1'b0;
  reg [26:0] lambda_was = '0;
  reg [31:0] filter_was = '0;
  reg [29:0] temperature_was = '0;
  reg [BetaBits-1:0] beta_was = '0;
  always @(posedge clk) begin
    was_busy        <= busy && rst_n;
    was_in_range    <= in_range;
    lambda_was      <= lambda;
    filter_was      <= filter;
    temperature_was <= temperature;
    beta_was        <= beta;
    moved           <= busy && (moved || step == 5'd13);
  end
  wire signed [35:0] size_limit = 36'(rate_limit);
  wire signed [35:0] step_made = 36'($signed(lambda)) - 36'($signed(lambda_was));
  wire signed [35:0] step_asked = delta - 36'($signed(lambda));

  // ---- limits ----
  `PBIT_ASSERT(lambda_range_A, clk, rst_n, !(done && steps) || in_range)
  `PBIT_ASSERT(lambda_step_A, clk, rst_n, !(was_busy && limited && was_in_range) ||
               (step_made <= size_limit && step_made >= -size_limit))
  `PBIT_ASSERT(one_step_A, clk, rst_n, !(was_busy && moved) || lambda == lambda_was || step == 5'd14)
  `PBIT_ASSERT(t_range_A, clk, rst_n, !(done && computes) || t_in_range)
  // FREEZE, START and modes without regulation leave LAMBDA and FILTER alone, the last T and beta
  `PBIT_ASSERT(hold_lambda_A, clk, rst_n, !was_busy || steps || !busy || lambda == lambda_was)
  `PBIT_ASSERT(hold_filter_A, clk, rst_n, !was_busy || steps || !busy || filter == filter_was)
  `PBIT_ASSERT(hold_beta_A, clk, rst_n, !was_busy || computes || !busy ||
               (temperature == temperature_was && beta == beta_was))

  // ---- beta: all ones where the quotient has more bits; else no remainder reaches the divisor, so
  // that no bit of the quotient is lost ----
  `PBIT_ASSERT(beta_full_A, clk, rst_n, !(done && computes && flags[6]) || beta == '1)
  `PBIT_ASSERT(remainder_A, clk, rst_n,
               !(step == 5'd22 || (step == 5'd23 && computes && !flags[6])) ||
               \u_dut.remainder_q < temperature)

  // ---- invariants of the induction ----
  wire multiplies = step == 5'd2 || step == 5'd3;
  wire after_step = step >= 5'd14 || (multiplies && (product_to == 5'd15 || product_to == 5'd18)) ||
                    (step == 5'd4 && \u_dut.power_q );
  wire in_step = (step >= 5'd6 && step <= 5'd13) ||
                 (multiplies && (product_to == 5'd7 || product_to == 5'd10));
  `PBIT_ASSERT(inside_step_A, clk, rst_n, step <= 5'd23)
  `PBIT_ASSERT(inside_return_A, clk, rst_n, !multiplies || product_to == 5'd4 ||
               product_to == 5'd7 || product_to == 5'd10 || product_to == 5'd15 ||
               product_to == 5'd18)
  `PBIT_ASSERT(inside_power_A, clk, rst_n, !\u_dut.power_q || step <= 5'd1 || step == 5'd4 ||
               step >= 5'd19)
  `PBIT_ASSERT(inside_path_A, clk, rst_n, !in_step || steps)
  `PBIT_ASSERT(inside_start_A, clk, rst_n,
               is_window || !(busy && step != 5'd1) || after_step)
  `PBIT_ASSERT(inside_no_beta_A, clk, rst_n, !busy || computes || step == 5'd1 || step == 5'd5 ||
               step == 5'd23 || (multiplies && product_to == 5'd4) ||
               (step == 5'd4 && !\u_dut.power_q ))
  `PBIT_ASSERT(inside_rate_A, clk, rst_n,
               step != 5'd5 || is_window)
  `PBIT_ASSERT(inside_range_A, clk, rst_n, !(busy && steps && after_step) || in_range)
  `PBIT_ASSERT(inside_t_A, clk, rst_n, !(computes && (step >= 5'd21)) || t_in_range)
  `PBIT_ASSERT(inside_flag_A, clk, rst_n, !busy || step == 5'd23 || !flags[6])
  `PBIT_ASSERT(inside_limit_A, clk, rst_n, !(step == 5'd12 && limited) ||
               (delta <= size_limit && delta >= -size_limit))
  `PBIT_ASSERT(inside_asked_A, clk, rst_n, !(step == 5'd13 && limited) ||
               (step_asked <= size_limit && step_asked >= -size_limit))
  `PBIT_ASSERT(inside_moved_A, clk, rst_n, !moved || !busy || (after_step && steps))

  // ---- what it can do ----
  `PBIT_COVER(limited_step_C, clk, rst_n, flags[4] && step == 5'd14 && is_window &&
              step_made == -size_limit && was_in_range)
  `PBIT_COVER(upper_limit_C, clk, rst_n, flags[2] && step == 5'd14 && lambda != lambda_was)
  `PBIT_COVER(lower_limit_C, clk, rst_n, flags[1] && step == 5'd14 && lambda != lambda_was)
  `PBIT_COVER(frozen_C, clk, rst_n, step == 5'd14 && freeze && regulates && is_window)
  `PBIT_COVER(start_done_C, clk, rst_n, done && !is_window && flags == '0 && beta > 1)
  `PBIT_COVER(beta_full_C, clk, rst_n, done && !is_window && flags[6])
endmodule
`default_nettype wire

`default_nettype none
// Windows and temperature: statistics of a window of sweeps, the regulator that turns them into
// beta, the record of the window on the telemetry stream, and their registers.
//
//   events, energies -> window_statistics -> temperature_regulator -> beta, to the sequencer
//                              |  (one multiplier)    |
//                              +---> window_record <--+ -> m_axis_telemetry
//
// In mode schedule beta comes from beta_schedule, which moves at the end of a sweep.
// The sequencer pauses at the end of a window; hold_o keeps it from beginning the pause while the
// former record is leaving, and from ending a sweep or a pause before the work for it is done.
// Behaviour: docs/device.md, Temperature regulator.
`include "pbit_assert.svh"
module regulator #(
    parameter int Lanes       = 1,
    parameter int CountBits   = 1,
    parameter int BetaBits    = 16,
    parameter int BetaFrac    = 12,
    parameter int ContextBits = 1,
    parameter int LaneBits    = 1
) (
    input  wire                    clk_i,
    input  wire                    rst_ni,
    // bus
    input  wire                    write_i,
    input  wire  [           11:0] address_i,
    input  wire  [           31:0] data_i,
    input  wire                    idle_i,
    input  wire                    window_clear_i,
    input  wire                    sched_clear_i,
    input  wire                    sched_we_i,
    input  wire  [            6:0] sched_index_i,
    input  wire  [   BetaBits-1:0] host_beta_i,       // BETA
    output logic [           63:0] data_o,
    output logic                   readable_o,
    output logic                   writable_o,
    output logic                   refused_o,
    // array
    input  wire                    run_i,             // it advances
    input  wire  [  CountBits-1:0] flip_count_i,
    input  wire                    flip_hidden_i,
    input  wire                    next_i,            // a context's sweep ends
    input  wire  [ContextBits-1:0] context_i,
    input  wire                    sweep_done_i,
    input  wire  [           31:0] sweep_count_i,
    input  wire  [   BetaBits-1:0] beta_active_i,
    output logic [   LaneBits-1:0] energy_lane_o,
    output logic [ContextBits-1:0] energy_context_o,
    input  wire                    energy_taken_i,
    output logic                   energy_wanted_o,   // the port is in use
    input  wire  [           47:0] energy_i,
    // sequencer
    input  wire                    at_next_i,         // in the last clock of a context's sweep
    input  wire                    at_pause_i,        // in the first clock of a pause
    input  wire                    at_pause_end_i,    // in the last
    input  wire                    pause_window_i,    // of a window, not of START
    output logic                   hold_o,            // wait there
    output logic                   sweep_beta_o,      // beta may move after every sweep
    output logic [   BetaBits-1:0] next_beta_o,       // and is this one then, or at START
    output logic                   regulates_o,       // beta is beta_o after every pause
    output logic                   window_ends_o,     // with the present sweep
    output logic [   BetaBits-1:0] beta_o,
    output logic                   busy_o,            // statistics or record on their way
    output logic                   window_done_o,     // pulse: interrupt
    output logic [           31:0] m_axis_telemetry_tdata,
    output logic                   m_axis_telemetry_tvalid,
    input  wire                    m_axis_telemetry_tready,
    output logic                   m_axis_telemetry_tlast
);
  logic [2:0] mode;
  logic moves, scheduled, sched_repeat;
  logic [5:0] sched_last, sched_entry;
  logic [31:0] sched_sweeps;
  logic [BetaBits-1:0] step_beta, sched_beta, sched_next_beta;
  logic source, freeze, telemetry, lambda_we, filter_we;
  logic [5:0] rate_shift;
  logic [31:0] window_sweeps, rate_scale, gain, macro_term, filter;
  logic [24:0] rate_set, dead_band, rate;
  logic [15:0] smoothing;
  logic [25:0] rate_limit;
  logic [26:0] lambda_min, lambda_max, lambda;
  logic [29:0] t_min, t_max, temperature;
  logic statistics_hold, statistics_busy, step_busy, record_busy, done, done_window;
  logic square_valid, mul, flips_sat, clipped, sq_sat;
  logic [31:0] square, factor_a, factor_b, mul_a, mul_b, position, index;
  logic [31:0] flips_v, flips_h, last_flips_v, last_flips_h;
  logic [63:0] product_q, energy_sum, energy_sq, last_sum, last_sq;
  logic [47:0] energy_ref, last_ref;
  logic [24:0] last_rate;
  logic [6:0] step_flags;
  logic [9:0] all_flags;

  always_comb begin
    moves         = mode >= 3'd2 && mode <= 3'd4;
    scheduled     = mode == 3'd5;
    sweep_beta_o  = mode == 3'd0 || scheduled;
    next_beta_o   = scheduled ? sched_next_beta : host_beta_i;
    regulates_o   = moves || scheduled;
    beta_o        = scheduled ? sched_beta : step_beta;
    window_done_o = done && done_window;
    busy_o        = statistics_busy || record_busy;
    energy_wanted_o = statistics_hold;
    hold_o        = (at_next_i && statistics_hold) ||
                    (at_pause_i && pause_window_i && record_busy) ||
                    (at_pause_end_i && step_busy);
  end

  regulator_registers u_registers (
      .clk_i(clk_i), .rst_ni(rst_ni), .write_i(write_i), .address_i(address_i), .data_i(data_i),
      .idle_i(idle_i), .data_o(data_o), .readable_o(readable_o), .writable_o(writable_o),
      .refused_o(refused_o), .mode_o(mode), .source_o(source), .freeze_o(freeze),
      .telemetry_o(telemetry), .rate_shift_o(rate_shift), .window_sweeps_o(window_sweeps),
      .rate_scale_o(rate_scale), .rate_set_o(rate_set), .gain_o(gain), .smoothing_o(smoothing),
      .dead_band_o(dead_band), .rate_limit_o(rate_limit), .lambda_min_o(lambda_min),
      .lambda_max_o(lambda_max), .macro_o(macro_term), .t_min_o(t_min), .t_max_o(t_max),
      .lambda_we_o(lambda_we), .filter_we_o(filter_we), .lambda_i(lambda), .filter_i(filter),
      .temperature_i(temperature), .position_i(position), .index_i(index), .flags_i(all_flags),
      .flips_v_i(last_flips_v), .flips_h_i(last_flips_h), .rate_i(last_rate),
      .energy_ref_i(last_ref), .energy_sum_i(last_sum), .energy_sq_i(last_sq),
      .sched_last_o(sched_last), .sched_repeat_o(sched_repeat), .sched_entry_i(sched_entry),
      .sched_sweeps_i(sched_sweeps)
  );

  beta_schedule #(.BetaBits(BetaBits)) u_schedule (
      .clk_i(clk_i), .rst_ni(rst_ni), .we_i(sched_we_i), .index_i(sched_index_i),
      .data_i(data_i), .clear_i(sched_clear_i), .last_i(sched_last), .repeat_i(sched_repeat),
      .enable_i(scheduled), .freeze_i(freeze), .sweep_done_i(sweep_done_i),
      .beta_o(sched_beta), .next_beta_o(sched_next_beta), .entry_o(sched_entry),
      .sweeps_o(sched_sweeps)
  );

  window_statistics #(
      .Lanes(Lanes), .CountBits(CountBits), .ContextBits(ContextBits), .LaneBits(LaneBits)
  ) u_statistics (
      .clk_i(clk_i), .rst_ni(rst_ni), .clear_i(window_done_o || window_clear_i),
      .window_sweeps_i(window_sweeps), .run_i(run_i), .flip_count_i(flip_count_i),
      .hidden_i(flip_hidden_i), .next_i(next_i), .context_i(context_i), .sweep_done_i(sweep_done_i),
      .ends_o(window_ends_o), .energy_lane_o(energy_lane_o),
      .energy_context_o(energy_context_o), .energy_taken_i(energy_taken_i), .energy_i(energy_i),
      .hold_o(statistics_hold), .busy_o(statistics_busy), .square_valid_o(square_valid),
      .square_o(square), .product_i(product_q), .position_o(position), .flips_v_o(flips_v),
      .flips_h_o(flips_h), .energy_ref_o(energy_ref), .energy_sum_o(energy_sum),
      .energy_sq_o(energy_sq), .flips_sat_o(flips_sat), .clipped_o(clipped), .sq_sat_o(sq_sat)
  );

  // One multiplier for both: the regulator starts when the statistics are complete.
  always_comb begin
    factor_a = square_valid ? square : mul_a;
    factor_b = square_valid ? square : mul_b;
  end
  always_ff @(posedge clk_i) begin
    if (square_valid || mul) product_q <= 64'(factor_a) * 64'(factor_b);
  end

  temperature_regulator #(.BetaBits(BetaBits), .BetaFrac(BetaFrac)) u_step (
      .clk_i(clk_i), .rst_ni(rst_ni), .start_i(at_pause_i && run_i && (pause_window_i || moves)),
      .window_i(pause_window_i),
      .wait_i(statistics_busy), .busy_o(step_busy), .done_o(done), .window_o(done_window),
      .mode_i(mode), .source_i(source), .freeze_i(freeze), .rate_shift_i(rate_shift),
      .rate_scale_i(rate_scale), .rate_set_i(rate_set), .gain_i(gain), .smoothing_i(smoothing),
      .dead_band_i(dead_band), .rate_limit_i(rate_limit), .lambda_min_i(lambda_min),
      .lambda_max_i(lambda_max), .macro_i(macro_term), .t_min_i(t_min), .t_max_i(t_max),
      .lambda_we_i(lambda_we), .filter_we_i(filter_we), .data_i(data_i), .flips_v_i(flips_v),
      .flips_h_i(flips_h), .mul_o(mul), .mul_a_o(mul_a), .mul_b_o(mul_b), .product_i(product_q),
      .rate_o(rate), .filter_o(filter), .lambda_o(lambda), .temperature_o(temperature),
      .beta_o(step_beta), .flags_o(step_flags)
  );

  window_record #(.BetaBits(BetaBits)) u_record (
      .clk_i(clk_i), .rst_ni(rst_ni), .take_i(window_done_o), .send_i(telemetry),
      .clear_i(window_clear_i), .sweep_done_i(sweep_done_i), .busy_o(record_busy),
      .sweep_count_i(sweep_count_i), .beta_active_i(beta_active_i), .flips_v_i(flips_v),
      .flips_h_i(flips_h), .energy_ref_i(energy_ref), .energy_sum_i(energy_sum),
      .energy_sq_i(energy_sq),
      .flags_i({freeze, sq_sat, clipped, step_flags[6:1], step_flags[0] || flips_sat}),
      .rate_i(rate), .filter_i(filter), .lambda_i(lambda), .temperature_i(temperature),
      .index_o(index), .flags_o(all_flags), .flips_v_o(last_flips_v), .flips_h_o(last_flips_h),
      .rate_o(last_rate), .energy_ref_o(last_ref), .energy_sum_o(last_sum), .energy_sq_o(last_sq),
      .m_axis_telemetry_tdata(m_axis_telemetry_tdata),
      .m_axis_telemetry_tvalid(m_axis_telemetry_tvalid),
      .m_axis_telemetry_tready(m_axis_telemetry_tready),
      .m_axis_telemetry_tlast(m_axis_telemetry_tlast)
  );

  `PBIT_ASSERT(one_product_A, clk_i, rst_ni, !(square_valid && mul))
  `PBIT_ASSERT(pause_is_long_enough_A, clk_i, rst_ni, !(at_pause_end_i && step_busy))
endmodule
`default_nettype wire

`default_nettype none
// Windows and temperature: statistics of a window of sweeps, the regulator that turns them into
// beta, the record of the window on the telemetry stream, replica exchange, and their registers.
//
//   events, energies -> window_statistics -> temperature_regulator -> beta, to the sequencer
//          |                   |  (one multiplier)    |
//          |                   +---> window_record <--+ -> m_axis_telemetry
//          +--> replica_exchange <-> beta_schedule         -> a beta for each lane
//
// In mode schedule beta comes from beta_schedule, which moves at the end of a sweep; in mode ladder
// each lane has that of its replica's rung. The host reads energies first, an exchange next: its
// clocks are counted, and a window's sums have time until the next sweep ends.
// The sequencer pauses at the end of a window; hold_o keeps it from beginning the pause while the
// former record is leaving, and from ending a sweep or a pause before the work for it is done.
// Behaviour: docs/device.md, Temperature regulator.
`include "pbit_assert.svh"
module regulator #(
    parameter int Lanes       = 1,
    parameter int CountBits   = 1,
    parameter int BetaBits    = 16,
    parameter int BetaFrac    = 12,
    parameter int WeightFrac  = 6,
    parameter int Contexts    = 1,
    parameter int Regulator   = 1,  // 0: no windows, modes 2 to 4 act as 1, no telemetry
    parameter int Exchange    = 0,  // 1: mode ladder
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
    input  wire                    count_clear_i,
    input  wire                    label_we_i,
    input  wire  [           15:0] label_replica_i,
    input  wire  [           15:0] replica_i,         // REPLICA_SELECT
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
    output logic                   energy_wanted_o,   // the port is in use, the host apart
    input  wire                    energy_taken_i,
    input  wire  [           47:0] energy_i,
    input  wire                    load_i,            // of a context
    input  wire  [ContextBits-1:0] load_context_i,
    output logic [Lanes*BetaBits-1:0] lane_beta_o,    // in force
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
    input  wire                    stream_due_i,
    output logic                   exchange_o,        // replica exchange has work
    output logic                   exchange_end_o,    // and this is its last clock
    // control generator, label frame
    output logic                   draw_o,
    input  wire  [           31:0] word_i,
    input  wire                    stream_free_i,
    output logic [           31:0] label_tdata_o,
    output logic                   label_tvalid_o,
    output logic                   label_tlast_o,
    input  wire                    label_tready_i,
    output logic                   busy_o,            // statistics or record on their way
    output logic                   window_done_o,     // pulse: interrupt
    output logic [           31:0] m_axis_telemetry_tdata,
    output logic                   m_axis_telemetry_tvalid,
    input  wire                    m_axis_telemetry_tready,
    output logic                   m_axis_telemetry_tlast
);
  logic [2:0] mode;
  logic moves, scheduled, ladder, sched_repeat, exchange_hold, look_up, exchange_reads;
  logic own_readable, own_writable, own_refused, exchange_readable, exchange_writable;
  logic exchange_refused;
  logic [63:0] own_data;
  logic [31:0] exchange_data;
  logic [5:0] look_up_entry;
  logic [LaneBits-1:0] statistics_lane, exchange_lane;
  logic [ContextBits-1:0] statistics_context, exchange_context;
  logic [5:0] sched_last, sched_entry;
  logic [31:0] sched_sweeps;
  logic [BetaBits-1:0] step_beta, sched_beta, sched_next_beta, sched_word;
  logic source, freeze, telemetry, lambda_we, filter_we;
  logic [5:0] rate_shift;
  logic [31:0] window_sweeps, rate_scale, gain, macro_term, filter;
  logic [24:0] rate_set, dead_band, rate;
  logic [15:0] smoothing;
  logic [25:0] rate_limit;
  logic [26:0] lambda_min, lambda_max, lambda;
  logic [29:0] t_min, t_max, temperature;
  logic statistics_hold, statistics_busy, step_busy, record_busy, done, done_window;
  logic [31:0] position, index;
  logic [31:0] last_flips_v, last_flips_h;
  logic [63:0] last_sum, last_sq;
  logic [47:0] last_ref;
  logic [24:0] last_rate;
  logic [9:0] all_flags;

  always_comb begin
    moves         = Regulator != 0 && mode >= 3'd2 && mode <= 3'd4;
    scheduled     = mode == 3'd5;
    ladder        = Exchange != 0 && mode == 3'd6;
    sweep_beta_o  = mode == 3'd0 || scheduled;
    next_beta_o   = scheduled ? sched_next_beta : host_beta_i;
    regulates_o   = moves || scheduled || ladder;
    beta_o        = scheduled ? sched_beta : ladder ? sched_word : step_beta;
    window_done_o = done && done_window;
    busy_o        = statistics_busy || record_busy;
    hold_o        = exchange_hold || (at_next_i && statistics_hold) ||
                    (at_pause_i && pause_window_i && record_busy) ||
                    (at_pause_end_i && step_busy);
    data_o        = own_data | 64'(exchange_data);
    readable_o    = own_readable || exchange_readable;
    writable_o    = own_writable || exchange_writable;
    refused_o     = own_refused || exchange_refused;
  end
  assign energy_lane_o    = exchange_reads ? exchange_lane : statistics_lane;
  assign energy_context_o = exchange_reads ? exchange_context : statistics_context;
  assign energy_wanted_o  = exchange_reads || statistics_hold;

  regulator_registers #(.Regulator(Regulator)) u_registers (
      .clk_i(clk_i), .rst_ni(rst_ni), .write_i(write_i), .address_i(address_i), .data_i(data_i),
      .idle_i(idle_i), .data_o(own_data), .readable_o(own_readable), .writable_o(own_writable),
      .refused_o(own_refused), .mode_o(mode), .source_o(source), .freeze_o(freeze),
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
      .beta_o(sched_beta), .next_beta_o(sched_next_beta), .read_i(look_up),
      .read_entry_i(look_up_entry), .word_o(sched_word), .entry_o(sched_entry),
      .sweeps_o(sched_sweeps)
  );

  // ---- replica exchange ----
  if (Exchange != 0) begin : g_exchange
    logic random;
    logic [5:0] select, shown_label;
    logic [31:0] every, exchange_position, tries, accepts;
    logic [Lanes*BetaBits-1:0] ladder_betas;
    exchange_registers u_exchange_registers (
        .clk_i(clk_i), .rst_ni(rst_ni), .write_i(write_i), .address_i(address_i),
        .data_i(data_i), .idle_i(idle_i), .data_o(exchange_data),
        .readable_o(exchange_readable), .writable_o(exchange_writable),
        .refused_o(exchange_refused), .every_o(every), .random_o(random), .select_o(select),
        .position_i(exchange_position), .tries_i(tries), .accepts_i(accepts),
        .label_i(shown_label)
    );
    replica_exchange #(
        .Lanes(Lanes), .Contexts(Contexts), .BetaBits(BetaBits), .Frac(WeightFrac + BetaFrac),
        .ContextBits(ContextBits), .LaneBits(LaneBits)
    ) u_exchange (
        .clk_i(clk_i), .rst_ni(rst_ni), .en_i(run_i), .enable_i(ladder), .freeze_i(freeze),
        .clear_i(sched_clear_i), .count_clear_i(count_clear_i), .label_we_i(label_we_i),
        .label_replica_i(label_replica_i), .label_data_i(data_i[5:0]), .every_i(every),
        .random_i(random), .select_i(select), .replica_i(replica_i),
        .position_o(exchange_position), .tries_o(tries), .accepts_o(accepts),
        .label_o(shown_label),
        .begin_i((sweep_done_i && !window_ends_o) || (at_pause_end_i && run_i)),
        .after_start_i(at_pause_end_i && !pause_window_i), .after_pause_i(at_pause_end_i),
        .sweep_done_i(sweep_done_i), .due_i(stream_due_i), .wanted_o(exchange_o),
        .end_o(exchange_end_o), .hold_o(exchange_hold), .read_o(look_up),
        .entry_o(look_up_entry), .beta_word_i(sched_word), .load_i(load_i),
        .load_context_i(load_context_i), .lane_beta_o(ladder_betas),
        .energy_read_o(exchange_reads), .energy_lane_o(exchange_lane),
        .energy_context_o(exchange_context), .energy_taken_i(energy_taken_i),
        .energy_i(energy_i), .draw_o(draw_o), .word_i(word_i), .stream_free_i(stream_free_i),
        .label_tdata_o(label_tdata_o), .label_tvalid_o(label_tvalid_o),
        .label_tlast_o(label_tlast_o), .tready_i(label_tready_i)
    );
    assign lane_beta_o = ladder ? ladder_betas : {Lanes{beta_active_i}};
  end else begin : g_no_exchange
    assign {exchange_data, exchange_readable, exchange_writable, exchange_refused} = '0;
    assign {exchange_o, exchange_end_o, exchange_hold, look_up, look_up_entry} = '0;
    assign {exchange_reads, exchange_lane, exchange_context, draw_o} = '0;
    assign {label_tdata_o, label_tvalid_o, label_tlast_o} = '0;
    assign lane_beta_o = {Lanes{beta_active_i}};
  end

  // ---- windows and the regulator itself ----
  if (Regulator != 0) begin : g_windows
    logic square_valid, mul, flips_sat, clipped, sq_sat;
    logic [31:0] square, factor_a, factor_b, mul_a, mul_b, flips_v, flips_h;
    logic [63:0] product_q, energy_sum, energy_sq;
    logic [47:0] energy_ref;
    logic [6:0] step_flags;
    window_statistics #(
        .Lanes(Lanes), .CountBits(CountBits), .ContextBits(ContextBits), .LaneBits(LaneBits)
    ) u_statistics (
        .clk_i(clk_i), .rst_ni(rst_ni), .clear_i(window_done_o || window_clear_i),
        .window_sweeps_i(window_sweeps), .run_i(run_i), .flip_count_i(flip_count_i),
        .hidden_i(flip_hidden_i), .next_i(next_i), .context_i(context_i),
        .sweep_done_i(sweep_done_i), .ends_o(window_ends_o), .energy_lane_o(statistics_lane),
        .energy_context_o(statistics_context),
        .energy_taken_i(energy_taken_i || exchange_reads), .energy_i(energy_i),
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
  end else begin : g_no_windows
    assign {window_ends_o, statistics_lane, statistics_context, statistics_hold} = '0;
    assign {statistics_busy, position, step_busy, step_beta, done, done_window} = '0;
    assign {rate, filter, lambda, temperature, record_busy, index, all_flags} = '0;
    assign {last_flips_v, last_flips_h, last_rate, last_ref, last_sum, last_sq} = '0;
    assign {m_axis_telemetry_tdata, m_axis_telemetry_tvalid, m_axis_telemetry_tlast} = '0;
    logic unused;  // what windows are made of, and settings that read 0
    assign unused = &{1'b0, context_i, energy_i, energy_taken_i, flip_count_i, flip_hidden_i,
                      next_i, run_i, sweep_count_i, window_clear_i, window_sweeps, telemetry,
                      m_axis_telemetry_tready, source, rate_shift, rate_scale, rate_set, rate,
                      gain, smoothing, dead_band, rate_limit, lambda_min, lambda_max, lambda_we,
                      filter_we, macro_term, t_min, t_max};
  end
endmodule
`default_nettype wire

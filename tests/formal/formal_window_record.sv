`default_nettype none
// window_record: sixteen words for every window, each as it was when the window ended.
//
// One word of the record, chosen by the solver, is worked out when the window ends and must be the
// one that leaves. Assumed as the header asks for: no other window, no clear and a regulator at rest
// while a record leaves (rtl/control/regulator.sv waits for busy_o), and no clear as a window ends
// (the host clears while the device is idle). Receiver: any.
`include "pbit_assert.svh"
module formal_window_record (
    input wire        clk,
    input wire        rst_n,
    input wire        take,
    input wire        send,
    input wire        clear,
    input wire        sweep_done,
    input wire [31:0] sweep_count,
    input wire [15:0] beta_active,
    input wire [31:0] flips_v,
    input wire [31:0] flips_h,
    input wire [47:0] energy_ref,
    input wire [63:0] energy_sum,
    input wire [63:0] energy_sq,
    input wire [ 9:0] flags,
    input wire [24:0] rate,
    input wire [31:0] filter,
    input wire [26:0] lambda,
    input wire [29:0] temperature,
    input wire        tready,
    input wire [ 3:0] which_wish
);
  wire busy, tvalid, tlast;
  wire [31:0] index, flips_v_out, flips_h_out, tdata;
  wire [9:0] flags_out;
  wire [24:0] rate_out;
  wire [47:0] ref_out;
  wire [63:0] sum_out, sq_out;

  window_record #(.BetaBits(16)) u_dut (
      .clk_i(clk), .rst_ni(rst_n), .take_i(take), .send_i(send), .clear_i(clear),
      .sweep_done_i(sweep_done), .busy_o(busy), .sweep_count_i(sweep_count),
      .beta_active_i(beta_active), .flips_v_i(flips_v), .flips_h_i(flips_h),
      .energy_ref_i(energy_ref), .energy_sum_i(energy_sum), .energy_sq_i(energy_sq),
      .flags_i(flags), .rate_i(rate), .filter_i(filter), .lambda_i(lambda),
      .temperature_i(temperature), .index_o(index), .flags_o(flags_out), .flips_v_o(flips_v_out),
      .flips_h_o(flips_h_out), .rate_o(rate_out), .energy_ref_o(ref_out), .energy_sum_o(sum_out),
      .energy_sq_o(sq_out), .m_axis_telemetry_tdata(tdata), .m_axis_telemetry_tvalid(tvalid),
      .m_axis_telemetry_tready(tready), .m_axis_telemetry_tlast(tlast)
  );
  // inside, for the induction only
  (* hierconn *) wire [3:0] \u_dut.word_q ;
  (* hierconn *) wire [31:0] \u_dut.sweeps_q ;
  (* hierconn *) wire [15:0] \u_dut.beta_q ;
  (* hierconn *) wire [15:0] \u_dut.sweep_beta_q ;
  (* hierconn *) wire [9:0] \u_dut.flags_q ;

  // ---- environment ----
  reg past = 1'b0;
  reg [31:0] filter_past = '0;
  reg [26:0] lambda_past = '0;
  reg [29:0] temperature_past = '0;
  reg [3:0] which = '0;
  always @(posedge clk) begin
    past             <= 1'b1;
    filter_past      <= filter;
    lambda_past      <= lambda;
    temperature_past <= temperature;
    which            <= which_wish;
  end
  `PBIT_ASSUME(reset_first_M, clk, 1'b1, rst_n == past)
  `PBIT_ASSUME(one_at_a_time_M, clk, rst_n, !(busy && (take || clear)) && !(take && clear))
  `PBIT_ASSUME(at_rest_M, clk, rst_n, !busy || (filter == filter_past && lambda == lambda_past &&
                                                temperature == temperature_past))
  `PBIT_ASSUME(which_M, clk, rst_n, which_wish == which)  // one choice for all time

  // ---- model ----
  wire sent = tvalid && tready;
  reg due = 1'b0;                     // a record has words to send
  reg [3:0] n_sent = '0;              // of them
  reg [31:0] windows = '0;            // since the clear
  reg [15:0] sweep_beta = '0;         // of the last sweep
  reg [31:0] want = '0, now;          // word `which` of the last window
  reg was_held = 1'b0, held_last = 1'b0, waited = 1'b0;
  reg [31:0] held_data = '0;
  reg [1:0] n_records = '0;
  always @(*) begin
    case (which)
      4'd0:    now = windows;
      4'd1:    now = sweep_count;
      4'd2:    now = flips_v;
      4'd3:    now = flips_h;
      4'd4:    now = energy_ref[31:0];
      4'd5:    now = 32'($signed(energy_ref[47:32]));
      4'd6:    now = energy_sum[31:0];
      4'd7:    now = energy_sum[63:32];
      4'd8:    now = energy_sq[31:0];
      4'd9:    now = energy_sq[63:32];
      4'd10:   now = {7'd0, rate};
      4'd11:   now = filter;
      4'd12:   now = 32'($signed(lambda));
      4'd13:   now = {2'd0, temperature};
      4'd14:   now = {16'd0, sweep_beta};
      default: now = {22'd0, flags};
    endcase
  end
  // the regulator's values are those after the window's step, one clock later
  wire from_regulator = which >= 4'd11 && which <= 4'd13;

  always @(posedge clk) begin
    if (rst_n) begin
      if (take) begin
        due    <= send;
        n_sent <= '0;
        want   <= now;
      end else if (sent) begin
        n_sent <= n_sent + 1'b1;
        due    <= n_sent != 4'd15;
      end
      windows <= clear ? '0 : windows + 32'(take);
      if (sweep_done) sweep_beta <= beta_active;
      was_held  <= tvalid && !tready;
      held_data <= tdata;
      held_last <= tlast;
      if (take) waited <= 1'b0;
      else if (tvalid && !tready) waited <= 1'b1;
      if (sent && tlast && n_records != 2'd3) n_records <= n_records + 1'b1;
    end
  end

  // ---- the stream ----
  `PBIT_ASSERT(stays_A, clk, rst_n,
               !was_held || (tvalid && tdata == held_data && tlast == held_last))
  `PBIT_ASSERT(sixteen_words_A, clk, rst_n, tvalid == due && busy == due)
  `PBIT_ASSERT(last_A, clk, rst_n, !tvalid || tlast == (n_sent == 4'd15))
  `PBIT_ASSERT(word_A, clk, rst_n, !(tvalid && n_sent == which) || from_regulator || tdata == want)
  `PBIT_ASSERT(word_of_regulator_A, clk, rst_n,
               !(tvalid && n_sent == which && from_regulator) || tdata == now)
  `PBIT_ASSERT(index_A, clk, rst_n, index == windows)

  // ---- invariants of the induction ----
  reg [31:0] there;
  always @(*) begin
    case (which)
      4'd0:    there = index - 1'b1;
      4'd1:    there = \u_dut.sweeps_q ;
      4'd2:    there = flips_v_out;
      4'd3:    there = flips_h_out;
      4'd4:    there = ref_out[31:0];
      4'd5:    there = 32'($signed(ref_out[47:32]));
      4'd6:    there = sum_out[31:0];
      4'd7:    there = sum_out[63:32];
      4'd8:    there = sq_out[31:0];
      4'd9:    there = sq_out[63:32];
      4'd10:   there = {7'd0, rate_out};
      4'd14:   there = {16'd0, \u_dut.beta_q };
      default: there = {22'd0, \u_dut.flags_q };
    endcase
  end
  `PBIT_ASSERT(inside_word_A, clk, rst_n, !due || \u_dut.word_q == n_sent)
  `PBIT_ASSERT(inside_beta_A, clk, rst_n, \u_dut.sweep_beta_q == sweep_beta)
  `PBIT_ASSERT(inside_value_A, clk, rst_n, !due || from_regulator || there == want)

  // ---- what it can do ----
  `PBIT_COVER(held_record_C, clk, rst_n, sent && tlast && waited)
  `PBIT_COVER(second_record_C, clk, rst_n, sent && n_records == 2'd1 && n_sent == 4'd0 &&
              which == 4'd0 && tdata == 32'd1)
  `PBIT_COVER(negative_reference_C, clk, rst_n, sent && n_sent == 4'd5 && which == 4'd5 &&
              want == 32'hFFFFFFFE)
  `PBIT_COVER(unsent_window_C, clk, rst_n, windows == 32'd1 && !due && n_records == '0)
endmodule
`default_nettype wire

`default_nettype none
// Temperature regulator: at the end of a window from the flip counts to the flip rate, the filter,
// the log temperature LAMBDA, the temperature and beta = 1/T; at START from LAMBDA to beta alone.
//
//   flips --x scale, >>--> rate --> filter or error --x gain--> LAMBDA --exp2--> T --1/T--> beta
//
// One operation after another on one 64-bit work register; multiplications take one clock of a
// multiplier outside, shifts one place (or eight) a clock, the division one bit a clock. At most
// 52 + BetaBits clocks from the last one of wait_i to done_o; the array pauses for 128.
// Formats: docs/device.md, Temperature regulator. Reset: LAMBDA, FILTER and temperature 0. Tested
// alone against exact arithmetic, and in lock-step against the C twin.
module temperature_regulator #(
    parameter int BetaBits = 16,
    parameter int BetaFrac = 12
) (
    input  wire                 clk_i,
    input  wire                 rst_ni,
    input  wire                 start_i,
    input  wire                 window_i,       // with start_i: a window has ended; 0: START
    input  wire                 wait_i,         // its statistics are not complete
    output logic                busy_o,
    output logic                done_o,         // last clock; LAMBDA, FILTER, T, beta follow
    output logic                window_o,       // with done_o: window_i of the start
    // configuration: written while idle
    input  wire  [         2:0] mode_i,
    input  wire                 source_i,
    input  wire                 freeze_i,
    input  wire  [         5:0] rate_shift_i,
    input  wire  [        31:0] rate_scale_i,
    input  wire  [        24:0] rate_set_i,     // UQ1.24
    input  wire  [        31:0] gain_i,         // UQ8.24
    input  wire  [        15:0] smoothing_i,    // UQ0.16
    input  wire  [        24:0] dead_band_i,    // UQ1.24
    input  wire  [        25:0] rate_limit_i,   // UQ2.24
    input  wire  [        26:0] lambda_min_i,   // Q2.24, signed
    input  wire  [        26:0] lambda_max_i,
    input  wire  [        31:0] macro_i,        // Q7.24, signed
    input  wire  [        29:0] t_min_i,        // UQ6.24
    input  wire  [        29:0] t_max_i,
    input  wire                 lambda_we_i,    // host, while idle
    input  wire                 filter_we_i,
    input  wire  [        31:0] data_i,
    // statistics of the window
    input  wire  [        31:0] flips_v_i,
    input  wire  [        31:0] flips_h_i,
    // multiplier: product one clock after mul_o
    output logic                mul_o,
    output logic [        31:0] mul_a_o,
    output logic [        31:0] mul_b_o,
    input  wire  [        63:0] product_i,
    // results
    output logic [        24:0] rate_o,         // UQ1.24
    output logic [        31:0] filter_o,       // UQ1.31
    output logic [        26:0] lambda_o,       // Q2.24, signed
    output logic [        29:0] temperature_o,  // UQ6.24
    output logic [BetaBits-1:0] beta_o,
    output logic [         6:0] flags_o         // REG_FLAGS 0 to 6 of this window
);
  localparam logic [4:0] Idle = 5'd0, Wait = 5'd1, Multiply = 5'd2, Round = 5'd3, Shift = 5'd4,
                         Rate = 5'd5, Filter = 5'd6, FilterAdd = 5'd7, Error = 5'd8,
                         DeadBand = 5'd9, Step = 5'd10, StepLimit = 5'd11, StepAdd = 5'd12,
                         StepClamp = 5'd13, Log2 = 5'd14, Power = 5'd15, PowerBase = 5'd16,
                         PowerSlope = 5'd17, PowerAdd = 5'd18, Macro = 5'd19, Clamp = 5'd20,
                         Divide = 5'd21, DivideBit = 5'd22, Done = 5'd23;
  localparam logic [2:0] Srtrbm = 3'd2, Guard = 3'd4;
  localparam logic [31:0] Log2E = 32'd1549082005;  // 2^30 / ln 2
  localparam logic [24:0] One = 25'h1000000;       // UQ1.24
  localparam int DivBits = BetaFrac > 5 ? 25 + BetaFrac : 30;  // derived: 2^(24+BetaFrac) + T/2

  logic [4:0] step_q, return_q;  // return_q: where to go with a product
  logic [4:0] fraction_q;        // Round adds half of 2^fraction_q; 0 adds nothing
  logic [5:0] shift_q;           // Shift: places to go
  logic window_q, negative_q, power_q, left_q;
  logic [31:0] a_q, b_q;
  logic [63:0] work_q;
  logic [35:0] delta_q;          // error, then step of lambda, then lambda; signed
  logic [24:0] base_q;
  logic [29:0] remainder_q;
  logic [BetaBits-1:0] quotient_q;
  logic [4:0] count_q;
  logic regulates, srtrbm, table_read;
  logic [6:0] table_index;
  logic [25:0] entry;
  logic [32:0] flips;
  logic [35:0] rate_error, filter_error, size, limit, lambda_min, lambda_max, lambda_low,
               lambda_new;
  logic [34:0] t_low, t_new;
  logic [DivBits-1:0] dividend;
  logic [63:0] high;
  logic [30:0] next_remainder;
  logic fits;

  exp2_table u_exp2 (
      .clk_i(clk_i), .read_i(table_read), .index_i(table_index), .entry_o(entry)
  );

  always_comb begin
    regulates    = mode_i >= Srtrbm && mode_i <= Guard;
    srtrbm       = mode_i == Srtrbm;
    mul_o        = step_q == Multiply;
    mul_a_o      = a_q;
    mul_b_o      = b_q;
    table_read   = step_q == Power || step_q == PowerBase;
    table_index  = {1'b0, work_q[53:48]} + 7'(step_q == PowerBase);
    busy_o       = step_q != Idle;
    done_o       = step_q == Done;
    window_o     = window_q;
    beta_o       = quotient_q;
    // at rest between windows, in silicon and in simulation
    {flips, rate_error, filter_error, size, limit, lambda_min, lambda_max} = '0;
    {lambda_low, lambda_new, t_low, t_new, dividend, high, next_remainder, fits} = '0;
    if (busy_o) begin
      flips        = {1'b0, flips_v_i} + (source_i ? {1'b0, flips_h_i} : 33'd0);
      rate_error   = {11'd0, rate_set_i} - {11'd0, rate_o};
      filter_error = {4'd0, rate_o, 7'd0} - {4'd0, filter_o};
      size         = delta_q[35] ? -delta_q : delta_q;
      limit        = {10'd0, rate_limit_i};
      // clamps, the lower bound first
      lambda_min   = {{9{lambda_min_i[26]}}, lambda_min_i};
      lambda_max   = {{9{lambda_max_i[26]}}, lambda_max_i};
      lambda_low   = $signed(delta_q) < $signed(lambda_min) ? lambda_min : delta_q;
      lambda_new   = $signed(lambda_low) > $signed(lambda_max) ? lambda_max : lambda_low;
      t_low        = $signed(work_q[34:0]) < $signed({5'd0, t_min_i}) ? {5'd0, t_min_i}
                                                                    : work_q[34:0];
      t_new        = t_low > {5'd0, t_max_i} ? {5'd0, t_max_i} : t_low;
      if (t_new == '0) t_new = 35'd1;
      dividend     = (DivBits'(1) << (24 + BetaFrac)) + DivBits'(temperature_o[29:1]);
      high         = 64'(dividend[DivBits-1:BetaBits]);
      next_remainder = {remainder_q, quotient_q[BetaBits-1]};
      fits         = next_remainder >= {1'b0, temperature_o};
      if (fits) next_remainder = next_remainder - {1'b0, temperature_o};
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      step_q        <= Idle;
      lambda_o      <= '0;
      filter_o      <= '0;
      temperature_o <= '0;
      rate_o        <= '0;
      flags_o       <= '0;
      quotient_q    <= '0;
      {return_q, fraction_q, shift_q, window_q, negative_q, power_q, left_q, count_q} <= '0;
      {a_q, b_q, work_q, delta_q, base_q, remainder_q} <= '0;
    end else begin
      case (step_q)
        Idle: begin
          if (start_i) begin
            window_q <= window_i;
            flags_o  <= '0;
            step_q   <= Wait;
          end
          if (lambda_we_i) lambda_o <= data_i[26:0];
          if (filter_we_i) filter_o <= data_i[31] ? 32'h80000000 : data_i;
        end
        Wait: begin
          a_q        <= flips[32] ? '1 : flips[31:0];
          b_q        <= rate_scale_i;
          flags_o[0] <= flips[32];
          negative_q <= 1'b0;
          fraction_q <= '0;
          shift_q    <= rate_shift_i;
          power_q    <= 1'b0;
          left_q     <= 1'b0;
          return_q   <= Shift;
          if (!window_q) step_q <= Log2;
          else if (!wait_i) step_q <= Multiply;
        end
        Multiply: step_q <= Round;
        Round: begin
          work_q <= (negative_q ? -product_i : product_i) +
                    (fraction_q == '0 ? 64'd0 : 64'd1 << (fraction_q - 5'd1));
          step_q <= return_q;
        end
        Shift: begin  // to the right with rounding, or to the left
          if (shift_q == '0) begin
            step_q <= power_q ? Macro : Rate;
          end else if (left_q) begin
            work_q  <= work_q << 1;
            shift_q <= shift_q - 6'd1;
          end else if (shift_q > 6'd8) begin
            work_q  <= work_q >> 8;
            shift_q <= shift_q - 6'd8;
          end else begin
            work_q  <= (shift_q == 6'd1 ? work_q + 64'd1 : work_q) >> 1;
            shift_q <= shift_q - 6'd1;
          end
        end
        Rate: begin
          rate_o <= work_q[24:0];
          if (work_q > {39'd0, One}) begin
            rate_o     <= One;
            flags_o[0] <= 1'b1;
          end
          if (!regulates) step_q <= Done;
          else if (freeze_i) step_q <= Log2;
          else step_q <= srtrbm ? Filter : Error;
        end
        Filter: begin
          a_q        <= filter_error[35] ? -filter_error[31:0] : filter_error[31:0];
          b_q        <= {16'd0, smoothing_i};
          negative_q <= filter_error[35];
          fraction_q <= 5'd16;
          return_q   <= FilterAdd;
          step_q     <= Multiply;
        end
        FilterAdd: begin
          filter_o <= filter_o + work_q[47:16];
          step_q   <= Error;
        end
        Error: begin
          if (srtrbm) delta_q <= -filter_error;
          else if (mode_i == Guard && rate_error[35]) delta_q <= '0;
          else delta_q <= rate_error;
          step_q <= DeadBand;
        end
        DeadBand: begin
          a_q <= size[31:0];
          if (!srtrbm && size <= {11'd0, dead_band_i}) begin
            a_q        <= '0;
            flags_o[3] <= 1'b1;
          end
          b_q        <= gain_i;
          negative_q <= delta_q[35];
          fraction_q <= srtrbm ? 5'd31 : 5'd24;
          return_q   <= Step;
          step_q     <= Multiply;
        end
        Step: begin
          delta_q <= srtrbm ? {{3{work_q[63]}}, work_q[63:31]} : work_q[59:24];
          step_q  <= StepLimit;
        end
        StepLimit: begin
          if (!srtrbm && limit != '0 && size > limit) begin
            delta_q    <= delta_q[35] ? -limit : limit;
            flags_o[4] <= 1'b1;
          end
          step_q <= StepAdd;
        end
        StepAdd: begin
          delta_q <= {{9{lambda_o[26]}}, lambda_o} + delta_q;
          step_q  <= StepClamp;
        end
        StepClamp: begin
          lambda_o   <= lambda_new[26:0];
          flags_o[1] <= $signed(delta_q) <= $signed(lambda_min) || lambda_new == lambda_min;
          flags_o[2] <= lambda_new == lambda_max;
          step_q     <= Log2;
        end
        Log2: begin
          a_q        <= {5'd0, lambda_o[26] ? -lambda_o : lambda_o};
          b_q        <= Log2E;
          negative_q <= lambda_o[26];
          fraction_q <= 5'd24;
          return_q   <= Power;
          step_q     <= Multiply;
        end
        Power: begin  // y = work_q >> 24: n above bit 54, k in 53:48, x in 47:24
          left_q  <= !work_q[57];
          shift_q <= {2'b00, work_q[57] ? -work_q[57:54] : work_q[57:54]};
          step_q  <= PowerBase;
        end
        PowerBase: begin
          base_q <= entry[24:0];  // below E[64]
          step_q <= PowerSlope;
        end
        PowerSlope: begin
          a_q        <= {6'd0, entry - {1'b0, base_q}};
          b_q        <= {8'd0, work_q[47:24]};
          negative_q <= 1'b0;
          return_q   <= PowerAdd;
          step_q     <= Multiply;
        end
        PowerAdd: begin
          work_q  <= {39'd0, base_q} + (work_q >> 24);
          power_q <= 1'b1;
          step_q  <= Shift;
        end
        Macro: begin
          if (srtrbm) work_q <= work_q + {{32{macro_i[31]}}, macro_i};
          step_q <= Clamp;
        end
        Clamp: begin
          temperature_o <= t_new[29:0];
          flags_o[5]    <= t_new != work_q[34:0];
          step_q        <= Divide;
        end
        Divide: begin
          count_q     <= 5'(BetaBits - 1);
          remainder_q <= high[29:0];
          quotient_q  <= dividend[BetaBits-1:0];
          step_q      <= DivideBit;
          if (high >= {34'd0, temperature_o}) begin
            quotient_q <= '1;
            flags_o[6] <= 1'b1;
            step_q     <= Done;
          end
        end
        DivideBit: begin
          remainder_q <= next_remainder[29:0];
          quotient_q  <= {quotient_q[BetaBits-2:0], fits};
          count_q     <= count_q - 5'd1;
          if (count_q == '0) step_q <= Done;
        end
        default: step_q <= Idle;  // Done
      endcase
    end
  end
endmodule
`default_nettype wire

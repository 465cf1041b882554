`default_nettype none
// temperature_regulator with its multiplier: plays +vectors=FILE and prints what comes out, for
// regulator_check.py to judge. One line of 16 words of 32 bits a step, first word on the left:
//   {2'd0, rate_shift 6, 1'd0, write 1, window 1, freeze 1, source 1, mode 3} (low 14 bits),
//   flips_v, flips_h, rate_scale, rate_set, gain, smoothing, dead_band, rate_limit, lambda_min,
//   lambda_max, macro, t_min, t_max, lambda, filter (the last two are written where `write` is set)
// Printed: STEP clocks rate filter lambda temperature beta flags.
module tb_temperature_regulator #(
    parameter int BetaBits = 16,
    parameter int BetaFrac = 12
);
  localparam int MaxSteps = 20000;
  reg clk = 0, rst_n = 0, start = 0, lambda_we = 0, filter_we = 0;
  reg [31:0] data = 0;
  reg [511:0] vectors[0:MaxSteps-1];
  reg [511:0] v;
  reg [8*512-1:0] file;
  reg [63:0] product;
  wire done, window, mul, busy;
  wire [31:0] mul_a, mul_b, filter;
  wire [24:0] rate;
  wire [26:0] lambda;
  wire [29:0] temperature;
  wire [BetaBits-1:0] beta;
  wire [6:0] flags;
  integer n, clocks;

  temperature_regulator #(.BetaBits(BetaBits), .BetaFrac(BetaFrac)) u_dut (
      .clk_i(clk), .rst_ni(rst_n), .start_i(start), .window_i(v[485]), .wait_i(1'b0),
      .busy_o(busy), .done_o(done), .window_o(window), .mode_i(v[482:480]), .source_i(v[483]),
      .freeze_i(v[484]), .rate_shift_i(v[493:488]), .flips_v_i(v[479:448]),
      .flips_h_i(v[447:416]), .rate_scale_i(v[415:384]), .rate_set_i(v[376:352]),
      .gain_i(v[351:320]), .smoothing_i(v[303:288]), .dead_band_i(v[280:256]),
      .rate_limit_i(v[249:224]), .lambda_min_i(v[218:192]), .lambda_max_i(v[186:160]),
      .macro_i(v[159:128]), .t_min_i(v[125:96]), .t_max_i(v[93:64]), .lambda_we_i(lambda_we),
      .filter_we_i(filter_we), .data_i(data), .mul_o(mul), .mul_a_o(mul_a), .mul_b_o(mul_b),
      .product_i(product), .rate_o(rate), .filter_o(filter), .lambda_o(lambda),
      .temperature_o(temperature), .beta_o(beta), .flags_o(flags)
  );

  // as in the device: the product one clock later, and nothing of use on the other clocks
  always @(posedge clk) product <= mul ? mul_a * 64'd1 * mul_b : 64'hDEADBEEFDEADBEEF;

  task tick;
    begin
      #1 clk = 1;
      #1 clk = 0;
    end
  endtask

  initial begin
    if (!$value$plusargs("vectors=%s", file)) $finish;
    $readmemh(file, vectors);
    v = 0;
    tick;
    #1 rst_n = 1;
    for (n = 0; n < MaxSteps && vectors[n] !== 512'bx; n = n + 1) begin
      v = vectors[n];
      if (v[486]) begin
        data = v[63:32];
        lambda_we = 1;
        tick;
        lambda_we = 0;
        data = v[31:0];
        filter_we = 1;
        tick;
        filter_we = 0;
      end
      start = 1;
      tick;
      start  = 0;
      clocks = 1;
      while (!done && clocks < 1000) begin
        tick;
        clocks = clocks + 1;
      end
      $display("STEP %0d %h %h %h %h %h %h", clocks, rate, filter, lambda, temperature, beta,
               flags);
      tick;
    end
    $display("PASS: %0d steps played", n);
    $finish;
  end
endmodule
`default_nettype wire

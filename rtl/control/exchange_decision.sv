`default_nettype none
// Decision of one exchange of two replicas: accept with probability min(1, exp(b D)), b the step of
// beta from one rung to the next, D the energy of the lower rung's replica minus the other's.
//
//   |b| x |D| --> at or above 0: accept; 2^(Frac+5) away and more: reject
//             --> x log2(e) --> n + x / 2^24 --> table, line between two entries --> t; u < t
//
// One 32 x 32 multiplier, eleven steps: start_i, then accept_o 12 clocks with en_i high later and
// until the next start_i. b signed, LSB 2^-BetaFrac; D signed, LSB 2^-WeightFrac; t in units of
// 2^-32, its largest relative error 1.5e-5 (beside 2^-32): the chords of the table lie above the
// exponential. No reset but of the step. Behaviour: docs/device-options.md, Replica exchange.
// Tested against exact integers.
`include "pbit_assert.svh"
module exchange_decision #(
    parameter int BetaBits = 16,
    parameter int Frac     = 18   // F = WeightFrac + BetaFrac
) (
    input  wire               clk_i,
    input  wire               rst_ni,
    input  wire               en_i,
    input  wire               start_i,
    input  wire  [BetaBits:0] beta_step_i,    // b, with start_i
    input  wire  [      48:0] energy_step_i,  // D, with start_i
    input  wire  [      31:0] word_i,         // u, with start_i
    output logic              accept_o
);
  `PBIT_REQUIRE(exchange_frac, Frac <= 58)
  localparam logic [31:0] Log2E = 32'd1549082005;  // 2^30 / ln 2
  localparam logic [3:0] LowHalf = 4'd1, HighHalf = 4'd2, Product = 4'd3, LowLog = 4'd4,
                         HighLog = 4'd5, Log2 = 4'd6, Base = 4'd7, Next = 4'd8, Slope = 4'd9,
                         Power = 4'd10, Decide = 4'd11;

  logic [3:0] step_q;
  logic negative_q, certain_q, refused_q;
  logic [BetaBits-1:0] beta_q;
  logic [47:0] energy_q;
  logic [31:0] word_q, factor_a, factor_b;
  logic [63:0] product_q;
  logic [95:0] work_q;  // |A|, then |A| 2^30 log2(e)
  logic [25:0] entry, base_q, mantissa_q;
  logic mul, table_read;
  logic [29:0] y;
  logic [24:0] w;
  logic [6:0] table_index;
  logic [32:0] threshold;

  exp2_table u_exp2 (
      .clk_i(clk_i), .read_i(table_read && en_i), .index_i(table_index), .entry_o(entry)
  );

  always_comb begin
    y           = 30'(work_q >> (Frac + 6));
    w           = 25'h1000000 - {1'b0, y[23:0]};
    table_read  = step_q == Base || step_q == Next;
    table_index = w[24:18] + 7'(step_q == Next);
    threshold   = {mantissa_q, 7'd0} >> y[29:24];
    mul         = step_q == LowHalf || step_q == HighHalf || step_q == LowLog ||
                  step_q == HighLog || step_q == Slope;
    case (step_q)
      HighHalf: {factor_a, factor_b} = {32'(beta_q), 32'(energy_q[47:32])};
      LowLog:   {factor_a, factor_b} = {work_q[31:0], Log2E};
      HighLog:  {factor_a, factor_b} = {work_q[63:32], Log2E};
      Slope:    {factor_a, factor_b} = {32'(entry) - 32'(base_q), 32'(w[17:0])};
      default:  {factor_a, factor_b} = {32'(beta_q), energy_q[31:0]};
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (en_i) begin
      if (start_i) begin
        negative_q <= beta_step_i[BetaBits] != energy_step_i[48];
        beta_q     <= BetaBits'(beta_step_i[BetaBits] ? -beta_step_i : beta_step_i);
        energy_q   <= 48'(energy_step_i[48] ? -energy_step_i : energy_step_i);
        word_q     <= word_i;
      end
      if (mul) product_q <= 64'(factor_a) * 64'(factor_b);
      case (step_q)
        HighHalf, HighLog: work_q <= 96'(product_q);
        Product, Log2:     work_q <= work_q + {product_q, 32'd0};
        LowLog: begin
          certain_q <= !negative_q || work_q == '0;
          refused_q <= (work_q >> (Frac + 5)) != '0;
        end
        Next:              base_q <= entry;
        Power:             mantissa_q <= base_q + 26'((product_q + 64'd131072) >> 18);
        Decide:            accept_o <= certain_q || (!refused_q && 33'(word_q) < threshold);
        default:           ;
      endcase
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) step_q <= '0;
    else if (en_i) step_q <= start_i ? LowHalf : step_q == '0 || step_q == Decide ? '0
                                                                        : step_q + 4'd1;
  end
endmodule
`default_nettype wire

`default_nettype none
// xoshiro128++ generator: one 32-bit word per enabled clock.
//
// Latency 0 (word_o belongs to the state), throughput one word per clock. The word is computed with
// the state before and stored, so that its two additions are not in the path of the decision. The
// state is loaded a word at a time by the host and undefined before that (docs/device.md, Random
// numbers).
// Source: Blackman and Vigna, ACM TOMS 47 (2021). Tested against the C twin and known answers.
module xoshiro128pp (
    input  wire         clk_i,
    input  wire         load_i,       // write one state word
    input  wire  [ 1:0] load_word_i,
    input  wire  [31:0] load_data_i,
    input  wire         en_i,         // take word_o, advance
    output logic [31:0] word_o
);
  logic [31:0] s0_q, s1_q, s2_q, s3_q;
  logic [31:0] sum, t2, t3, next0, next3;

  always_comb begin
    t2    = s2_q ^ s0_q;
    t3    = s3_q ^ s1_q;
    next0 = !load_i ? s0_q ^ t3 : load_word_i == 2'd0 ? load_data_i : s0_q;
    next3 = !load_i ? {t3[20:0], t3[31:21]} : load_word_i == 2'd3 ? load_data_i : s3_q;
    sum   = next0 + next3;
  end

  always_ff @(posedge clk_i) begin
    if (load_i || en_i) begin
      s0_q   <= next0;
      s3_q   <= next3;
      word_o <= {sum[24:0], sum[31:25]} + next0;
    end
    if (load_i) begin
      if (load_word_i == 2'd1) s1_q <= load_data_i;
      if (load_word_i == 2'd2) s2_q <= load_data_i;
    end else if (en_i) begin
      s1_q <= s1_q ^ t2;
      s2_q <= t2 ^ {s1_q[22:0], 9'd0};
    end
  end
endmodule
`default_nettype wire

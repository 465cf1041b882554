`default_nettype none
// xoshiro128++ generator: one 32-bit word per enabled clock.
//
// Latency 0 (word_o belongs to the state), throughput one word per clock. The word is computed with
// the state before and stored, so that its two additions are not in the path of a decision; after a
// load it follows one clock later. The state is loaded a word at a time by the host and undefined
// before that (docs/device.md, Random numbers).
// Source: Blackman and Vigna, ACM TOMS 47 (2021). Tested against the C twin and known answers.
`include "pbit_assert.svh"
module xoshiro128pp (
    input  wire         clk_i,
    input  wire         load_i,       // write one state word
    input  wire  [ 1:0] load_word_i,
    input  wire  [31:0] load_data_i,
    input  wire         en_i,         // take word_o, advance; not in the clock after a load
    output logic [31:0] word_o
);
  logic [31:0] s0_q, s1_q, s2_q, s3_q;
  logic [31:0] sum, t2, t3, next0, next3;
  logic loaded_q;  // word_o is that of the state before the load

  always_comb begin
    t2    = s2_q ^ s0_q;
    t3    = s3_q ^ s1_q;
    next0 = loaded_q ? s0_q : s0_q ^ t3;
    next3 = loaded_q ? s3_q : {t3[20:0], t3[31:21]};
    sum   = next0 + next3;
  end

  always_ff @(posedge clk_i) begin
    loaded_q <= load_i;
    if (loaded_q || en_i) word_o <= {sum[24:0], sum[31:25]} + next0;
    if (load_i) begin
      if (load_word_i == 2'd0) s0_q <= load_data_i;
      if (load_word_i == 2'd1) s1_q <= load_data_i;
      if (load_word_i == 2'd2) s2_q <= load_data_i;
      if (load_word_i == 2'd3) s3_q <= load_data_i;
    end else if (en_i) begin
      s0_q <= next0;
      s1_q <= s1_q ^ t2;
      s2_q <= t2 ^ {s1_q[22:0], 9'd0};
      s3_q <= next3;
    end
  end

  `PBIT_ASSERT(no_word_behind_a_load_A, clk_i, 1'b1, !(loaded_q && en_i))
endmodule
`default_nettype wire

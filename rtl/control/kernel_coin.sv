`default_nettype none
// Coin of the kernel: says for each sweep of a context whether it is A B or B A, by the top bit of
// one word of the control generator.
//
// reversed_o holds from next_i to next_i; a sweep's word is taken at its end. No reset of the
// generator, which the host loads. Behaviour: docs/device.md, Kernel coin.
module kernel_coin #(
    parameter int Generator = 0,  // 0 xoshiro128++, 1 LFSR32
    parameter int LfsrSteps = 1
) (
    input  wire         clk_i,
    input  wire         load_i,       // write one state word
    input  wire  [ 1:0] load_word_i,
    input  wire  [31:0] load_data_i,
    input  wire         coin_i,       // the kernel in force
    input  wire         read_only_i,  // this pass updates nothing
    input  wire         next_i,       // end of a context's sweep
    output logic        reversed_o    // B first
);
  logic [31:0] word;
  logic draw;
  pbit_rng #(.Generator(Generator), .LfsrSteps(LfsrSteps)) u_generator (
      .clk_i(clk_i), .load_i(load_i), .load_word_i(load_word_i), .load_data_i(load_data_i),
      .en_i(draw), .word_o(word)
  );
  always_comb begin
    draw       = next_i && coin_i && !read_only_i;
    reversed_o = coin_i && !read_only_i && word[31];
  end
endmodule
`default_nettype wire

`default_nettype none
// The random source of one lane: the generator that the parameter names, behind one interface.
module pbit_rng #(
    parameter int Generator = 0,  // 0 xoshiro128++, 1 LFSR32, 2 xorshift32
    parameter int LfsrSteps = 1   // 1..32, LFSR32 only
) (
    input  wire         clk_i,
    input  wire         load_i,
    input  wire  [ 1:0] load_word_i,  // state word; only xoshiro128++ has others than 0
    input  wire  [31:0] load_data_i,
    input  wire         en_i,
    output logic [31:0] word_o
);
  if (Generator == 0) begin : g_xoshiro
    xoshiro128pp u_gen (
        .clk_i(clk_i), .load_i(load_i), .load_word_i(load_word_i), .load_data_i(load_data_i),
        .en_i(en_i), .word_o(word_o)
    );
  end else if (Generator == 2) begin : g_xorshift
    xorshift32 u_gen (
        .clk_i(clk_i), .load_i(load_i && load_word_i == 2'd0), .load_data_i(load_data_i),
        .en_i(en_i), .word_o(word_o)
    );
  end else begin : g_lfsr
    lfsr32 #(.Steps(LfsrSteps)) u_gen (
        .clk_i(clk_i), .load_i(load_i && load_word_i == 2'd0), .load_data_i(load_data_i),
        .en_i(en_i), .word_o(word_o)
    );
  end
endmodule
`default_nettype wire

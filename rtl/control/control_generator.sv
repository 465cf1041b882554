`default_nettype none
// Control generator: the words of what is random beside the p-bits. The kernel coin, the picks of a
// random scan and the passes of replica exchange draw from it, never two of them in one clock.
//
// word_o is the next word to be drawn; with draw_i it has been taken, and the one after it stands
// there in the next clock. The coin says for each sweep of a context whether it is A B or B A, by
// the top bit of one word, which is taken in the first clock of the sweep; reversed_o holds from
// there to the next context load. No reset of the generator, which the host loads. Behaviour:
// docs/device.md, Kernel coin; docs/device-options.md.
module control_generator #(
    parameter int Generator = 0,  // 0 xoshiro128++, 1 LFSR32, 2 xorshift32
    parameter int LfsrSteps = 1
) (
    input  wire         clk_i,
    input  wire         rst_ni,
    input  wire         load_i,       // write one state word
    input  wire  [ 1:0] load_word_i,
    input  wire  [31:0] load_data_i,
    input  wire         coin_i,       // the kernel in force
    input  wire         read_only_i,  // this pass updates nothing
    input  wire         begin_i,      // context load: a sweep begins with the next clock of sweep_i
    input  wire         sweep_i,      // a context's sweep advances
    output logic        reversed_o,   // B first
    input  wire         draw_i,       // a user other than the coin takes word_o
    output logic [31:0] word_o
);
  logic draw, fresh_q, reversed_q;
  pbit_rng #(.Generator(Generator), .LfsrSteps(LfsrSteps)) u_generator (
      .clk_i(clk_i), .load_i(load_i), .load_word_i(load_word_i), .load_data_i(load_data_i),
      .en_i(draw), .word_o(word_o)
  );
  always_comb begin
    draw       = draw_i || (fresh_q && sweep_i && coin_i && !read_only_i);
    reversed_o = coin_i && !read_only_i && (fresh_q ? word_o[31] : reversed_q);
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      fresh_q    <= 1'b0;
      reversed_q <= 1'b0;
    end else begin
      if (begin_i) fresh_q <= 1'b1;
      else if (sweep_i) fresh_q <= 1'b0;
      if (fresh_q) reversed_q <= word_o[31];
    end
  end
endmodule
`default_nettype wire

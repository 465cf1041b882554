`default_nettype none
// xorshift32 of Marsaglia with the shifts 13, 17, 5 (J. Stat. Software 8(14), 2003): period 2^32 - 1.
// Linear over F2, as every such generator; the bits of successive words are well mixed.
//
// Latency 0, one word per enabled clock: the state, before it advances. Loaded by the host; zero is
// the lock-up state.
module xorshift32 (
    input  wire         clk_i,
    input  wire         load_i,
    input  wire  [31:0] load_data_i,
    input  wire         en_i,
    output logic [31:0] word_o
);
  logic [31:0] s_q;

  function automatic [31:0] advance(input [31:0] s);
    advance = s ^ (s << 13);
    advance = advance ^ (advance >> 17);
    advance = advance ^ (advance << 5);
  endfunction

  assign word_o = s_q;

  always_ff @(posedge clk_i) begin
    if (load_i) s_q <= load_data_i;
    else if (en_i) s_q <= advance(s_q);
  end
endmodule
`default_nettype wire

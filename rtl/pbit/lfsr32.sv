`default_nettype none
// 32-bit Fibonacci XNOR LFSR (taps 32, 22, 2, 1), Steps shifts per draw. A negative control: with
// Steps = 1 successive words share 31 bits and the sampled law is wrong (docs/device.md).
//
// Latency 0, one word per enabled clock. Loaded by the host; all ones is the lock-up state.
module lfsr32 #(
    parameter int Steps = 1  // shifts per draw, 1..32
) (
    input  wire         clk_i,
    input  wire         load_i,
    input  wire  [31:0] load_data_i,
    input  wire         en_i,
    output logic [31:0] word_o
);
  logic [31:0] s_q;

  function automatic [31:0] advance(input [31:0] s);
    advance = s;
    for (int i = 0; i < Steps; i++) begin
      advance = {advance[30:0], ~(advance[31] ^ advance[21] ^ advance[1] ^ advance[0])};
    end
  endfunction

  assign word_o = s_q;

  always_ff @(posedge clk_i) begin
    if (load_i) s_q <= load_data_i;
    else if (en_i) s_q <= advance(s_q);
  end
endmodule
`default_nettype wire

`default_nettype none
// CRC-32 (IEEE 802.3 reflected, as zlib) of 32-bit little-endian words, one per clock with take_i.
// crc_o holds the words taken since clear_i or reset, final complement included; clear_i goes before
// take_i. The step stands in the clocked branch, where a simulation computes it only for a word.
module crc32_word (
    input  wire         clk_i,
    input  wire         rst_ni,
    input  wire         clear_i,
    input  wire         take_i,
    input  wire  [31:0] word_i,
    output logic [31:0] crc_o
);
  logic [31:0] crc_q;

  function automatic [31:0] advanced(input [31:0] crc);
    advanced = crc;
    for (int i = 0; i < 32; i++) begin
      advanced = (advanced >> 1) ^ (32'hEDB88320 & {32{advanced[0]}});
    end
  endfunction

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) crc_q <= '1;
    else if (clear_i) crc_q <= '1;
    else if (take_i) crc_q <= advanced(crc_q ^ word_i);
  end
  assign crc_o = ~crc_q;
endmodule
`default_nettype wire

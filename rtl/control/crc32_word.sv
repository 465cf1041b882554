`default_nettype none
// CRC-32 (IEEE 802.3 reflected, as zlib) of one more 32-bit little-endian word. Combinational;
// initial value and final complement are the user's.
module crc32_word (
    input  wire  [31:0] crc_i,
    input  wire  [31:0] word_i,
    output logic [31:0] crc_o
);
  function automatic [31:0] advanced(input [31:0] crc);
    advanced = crc;
    for (int i = 0; i < 32; i++) begin
      advanced = (advanced >> 1) ^ (32'hEDB88320 & {32{advanced[0]}});
    end
  endfunction
  assign crc_o = advanced(crc_i ^ word_i);
endmodule
`default_nettype wire

`default_nettype none
// Packs groups of up to Bits bits into 32-bit AXI4-Stream words, LSB first; the last group of a
// frame fills its word with zeros and sets TLAST. Bits of a group beyond its count must be 0.
//
// One group per clock while ready_o; a word leaves per clock while m_axis_tready. A frame whose
// last group spills over a word boundary takes one extra word. Reset: empty. Nothing is ever
// dropped.
module axis_packer #(
    parameter int Bits = 1  // 1..32
) (
    input  wire              clk_i,
    input  wire              rst_ni,
    input  wire              push_i,       // only when ready_o
    input  wire              push_last_i,
    input  wire  [      5:0] push_count_i,  // 1..Bits
    input  wire  [ Bits-1:0] push_data_i,
    output logic             ready_o,
    output logic             empty_o,
    output logic             frame_o,      // pulse: the last word of a frame was accepted
    output logic [     31:0] m_axis_tdata,
    output logic             m_axis_tvalid,
    input  wire              m_axis_tready,
    output logic             m_axis_tlast
);
  logic [95:0] buf_q, buf_d, shifted;
  logic [6:0] count_q, count_d, left;
  logic flush_q, flush_d;  // the frame has ended; send what is left
  logic send;

  always_comb begin
    m_axis_tvalid = count_q >= 32 || flush_q;
    m_axis_tdata  = buf_q[31:0];
    m_axis_tlast  = flush_q && count_q <= 32;
    send          = m_axis_tvalid && m_axis_tready;
    shifted       = send ? buf_q >> 32 : buf_q;
    left          = !send ? count_q : (count_q >= 32 ? count_q - 7'd32 : 7'd0);
    // from registers only; a group of 32 still fits when nothing leaves, and with a receiver that
    // is always ready at most 63 bits ever wait, so that nothing stalls
    ready_o       = !flush_q && count_q < 64;
    empty_o       = count_q == 0 && !flush_q;
    frame_o       = send && m_axis_tlast;

    buf_d   = shifted;
    count_d = left;
    flush_d = flush_q && !(send && m_axis_tlast);
    if (push_i) begin
      buf_d   = shifted | (96'(push_data_i) << left);
      count_d = left + 7'(push_count_i);
      flush_d = push_last_i;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      buf_q   <= '0;
      count_q <= '0;
      flush_q <= 1'b0;
    end else begin
      buf_q   <= buf_d;
      count_q <= count_d;
      flush_q <= flush_d;
    end
  end
endmodule
`default_nettype wire

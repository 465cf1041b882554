`default_nettype none
// Weight rows in one memory, with the row buffer through which the host writes and the image check
// reads.
//
// A row is Words words of WeightBits, word 0 in the low bits. Read latency one clock into row_o.
// The buffer shifts towards bit 0: Words pushes fill it in order, and commit_i (with the last push)
// writes the row. Undefined until written.
module weight_memory #(
    parameter int Rows       = 7,
    parameter int Words      = 7,
    parameter int WeightBits = 12,
    parameter int IndexBits  = 4
) (
    input  wire                         clk_i,
    input  wire                         read_i,
    input  wire  [       IndexBits-1:0] read_row_i,
    output logic [Words*WeightBits-1:0] row_o,
    input  wire                         push_i,       // host word
    input  wire  [      WeightBits-1:0] push_data_i,
    input  wire                         commit_i,     // with the push of the last word
    input  wire  [       IndexBits-1:0] commit_row_i,
    input  wire                         load_i,       // buffer := row_o (image check)
    input  wire                         shift_i,      // buffer drops its lowest word
    output logic [      WeightBits-1:0] low_word_o
);
  localparam int RowBits = Rows > 1 ? $clog2(Rows) : 1;  // derived

  logic [Words*WeightBits-1:0] mem[Rows];
  logic [Words*WeightBits-1:0] buffer_q, pushed;

  always_comb begin
    pushed = {push_data_i, buffer_q[Words*WeightBits-1:WeightBits]};
    low_word_o = buffer_q[WeightBits-1:0];
  end

  always_ff @(posedge clk_i) begin
    if (read_i) row_o <= mem[RowBits'(read_row_i)];
    if (load_i) buffer_q <= row_o;
    else if (push_i || shift_i) buffer_q <= pushed;
    if (commit_i) mem[RowBits'(commit_row_i)] <= pushed;
  end
endmodule
`default_nettype wire

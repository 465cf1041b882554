`default_nettype none
// Memory of the sparse fabric whose rows are Entries entries of an index, a valid bit and a weight:
// neighbours and couplings, or p-bits and biases.
//
// Read latency one clock. The host writes the halves of the entries (index, then weight) into a row
// buffer; the row is in memory two clocks after commit_i. An entry of row_o is {weight, valid,
// index}; Padded (simulation): {weight in 32 bits, sign-extended, valid, index in 31 bits}.
// Undefined until written.
module sparse_rows #(
    parameter int Rows       = 4,
    parameter int Entries    = 1,   // P
    parameter int IndexBits  = 4,
    parameter int WeightBits = 12,
    parameter int Padded     = 0,
    parameter int EntryBits  = 17   // of row_o: 64 where padded, else IndexBits + 1 + WeightBits
) (
    input  wire                          clk_i,
    input  wire                          rst_ni,
    input  wire                          read_i,
    input  wire  [                 15:0] read_row_i,
    output logic [Entries*EntryBits-1:0] row_o,
    input  wire                          push_i,         // host word
    input  wire  [                  5:0] push_entry_i,
    input  wire                          push_weight_i,  // the entry's second half
    input  wire  [                 31:0] push_data_i,
    input  wire                          commit_i,       // with the push of the last word
    input  wire  [                 15:0] commit_row_i
);
  // derived, do not override
  localparam int RowBits = Rows > 1 ? $clog2(Rows) : 1;
  localparam int ValidAt = Padded != 0 ? 31 : IndexBits;
  localparam int StoredBits = EntryBits - ValidAt - 1;

  logic [Entries*EntryBits-1:0] mem[1 << RowBits];  // no bound to check
  logic [Entries*EntryBits-1:0] buffer_q;
  logic [StoredBits-1:0] weight;
  logic [ValidAt:0] index;
  logic commit_q;
  logic [RowBits-1:0] commit_row_q;

  always_comb begin
    weight = StoredBits'($signed(push_data_i[WeightBits-1:0]));
    index  = {push_data_i[31], ValidAt'(push_data_i[IndexBits-1:0])};
  end

  always_ff @(posedge clk_i) begin
    if (read_i) row_o <= mem[RowBits'(read_row_i)];
    if (push_i) begin
      for (int s = 0; s < Entries; s++) begin
        if (32'(push_entry_i) == s) begin
          if (push_weight_i) buffer_q[s*EntryBits+ValidAt+1+:StoredBits] <= weight;
          else buffer_q[s*EntryBits+:ValidAt+1] <= index;
        end
      end
    end
    if (commit_q) mem[commit_row_q] <= buffer_q;
    commit_row_q <= RowBits'(commit_row_i);
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) commit_q <= 1'b0;
    else commit_q <= commit_i;
  end
endmodule
`default_nettype wire

`default_nettype none
// Counts, for each of a list of pairs of p-bits, the replicas in which both are equal.
//
//   frame --> two copies --+
//   pair k -> (i, j) ------+--> lanes of i, lanes of j --> equal ones --> bank_sums
//
// After a frame is complete start_i walks the first pairs_i of the list, one a clock: pairs_i + 3
// clocks, in which no word may be taken. Memories are undefined until the host has written them.
// Behaviour: docs/device-options.md.
module pair_counts #(
    parameter int Pbits = 12,  // N
    parameter int Lanes = 1,   // a power of two up to 32
    parameter int Pairs = 1    // 1..2^20
) (
    input  wire         clk_i,
    input  wire         rst_ni,
    input  wire         bank_i,
    // frame
    input  wire         word_i,
    input  wire  [16:0] row_i,           // number of the word
    input  wire  [31:0] data_i,
    // walk
    input  wire         start_i,
    input  wire         context0_i,      // the sample's first frame
    input  wire  [20:0] pairs_i,
    input  wire  [20:0] pairs_seen_i,    // pairs below have counted in this bank
    output logic        busy_o,
    // host
    input  wire         we_i,            // pair address_i
    input  wire  [19:0] address_i,       // below Pairs
    input  wire  [15:0] first_i,         // below N
    input  wire  [15:0] second_i,
    input  wire         host_read_i,     // counter of pair read_address_i
    input  wire         host_bank_i,
    input  wire  [19:0] read_address_i,
    output logic [31:0] count_o
);
  // derived, do not override
  localparam int Columns = 32 / Lanes;  // p-bits of a word
  localparam int ColumnLog2 = $clog2(Columns);
  localparam int Rows = (Pbits + Columns - 1) / Columns;
  localparam int RowBits = Rows > 1 ? $clog2(Rows) : 1;
  localparam int PairBits = Pairs > 1 ? $clog2(Pairs) : 1;
  localparam int PbitBits = $clog2(Pbits) < 1 ? 1 : $clog2(Pbits);
  localparam int StepBits = $clog2(Lanes + 1) + 1;

  logic [2*PbitBits-1:0] pair_mem[Pairs];
  logic [31:0] copy0_mem[Rows];
  logic [31:0] copy1_mem[Rows];
  logic [2*PbitBits-1:0] pair_q;
  logic [31:0] word0_q, word1_q;
  logic [PbitBits-1:0] pbit0, pbit1;
  logic [4:0] column0_q, column1_q;
  logic [20:0] next_q;
  logic [PairBits-1:0] index1_q;
  logic [StepBits-1:0] step;
  logic walk_q, read, valid1_q, valid2_q, fresh1_q, fresh2_q;

  assign pbit0  = pair_q[PbitBits-1:0];
  assign pbit1  = pair_q[2*PbitBits-1:PbitBits];
  assign read   = walk_q && next_q != pairs_i;
  assign busy_o = walk_q || valid1_q || valid2_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      {walk_q, valid1_q, valid2_q} <= '0;
      next_q <= '0;
    end else begin
      valid1_q <= read;
      valid2_q <= valid1_q;
      if (start_i) begin
        walk_q <= 1'b1;
        next_q <= '0;
      end else if (read) begin
        next_q <= next_q + 21'd1;
      end else begin
        walk_q <= 1'b0;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (word_i) begin
      copy0_mem[RowBits'(row_i)] <= data_i;
      copy1_mem[RowBits'(row_i)] <= data_i;
    end
    if (we_i) begin
      pair_mem[PairBits'(address_i)] <= {second_i[PbitBits-1:0], first_i[PbitBits-1:0]};
    end
    if (read) begin
      pair_q   <= pair_mem[PairBits'(next_q)];
      index1_q <= PairBits'(next_q);
      fresh1_q <= context0_i && next_q >= pairs_seen_i;
    end
    if (valid1_q) begin
      word0_q   <= copy0_mem[RowBits'(20'(pbit0) >> ColumnLog2)];
      word1_q   <= copy1_mem[RowBits'(20'(pbit1) >> ColumnLog2)];
      column0_q <= 5'(pbit0) & 5'(Columns - 1);
      column1_q <= 5'(pbit1) & 5'(Columns - 1);
      fresh2_q  <= fresh1_q;
    end
  end

  function automatic [StepBits-1:0] ones(input [Lanes-1:0] bits);
    ones = '0;
    for (int l = 0; l < Lanes; l++) ones = ones + StepBits'(bits[l]);
  endfunction
  function automatic [Lanes-1:0] lanes_of(input [31:0] word, input [4:0] column);
    lanes_of = Lanes'(word >> (32'(column) * Lanes));
  endfunction
  assign step = ones(~(lanes_of(word0_q, column0_q) ^ lanes_of(word1_q, column1_q)));

  bank_sums #(.Depth(Pairs), .StepBits(StepBits), .AddressBits(PairBits)) u_counts (
      .clk_i(clk_i), .bank_i(bank_i), .read_i(valid1_q), .address_i(index1_q), .add_i(valid2_q),
      .fresh_i(fresh2_q), .steps_i(step), .host_read_i(host_read_i), .host_bank_i(host_bank_i),
      .host_address_i(PairBits'(read_address_i)), .host_row_o(count_o)
  );
endmodule
`default_nettype wire

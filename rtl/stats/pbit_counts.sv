`default_nettype none
// What a frame adds to the counters of its p-bits and to the four projections of its replicas, one
// 32-bit word of the frame per clock.
//
//   word (32/Lanes p-bits) --+--> ones of each p-bit --> bank_sums, a row of 32/Lanes counters
//   coefficients of the row -+--> +s, -s or 0 --> 4 x Lanes sums of the frame
//
// The sums hold the frame two clocks after its last word, until the first word of the next.
// Coefficients: 2 bits each, 1 plus, 3 minus, else none. Padding and lanes of no p-bit add nothing.
// Memories are undefined until the host has written them. Behaviour: docs/device-options.md.
module pbit_counts #(
    parameter int Pbits       = 12,  // N
    parameter int Lanes       = 1,   // a power of two up to 32
    parameter int SumBits     = 24   // of a projection
) (
    input  wire                        clk_i,
    input  wire                        bank_i,
    input  wire  [               16:0] pbits_i,         // n, of the frame
    // frame
    input  wire                        word_i,          // a word is taken
    input  wire                        first_i,         // the frame's first
    input  wire                        skip_i,          // count nothing
    input  wire  [               31:0] data_i,
    input  wire  [               16:0] rows_seen_i,     // rows below have counted in this bank
    input  wire                        context0_i,      // the sample's first frame
    output logic [               16:0] rows_o,          // words taken
    output logic [4*Lanes*SumBits-1:0] sums_o,          // m Lanes + lane
    // host
    input  wire                        we_i,            // coefficients of p-bit address_i
    input  wire  [               19:0] address_i,       // below N
    input  wire  [                7:0] coefficients_i,
    input  wire                        host_read_i,     // counter of p-bit read_address_i
    input  wire                        host_bank_i,
    input  wire  [               19:0] read_address_i,
    input  wire  [                4:0] column_i,        // the p-bit read last, low bits
    output logic [               31:0] count_o
);
  // derived, do not override
  localparam int Columns = 32 / Lanes;  // p-bits of a word
  localparam int ColumnLog2 = $clog2(Columns);
  localparam int Rows = (Pbits + Columns - 1) / Columns;
  localparam int RowBits = Rows > 1 ? $clog2(Rows) : 1;
  localparam int StepBits = $clog2(Lanes + 1) + 1;

  logic [Columns*8-1:0] coefficient_mem[Rows];
  logic [Columns*8-1:0] coefficients_q;
  logic [Columns*32-1:0] host_row;
  logic [Columns*StepBits-1:0] steps;
  logic [31:0] data_q;
  logic [16:0] row;
  logic [17+ColumnLog2-1:0] left_q;      // p-bits from this word on
  logic word_q, first_q, fresh_q, we_q;
  logic [7:0] written_q;
  logic [RowBits-1:0] write_row, write_row_q;
  logic [4:0] write_column_q, host_column;

  // ---- projections ----
  function automatic [4*Lanes*SumBits-1:0] projected(input [4*Lanes*SumBits-1:0] old,
                                                     input [31:0] data,
                                                     input [Columns*8-1:0] coefficients,
                                                     input [17+ColumnLog2-1:0] left);
    logic [6:0] sum;  // of the word, -32..32
    projected = old;
    for (int m = 0; m < 4; m++) begin
      for (int l = 0; l < Lanes; l++) begin
        sum = '0;
        for (int k = 0; k < Columns; k++) begin
          if (k < 32'(left) && coefficients[k*8+2*m]) begin
            sum = sum + (data[k*Lanes+l] != coefficients[k*8+2*m+1] ? 7'd1 : 7'h7F);
          end
        end
        projected[(m*Lanes+l)*SumBits+:SumBits] =
            old[(m*Lanes+l)*SumBits+:SumBits] + SumBits'($signed(sum));
      end
    end
  endfunction

  assign row       = first_i ? '0 : rows_o;
  assign write_row = RowBits'(address_i >> ColumnLog2);

  always_ff @(posedge clk_i) begin
    word_q <= word_i && !skip_i;
    if (word_i) begin
      rows_o  <= row + 17'd1;
      data_q  <= data_i;
      first_q <= first_i;
      fresh_q <= context0_i && row >= rows_seen_i;
      left_q  <= (17 + ColumnLog2)'(pbits_i) - ((17 + ColumnLog2)'(row) << ColumnLog2);
    end
    if (word_q) sums_o <= projected(first_q ? '0 : sums_o, data_q, coefficients_q, left_q);
  end

  // ---- coefficients: a p-bit's are written by reading its row, and writing it back ----
  function automatic [Columns*8-1:0] replaced(input [Columns*8-1:0] old,
                                              input [4:0] column, input [7:0] data);
    replaced = old;
    for (int k = 0; k < Columns; k++) begin
      if (32'(column) == k) replaced[k*8+:8] = data;
    end
  endfunction
  always_ff @(posedge clk_i) begin
    if (word_i || we_i) coefficients_q <= coefficient_mem[we_i ? write_row : RowBits'(row)];
    if (we_i) begin
      write_row_q    <= write_row;
      write_column_q <= address_i[4:0] & 5'(Columns - 1);
      written_q      <= coefficients_i;
    end
    we_q <= we_i;
    if (we_q) begin
      coefficient_mem[write_row_q] <= replaced(coefficients_q, write_column_q, written_q);
    end
  end

  // ---- counters ----
  function automatic [Columns*StepBits-1:0] ones(input word, input [31:0] data);
    ones = '0;
    if (word) begin
      for (int k = 0; k < Columns; k++) begin
        for (int l = 0; l < Lanes; l++) begin
          ones[k*StepBits+:StepBits] = ones[k*StepBits+:StepBits] + StepBits'(data[k*Lanes+l]);
        end
      end
    end
  endfunction
  assign steps = ones(word_q, data_q);
  bank_sums #(
      .Depth(Rows), .Columns(Columns), .StepBits(StepBits), .AddressBits(RowBits)
  ) u_counts (
      .clk_i(clk_i), .bank_i(bank_i), .read_i(word_i && !skip_i), .address_i(RowBits'(row)),
      .add_i(word_q), .fresh_i(fresh_q), .steps_i(steps), .host_read_i(host_read_i),
      .host_bank_i(host_bank_i), .host_address_i(RowBits'(read_address_i >> ColumnLog2)),
      .host_row_o(host_row)
  );
  assign host_column = column_i & 5'(Columns - 1);
  assign count_o     = host_row[32*32'(host_column)+:32];
endmodule
`default_nettype wire

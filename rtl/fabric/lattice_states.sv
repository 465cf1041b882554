`default_nettype none
// State memory of one lane of the lattice fabric in simulation, where a step takes whole rows: what
// its lattice_banks hold, Rows rows side by side in a word of 64 bits, the row of bank 0 lowest.
//
// A vector of cells and all its neighbours in a slot are then two words, shifted. Word v of address r
// is rows v Rows .. of the step r. Ports and timing are those of lattice_bank, for all banks at once;
// rows_o has 64 bits for each slot of each vector. Undefined until written. Silicon has a memory a
// row, because each of its words needs one read for a slot.
module lattice_states #(
    parameter int Half        = 3,   // p-bits of a row of one colour
    parameter int Banks       = 1,   // rows of a step
    parameter int Rows        = 1,   // of a word; divides Banks, Rows Half is 64 at most
    parameter int Depth       = 12,  // steps: contexts, colours
    parameter int AddressBits = 4,
    parameter int Degree      = 4,
    parameter logic [47:0] RuleA = 48'd0,
    parameter logic [47:0] RuleB = 48'd1
) (
    input  wire                             clk_i,
    input  wire                             read_i,
    input  wire  [         AddressBits-1:0] row_i,    // step within its colour
    input  wire  [         AddressBits-1:0] first_i,  // of the neighbours' colour
    output logic [Banks/Rows*Degree*64-1:0] rows_o,
    input  wire                             head_read_i,
    input  wire  [         AddressBits-1:0] head_address_i,
    output logic [          Banks*Half-1:0] head_o,
    input  wire                             we_i,
    input  wire  [         AddressBits-1:0] write_address_i,
    input  wire  [          Banks*Half-1:0] write_data_i,
    // from the idle host: one row
    input  wire  [               Banks-1:0] row_we_i,
    input  wire  [         AddressBits-1:0] row_address_i,
    input  wire  [                Half-1:0] row_data_i
);
  // derived, do not override
  localparam int Groups = Banks / Rows;
  localparam int Word = Rows * Half;
  localparam int Words = 2 * Half / Rows;  // of a colour
  localparam int WordBits = $clog2(Groups * Depth);

  logic [63:0] mem[1 << WordBits];  // no bound to check

  function automatic [WordBits-1:0] at(input [AddressBits-1:0] address, input integer v);
    at = WordBits'(32'(address) * Groups + v);
  endfunction

  // Slot 4k + m leads y by b, a, -b, -a.
  function automatic [63:0] neighbours(input [AddressBits-1:0] row,
                                       input [AddressBits-1:0] first, input integer v,
                                       input integer d);
    integer a, b, y;
    logic [31:0] low, high;
    a    = 32'((RuleA >> (8 * (d / 4))) & 48'hFF);
    b    = 32'((RuleB >> (8 * (d / 4))) & 48'hFF);
    y    = d % 4 == 0 ? b : d % 4 == 1 ? a : d % 4 == 2 ? 2 * Half - b : 2 * Half - a;
    low  = 32'(row) * Groups + (v + y / Rows) % Words;
    if (low >= Words) low = low - Words;
    high = low == Words - 1 ? 32'd0 : low + 32'd1;
    neighbours = (mem[WordBits'(32'(first)*Groups+low)] >> (y % Rows * Half)) |
                 (mem[WordBits'(32'(first)*Groups+high)] << ((Rows - y % Rows) * Half));
    neighbours = 64'(neighbours[Word-1:0]);
  endfunction

  function automatic [Word-1:0] replaced(input [Word-1:0] word, input [Rows-1:0] row_we);
    replaced = word;
    for (int q = 0; q < Rows; q++) if (row_we[q]) replaced[q*Half+:Half] = row_data_i;
  endfunction

  for (genvar v = 0; v < Groups; v++) begin : g_word
    assign head_o[v*Word+:Word] = head_read_i ? Word'(mem[at(head_address_i, v)]) : '0;

    always_ff @(posedge clk_i) begin
      if (read_i) begin
        for (int d = 0; d < Degree; d++) begin
          rows_o[(v*Degree+d)*64+:64] <= neighbours(row_i, first_i, v, d);
        end
      end
      if (we_i) begin
        mem[at(write_address_i, v)] <= 64'(write_data_i[v*Word+:Word]);
      end else if (row_we_i != '0) begin
        mem[at(row_address_i, v)] <=
            64'(replaced(Word'(mem[at(row_address_i, v)]), row_we_i[v*Rows+:Rows]));
      end
    end
  end
endmodule
`default_nettype wire

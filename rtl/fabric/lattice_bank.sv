`default_nettype none
// State memory of one lane of the lattice fabric for the rows of one residue: rows of Half p-bits
// of both colours and all contexts.
//
// Row r of a colour is row r / Banks of bank r mod Banks. Degree reads (the rows of the neighbours
// of a step, whose rows are row_i of every bank), latency one clock, each in SlotBits; one
// combinational read (the row's own state, and the sample stream), wanted with head_read_i; one
// write of the bits of a mask, visible after the clock. Undefined until written.
module lattice_bank #(
    parameter int Half        = 3,   // p-bits of a row of one colour, up to 64
    parameter int Banks       = 1,
    parameter int Number      = 0,   // of this bank
    parameter int Depth       = 12,
    parameter int AddressBits = 4,
    parameter int Degree      = 4,
    parameter logic [47:0] RuleA = 48'd0,
    parameter logic [47:0] RuleB = 48'd1,
    parameter int SlotBits    = 64,  // at least Half
    parameter int Parts       = 1    // steps of a row; 1: every write is of the whole row
) (
    input  wire                           clk_i,
    input  wire                           read_i,
    input  wire  [       AddressBits-1:0] row_i,
    input  wire  [       AddressBits-1:0] first_i,         // of the neighbours' colour
    output logic [   Degree*SlotBits-1:0] rows_o,
    input  wire                           head_read_i,
    input  wire  [       AddressBits-1:0] head_address_i,
    output logic [              Half-1:0] head_o,
    input  wire                           we_i,
    input  wire  [       AddressBits-1:0] write_address_i,
    input  wire  [              Half-1:0] write_mask_i,
    input  wire  [              Half-1:0] write_data_i
);
  // derived, do not override
  localparam int BankRows = 2 * Half / Banks;

  logic [Half-1:0] mem[Depth];

  // Slot 4k + m leads y by b, a, -b, -a, and reads this bank for bank Number - y.
  function automatic [AddressBits-1:0] neighbour(input [AddressBits-1:0] row,
                                                 input [AddressBits-1:0] first, input integer d);
    integer a, b, y;
    logic [31:0] below;
    a     = 32'((RuleA >> (8 * (d / 4))) & 48'hFF);
    b     = 32'((RuleB >> (8 * (d / 4))) & 48'hFF);
    y     = d % 4 == 0 ? b : d % 4 == 1 ? a : d % 4 == 2 ? 2 * Half - b : 2 * Half - a;
    below = 32'(row) + ((y + (Number + 2 * Half - y) % Banks) / Banks) % BankRows;
    if (below >= BankRows) below = below - BankRows;
    neighbour = first + AddressBits'(below);
  endfunction

  assign head_o = head_read_i ? mem[head_address_i] : '0;

  always_ff @(posedge clk_i) begin
    if (read_i) begin
      for (int d = 0; d < Degree; d++) begin
        rows_o[d*SlotBits+:SlotBits] <= SlotBits'(mem[neighbour(row_i, first_i, d)]);
      end
    end
  end
  if (Parts == 1) begin : g_row
    always_ff @(posedge clk_i) begin
      if (we_i) mem[write_address_i] <= write_data_i;
    end
  end else begin : g_part
    always_ff @(posedge clk_i) begin
      if (we_i) begin
        mem[write_address_i] <= (mem[write_address_i] & ~write_mask_i) |
                                (write_data_i & write_mask_i);
      end
    end
  end
endmodule
`default_nettype wire

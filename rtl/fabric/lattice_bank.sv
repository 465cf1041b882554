`default_nettype none
// State memory of one lane of the lattice fabric for the rows of one residue: rows of Half p-bits
// of both colours and all contexts.
//
// Degree reads (the rows of the neighbours), latency one clock, each in SlotBits; one combinational
// read (the row's own state, and the sample stream); one write of the bits of a mask, visible after
// the clock. Undefined until written.
module lattice_bank #(
    parameter int Half        = 3,   // p-bits of a row of one colour, up to 64
    parameter int Depth       = 12,
    parameter int AddressBits = 4,
    parameter int Degree      = 4,
    parameter int SlotBits    = 64,  // at least Half
    parameter int Parts       = 1    // steps of a row; 1: every write is of the whole row
) (
    input  wire                           clk_i,
    input  wire                           read_i,
    input  wire  [Degree*AddressBits-1:0] read_address_i,
    output logic [   Degree*SlotBits-1:0] rows_o,
    input  wire  [       AddressBits-1:0] head_address_i,
    output logic [              Half-1:0] head_o,
    input  wire                           we_i,
    input  wire  [       AddressBits-1:0] write_address_i,
    input  wire  [              Half-1:0] write_mask_i,
    input  wire  [              Half-1:0] write_data_i
);
  logic [Half-1:0] mem[Depth];

  assign head_o = mem[head_address_i];

  always_ff @(posedge clk_i) begin
    if (read_i) begin
      for (int d = 0; d < Degree; d++) begin
        rows_o[d*SlotBits+:SlotBits] <= SlotBits'(mem[read_address_i[d*AddressBits+:AddressBits]]);
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

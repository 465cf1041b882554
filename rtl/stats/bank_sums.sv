`default_nettype none
// Sums in two banks: one adds, the host reads the other.
//
//   clock 0: read_i, address_i -> clock 1: add_i, steps_i, fresh_i -> memory
//
// A row is Columns sums of Width bits; a step is signed. fresh_i: the row has counted nothing in
// this bank and begins with the step, so that no bank is ever cleared. One row per clock; the same
// row again after two clocks. The host's row is that of address and bank of the last clock with
// host_read_i, which may name the adding bank while nothing is read there. No reset: memories are
// undefined until a row has begun.
module bank_sums #(
    parameter int Depth       = 2,   // rows of a bank
    parameter int Columns     = 1,
    parameter int Width       = 32,
    parameter int StepBits    = 8,   // of a step, up to Width
    parameter int AddressBits = 1
) (
    input  wire                         clk_i,
    input  wire                         bank_i,          // that adds
    input  wire                         read_i,
    input  wire  [     AddressBits-1:0] address_i,
    input  wire                         add_i,           // to the row read in the last clock
    input  wire                         fresh_i,
    input  wire  [Columns*StepBits-1:0] steps_i,
    input  wire                         host_read_i,
    input  wire                         host_bank_i,
    input  wire  [     AddressBits-1:0] host_address_i,
    output logic [   Columns*Width-1:0] host_row_o
);
  logic [Columns*Width-1:0] mem0[Depth];
  logic [Columns*Width-1:0] mem1[Depth];
  logic [Columns*Width-1:0] row0_q, row1_q, sums;
  logic [AddressBits-1:0] address_q;
  logic host_bank_q;

  // guarded inside: a simulation computes nothing while nothing is added
  function automatic [Columns*Width-1:0] added(input add);
    added = '0;
    if (add) begin
      for (int k = 0; k < Columns; k++) begin
        added[k*Width+:Width] =
            (fresh_i ? '0 : bank_i ? row1_q[k*Width+:Width] : row0_q[k*Width+:Width]) +
            Width'($signed(steps_i[k*StepBits+:StepBits]));
      end
    end
  endfunction

  assign host_row_o = host_bank_q ? row1_q : row0_q;
  always_comb sums = added(add_i);

  always_ff @(posedge clk_i) begin
    if (read_i) address_q <= address_i;
    if (host_read_i) host_bank_q <= host_bank_i;
    if ((read_i && !bank_i) || (host_read_i && !host_bank_i)) begin
      row0_q <= mem0[read_i && !bank_i ? address_i : host_address_i];
    end
    if ((read_i && bank_i) || (host_read_i && host_bank_i)) begin
      row1_q <= mem1[read_i && bank_i ? address_i : host_address_i];
    end
    if (add_i && !bank_i) mem0[address_q] <= sums;
    if (add_i && bank_i) mem1[address_q] <= sums;
  end
endmodule
`default_nettype wire

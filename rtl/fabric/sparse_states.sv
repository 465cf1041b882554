`default_nettype none
// States and clamps of the sparse fabric: a word of Lanes bits for each p-bit of each context, and
// a bit for each p-bit.
//
// P ports read neighbours, P read the p-bits of a group (state and clamp), P write them; latency
// one clock, a write is seen by the reads of the next clock. Words stand in slots of 32 bits.
// Block memories have fewer ports: synthesis copies the memory or makes flip-flops of it.
// Undefined until the host has written it.
module sparse_states #(
    parameter int Sites       = 1,   // P
    parameter int Lanes       = 1,
    parameter int Contexts    = 1,
    parameter int ContextBits = 1,
    parameter int PbitBits    = 4,
    parameter int EntryBits   = 17   // of a neighbour, its index in the low bits
) (
    input  wire                        clk_i,
    input  wire  [    ContextBits-1:0] context_i,
    input  wire                        read_i,        // neighbours
    input  wire  [Sites*EntryBits-1:0] neighbours_i,
    output logic [       Sites*32-1:0] states_o,
    input  wire                        own_i,         // p-bits of a group
    input  wire  [ Sites*PbitBits-1:0] own_pbits_i,
    output logic [       Sites*32-1:0] old_o,
    output logic [          Sites-1:0] clamps_o,
    input  wire  [          Sites-1:0] we_i,
    input  wire  [    ContextBits-1:0] write_context_i,
    input  wire  [ Sites*PbitBits-1:0] write_pbits_i,
    input  wire  [       Sites*32-1:0] write_states_i,
    input  wire                        clamp_we_i,
    input  wire  [       PbitBits-1:0] clamp_pbit_i,
    input  wire                        clamp_i
);
  // derived, do not override
  localparam int AddressBits = PbitBits + (Contexts > 1 ? ContextBits : 0);

  logic [Lanes-1:0] state_mem[1 << AddressBits];
  logic clamp_mem[1 << PbitBits];
  logic [AddressBits-1:0] base, write_base;  // first p-bit of the context

  assign base       = Contexts > 1 ? AddressBits'(context_i) << PbitBits : '0;
  assign write_base = Contexts > 1 ? AddressBits'(write_context_i) << PbitBits : '0;

  always_ff @(posedge clk_i) begin
    if (read_i) begin
      for (int s = 0; s < Sites; s++) begin
        states_o[s*32+:32] <=
            32'(state_mem[base|AddressBits'(neighbours_i[s*EntryBits+:PbitBits])]);
      end
    end
    if (own_i) begin
      for (int s = 0; s < Sites; s++) begin
        old_o[s*32+:32] <= 32'(state_mem[base|AddressBits'(own_pbits_i[s*PbitBits+:PbitBits])]);
        clamps_o[s]     <= clamp_mem[own_pbits_i[s*PbitBits+:PbitBits]];
      end
    end
    if (clamp_we_i) clamp_mem[clamp_pbit_i] <= clamp_i;
  end

  for (genvar s = 0; s < Sites; s++) begin : g_port
    always @(posedge clk_i) begin
      if (we_i[s]) begin
        state_mem[write_base|AddressBits'(write_pbits_i[s*PbitBits+:PbitBits])] <=
            write_states_i[s*32+:Lanes];
      end
    end
  end
endmodule
`default_nettype wire

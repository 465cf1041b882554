`default_nettype none
// Twice the energy of each lane's replica, kept up to date by the updates of a group:
// 2E -= 2 I (s_new - s_old), or set by an energy pass: 2E = - sum s (I + h).
//
// Sums of a group's cells at stage 5; the present context's energies stand in registers, the others
// in a memory. NEXT stores and loads. 48 bits, signed, unit 2^-WeightFrac. No reset: the first
// sweep after a reset begins with a pass.
module sparse_energy #(
    parameter int Lanes       = 1,
    parameter int SumBits     = 32,  // of a group's fields, 32 or 64
    parameter int Contexts    = 1,
    parameter int ContextBits = 1,
    parameter int LaneBits    = 1
) (
    input  wire                     clk_i,
    input  wire                     en_i,
    input  wire                     clear_i,          // an energy pass begins
    input  wire                     valid5_i,
    input  wire                     pass5_i,
    input  wire [Lanes*SumBits-1:0] sums5_i,          // of the group
    input  wire                     load_i,
    input  wire                     keep_i,           // end of a sweep, with load_i
    input  wire  [ ContextBits-1:0] context_i,
    input  wire  [ ContextBits-1:0] load_context_i,
    input  wire  [    LaneBits-1:0] energy_lane_i,
    input  wire  [ ContextBits-1:0] energy_context_i,
    output logic [            47:0] energy_o
);
  logic [Lanes*48-1:0] energy_q;
  logic [Lanes*48-1:0] mem[Contexts];
  logic [Lanes*48-1:0] row;

  function automatic [Lanes*48-1:0] updated(input pass);
    logic [47:0] sum;
    updated = '0;
    for (int l = 0; l < Lanes; l++) begin
      sum = 48'($signed(sums5_i[l*SumBits+:SumBits]));
      if (!pass) sum = sum << 2;
      updated[l*48+:48] = energy_q[l*48+:48] - sum;
    end
  endfunction

  always_ff @(posedge clk_i) begin
    if (load_i) begin
      // with one context NEXT stores and loads the same word: what is here is the newest
      if (!keep_i || load_context_i != context_i) energy_q <= mem[load_context_i];
    end else if (en_i && clear_i) begin
      energy_q <= '0;
    end else if (en_i && valid5_i) begin
      energy_q <= updated(pass5_i);
    end
    if (keep_i) mem[context_i] <= energy_q;
  end

  assign row = mem[energy_context_i];
  assign energy_o = 48'($signed(row[32'(energy_lane_i)*48+1+:47]));
endmodule
`default_nettype wire

`default_nettype none
// The p-bit of one lane: local field in, new state out, one update per clock.
//
//   field --x beta, round--> index --table--> q --compare with random word--> new state
//
// Latency 3 clocks with en_i high: field_i (stage 3) -> index (4) -> table entry (5) -> new_o,
// combinational in stage 5. P(new = 1) = sigma(2 beta I), see docs/device.md, Activation.
// Formats: field signed, LSB 2^-WeightFrac; beta unsigned, LSB 2^-BetaFrac; table unsigned,
// unit 2^-ThresholdBits. The table memory is undefined until the host writes it.
`include "pbit_assert.svh"
module pbit_cell #(
    parameter int FieldBits     = 32,  // local field width
    parameter int BetaBits      = 16,  // beta width
    parameter int IndexShift    = 11,  // product LSBs below one table step, >= 1
    parameter int TableLog2     = 10,  // log2 of the table entries
    parameter int ThresholdBits = 24,  // 8..32
    parameter int Rounding      = 1,   // 1: round half away from zero, 0: truncate
    parameter int Generator     = 0,
    parameter int LfsrSteps     = 1
) (
    input  wire                      clk_i,
    input  wire                      en_i,          // the array advances
    // host writes while idle
    input  wire                      table_we_i,
    input  wire  [    TableLog2-1:0] table_addr_i,  // also the read address while checking
    input  wire  [ThresholdBits-1:0] table_data_i,
    input  wire                      check_i,       // image check: read the table at table_addr_i
    input  wire                      rng_load_i,
    input  wire  [              1:0] rng_word_i,
    input  wire  [             31:0] rng_data_i,
    // update pipeline
    input  wire  [     BetaBits-1:0] beta_i,
    input  wire  [    FieldBits-1:0] field_i,       // stage 3
    input  wire                      draw_i,        // stage 5: an update happens
    input  wire  [             31:0] word_i,        // stage 5: random word to decide with
    output logic [ThresholdBits-1:0] entry_o,       // stage 5: table entry
    output logic [             31:0] random_o,      // stage 5: random word of its own generator
    output logic                     sat_o,         // stage 5: index was clipped
    output logic                     freeze_o,      // stage 5: entry is 0
    output logic                     new_o          // stage 5: outcome
);
  localparam int ProdBits = FieldBits + BetaBits;  // derived, do not override
  localparam int Half = Rounding != 0 ? 1 : 0;     // derived
  `PBIT_REQUIRE(index_shift, IndexShift >= 1)
  `PBIT_REQUIRE(threshold_bits, ThresholdBits >= 8 && ThresholdBits <= 32)

  logic [ThresholdBits-1:0] table_mem[1 << TableLog2];
  logic [    TableLog2-1:0] index_q;
  logic pos4_q, sat4_q, pos5_q, sat5_q;
  logic [ThresholdBits-1:0] entry_q;

  logic [FieldBits-1:0] mag;
  logic [ProdBits-1:0] prod, steps;
  logic over;
  logic [ThresholdBits-1:0] u;

  always_comb begin
    mag   = field_i[FieldBits-1] ? -field_i : field_i;
    prod  = ProdBits'(mag) * ProdBits'(beta_i) + (ProdBits'(Half) << (IndexShift - 1));
    steps = prod >> IndexShift;
    over  = steps[ProdBits-1:TableLog2] != '0;
  end

  always_ff @(posedge clk_i) begin
    if (en_i) begin
      index_q <= over ? '1 : steps[TableLog2-1:0];
      sat4_q  <= over;
      pos4_q  <= !field_i[FieldBits-1] && field_i != '0;
      sat5_q  <= sat4_q;
      pos5_q  <= pos4_q;
    end
    if (en_i || check_i) entry_q <= table_mem[check_i ? table_addr_i : index_q];
    if (table_we_i) table_mem[table_addr_i] <= table_data_i;
  end

  pbit_rng #(.Generator(Generator), .LfsrSteps(LfsrSteps)) u_rng (
      .clk_i(clk_i), .load_i(rng_load_i), .load_word_i(rng_word_i), .load_data_i(rng_data_i),
      .en_i(en_i && draw_i), .word_o(random_o)
  );

  always_comb begin
    u        = word_i[31-:ThresholdBits];
    entry_o  = entry_q;
    sat_o    = sat5_q;
    freeze_o = entry_q == '0;
    new_o    = ((u ^ {ThresholdBits{pos5_q}}) < entry_q) ^ pos5_q;
  end
endmodule
`default_nettype wire

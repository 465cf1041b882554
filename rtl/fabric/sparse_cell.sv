`default_nettype none
// One cell of the sparse fabric in all lanes: the field of one p-bit of a group, its outcome and
// what it does to the energy, in Lanes replicas at once.
//
//   weight, neighbour's states -> accumulate a row per clock -> index -> table --+-> new states
//                                                        lattice_generators -----+
//
// Stages: 1 accumulate, 2 table index, 3 table, 4 decision, 5 outputs. A word of Lanes bits holds
// the states of a p-bit, lane l in bit l. The arithmetic is that of pbit_cell, in loops over 32-bit
// words, which a simulation runs in parallel. Fields are exact, unit 2^-WeightFrac. Pipeline
// contents are qualified outside; no reset. Behaviour: docs/device.md, The sparse fabric.
module sparse_cell #(
    parameter int Lanes         = 1,
    parameter int Vector        = 32,  // Lanes words, rounded up to a power of two of words
    parameter int ExactBits     = 24,  // of a field
    parameter int BetaBits      = 16,
    parameter int IndexShift    = 11,
    parameter int TableLog2     = 10,
    parameter int ThresholdBits = 24,
    parameter int Rounding      = 1,
    parameter int Generator     = 0,
    parameter int LfsrSteps     = 1,
    parameter int LaneBits      = 1
) (
    input  wire                      clk_i,
    input  wire                      en_i,
    input  wire  [     BetaBits-1:0] beta_i,
    input  wire                      coupled_i,
    // stage 1
    input  wire                      valid1_i,
    input  wire                      first1_i,        // the field starts from bias1_i
    input  wire  [             31:0] weight1_i,       // 0 for an entry that is not valid
    input  wire  [             31:0] states1_i,       // of the neighbour
    input  wire  [             31:0] bias1_i,
    // stages 2 to 4: a complete field
    input  wire                      valid2_i,
    input  wire                      valid3_i,
    input  wire                      valid4_i,
    input  wire                      pass4_i,         // for the energy alone
    input  wire                      active4_i,       // the cell has a p-bit
    input  wire                      clamp4_i,
    input  wire  [             31:0] old4_i,
    // stage 5
    output logic [             31:0] new5_o,
    output logic [             31:0] flip5_o,
    output logic [             31:0] sat5_o,
    output logic [             31:0] freeze5_o,
    output logic [       Vector-1:0] energy5_o,       // of each lane, signed
    // probe: registers of the last update seen
    input  wire                      probe_i,
    input  wire  [     LaneBits-1:0] probe_lane_i,
    output logic [             98:0] probe_o,
    // host
    input  wire                      table_we_i,
    input  wire  [    TableLog2-1:0] table_address_i,
    input  wire  [ThresholdBits-1:0] table_data_i,
    input  wire                      rng_we_i,
    input  wire  [     LaneBits-1:0] host_lane_i,
    input  wire  [              1:0] rng_word_i,
    input  wire  [             31:0] rng_data_i,
    input  wire                      check_i,         // read the tables at table_address_i
    output logic [ThresholdBits-1:0] check_word_o     // of lane host_lane_i
);
  // derived, do not override
  localparam int ProductBits = ExactBits + BetaBits;
  localparam int Half = Rounding != 0 ? 1 : 0;
  localparam logic [63:0] RoundUp = 64'(Half) << (IndexShift - 1);
  localparam logic [31:0] TableMax = (32'd1 << TableLog2) - 32'd1;
  localparam logic [31:0] Top = 32'hFFFFFFFF >> (32 - ThresholdBits);

  logic [Vector-1:0] acc_q, field3_q, field4_q, own_words, words;
  logic [Vector-1:0] index3_q, entries4_q;  // index: bit 31 set where it was clipped
  logic [31:0] sat4_q, outcome4, new4, flip4;
  logic held4;  // no outcome

  // Loops over lanes stay loops in simulation and run over 32-bit words: see rtl/lattice.flags.

  // +-weight, as the neighbour's state is: (w ^ m) - m.
  function automatic [Vector-1:0] fields(input first);
    logic [31:0] bits, minus, base, keep;
    fields = '0;
    base   = first ? bias1_i : '0;
    keep   = {32{~first}};
    for (int l = 0; l < Lanes; l++) begin
      bits             = states1_i >> l;
      minus            = (bits & 32'd1) - 32'd1;
      fields[l*32+:32] = (acc_q[l*32+:32] & keep) + base + (weight1_i ^ minus) - minus;
    end
  endfunction

  function automatic [Vector-1:0] indices(input [BetaBits-1:0] beta);
    logic [31:0] f, steps;
    logic [63:0] wide;
    indices = '0;
    for (int l = 0; l < Lanes; l++) begin
      f = acc_q[l*32+:32];
      if (f[31]) f = -f;
      if (ProductBits <= 32) begin
        steps = (f * 32'(beta) + RoundUp[31:0]) >> IndexShift;
      end else begin
        wide  = (64'(f) * 64'(beta) + RoundUp) >> IndexShift;
        steps = wide[63:31] != '0 ? 32'h7FFFFFFF : wide[31:0];
      end
      indices[l*32+:32] = steps > TableMax ? TableMax | 32'h80000000 : steps;
    end
  endfunction

  function automatic [31:0] clipped(input unused);
    clipped = '0;
    for (int l = 0; l < Lanes; l++) clipped = clipped | ((index3_q[l*32+:32] >> 31) << l);
  endfunction

  function automatic [31:0] zeros(input unused);
    zeros = '0;
    for (int l = 0; l < Lanes; l++) zeros = zeros | (32'(entries4_q[l*32+:32] == '0) << l);
  endfunction

  // u < q, or for a positive field its mirror image.
  function automatic [31:0] outcomes(input unused);
    logic [31:0] f, u, p, below;
    outcomes = '0;
    for (int l = 0; l < Lanes; l++) begin
      f        = field4_q[l*32+:32];
      u        = words[l*32+:32] >> (32 - ThresholdBits);
      p        = {32{!f[31] && f != '0}};
      below    = 32'((u ^ (p & Top)) < entries4_q[l*32+:32]);
      outcomes = outcomes | (((below ^ p) & 32'd1) << l);
    end
  endfunction

  // Field, with the sign of a state, in the lanes of a mask.
  function automatic [Vector-1:0] signed_fields(input [31:0] mask, input [31:0] states);
    logic [31:0] minus, keep;
    signed_fields = '0;
    for (int l = 0; l < Lanes; l++) begin
      minus = ((states >> l) & 32'd1) - 32'd1;
      keep  = -((mask >> l) & 32'd1);
      signed_fields[l*32+:32] = ((field4_q[l*32+:32] ^ minus) - minus) & keep;
    end
  endfunction

  // The upper lane of a pair of twins decides with the word of the lower.
  function automatic [Vector-1:0] paired(input unused);
    paired = '0;
    for (int l = 0; l < Lanes; l++) paired[l*32+:32] = own_words[(l&~1)*32+:32];
  endfunction
  always_comb begin
    if (coupled_i) words = paired(coupled_i);
    else words = own_words;
  end

  localparam logic [31:0] AllLanes = 32'hFFFFFFFF >> (32 - Lanes);
  always_comb begin
    if (valid4_i) outcome4 = outcomes(valid4_i);
    else outcome4 = '0;
  end
  assign held4 = clamp4_i || pass4_i || !active4_i;
  assign new4  = held4 ? old4_i : outcome4;
  assign flip4 = new4 ^ old4_i;

  always_ff @(posedge clk_i) begin
    if (en_i) begin
      if (valid1_i) acc_q <= fields(first1_i);
      if (valid2_i) begin
        field3_q <= acc_q;
        index3_q <= indices(beta_i);
      end
      if (valid3_i) begin
        field4_q <= field3_q;
        sat4_q   <= clipped(valid3_i);
      end
      if (valid4_i) begin
        new5_o    <= new4;
        flip5_o   <= flip4;
        sat5_o    <= held4 ? '0 : sat4_q;
        freeze5_o <= held4 ? '0 : zeros(valid4_i);
        energy5_o <= pass4_i ? signed_fields(active4_i ? AllLanes : '0, old4_i)
                             : signed_fields(flip4, new4);
      end
    end
  end

  // ---- tables ----
  for (genvar l = 0; l < Lanes; l++) begin : g_table
    logic [ThresholdBits-1:0] mem[1 << TableLog2];
    always_ff @(posedge clk_i) begin
      if ((en_i && valid3_i) || check_i) begin
        entries4_q[l*32+:32] <= 32'(mem[check_i ? table_address_i : index3_q[l*32+:TableLog2]]);
      end
      if (table_we_i) mem[table_address_i] <= table_data_i;
    end
  end
  if (Vector > Lanes * 32) begin : g_no_table
    always_ff @(posedge clk_i) if (table_we_i) entries4_q[Vector-1:Lanes*32] <= '0;
  end
  assign check_word_o = ThresholdBits'(entries4_q >> (32 * 32'(host_lane_i)));

  // ---- generators ----
  lattice_generators #(
      .Sites(Lanes), .Vector(Vector), .FirstSite(0), .Generator(Generator), .LfsrSteps(LfsrSteps)
  ) u_generators (
      .clk_i(clk_i), .draw_i(en_i && valid4_i && !pass4_i && active4_i), .load_i(rng_we_i),
      .load_site_i(16'(host_lane_i)), .load_word_i(rng_word_i), .load_data_i(rng_data_i),
      .words_o(own_words)
  );

  always_ff @(posedge clk_i) begin
    if (en_i && probe_i) begin
      probe_o <= {clamp4_i, old4_i[5'(probe_lane_i)], new4[5'(probe_lane_i)],
                  32'(entries4_q >> (32 * 32'(probe_lane_i))),
                  32'(words >> (32 * 32'(probe_lane_i))),
                  32'(field4_q >> (32 * 32'(probe_lane_i)))};
    end
  end
endmodule
`default_nettype wire

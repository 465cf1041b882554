`default_nettype none
// The cells of the sparse fabric: fields, outcomes and energies of a group of Sites p-bits in Lanes
// replicas at once. Cell (s, l) has number s Lanes + l, its own table and its own generator, or that
// of the first of CellsPerGenerator sites side by side.
//
//   weights, neighbours' states -> accumulate a row per clock -> index -> table --+-> new states
//                                                       lattice_generators -------+
//
// Stages: 1 accumulate, 2 table index, 3 table, 4 decision, 5 outputs. Words of 32 bits: of a site
// its weight, its bias, and the states of its p-bit, lane l in bit l; of a cell its field, index,
// entry and random word. The arithmetic is that of pbit_cell, in loops over words, which a
// simulation runs in parallel. Fields are exact, unit 2^-WeightFrac. Pipeline contents are
// qualified outside; no reset. Behaviour: docs/device.md, The sparse fabric.
module sparse_cells #(
    parameter int Sites         = 1,
    parameter int Lanes         = 1,
    parameter int ExactBits     = 24,  // of a field
    parameter int SumBits       = 32,  // of Sites fields, 32 or 64
    parameter int BetaBits      = 16,
    parameter int IndexShift    = 11,
    parameter int TableLog2     = 10,
    parameter int ThresholdBits = 24,
    parameter int Rounding      = 1,
    parameter int Generator     = 0,
    parameter int LfsrSteps     = 1,
    parameter int CellsPerGenerator = 1,  // a divisor of Sites
    parameter int LaneBits      = 1,
    parameter int Exchange      = 0,   // lanes may differ in beta
    parameter int Trace         = 0
) (
    input  wire                      clk_i,
    input  wire                      en_i,
    input  wire  [Lanes*BetaBits-1:0] beta_i,      // of each lane
    input  wire                      coupled_i,
    // stage 1
    input  wire                      valid1_i,
    input  wire                      first1_i,     // fields start from the biases
    input  wire  [     Sites*32-1:0] weights1_i,   // 0 where an entry is not valid
    input  wire  [     Sites*32-1:0] states1_i,    // of the neighbours
    input  wire  [     Sites*32-1:0] biases1_i,
    // stages 2 to 4: complete fields
    input  wire                      valid2_i,
    input  wire                      valid3_i,
    input  wire                      valid4_i,
    input  wire                      pass4_i,      // for the energy alone
    input  wire  [        Sites-1:0] active4_i,    // the site has a p-bit
    input  wire  [        Sites-1:0] clamps4_i,
    input  wire  [     Sites*32-1:0] old4_i,
    // stage 5
    output logic [     Sites*32-1:0] new5_o,
    output logic [     Sites*32-1:0] flips5_o,
    output logic [     Sites*32-1:0] sats5_o,
    output logic [     Sites*32-1:0] freezes5_o,
    output logic [Lanes*SumBits-1:0] sums5_o,      // pass: of s (I + h), else of s I where s flips
    // probe: registers of the last update seen of site probe_site_i
    input  wire                      probe_i,
    input  wire  [              5:0] probe_site_i,
    input  wire  [     LaneBits-1:0] probe_lane_i,
    output logic [             98:0] probe_o,
    // trace at stage 4: freeze, saturated, clamped, old, new; entry, word, field of a cell
    input  wire  [              5:0] trace_site_i,
    input  wire  [              4:0] trace_lane_i,
    output logic [            100:0] trace_o,
    // host
    input  wire                      table_we_i,
    input  wire  [    TableLog2-1:0] table_address_i,
    input  wire  [ThresholdBits-1:0] table_data_i,
    input  wire                      rng_we_i,
    input  wire  [             15:0] host_cell_i,  // also the cell of check_word_o
    input  wire  [              1:0] rng_word_i,
    input  wire  [             31:0] rng_data_i,
    input  wire                      check_i,      // read the tables at table_address_i
    output logic [ThresholdBits-1:0] check_word_o
);
  // derived, do not override
  localparam int Vector = Sites * Lanes * 32;
  localparam int SiteBits = Sites > 1 ? $clog2(Sites) : 1;
  localparam int ProductBits = ExactBits + BetaBits;
  localparam int Half = Rounding != 0 ? 1 : 0;
  localparam logic [63:0] RoundUp = 64'(Half) << (IndexShift - 1);
  localparam logic [31:0] TableMax = (32'd1 << TableLog2) - 32'd1;
  localparam logic [31:0] Top = 32'hFFFFFFFF >> (32 - ThresholdBits);

  logic [Vector-1:0] acc_q, field3_q, field4_q, entries4_q, words;
  logic [Vector/CellsPerGenerator-1:0] drawn;
  logic [Vector-1:0] index3_q;  // bit 31 set where it was clipped
  logic [Sites*32-1:0] sats4_q, new4;

  // Loops over sites and lanes stay loops in simulation: see rtl/sparse.flags.

  // ---- stage 1: +-weight, as the neighbour's state is: (w ^ m) - m ----
  function automatic [31:0] minus(input [31:0] states, input [31:0] lane);
    minus = ((states >> lane) & 32'd1) - 32'd1;
  endfunction

  always_ff @(posedge clk_i) begin
    if (en_i && valid1_i) begin
      for (int s = 0; s < Sites; s++) begin
        for (int l = 0; l < Lanes; l++) begin
          acc_q[(s*Lanes+l)*32+:32] <=
              (first1_i ? biases1_i[s*32+:32] : acc_q[(s*Lanes+l)*32+:32]) +
              (weights1_i[s*32+:32] ^ minus(states1_i[s*32+:32], l)) -
              minus(states1_i[s*32+:32], l);
        end
      end
    end
  end

  // ---- stages 2 and 3 ----
  function automatic [31:0] index_of(input [31:0] field, input [31:0] beta);
    logic [31:0] f, steps;
    logic [63:0] wide;
    f = field[31] ? -field : field;
    if (ProductBits <= 32) begin
      steps = (f * beta + RoundUp[31:0]) >> IndexShift;
    end else begin
      wide  = (64'(f) * 64'(beta) + RoundUp) >> IndexShift;
      steps = wide[63:31] != '0 ? 32'h7FFFFFFF : wide[31:0];
    end
    index_of = steps > TableMax ? TableMax | 32'h80000000 : steps;
  endfunction

  if (Exchange != 0) begin : g_betas
    logic [Lanes*32-1:0] betas;
    for (genvar l = 0; l < Lanes; l++) begin : g_lane
      assign betas[l*32+:32] = 32'(beta_i[l*BetaBits+:BetaBits]);
    end
    always_ff @(posedge clk_i) begin
      if (en_i && valid2_i) begin
        for (int s = 0; s < Sites; s++) begin
          for (int l = 0; l < Lanes; l++) begin
            index3_q[(s*Lanes+l)*32+:32] <=
                index_of(acc_q[(s*Lanes+l)*32+:32], betas[l*32+:32]);
          end
        end
      end
    end
  end else begin : g_beta  // one beta, one loop
    always_ff @(posedge clk_i) begin
      if (en_i && valid2_i) begin
        for (int i = 0; i < Sites * Lanes; i++) begin
          index3_q[i*32+:32] <= index_of(acc_q[i*32+:32], 32'(beta_i[BetaBits-1:0]));
        end
      end
    end
  end

  function automatic [Sites*32-1:0] clipped(input unused);
    logic [31:0] word;
    clipped = '0;
    for (int s = 0; s < Sites; s++) begin
      word = '0;
      for (int l = 0; l < Lanes; l++) word = word | ((index3_q[(s*Lanes+l)*32+:32] >> 31) << l);
      clipped[s*32+:32] = word;
    end
  endfunction

  always_ff @(posedge clk_i) begin
    if (en_i && valid2_i) field3_q <= acc_q;
    if (en_i && valid3_i) begin
      field4_q <= field3_q;
      sats4_q  <= clipped(valid3_i);
    end
  end

  // ---- stage 4 ----
  // u < q, or for a positive field its mirror image; the upper lane of a pair of twins takes the
  // word of the lower. A site that is clamped or has no p-bit, and an energy pass, keep the state.
  function automatic [Sites*32-1:0] outcomes(input coupled, input pass);
    logic [31:0] f, u, p, below, word;
    outcomes = '0;
    for (int s = 0; s < Sites; s++) begin
      word = '0;
      for (int l = 0; l < Lanes; l++) begin
        f     = field4_q[(s*Lanes+l)*32+:32];
        u     = coupled ? words[(s*Lanes+(l&~1))*32+:32] : words[(s*Lanes+l)*32+:32];
        u     = u >> (32 - ThresholdBits);
        p     = {32{!f[31] && f != '0}};
        below = 32'((u ^ (p & Top)) < entries4_q[(s*Lanes+l)*32+:32]);
        word  = word | (((below ^ p) & 32'd1) << l);
      end
      outcomes[s*32+:32] = pass || clamps4_i[s] || !active4_i[s] ? old4_i[s*32+:32] : word;
    end
  endfunction
  always_comb begin
    if (valid4_i) new4 = outcomes(coupled_i, pass4_i);
    else new4 = '0;
  end

  function automatic [Sites*32-1:0] zeros(input unused);
    logic [31:0] word;
    zeros = '0;
    for (int s = 0; s < Sites; s++) begin
      word = '0;
      for (int l = 0; l < Lanes; l++) begin
        word = word | (32'(entries4_q[(s*Lanes+l)*32+:32] == '0) << l);
      end
      zeros[s*32+:32] = word;
    end
  endfunction

  // 32 bits for each site whose p-bit is free.
  function automatic [Sites*32-1:0] free(input pass);
    free = '0;
    for (int s = 0; s < Sites; s++) begin
      free[s*32+:32] = {32{!pass && active4_i[s] && !clamps4_i[s]}};
    end
  endfunction

  function automatic [Lanes*SumBits-1:0] sums(input pass);
    logic [31:0] states, mask, x, m;
    sums = '0;
    for (int s = 0; s < Sites; s++) begin
      states = new4[s*32+:32];
      mask   = pass ? {32{active4_i[s]}} : states ^ old4_i[s*32+:32];
      for (int l = 0; l < Lanes; l++) begin
        m = ((states >> l) & 32'd1) - 32'd1;
        x = ((field4_q[(s*Lanes+l)*32+:32] ^ m) - m) & (-((mask >> l) & 32'd1));
        sums[l*SumBits+:SumBits] = sums[l*SumBits+:SumBits] + SumBits'($signed(x));
      end
    end
  endfunction

  always_ff @(posedge clk_i) begin
    if (en_i && valid4_i) begin
      new5_o     <= new4;
      flips5_o   <= new4 ^ old4_i;
      sats5_o    <= sats4_q & free(pass4_i);
      freezes5_o <= zeros(valid4_i) & free(pass4_i);
      sums5_o    <= sums(pass4_i);
    end
  end

  // ---- tables and generators ----
  for (genvar s = 0; s < Sites; s++) begin : g_site
    for (genvar l = 0; l < Lanes; l++) begin : g_lane
      logic [ThresholdBits-1:0] mem[1 << TableLog2];
      always_ff @(posedge clk_i) begin
        if ((en_i && valid3_i) || check_i) begin
          entries4_q[(s*Lanes+l)*32+:32] <=
              32'(mem[check_i ? table_address_i : index3_q[(s*Lanes+l)*32+:TableLog2]]);
        end
      end
      // The idle host writes, when nothing reads; blocking, which spares a simulation work in every
      // clock.
      always_ff @(posedge clk_i) if (table_we_i) mem[table_address_i] = table_data_i;
    end
    // it advances when one of its sites at least has a p-bit
    if (s % CellsPerGenerator == 0) begin : g_own
      logic wanted;
      assign wanted = active4_i[s+:CellsPerGenerator] != '0;
      lattice_generators #(
          .Sites(Lanes), .Vector(Lanes * 32), .FirstSite(s * Lanes), .Generator(Generator),
          .LfsrSteps(LfsrSteps)
      ) u_generators (
          .clk_i(clk_i), .valid_i(1'b1), .draw_i(en_i && valid4_i && !pass4_i && wanted),
          .load_i(rng_we_i), .load_site_i(host_cell_i), .load_word_i(rng_word_i),
          .load_data_i(rng_data_i), .words_o(drawn[s/CellsPerGenerator*Lanes*32+:Lanes*32])
      );
    end
    assign words[s*Lanes*32+:Lanes*32] = drawn[s/CellsPerGenerator*Lanes*32+:Lanes*32];
  end
  assign check_word_o = entries4_q[32*32'(host_cell_i)+:ThresholdBits];

  // ---- probe ----
  logic [31:0] probe_cell, probe_word;
  always_comb begin
    probe_cell = 32'(probe_site_i) * Lanes + 32'(probe_lane_i);
    probe_word = coupled_i ? probe_cell - 32'(probe_lane_i[0]) : probe_cell;
  end
  always_ff @(posedge clk_i) begin
    if (en_i && probe_i) begin
      probe_o <= {clamps4_i[SiteBits'(probe_site_i)],
                  old4_i[32*32'(probe_site_i)+32'(probe_lane_i)],
                  new4[32*32'(probe_site_i)+32'(probe_lane_i)], entries4_q[32*probe_cell+:32],
                  words[32*probe_word+:32], field4_q[32*probe_cell+:32]};
    end
  end

  // ---- trace ----
  if (Trace != 0) begin : g_trace
    logic [31:0] site, lane, number, decides;
    assign site    = 32'(trace_site_i);
    assign lane    = 32'(trace_lane_i);
    assign number  = site * Lanes + lane;
    assign decides = coupled_i ? number - 32'(lane[0]) : number;
    assign trace_o = {entries4_q[32*number+:32] == '0, sats4_q[32*site+lane],
                      clamps4_i[SiteBits'(site)], old4_i[32*site+lane], new4[32*site+lane],
                      entries4_q[32*number+:32], words[32*decides+:32], field4_q[32*number+:32]};
  end else begin : g_no_trace
    assign trace_o = '0;
  end
endmodule
`default_nettype wire

`default_nettype none
// Sites neighbouring cells of one lane: the fields of Sites p-bits of a row, or of Rows whole rows
// one below the other, their outcomes and their energies, one step per clock.
//
//   neighbours' rows -> rotate -> constant + 2 sum of w at +1 -> index -> table --+-> new states
//                                                       lattice_generators -------+
//
// Stages: 0 rows and weights registered outside, 1 field, 2 table index, 3 decision, 4 outputs. A
// rotation is one of two constants, by the parity of row and colour, so that a tap needs no other
// multiplexer, but for the part of a row when Sites < Half. The arithmetic is that of pbit_cell.
// Fields are exact, unit 2^-WeightFrac. Pipeline contents are qualified outside; no reset.
// Behaviour: docs/device.md.
module lattice_row #(
    parameter int Sites         = 3,
    parameter int Half          = 3,
    parameter int Rows          = 1,   // whole rows; 1: Sites may be part of one
    parameter int Stride        = 3,   // words of a plane of weights, at least Sites
    parameter int WeightsBits   = 225,
    parameter int FirstSite     = 0,   // number of its first cell among the sites of a step
    parameter int Degree        = 4,
    parameter logic [47:0] RuleA = 48'd0,
    parameter logic [47:0] RuleB = 48'd1,
    parameter int StoredBits    = 12,
    parameter int FieldBits     = 15,  // of the constant h - sum w, ExactBits or 32
    parameter int ExactBits     = 15,  // of a field
    parameter int BetaBits      = 16,
    parameter int IndexShift    = 11,
    parameter int TableLog2     = 10,
    parameter int ThresholdBits = 24,
    parameter int Rounding      = 1,
    parameter int Generator     = 0,
    parameter int LfsrSteps     = 1,
    parameter int Shared        = 0,   // one table for all cells (simulation)
    parameter int Trace         = 0
) (
    input  wire                                                   clk_i,
    input  wire                                                   en_i,
    input  wire  [                                  BetaBits-1:0] beta_i,
    // stage 0; offset: first site of the part
    input  wire                                                   valid0_i,
    input  wire                                                   valid1_i,
    input  wire                                                   valid2_i,
    input  wire                                                   parity0_i,  // of the first row
    input  wire  [                                           5:0] offset0_i,
    input  wire  [                                 Degree*64-1:0] rows0_i,    // 64 bits a slot
    input  wire  [WeightsBits-1:0] weights0_i,
    // stage 3
    input  wire                                                   valid3_i,
    input  wire  [                                     Sites-1:0] old3_i,
    input  wire  [                                     Sites-1:0] clamp3_i,
    input  wire  [                        (32<<$clog2(Stride))-1:0] words3_i,  // to decide with
    output logic [                        (32<<$clog2(Stride))-1:0] words3_o,  // of its generators
    // stage 4
    output logic [                                     Sites-1:0] new4_o,
    output logic [                                     Sites-1:0] flip4_o,
    output logic [                                     Sites-1:0] sat4_o,
    output logic [                                     Sites-1:0] freeze4_o,
    output logic [                                          47:0] field_sum4_o,  // of state x field
    output logic [                                          47:0] bias_sum4_o,   // of state x h
    // probe: registers of the last update of a chosen site
    input  wire                                                   probe_i,
    input  wire  [                                          15:0] probe_site_i,
    output logic                                                  probe_hit_o,
    output logic [                                          98:0] probe_o,
    // trace at stage 3: freeze, saturated, clamped, old, new; entry, word, field of a site, or 0
    input  wire  [                                          15:0] trace_site_i,
    output logic [                                         100:0] trace_o,
    // host
    input  wire                                                   table_we_i,
    input  wire  [                                 TableLog2-1:0] table_address_i,
    input  wire  [                             ThresholdBits-1:0] table_data_i,
    input  wire                                                   rng_we_i,
    input  wire  [                                          15:0] host_site_i,
    input  wire  [                                           1:0] rng_word_i,
    input  wire  [                                          31:0] rng_data_i,
    input  wire                                                   check_i,
    input  wire                                                   check_select_i,
    output logic [                             ThresholdBits-1:0] check_word_o
);
  // derived, do not override
  localparam int PlaneBits = Stride * StoredBits;
  localparam int Vector = 32 << $clog2(Stride);  // 32 bits a cell, and no odd number of them
  localparam int SlotBits = 64 << $clog2(Degree);
  localparam int ProductBits = ExactBits + BetaBits;
  localparam int SumBits = ExactBits + $clog2(Sites + 1) > 32 ? 64 : 32;
  localparam int Half0 = Rounding != 0 ? 1 : 0;
  localparam logic [63:0] RoundUp = 64'(Half0) << (IndexShift - 1);
  localparam logic [31:0] TableMax = (32'd1 << TableLog2) - 32'd1;
  localparam logic [31:0] Top = 32'hFFFFFFFF >> (32 - ThresholdBits);
  localparam int SiteBits = Sites > 1 ? $clog2(Sites) : 1;

  // The lowest bits of each row, and of every second one.
  function automatic [63:0] lowest(input integer bits, input integer first, input integer step);
    lowest = '0;
    for (int q = first; q < Rows; q = q + step) begin
      lowest = lowest | (((64'd1 << bits) - 64'd1) << (q * Half));
    end
  endfunction
  localparam logic [63:0] AllRows = lowest(Half, 0, 1);  // derived
  localparam logic [63:0] OddRows = lowest(Half, 1, 2);  // derived

  // Bit 64 d + i: the state of neighbour d of site i. Site i of parity p has x = 2i + p, and slot
  // 4k + m leads x by a, -b, -a, b. All rows of a slot are rotated at once.
  logic [SlotBits-1:0] neighbours;
  logic read0;
  assign read0 = Shared == 0 || valid0_i;  // a simulation rotates nothing else
  for (genvar d = 0; d < Degree; d++) begin : g_slot
    // derived
    localparam int A = 32'((RuleA >> (8 * (d / 4))) & 48'hFF);
    localparam int B = 32'((RuleB >> (8 * (d / 4))) & 48'hFF);
    localparam int X = d % 4 == 0 ? A : d % 4 == 1 ? 2 * Half - B : d % 4 == 2 ? 2 * Half - A : B;
    localparam int Shift0 = (X / 2) % Half;
    localparam int Shift1 = ((X + 1) / 2) % Half;
    localparam logic [63:0] Low0 = lowest(Half - Shift0, 0, 1);
    localparam logic [63:0] Low1 = lowest(Half - Shift1, 0, 1);

    function automatic [63:0] rotated(input valid);
      logic [63:0] word, turned0, turned1, odd_rows;
      rotated = '0;
      if (valid) begin
        word     = rows0_i[d*64+:64];
        turned0  = ((word >> Shift0) & Low0) | ((word << (Half - Shift0)) & ~Low0);
        turned1  = ((word >> Shift1) & Low1) | ((word << (Half - Shift1)) & ~Low1);
        odd_rows = {64{parity0_i}} ^ OddRows;
        rotated  = ((turned1 & odd_rows) | (turned0 & ~odd_rows)) & AllRows;
        if (Sites < Half) begin
          rotated = ((rotated >> offset0_i) | (rotated << (Half - 32'(offset0_i)))) & AllRows;
        end
      end
    endfunction
    logic [63:0] word;
    always_comb word = rotated(read0);
    assign neighbours[d*64+:64] = word;
  end
  if (SlotBits > Degree * 64) begin : g_rest
    assign neighbours[SlotBits-1:Degree*64] = '0;
  end

  logic [Vector-1:0] field1_q, field2_q, field3_q, bias1_q, bias2_q, bias3_q;
  logic [Vector-1:0] index2_q, entries3_q;  // index: bit 31 set where it was clipped
  logic [Sites-1:0] sat3_q;
  logic [Sites-1:0] new3;

  // Loops over cells stay loops in simulation and run over 32-bit words: see rtl/lattice.flags.

  function automatic [Vector-1:0] fields(input [SlotBits-1:0] states);
    logic [63:0] bits;
    fields = '0;
    for (int d = 0; d < Degree; d++) begin
      for (int i = 0; i < Stride; i++) begin
        bits             = states[d*64+:64] >> i;
        fields[i*32+:32] = fields[i*32+:32] +
            (32'($signed(weights0_i[(d*Stride+i)*StoredBits+:StoredBits])) &
             {32{bits[0]}});
      end
    end
    for (int i = 0; i < Stride; i++) begin
      fields[i*32+:32] = (fields[i*32+:32] << 1) +
          32'($signed(weights0_i[(Degree+1)*PlaneBits+i*FieldBits+:FieldBits]));
    end
  endfunction

  // Bit 31 set where it was clipped.
  function automatic [31:0] index_of(input [31:0] field, input [BetaBits-1:0] beta);
    logic [31:0] f, steps;
    logic [63:0] wide;
    f = field[31] ? -field : field;
    if (ProductBits <= 32) begin
      steps = (f * 32'(beta) + RoundUp[31:0]) >> IndexShift;
    end else begin
      wide  = (64'(f) * 64'(beta) + RoundUp) >> IndexShift;
      steps = wide[63:31] != '0 ? 32'h7FFFFFFF : wide[31:0];
    end
    index_of = steps > TableMax ? TableMax | 32'h80000000 : steps;
  endfunction

  function automatic [Vector-1:0] indices(input [BetaBits-1:0] beta);
    for (int i = 0; i < Vector / 32; i++) begin
      indices[i*32+:32] = index_of(field1_q[i*32+:32], beta);
    end
  endfunction

  function automatic [63:0] clipped(input [Vector-1:0] unused);
    clipped = '0;
    for (int i = 0; i < Sites; i++) clipped = clipped | (64'(index2_q[i*32+31]) << i);
  endfunction

  function automatic [63:0] zeros(input [Vector-1:0] unused);
    zeros = '0;
    for (int i = 0; i < Sites; i++) zeros = zeros | (64'(entries3_q[i*32+:32] == '0) << i);
  endfunction

  // u < q, or for a positive field its mirror image.
  function automatic [63:0] outcomes(input valid);
    logic [31:0] f, u, p, below;
    outcomes = '0;
    if (valid) begin
      for (int i = 0; i < Sites; i++) begin
        f        = field3_q[i*32+:32];
        u        = words3_i[i*32+:32] >> (32 - ThresholdBits);
        p        = {32{!f[31] && f != '0}};
        below    = 32'((u ^ (p & Top)) < entries3_q[i*32+:32]);
        below    = (below ^ p) & 32'd1;
        outcomes = outcomes | (64'(below) << i);
      end
    end
  endfunction

  // Sums of +-x over the sites, + where the state is 1.
  function automatic [47:0] field_sum(input [63:0] states);
    logic [SumBits-1:0] x, minus, total;
    logic [63:0] wide, plus;
    total = '0;
    for (int i = 0; i < Sites; i++) begin
      wide  = 64'($signed(field3_q[i*32+:32]));
      x     = wide[SumBits-1:0];
      plus  = states >> i;
      minus = {SumBits{~plus[0]}};
      total = total + (x ^ minus) - minus;
    end
    field_sum = 48'($signed(total));
  endfunction

  function automatic [47:0] bias_sum(input [63:0] states);
    logic [SumBits-1:0] x, minus, total;
    logic [63:0] wide, plus;
    total = '0;
    for (int i = 0; i < Sites; i++) begin
      wide  = 64'($signed(bias3_q[i*32+:32]));
      x     = wide[SumBits-1:0];
      plus  = states >> i;
      minus = {SumBits{~plus[0]}};
      total = total + (x ^ minus) - minus;
    end
    bias_sum = 48'($signed(total));
  endfunction

  assign new3 = (outcome3 & ~clamp3_i) | (old3_i & clamp3_i);

  logic [Sites-1:0] outcome3;
  always_comb outcome3 = Sites'(outcomes(valid3_i));

  always_ff @(posedge clk_i) begin
    if (en_i) begin
      if (valid0_i) begin
        field1_q <= fields(neighbours);
        for (int i = 0; i < Stride; i++) begin
          bias1_q[i*32+:32] <=
              32'($signed(weights0_i[Degree*PlaneBits+i*StoredBits+:StoredBits]));
        end
      end
      if (valid1_i) begin
        field2_q <= field1_q;
        bias2_q  <= bias1_q;
        index2_q <= indices(beta_i);
      end
      if (valid2_i) begin
        field3_q <= field2_q;
        bias3_q  <= bias2_q;
        sat3_q   <= Sites'(clipped(index2_q));
      end
      if (valid3_i) begin
        new4_o       <= new3;
        flip4_o      <= new3 ^ old3_i;
        sat4_o       <= sat3_q & ~clamp3_i;
        freeze4_o    <= Sites'(zeros(entries3_q)) & ~clamp3_i;
        field_sum4_o <= field_sum(64'(new3));
        bias_sum4_o  <= bias_sum(64'(new3));
      end
    end
  end

  // ---- tables: one a cell, or in simulation one for all, which holds the same ----
  if (Shared != 0) begin : g_shared
    logic [31:0] table_mem[1 << TableLog2];
    always_ff @(posedge clk_i) begin
      if (check_i || (en_i && valid2_i)) begin
        for (int i = 0; i < Sites; i++) begin
          entries3_q[i*32+:32] <=
              table_mem[check_i ? table_address_i : index2_q[i*32+:TableLog2]];
        end
      end
      if (table_we_i) table_mem[table_address_i] <= 32'(table_data_i);
    end
  end else begin : g_own
    for (genvar i = 0; i < Sites; i++) begin : g_cell
      logic [ThresholdBits-1:0] table_mem[1 << TableLog2];
      always_ff @(posedge clk_i) begin
        if (en_i || check_i) begin
          entries3_q[i*32+:32] <= 32'(table_mem[check_i ? table_address_i
                                                        : index2_q[i*32+:TableLog2]]);
        end
        if (table_we_i) table_mem[table_address_i] <= table_data_i;
      end
    end
    if (Vector > Sites * 32) begin : g_no_cell
      always_ff @(posedge clk_i) if (table_we_i) entries3_q[Vector-1:Sites*32] <= '0;
    end
  end

  // ---- generators: word j of the states in plane j ----
  lattice_generators #(
      .Sites(Sites), .Vector(Vector), .FirstSite(FirstSite), .Generator(Generator),
      .LfsrSteps(LfsrSteps)
  ) u_generators (
      .clk_i(clk_i), .valid_i(Shared == 0 || valid3_i), .draw_i(en_i && valid3_i),
      .load_i(rng_we_i), .load_site_i(host_site_i), .load_word_i(rng_word_i),
      .load_data_i(rng_data_i), .words_o(words3_o)
  );

  // ---- probe and check ----
  logic [15:0] probe_index, check_index;
  always_comb begin
    probe_index  = probe_site_i - 16'(FirstSite);
    probe_hit_o  = probe_i && 32'(probe_index) < Sites;
  end
  assign check_index  = host_site_i - 16'(FirstSite);
  assign check_word_o = check_select_i && 32'(check_index) < Sites
                            ? ThresholdBits'(entries3_q >> (32 * 32'(check_index))) : '0;
  always_ff @(posedge clk_i) begin
    if (en_i && probe_hit_o) begin
      probe_o <= {clamp3_i[SiteBits'(probe_index)], old3_i[SiteBits'(probe_index)],
                  new3[SiteBits'(probe_index)], 32'(entries3_q >> (32 * 32'(probe_index))),
                  32'(words3_i >> (32 * 32'(probe_index))),
                  32'(field3_q >> (32 * 32'(probe_index)))};
    end
  end
  if (Trace != 0) begin : g_trace
    logic [15:0] at;
    logic [SiteBits-1:0] site;
    assign at      = trace_site_i - 16'(FirstSite);
    assign site    = SiteBits'(at);
    assign trace_o = 32'(at) >= Sites ? '0
        : {entries3_q[32*32'(site)+:32] == '0, sat3_q[site], clamp3_i[site], old3_i[site],
           new3[site], entries3_q[32*32'(site)+:32], words3_i[32*32'(site)+:32],
           field3_q[32*32'(site)+:32]};
  end else begin : g_no_trace
    assign trace_o = '0;
  end
endmodule
`default_nettype wire

`default_nettype none
// One lane of the lattice fabric: states of its replicas, one at a time, and Sites cells in Banks
// rows.
//
//   lattice_bank (one a row of the step) -> lattice_row -> write-back, events, energy
//
// Stage numbers are those of lattice_row; a step's states are in memory 6 clocks after its
// operation. The energy of a sweep is that of the states after its last half-sweep: fields of the
// colour updated last, biases of the other. No reset: memories are written by the host, the rest is
// qualified outside. Behaviour: docs/device.md, The lattice fabric.
module lattice_lane #(
    parameter int Sites         = 3,
    parameter int Half          = 3,
    parameter int Banks         = 1,   // rows of a step
    parameter int Rows          = 1,   // of them in one lattice_row
    parameter int Parts         = 1,   // steps of a row
    parameter int Depth         = 12,  // rows of a bank: contexts, colours
    parameter int AddressBits   = 4,
    parameter int Contexts      = 1,
    parameter int ContextBits   = 1,
    parameter int Degree        = 4,
    parameter logic [47:0] RuleA = 48'd0,
    parameter logic [47:0] RuleB = 48'd1,
    parameter int Stride        = 3,
    parameter int WeightsBits   = 225,  // of a row of cells
    parameter int StoredBits    = 12,
    parameter int FieldBits     = 15,
    parameter int ExactBits     = 15,
    parameter int BetaBits      = 16,
    parameter int IndexShift    = 11,
    parameter int TableLog2     = 10,
    parameter int ThresholdBits = 24,
    parameter int Rounding      = 1,
    parameter int Generator     = 0,
    parameter int LfsrSteps     = 1,
    parameter int Shared        = 0,   // one table for a row of cells (simulation)
    parameter int Trace         = 0
) (
    input  wire                                                         clk_i,
    input  wire                                                         en_i,
    input  wire  [                                        BetaBits-1:0] beta_i,
    // the operation, and its stages
    input  wire                                                         step_i,
    input  wire  [                                     AddressBits-1:0] row_i,    // of every bank
    input  wire  [                                     AddressBits-1:0] first_i,  // neighbours' colour
    input  wire                                                         valid0_i,
    input  wire                                                         valid1_i,
    input  wire                                                         valid2_i,
    input  wire                                                         parity0_i,
    input  wire  [                                                 5:0] offset0_i,
    input  wire  [                          Banks/Rows*WeightsBits-1:0] weights0_i,
    input  wire                                                         head_read_i,
    input  wire  [                                     AddressBits-1:0] head_address_i,
    input  wire  [                                                 5:0] head_offset_i,
    output logic [                                           Sites-1:0] head_o,
    input  wire                                                         valid3_i,
    input  wire  [                                           Sites-1:0] clamp3_i,
    input  wire  [                 Banks/Rows*(32<<$clog2(Stride))-1:0] words3_i,
    output logic [                 Banks/Rows*(32<<$clog2(Stride))-1:0] words3_o,
    input  wire                                                         valid4_i,
    input  wire                                                         first4_i,
    input  wire  [                                     AddressBits-1:0] address4_i,
    input  wire  [                                                 5:0] offset4_i,
    output logic [                                           Sites-1:0] flip4_o,
    output logic [                                           Sites-1:0] sat4_o,
    output logic [                                           Sites-1:0] freeze4_o,
    // energy
    input  wire                                                         keep_i,  // end of a sweep
    input  wire  [                                     ContextBits-1:0] context_i,
    input  wire  [                                     ContextBits-1:0] energy_context_i,
    output logic [                                                47:0] energy_o,
    // probe
    input  wire                                                         probe_i,
    input  wire  [                                                15:0] probe_site_i,
    output logic [                                      Banks/Rows-1:0] probe_hit_o,
    output logic [                                   Banks/Rows*99-1:0] probe_o,
    // trace of a site at stage 3, as of lattice_row
    input  wire  [                                                15:0] trace_site_i,
    output logic [                                               100:0] trace_o,
    // host
    input  wire                                                         state_we_i,
    input  wire                                                         state_bit_i,
    input  wire  [                                           Banks-1:0] row_we_i,  // row full
    input  wire  [                                     AddressBits-1:0] row_address_i,
    input  wire                                                         table_we_i,
    input  wire  [                                       TableLog2-1:0] table_address_i,
    input  wire  [                                   ThresholdBits-1:0] table_data_i,
    input  wire                                                         rng_we_i,
    input  wire  [                                                15:0] host_site_i,
    input  wire  [                                                 1:0] rng_word_i,
    input  wire  [                                                31:0] rng_data_i,
    input  wire                                                         check_i,
    input  wire                                                         check_select_i,
    output logic [                                   ThresholdBits-1:0] check_word_o
);
  // derived
  localparam int RowSites = Sites / Banks;
  localparam int Groups = Banks / Rows;
  localparam int GroupSites = Sites / Groups;
  localparam int SlotBits = Half > 32 ? 64 : 32;  // of a row of neighbours
  localparam int Vector = 32 << $clog2(Stride);

  logic [Groups*48-1:0] field_sums, bias_sums;
  logic [Groups*ThresholdBits-1:0] check_words;
  logic [Groups*101-1:0] traces;
  logic [Half-1:0] host_row_q, host_row;
  logic [Sites-1:0] new4;

  assign host_row = Half'({state_bit_i, host_row_q} >> 1);
  always_ff @(posedge clk_i) begin
    if (state_we_i) host_row_q <= host_row;
  end

  logic [Groups*Degree*64-1:0] neighbours;  // rows of the neighbours of a vector's slots
  if (Shared != 0 && Parts == 1) begin : g_states
    lattice_states #(
        .Half(Half), .Banks(Banks), .Rows(Rows), .Depth(Depth), .AddressBits(AddressBits),
        .Degree(Degree), .RuleA(RuleA), .RuleB(RuleB)
    ) u_states (
        .clk_i(clk_i), .read_i(en_i && step_i), .row_i(row_i), .first_i(first_i),
        .rows_o(neighbours), .head_read_i(head_read_i), .head_address_i(head_address_i),
        .head_o(head_o), .we_i(en_i && valid4_i), .write_address_i(address4_i),
        .write_data_i(new4), .row_we_i(row_we_i), .row_address_i(row_address_i),
        .row_data_i(host_row)
    );
  end else begin : g_banks
    logic [Banks*Degree*SlotBits-1:0] rows;
    for (genvar r = 0; r < Banks; r++) begin : g_bank
      logic [Half-1:0] head, mask, data;
      assign head_o[r*RowSites+:RowSites] = RowSites'(head >> (Parts > 1 ? head_offset_i : '0));
      always_comb begin
        mask = Half'({RowSites{1'b1}}) << (Parts > 1 ? offset4_i : '0);
        data = Half'(new4[r*RowSites+:RowSites]) << (Parts > 1 ? offset4_i : '0);
        if (row_we_i[r]) begin
          mask = '1;
          data = host_row;
        end
      end
      lattice_bank #(
          .Half(Half), .Banks(Banks), .Number(r), .Depth(Depth), .AddressBits(AddressBits),
          .Degree(Degree), .RuleA(RuleA), .RuleB(RuleB), .SlotBits(SlotBits), .Parts(Parts)
      ) u_bank (
          .clk_i(clk_i), .read_i(en_i && step_i),
          .row_i(row_i), .first_i(first_i), .rows_o(rows[r*Degree*SlotBits+:Degree*SlotBits]),
          .head_read_i(head_read_i), .head_address_i(head_address_i), .head_o(head),
          .we_i(row_we_i[r] || (en_i && valid4_i)),
          .write_address_i(row_we_i[r] ? row_address_i : address4_i), .write_mask_i(mask),
          .write_data_i(data)
      );
    end
    for (genvar v = 0; v < Groups; v++) begin : g_row
      for (genvar d = 0; d < Degree; d++) begin : g_slot
        // derived; slot 4k + m leads y by b, a, -b, -a
        localparam int A = 32'((RuleA >> (8 * (d / 4))) & 48'hFF);
        localparam int B = 32'((RuleB >> (8 * (d / 4))) & 48'hFF);
        localparam int Y = d % 4 == 0 ? B : d % 4 == 1 ? A : d % 4 == 2 ? 2 * Half - B
                                                                        : 2 * Half - A;
        function automatic [63:0] gathered(input valid);
          gathered = '0;
          if (valid) begin
            for (int q = 0; q < Rows; q++) begin
              gathered[q*Half+:Half] = rows[((v*Rows+q+Y)%Banks*Degree+d)*SlotBits+:Half];
            end
          end
        endfunction
        logic [63:0] word;
        always_comb word = gathered(Shared == 0 || valid0_i);
        assign neighbours[(v*Degree+d)*64+:64] = word;
      end
    end
  end
  for (genvar v = 0; v < Groups; v++) begin : g_row
    lattice_row #(
        .Sites(GroupSites), .Half(Half), .Rows(Rows), .Stride(Stride), .WeightsBits(WeightsBits),
        .FirstSite(v * GroupSites), .Degree(Degree),
        .RuleA(RuleA), .RuleB(RuleB), .StoredBits(StoredBits), .FieldBits(FieldBits),
        .ExactBits(ExactBits), .BetaBits(BetaBits), .IndexShift(IndexShift), .TableLog2(TableLog2),
        .ThresholdBits(ThresholdBits), .Rounding(Rounding), .Generator(Generator),
        .LfsrSteps(LfsrSteps), .Shared(Shared), .Trace(Trace)
    ) u_row (
        .clk_i(clk_i), .en_i(en_i), .beta_i(beta_i), .valid0_i(valid0_i), .valid1_i(valid1_i),
        .valid2_i(valid2_i),
        .parity0_i(parity0_i ^ (v * Rows % 2 == 1)), .offset0_i(offset0_i),
        .rows0_i(neighbours[v*Degree*64+:Degree*64]),
        .weights0_i(weights0_i[v*WeightsBits+:WeightsBits]), .valid3_i(valid3_i),
        .old3_i(head_o[v*GroupSites+:GroupSites]), .clamp3_i(clamp3_i[v*GroupSites+:GroupSites]),
        .words3_i(words3_i[v*Vector+:Vector]), .words3_o(words3_o[v*Vector+:Vector]),
        .new4_o(new4[v*GroupSites+:GroupSites]),
        .flip4_o(flip4_o[v*GroupSites+:GroupSites]), .sat4_o(sat4_o[v*GroupSites+:GroupSites]),
        .freeze4_o(freeze4_o[v*GroupSites+:GroupSites]),
        .field_sum4_o(field_sums[v*48+:48]),
        .bias_sum4_o(bias_sums[v*48+:48]), .probe_i(probe_i),
        .probe_site_i(probe_site_i), .probe_hit_o(probe_hit_o[v]), .probe_o(probe_o[v*99+:99]),
        .trace_site_i(trace_site_i), .trace_o(traces[v*101+:101]),
        .table_we_i(table_we_i), .table_address_i(table_address_i), .table_data_i(table_data_i),
        .rng_we_i(rng_we_i), .host_site_i(host_site_i), .rng_word_i(rng_word_i),
        .rng_data_i(rng_data_i), .check_i(check_i), .check_select_i(check_select_i),
        .check_word_o(check_words[v*ThresholdBits+:ThresholdBits])
    );
  end

  // ---- energy ----
  logic [47:0] energy_mem[Contexts];
  logic [47:0] field_q, bias_q, other_bias_q;

  function automatic [47:0] total(input [Groups*48-1:0] sums);
    total = '0;
    for (int v = 0; v < Groups; v++) total = total + sums[v*48+:48];
  endfunction

  always_ff @(posedge clk_i) begin
    if (en_i && valid4_i) begin
      field_q <= (first4_i ? '0 : field_q) + total(field_sums);
      bias_q  <= (first4_i ? '0 : bias_q) + total(bias_sums);
      if (first4_i) other_bias_q <= bias_q;
    end
    if (keep_i) energy_mem[context_i] <= -(field_q + other_bias_q);
  end
  assign energy_o = energy_mem[energy_context_i];

  function automatic [ThresholdBits-1:0] merged(input [Groups*ThresholdBits-1:0] entries);
    merged = '0;
    for (int v = 0; v < Groups; v++) merged = merged | entries[v*ThresholdBits+:ThresholdBits];
  endfunction
  assign check_word_o = merged(check_words);

  function automatic [100:0] traced(input [Groups*101-1:0] rows_of_cells);
    traced = '0;
    for (int v = 0; v < Groups; v++) traced = traced | rows_of_cells[v*101+:101];
  endfunction
  assign trace_o = traced(traces);
endmodule
`default_nettype wire

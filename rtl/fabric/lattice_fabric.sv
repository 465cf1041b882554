`default_nettype none
// Lattice fabric: Side x Side p-bits in two colours with 4 NRules weights each, in Lanes*Contexts
// replicas on one weight memory; Sites p-bits of each lane are updated per clock.
//
//   operation -> [weights (one memory a row of the step), clamps] -> lanes (stages 0..4) -> events
//                 host: column counters                             +-> emit buffer -> stream
//
// Row y of one colour is Side/2 p-bits; the neighbours in slot d of a row of sites are another row,
// rotated by a constant. en_i low freezes the whole array. Reset clears valid bits; memories are
// undefined until the host has written them. Behaviour: docs/device.md, The lattice fabric.
// Tested in lock-step against the C twin.
module lattice_fabric #(
    parameter int Side          = 6,   // even, 4..128
    parameter int Sites         = 3,   // divides Side/2, or m Side/2 with m a divisor of Side
    parameter int NRules        = 1,
    parameter logic [47:0] RuleA = 48'd0,  // byte k: a of rule k
    parameter logic [47:0] RuleB = 48'd1,
    parameter int Lanes         = 1,
    parameter int Contexts      = 1,
    parameter int WeightBits    = 12,
    parameter int BetaBits      = 16,
    parameter int IndexShift    = 11,
    parameter int TableLog2     = 10,
    parameter int ThresholdBits = 24,
    parameter int Rounding      = 1,
    parameter int Generator     = 0,
    parameter int LfsrSteps     = 1,
    parameter int CellsPerGenerator = 1,  // a divisor of Sites
    parameter int IndexBits     = 4,
    parameter int ContextBits   = 1,
    parameter int LaneBits      = 1,
    parameter int CellBits      = 2,
    parameter int CountBits     = 2,
    parameter int Trace         = 0,
    parameter int Padded        = 0    // words of 32 bits where a simulation is faster with them
) (
    input  wire                    clk_i,
    input  wire                    rst_ni,
    input  wire                    en_i,
    input  wire                    coupled_i,
    input  wire  [Lanes*BetaBits-1:0] beta_i,     // of each lane; holds during a sweep
    // operation counter
    input  wire                    sweep_i,
    output logic                   end_o,
    input  wire                    read_only_i,
    input  wire                    due_i,
    input  wire                    palindromic_i,
    input  wire                    reversed_i,
    input  wire                    next_i,
    input  wire  [ContextBits-1:0] context_i,
    // words to the sample stream
    output logic                   emit_o,
    output logic                   emit_last_o,
    output logic [            5:0] emit_count_o,
    output logic [           31:0] emit_data_o,
    // events of this clock
    output logic [  CountBits-1:0] flip_count_o,
    output logic                   flip_hidden_o,
    output logic [  CountBits-1:0] sat_count_o,
    output logic [  CountBits-1:0] freeze_count_o,
    // probe
    input  wire  [           15:0] probe_pbit_i,
    input  wire  [   LaneBits-1:0] probe_lane_i,
    input  wire  [ContextBits-1:0] probe_context_i,
    output logic [           31:0] probe_field_o,
    output logic [           31:0] probe_random_o,
    output logic [           31:0] probe_entry_o,
    output logic [            2:0] probe_state_o,
    // trace: of cell (trace_site_i, trace_lane_i), as trace_port wants it; 0 without the port
    output logic                   trace_valid_o,   // updates are in the stage of the decision
    input  wire  [           15:0] trace_site_i,
    input  wire  [            4:0] trace_lane_i,
    output logic [          117:0] trace_o,
    // energy read-out
    input  wire  [   LaneBits-1:0] energy_lane_i,
    input  wire  [ContextBits-1:0] energy_context_i,
    output logic [           47:0] energy_o,
    // host image port while idle
    input  wire                    weight_push_i,
    input  wire                    weight_commit_i,
    input  wire                    table_we_i,
    input  wire                    clamp_we_i,
    input  wire                    state_we_i,
    input  wire                    rng_we_i,
    input  wire  [           15:0] host_row_i,
    input  wire  [           15:0] host_col_i,
    input  wire  [           31:0] host_data_i,
    // image check
    input  wire                    check_busy_i,
    input  wire                    check_read_row_i,
    input  wire  [  IndexBits-1:0] check_index_i,
    input  wire                    check_load_row_i,
    input  wire                    check_shift_row_i,
    output logic [           31:0] check_row_word_o,
    input  wire                    check_read_table_i,
    input  wire  [  TableLog2-1:0] check_table_address_i,
    input  wire  [   CellBits-1:0] check_cell_i,
    output logic [           31:0] check_table_word_o,
    input  wire                    check_read_clamp_i,
    output logic                   check_clamp_o
);
  // derived, do not override
  localparam int Half = Side / 2;
  localparam int Steps = Side * Half / Sites;
  localparam int Banks = Sites > Half ? Sites / Half : 1;      // rows of a step
  localparam int Parts = Sites < Half ? Half / Sites : 1;      // steps of a row
  localparam int BankRows = Side / Banks;
  // rows of a step in one lattice_row: a divisor of Banks, 64 sites at most
  function automatic integer rows_together(input integer banks, input integer half);
    rows_together = 1;
    for (int k = 2; k <= banks; k++) begin
      if (banks % k == 0 && k * half <= 64) rows_together = k;
    end
  endfunction
  localparam int Together = rows_together(Banks, Half);
  localparam int Vectors = Banks / Together;
  localparam int RowSites = Sites / Vectors;
  localparam int Degree = 4 * NRules;
  localparam int Depth = Contexts * 2 * BankRows;
  localparam int AddressBits = $clog2(Depth);
  localparam int Cells = Sites * Lanes;
  localparam int Groups = (Cells + 31) / 32;
  localparam int RowBits = $clog2(2 * Steps);
  localparam int LastGroup = Cells - 32 * (Groups - 1);
  localparam int StoredBits = Padded != 0 ? 32 : WeightBits;
  localparam int ExactBits = WeightBits + $clog2(Degree + 2);  // of a field
  localparam int FieldBits = Padded != 0 ? 32 : ExactBits;
  localparam int Stride = Padded != 0 ? (RowSites + 15) / 16 * 16 : RowSites;
  localparam int RowBits0 = Stride * ((Degree + 1) * StoredBits + FieldBits);
  localparam int RowWeights = Padded != 0 ? 1 << $clog2(RowBits0) : RowBits0;
  localparam int Words = Vectors * (32 << $clog2(Stride));  // of a lane's generators

  // ---- operation and its stages ----
  logic step, odd, first, emit, emit_first, emit_group, emit_last;
  logic [IndexBits-1:0] index, row, part, base;
  lattice_operations #(
      .Steps(Steps), .Parts(Parts), .Groups(Groups), .Sites(Sites), .IndexBits(IndexBits)
  ) u_operations (
      .clk_i(clk_i), .rst_ni(rst_ni), .en_i(en_i), .sweep_i(sweep_i), .read_only_i(read_only_i),
      .emit_i(due_i), .palindromic_i(palindromic_i), .reversed_i(reversed_i), .end_o(end_o),
      .step_o(step), .odd_o(odd),
      .first_o(first), .index_o(index), .row_o(row), .part_o(part), .base_o(base),
      .emit_o(emit), .emit_first_o(emit_first), .emit_group_o(emit_group),
      .emit_last_o(emit_last)
  );

  logic valid0_q, valid1_q, valid2_q, valid3_q, valid4_q;
  logic odd0_q, odd1_q, odd2_q, odd3_q, odd4_q;
  logic first0_q, first1_q, first2_q, first3_q, first4_q;
  logic [5:0] offset, offset0_q, offset1_q, offset2_q, offset3_q, offset4_q;
  logic [AddressBits-1:0] address0_q, address1_q, address2_q, address3_q, address4_q;
  logic [IndexBits-1:0] base0_q, base1_q, base2_q, base3_q;
  logic parity0_q;
  logic [Sites-1:0] clamp0_q, clamp1_q, clamp2_q, clamp3_q;
  logic [AddressBits-1:0] own_rows, other_rows, address;

  // First rows of a colour in the banks: context 2 BankRows + colour BankRows.
  always_comb begin
    own_rows   = AddressBits'((32'(context_i) * 2 + 32'(odd)) * BankRows);
    other_rows = AddressBits'((32'(context_i) * 2 + 32'(!odd)) * BankRows);
    offset     = 6'(32'(part) * Sites);
    address    = own_rows + AddressBits'(row);
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      {valid0_q, valid1_q, valid2_q, valid3_q, valid4_q} <= '0;
    end else if (en_i) begin
      valid0_q <= step;
      valid1_q <= valid0_q;
      valid2_q <= valid1_q;
      valid3_q <= valid2_q;
      valid4_q <= valid3_q;
    end
  end
  always_ff @(posedge clk_i) begin
    if (en_i) begin
      {odd4_q, odd3_q, odd2_q, odd1_q, odd0_q} <= {odd3_q, odd2_q, odd1_q, odd0_q, odd};
      {first4_q, first3_q, first2_q, first1_q, first0_q} <=
          {first3_q, first2_q, first1_q, first0_q, first};
      parity0_q  <= odd ^ (Banks % 2 == 1 && row[0]);
      offset0_q  <= offset;
      offset1_q  <= offset0_q;
      offset2_q  <= offset1_q;
      offset3_q  <= offset2_q;
      offset4_q  <= offset3_q;
      address0_q <= address;
      address1_q <= address0_q;
      address2_q <= address1_q;
      address3_q <= address2_q;
      address4_q <= address3_q;
      base0_q    <= base;
      base1_q    <= base0_q;
      base2_q    <= base1_q;
      base3_q    <= base2_q;
      clamp1_q   <= clamp0_q;
      clamp2_q   <= clamp1_q;
      clamp3_q   <= clamp2_q;
    end
  end

  // ---- clamps: a bit is written by reading its word, and writing it back in the next clock ----
  logic [Sites-1:0] clamp_mem[2*Steps];
  logic clamp_write_q, clamp_bit_q;
  logic [IndexBits-1:0] weight_row;
  logic [RowBits-1:0] clamp_row;
  logic [RowBits-1:0] clamp_row_q;
  logic [IndexBits-1:0] clamp_column, clamp_column_q;

  assign weight_row   = index + (odd ? IndexBits'(Steps) : '0);
  assign clamp_row    = check_busy_i ? RowBits'(32'(check_index_i) / Sites)
                      : clamp_we_i ? RowBits'(32'(host_col_i) / Sites) : RowBits'(weight_row);
  assign clamp_column = check_busy_i ? IndexBits'(32'(check_index_i) % Sites)
                                     : IndexBits'(32'(host_col_i) % Sites);
  assign check_clamp_o = check_busy_i && 1'(clamp0_q >> clamp_column_q);
  always_ff @(posedge clk_i) begin
    if ((en_i && step) || check_read_clamp_i || clamp_we_i) begin
      clamp0_q <= clamp_mem[clamp_row];
    end
    if (check_read_clamp_i || clamp_we_i) begin
      clamp_row_q    <= clamp_row;
      clamp_column_q <= clamp_column;
      clamp_bit_q    <= host_data_i[0];
    end
    if (clamp_write_q) begin
      clamp_mem[clamp_row_q] <= (clamp0_q & ~(Sites'(1'b1) << clamp_column_q)) |
                                          (Sites'(clamp_bit_q) << clamp_column_q);
    end
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) clamp_write_q <= 1'b0;
    else clamp_write_q <= clamp_we_i;
  end

  // ---- weights: the host's and the check's column as slot, site and row of the step ----
  logic [Vectors*RowWeights-1:0] weights;
  logic [Vectors*WeightBits-1:0] low_words;
  logic [WeightBits-1:0] low_word;
  logic [4:0] slot_q, slot;
  logic [15:0] site_q, site, bank_q, bank;
  logic commit_q, first_word;
  logic [RowBits-1:0] commit_row_q;

  always_comb begin
    first_word = weight_push_i && host_col_i == '0;
    slot       = first_word ? '0 : slot_q;
    site       = first_word ? '0 : site_q;
    bank       = first_word ? '0 : bank_q;
  end
  always_ff @(posedge clk_i) begin
    if (check_load_row_i) begin
      slot_q <= '0;
      site_q <= '0;
      bank_q <= '0;
    end else if (weight_push_i || check_shift_row_i) begin
      slot_q <= slot + 1'b1;
      if (32'(slot) == Degree) begin
        slot_q <= '0;
        site_q <= site + 1'b1;
        if (32'(site) == RowSites - 1) begin
          site_q <= '0;
          bank_q <= bank + 1'b1;
        end else begin
          bank_q <= bank;
        end
      end else begin
        site_q <= site;
        bank_q <= bank;
      end
    end
    commit_row_q <= RowBits'(host_row_i);
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) commit_q <= 1'b0;
    else commit_q <= weight_commit_i;
  end

  for (genvar r = 0; r < Vectors; r++) begin : g_weights
    lattice_weights #(
        .Sites(RowSites), .Stride(Stride), .RegisterBits(RowWeights),
        .Degree(Degree), .WeightBits(WeightBits),
        .StoredBits(StoredBits), .ConstantBits(FieldBits), .RowBits(RowBits)
    ) u_weights (
        .clk_i(clk_i), .read_i(check_busy_i ? check_read_row_i : (en_i && step)),
        .read_row_i(RowBits'(check_busy_i ? check_index_i : weight_row)),
        .row_o(weights[r*RowWeights+:RowWeights]),
        .push_i(weight_push_i && 32'(bank) == r), .slot_i(slot),
        .push_data_i(host_data_i[WeightBits-1:0]), .commit_i(commit_q),
        .commit_row_i(commit_row_q), .load_i(check_load_row_i),
        .shift_i(check_shift_row_i && 32'(bank) == r),
        .low_word_o(low_words[r*WeightBits+:WeightBits])
    );
  end
  function automatic [WeightBits-1:0] word_of(input [15:0] at,
                                              input [Vectors*WeightBits-1:0] words_of_vectors);
    word_of = '0;
    for (int r = 0; r < Vectors; r++) begin
      if (32'(at) == r) word_of = words_of_vectors[r*WeightBits+:WeightBits];
    end
  endfunction
  assign low_word         = word_of(bank, low_words);
  assign check_row_word_o = {{(32 - WeightBits) {low_word[WeightBits-1]}}, low_word};

  // ---- states from the host: p-bit by p-bit, a row at a time ----
  logic [15:0] x_q, x, y_bank_q, y_bank, y_row_q, y_row;
  logic y_odd_q, y_odd, row_full;
  logic [Banks-1:0] row_we;
  logic [AddressBits-1:0] row_address;
  always_comb begin
    x           = host_col_i == '0 ? '0 : x_q;
    y_bank      = host_col_i == '0 ? '0 : y_bank_q;
    y_row       = host_col_i == '0 ? '0 : y_row_q;
    y_odd       = host_col_i == '0 ? 1'b0 : y_odd_q;
    row_full    = 32'(x) == Half - 1;
    row_we      = state_we_i && row_full ? Banks'(1'b1) << y_bank : '0;
    row_address = AddressBits'((32'(host_row_i) * 2 + 32'(y_odd)) * BankRows + 32'(y_row));
  end
  always_ff @(posedge clk_i) begin
    if (state_we_i) begin
      x_q      <= row_full ? '0 : x + 1'b1;
      y_bank_q <= y_bank;
      y_row_q  <= y_row;
      y_odd_q  <= y_odd;
      if (row_full) begin
        y_bank_q <= 32'(y_bank) == Banks - 1 ? '0 : y_bank + 1'b1;
        if (32'(y_bank) == Banks - 1) begin
          y_row_q <= 32'(y_row) == BankRows - 1 ? '0 : y_row + 1'b1;
          if (32'(y_row) == BankRows - 1) y_odd_q <= !y_odd;
        end
      end
    end
  end

  // ---- lanes ----
  logic [Lanes*Words-1:0] drawn, words, decides;  // lane by lane
  logic [Cells-1:0] flips, sats, freezes, heads;
  logic [Lanes*Vectors-1:0] probe_hits;
  logic [Lanes*Vectors*99-1:0] probes;
  logic [Lanes*48-1:0] energies;
  logic [Lanes*101-1:0] traces;
  logic [Lanes*ThresholdBits-1:0] check_words;
  logic [15:0] probe_site, host_site, host_lane;
  logic probe;
  logic [TableLog2-1:0] table_address;
  logic [AddressBits-1:0] head_address;
  logic [5:0] head_offset;

  always_comb begin
    probe_site = probe_pbit_i - 16'(base3_q) - (odd3_q ? 16'(Side * Half) : '0);
    probe      = valid3_q && context_i == probe_context_i && 32'(probe_site) < Sites &&
                 (32'(probe_pbit_i) >= Side * Half) == odd3_q;
    table_address = check_busy_i ? check_table_address_i : TableLog2'(host_col_i);
    head_address  = emit ? address : address3_q;
    head_offset   = emit ? offset : offset3_q;
    host_site     = '0;
    host_lane     = '0;
    if (check_busy_i) begin
      host_site = 16'(32'(check_cell_i) / Lanes);
      host_lane = 16'(32'(check_cell_i) % Lanes);
    end else if (rng_we_i) begin
      host_site = 16'(32'(host_col_i[15:2]) / Lanes);
      host_lane = 16'(32'(host_col_i[15:2]) % Lanes);
    end
  end

  // Sites side by side take the word of the first of them; the generators of the others, whose words
  // nothing takes, vanish in synthesis.
  if (CellsPerGenerator > 1) begin : g_shared
    function automatic [Lanes*Words-1:0] spread(input [Lanes*Words-1:0] own);
      logic [31:0] to, from;
      spread = '0;
      for (int l = 0; l < Lanes; l++) begin
        for (int s = 0; s < Sites; s++) begin
          to   = 32'(s);
          from = to - to % CellsPerGenerator;
          to   = l * Words + to / RowSites * (Words / Vectors) + to % RowSites * 32;
          from = l * Words + from / RowSites * (Words / Vectors) + from % RowSites * 32;
          spread[to+:32] = own[from+:32];
        end
      end
    endfunction
    assign words = spread(drawn);
  end else begin : g_not_shared
    assign words = drawn;
  end

  for (genvar l = 0; l < Lanes; l++) begin : g_lane
    if (l % 2 == 1) begin : g_odd  // the upper lane of a pair of twins
      assign decides[l*Words+:Words] = coupled_i ? words[(l-1)*Words+:Words]
                                                 : words[l*Words+:Words];
    end else begin : g_even
      assign decides[l*Words+:Words] = words[l*Words+:Words];
    end
    lattice_lane #(
        .Sites(Sites), .Half(Half), .Banks(Banks), .Rows(Together), .Parts(Parts),
        .Depth(Padded != 0 ? 1 << AddressBits : Depth),  // no bound to check
        .AddressBits(AddressBits), .Contexts(Contexts), .ContextBits(ContextBits),
        .Degree(Degree), .RuleA(RuleA), .RuleB(RuleB), .Stride(Stride), .WeightsBits(RowWeights),
        .StoredBits(StoredBits), .FieldBits(FieldBits), .ExactBits(ExactBits),
        .BetaBits(BetaBits), .IndexShift(IndexShift), .TableLog2(TableLog2),
        .ThresholdBits(ThresholdBits),
        .Rounding(Rounding), .Generator(Generator), .LfsrSteps(LfsrSteps), .Shared(Padded),
        .Trace(Trace)
    ) u_lane (
        .clk_i(clk_i), .en_i(en_i), .beta_i(beta_i[l*BetaBits+:BetaBits]), .step_i(step),
        .row_i(AddressBits'(row)), .first_i(other_rows), .valid0_i(valid0_q), .valid1_i(valid1_q),
        .valid2_i(valid2_q), .parity0_i(parity0_q),
        .offset0_i(offset0_q), .weights0_i(weights),
        .head_read_i(Padded == 0 || emit || valid3_q), .head_address_i(head_address),
        .head_offset_i(head_offset),
        .head_o(heads[l*Sites+:Sites]), .valid3_i(valid3_q), .clamp3_i(clamp3_q),
        .words3_i(decides[l*Words+:Words]), .words3_o(drawn[l*Words+:Words]),
        .valid4_i(valid4_q), .first4_i(first4_q), .address4_i(address4_q), .offset4_i(offset4_q),
        .flip4_o(flips[l*Sites+:Sites]), .sat4_o(sats[l*Sites+:Sites]),
        .freeze4_o(freezes[l*Sites+:Sites]), .keep_i(next_i && !read_only_i),
        .context_i(context_i), .energy_context_i(energy_context_i),
        .energy_o(energies[l*48+:48]), .probe_i(probe && 32'(probe_lane_i) == l),
        .probe_site_i(probe_site), .probe_hit_o(probe_hits[l*Vectors+:Vectors]),
        .probe_o(probes[l*Vectors*99+:Vectors*99]), .trace_site_i(trace_site_i),
        .trace_o(traces[l*101+:101]), .state_we_i(state_we_i),
        .state_bit_i(host_data_i[l]), .row_we_i(row_we), .row_address_i(row_address),
        .table_we_i(table_we_i), .table_address_i(table_address),
        .table_data_i(host_data_i[ThresholdBits-1:0]),
        .rng_we_i(rng_we_i && 32'(host_lane) == l), .host_site_i(host_site),
        .rng_word_i(host_col_i[1:0]), .rng_data_i(host_data_i), .check_i(check_read_table_i),
        .check_select_i(check_busy_i && 32'(host_lane) == l),
        .check_word_o(check_words[l*ThresholdBits+:ThresholdBits])
    );
  end

  // ---- events, energy, check ----
  // only the lane asked for is not zero
  function automatic [ThresholdBits-1:0] merged(input [Lanes*ThresholdBits-1:0] entries);
    merged = '0;
    for (int l = 0; l < Lanes; l++) merged = merged | entries[l*ThresholdBits+:ThresholdBits];
  endfunction
  // Icarus 11 runs a block for ever that writes a signal twice: one write on every path
  always_comb begin
    if (valid4_q) begin
      flip_count_o   = CountBits'($countones(flips));
      sat_count_o    = CountBits'($countones(sats));
      freeze_count_o = CountBits'($countones(freezes));
    end else begin
      flip_count_o   = '0;
      sat_count_o    = '0;
      freeze_count_o = '0;
    end
  end
  assign flip_hidden_o      = odd4_q;
  assign energy_o           = energies[32'(energy_lane_i)*48+:48];
  assign check_table_word_o = 32'(merged(check_words));

  // ---- probe: the row of cells that was hit last ----
  logic [15:0] hit_q, hit;
  always_comb begin
    hit = hit_q;
    for (int k = 0; k < Lanes * Vectors; k++) if (probe_hits[k]) hit = 16'(k);
    {probe_state_o, probe_entry_o, probe_random_o, probe_field_o} = probes[32'(hit_q)*99+:99];
  end
  always_ff @(posedge clk_i) begin
    if (en_i) hit_q <= hit;
  end

  // ---- trace ----
  if (Trace != 0) begin : g_trace
    logic [100:0] traced;
    assign traced        = traces[32'(trace_lane_i)*101+:101];
    assign trace_valid_o = valid3_q;
    assign trace_o = {1'b1, traced[100:96],
                      16'(base3_q) + trace_site_i + (odd3_q ? 16'(Side * Half) : 16'd0),
                      traced[95:0]};
  end else begin : g_no_trace
    assign {trace_valid_o, trace_o} = '0;
  end

  // ---- sample stream: a step's bits, site by site, lane by lane ----
  logic [Cells-1:0] emit_q;
  logic group_q;
  always_ff @(posedge clk_i) begin
    if (en_i && emit) begin
      group_q     <= emit_group;
      emit_last_o <= emit_last;
      if (emit_first) begin
        for (int s = 0; s < Sites; s++) begin
          for (int l = 0; l < Lanes; l++) emit_q[s*Lanes+l] <= heads[l*Sites+s];
        end
      end else begin
        emit_q <= emit_q >> 32;
      end
    end
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) emit_o <= 1'b0;
    else if (en_i) emit_o <= emit;
  end
  assign emit_data_o  = 32'(emit_q);
  assign emit_count_o = group_q ? 6'(LastGroup) : 6'd32;
endmodule
`default_nettype wire

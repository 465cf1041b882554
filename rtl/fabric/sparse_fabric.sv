`default_nettype none
// Sparse fabric: any graph of up to Pbits p-bits, its edges and its block schedule in memories that
// the host writes, in Lanes*Contexts replicas; Sites p-bits of each lane are updated at a time.
//
//   operation -> [edge row] -> [states of neighbours] -> cells (stages 1..5) -> states, events
//            +-> [group: p-bits, biases] --> [old states, clamps] -+        +-> energies
//
// One edge row per clock: a neighbour and a weight for each cell. A group's states are in memory 7
// clocks after its last row. en_i low freezes the whole array. Reset clears valid bits; memories
// are undefined until the host has written them, and a run needs a schedule that the colour guard
// (sparse_check) has passed. Behaviour: docs/device.md, The sparse fabric. Tested in lock-step
// against the C twin.
module sparse_fabric #(
    parameter int Pbits         = 16,  // N, 2..65536
    parameter int EdgeRows      = 16,
    parameter int Groups        = 8,
    parameter int Sites         = 1,   // P, 1..64
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
    parameter int ContextBits   = 1,
    parameter int LaneBits      = 1,
    parameter int CellBits      = 1,
    parameter int CountBits     = 2,
    parameter int Exchange      = 0,   // lanes may differ in beta
    parameter int Trace         = 0,
    parameter int Padded        = 0    // words of 32 bits where a simulation is faster with them
) (
    input  wire                    clk_i,
    input  wire                    rst_ni,
    input  wire                    en_i,
    input  wire                    coupled_i,
    input  wire  [Lanes*BetaBits-1:0] beta_i,     // of each lane; holds during a sweep
    input  wire  [           16:0] pbits_i,         // n
    // operation counter
    input  wire                    sweep_i,
    output logic                   end_o,
    input  wire                    read_only_i,
    input  wire                    due_i,
    input  wire                    palindromic_i,
    input  wire                    random_i,        // with load_i, the next sweep
    input  wire                    coin_i,          // in force
    input  wire                    reversed_i,      // with load_i, the next sweep
    input  wire  [           15:0] last_group_i,    // of the schedule
    input  wire  [           31:0] word_i,          // next of the control generator
    output logic                   draw_o,          // it is taken
    input  wire                    load_i,
    input  wire                    next_i,
    input  wire                    sweep_done_i,
    input  wire  [ContextBits-1:0] context_i,
    input  wire  [ContextBits-1:0] load_context_i,
    // words to the sample stream
    output logic                   emit_o,
    output logic                   emit_last_o,
    output logic [      Lanes-1:0] emit_data_o,
    // events of this clock
    output logic [  CountBits-1:0] flip_count_o,
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
    input  wire                    edge_push_i,
    input  wire                    edge_commit_i,
    input  wire                    group_push_i,
    input  wire                    group_commit_i,
    input  wire                    table_we_i,
    input  wire                    clamp_we_i,
    input  wire                    state_we_i,
    input  wire                    rng_we_i,
    input  wire                    energy_unknown_i,  // the graph or a state is written
    input  wire  [           15:0] host_row_i,
    input  wire  [           15:0] host_col_i,
    input  wire  [           31:0] host_data_i,
    // image check: words of the rows read last
    input  wire                    check_busy_i,
    input  wire                    check_read_group_i,
    input  wire                    check_read_row_i,
    input  wire  [           15:0] check_row_i,         // group or edge row
    input  wire  [            7:0] check_col_i,
    output logic [           31:0] check_group_word_o,  // column check_col_i
    output logic [           31:0] check_edge_word_o,   // column check_col_i - 2
    output logic [           15:0] check_length_o,
    output logic [           16:0] check_start_o,
    output logic [            3:0] check_flags_o,       // END TAIL LAST FIRST
    input  wire                    check_read_table_i,
    input  wire  [  TableLog2-1:0] check_table_address_i,
    input  wire  [   CellBits-1:0] check_cell_i,
    output logic [           31:0] check_table_word_o,
    input  wire                    check_read_clamp_i,
    input  wire  [           15:0] check_pbit_i,
    output logic                   check_clamp_o
);
  // derived, do not override
  localparam int PbitBits = Pbits > 1 ? $clog2(Pbits) : 1;
  localparam int EntryBits = Padded != 0 ? 64 : PbitBits + 1 + WeightBits;
  localparam int ValidAt = Padded != 0 ? 31 : PbitBits;
  localparam int StoredBits = EntryBits - ValidAt - 1;
  localparam int SiteBits = Sites > 1 ? $clog2(Sites) : 1;
  localparam int ExactBits = WeightBits + 12;  // of a field of up to 1024 neighbours, and its bias
  localparam int SumBits = ExactBits + $clog2(Sites + 1) > 32 ? 64 : 32;

  // ---- operation ----
  logic step, step_first, step_last, step_empty, pass, clear, frame, frame_last;
  logic walk_read, group_first, group_last, group_tail, group_end, unknown_q;
  logic [15:0] walk_group, row, frame_pbit, group_length;
  logic [16:0] group_start;
  logic [Sites*EntryBits-1:0] group_cells, edges0;
  sparse_operations u_operations (
      .clk_i(clk_i), .rst_ni(rst_ni), .en_i(en_i), .load_i(load_i),
      .pass_i(unknown_q && !sweep_done_i), .sweep_i(sweep_i), .read_only_i(read_only_i),
      .emit_i(due_i), .palindromic_i(palindromic_i), .random_i(random_i), .coin_i(coin_i),
      .reversed_i(reversed_i), .last_group_i(last_group_i), .word_i(word_i), .draw_o(draw_o),
      .pbits_i(pbits_i), .end_o(end_o),
      .read_o(walk_read), .read_group_o(walk_group), .length_i(group_length),
      .start_i(group_start[15:0]), .first_i(group_first), .last_i(group_last),
      .tail_i(group_tail), .end_i(group_end), .step_o(step), .row_o(row),
      .step_first_o(step_first), .step_last_o(step_last), .step_empty_o(step_empty),
      .pass_o(pass), .clear_o(clear), .frame_o(frame), .frame_pbit_o(frame_pbit),
      .frame_last_o(frame_last)
  );

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) unknown_q <= 1'b1;
    else if (energy_unknown_i) unknown_q <= 1'b1;
    else if (sweep_done_i) unknown_q <= 1'b0;
  end

  sparse_schedule #(
      .Groups(Groups), .Sites(Sites), .PbitBits(PbitBits), .WeightBits(WeightBits),
      .Padded(Padded), .EntryBits(EntryBits)
  ) u_schedule (
      .clk_i(clk_i), .rst_ni(rst_ni), .read_i(check_busy_i ? check_read_group_i : walk_read),
      .read_group_i(check_busy_i ? check_row_i : walk_group), .length_o(group_length),
      .start_o(group_start), .first_o(group_first), .last_o(group_last), .tail_o(group_tail),
      .end_o(group_end), .cells_o(group_cells), .push_i(group_push_i),
      .push_col_i(host_col_i[7:0]), .push_data_i(host_data_i), .commit_i(group_commit_i),
      .commit_group_i(host_row_i)
  );
  sparse_rows #(
      .Rows(EdgeRows), .Entries(Sites), .IndexBits(PbitBits), .WeightBits(WeightBits),
      .Padded(Padded), .EntryBits(EntryBits)
  ) u_edges (
      .clk_i(clk_i), .rst_ni(rst_ni),
      .read_i(check_busy_i ? check_read_row_i : (en_i && step)),
      .read_row_i(check_busy_i ? check_row_i : row), .row_o(edges0), .push_i(edge_push_i),
      .push_entry_i(host_col_i[6:1]), .push_weight_i(host_col_i[0]), .push_data_i(host_data_i),
      .commit_i(edge_commit_i), .commit_row_i(host_row_i)
  );

  // ---- pipeline: every row up to stage 1, then complete groups ----
  logic valid0_q, valid1_q, valid2_q, valid3_q, valid4_q, valid5_q;
  logic first0_q, first1_q, last0_q, last1_q, empty0_q;
  logic pass0_q, pass1_q, pass2_q, pass3_q, pass4_q, pass5_q;
  logic [Sites*EntryBits-1:0] cells0_q;
  logic [Sites*PbitBits-1:0] pbits1_q, pbits2_q, pbits3_q, pbits4_q, pbits5_q;
  logic [Sites-1:0] active1_q, active2_q, active3_q, active4_q, active5_q;
  logic [Sites*32-1:0] weights1_q, biases1_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      {valid0_q, valid1_q, valid2_q, valid3_q, valid4_q, valid5_q} <= '0;
    end else if (en_i) begin
      valid0_q <= step;
      valid1_q <= valid0_q;
      valid2_q <= valid1_q && last1_q;
      valid3_q <= valid2_q;
      valid4_q <= valid3_q;
      valid5_q <= valid4_q;
    end
  end
  always_ff @(posedge clk_i) begin
    if (en_i) begin
      {first1_q, first0_q} <= {first0_q, step_first};
      {last1_q, last0_q}   <= {last0_q, step_last};
      empty0_q             <= step_empty;
      {pass5_q, pass4_q, pass3_q, pass2_q, pass1_q, pass0_q} <=
          {pass4_q, pass3_q, pass2_q, pass1_q, pass0_q, pass};
      if (step && step_first) cells0_q <= group_cells;
      if (valid0_q) begin
        for (int s = 0; s < Sites; s++) begin
          weights1_q[s*32+:32] <= edges0[s*EntryBits+ValidAt] && !empty0_q ?
              32'($signed(edges0[s*EntryBits+ValidAt+1+:StoredBits])) : '0;
        end
      end
      if (valid0_q && first0_q) begin
        for (int s = 0; s < Sites; s++) begin
          active1_q[s]                    <= cells0_q[s*EntryBits+ValidAt];
          pbits1_q[s*PbitBits+:PbitBits] <= cells0_q[s*EntryBits+:PbitBits];
          // an energy pass needs I + h
          biases1_q[s*32+:32] <=
              32'($signed(cells0_q[s*EntryBits+ValidAt+1+:StoredBits])) << pass0_q;
        end
      end
      if (valid1_q && last1_q) {pbits2_q, active2_q} <= {pbits1_q, active1_q};
      if (valid2_q) {pbits3_q, active3_q} <= {pbits2_q, active2_q};
      if (valid3_q) {pbits4_q, active4_q} <= {pbits3_q, active3_q};
      if (valid4_q) {pbits5_q, active5_q} <= {pbits4_q, active4_q};
    end
  end

  // ---- states and clamps; the first own port also serves frames, check and host ----
  logic [Sites*PbitBits-1:0] own_pbits, write_pbits;
  logic [Sites*32-1:0] states1, old4, new5;
  logic [Sites-1:0] clamps4, write;
  logic [Sites*32-1:0] write_states;
  assign own_pbits[PbitBits-1:0] = check_busy_i ? check_pbit_i[PbitBits-1:0]
                                 : frame ? frame_pbit[PbitBits-1:0] : pbits3_q[PbitBits-1:0];
  assign write = state_we_i ? Sites'(1'b1) : en_i && valid5_q && !pass5_q ? active5_q : '0;
  assign write_pbits[PbitBits-1:0] = state_we_i ? host_col_i[PbitBits-1:0]
                                                : pbits5_q[PbitBits-1:0];
  assign write_states[31:0] = state_we_i ? host_data_i : new5[31:0];
  if (Sites > 1) begin : g_others
    assign own_pbits[Sites*PbitBits-1:PbitBits]   = pbits3_q[Sites*PbitBits-1:PbitBits];
    assign write_pbits[Sites*PbitBits-1:PbitBits] = pbits5_q[Sites*PbitBits-1:PbitBits];
    assign write_states[Sites*32-1:32]            = new5[Sites*32-1:32];
  end
  sparse_states #(
      .Sites(Sites), .Lanes(Lanes), .Contexts(Contexts), .ContextBits(ContextBits),
      .PbitBits(PbitBits), .EntryBits(EntryBits)
  ) u_states (
      .clk_i(clk_i), .context_i(context_i), .read_i(en_i && valid0_q), .neighbours_i(edges0),
      .states_o(states1), .own_i((en_i && (valid3_q || frame)) || check_read_clamp_i),
      .own_pbits_i(own_pbits), .old_o(old4), .clamps_o(clamps4), .we_i(write),
      .write_context_i(state_we_i ? ContextBits'(host_row_i) : context_i),
      .write_pbits_i(write_pbits), .write_states_i(write_states), .clamp_we_i(clamp_we_i),
      .clamp_pbit_i(host_col_i[PbitBits-1:0]), .clamp_i(host_data_i[0])
  );
  assign check_clamp_o = clamps4[0];

  // ---- cells ----
  logic [Sites*32-1:0] flips5, sats5, freezes5;
  logic [Lanes*SumBits-1:0] sums5;
  logic [Sites-1:0] probe_hits;
  logic [ThresholdBits-1:0] check_entry_word;
  logic [15:0] host_cell;
  logic [TableLog2-1:0] table_address;
  logic [5:0] hit;
  logic [100:0] traced;
  logic probe;

  always_comb begin
    probe         = valid4_q && !pass4_q && context_i == probe_context_i;
    table_address = check_busy_i ? check_table_address_i : TableLog2'(host_col_i);
    host_cell     = check_busy_i ? 16'(check_cell_i) : 16'(host_col_i[15:2]);
  end
  for (genvar s = 0; s < Sites; s++) begin : g_hit
    assign probe_hits[s] = probe && active4_q[s] &&
                           16'(pbits4_q[s*PbitBits+:PbitBits]) == probe_pbit_i;
  end
  function automatic [5:0] site_of(input [Sites-1:0] hits);
    site_of = '0;
    for (int s = 0; s < Sites; s++) if (hits[s]) site_of = 6'(s);
  endfunction
  assign hit = site_of(probe_hits);

  sparse_cells #(
      .Sites(Sites), .Lanes(Lanes), .ExactBits(ExactBits), .SumBits(SumBits),
      .BetaBits(BetaBits), .IndexShift(IndexShift), .TableLog2(TableLog2),
      .ThresholdBits(ThresholdBits), .Rounding(Rounding), .Generator(Generator),
      .LfsrSteps(LfsrSteps), .CellsPerGenerator(CellsPerGenerator), .LaneBits(LaneBits),
      .Exchange(Exchange), .Trace(Trace)
  ) u_cells (
      .clk_i(clk_i), .en_i(en_i), .beta_i(beta_i), .coupled_i(coupled_i), .valid1_i(valid1_q),
      .first1_i(first1_q), .weights1_i(weights1_q), .states1_i(states1), .biases1_i(biases1_q),
      .valid2_i(valid2_q), .valid3_i(valid3_q), .valid4_i(valid4_q), .pass4_i(pass4_q),
      .active4_i(active4_q), .clamps4_i(clamps4), .old4_i(old4), .new5_o(new5),
      .flips5_o(flips5), .sats5_o(sats5), .freezes5_o(freezes5), .sums5_o(sums5),
      .probe_i(probe_hits != '0), .probe_site_i(hit), .probe_lane_i(probe_lane_i),
      .probe_o({probe_state_o, probe_entry_o, probe_random_o, probe_field_o}),
      .trace_site_i(trace_site_i[5:0]), .trace_lane_i(trace_lane_i), .trace_o(traced),
      .table_we_i(table_we_i), .table_address_i(table_address),
      .table_data_i(host_data_i[ThresholdBits-1:0]), .rng_we_i(rng_we_i),
      .host_cell_i(host_cell), .rng_word_i(host_col_i[1:0]), .rng_data_i(host_data_i),
      .check_i(check_read_table_i), .check_word_o(check_entry_word)
  );
  assign check_table_word_o = 32'(check_entry_word);

  // ---- trace ----
  if (Trace != 0) begin : g_trace
    assign trace_valid_o = valid4_q && !pass4_q;
    assign trace_o = {active4_q[SiteBits'(trace_site_i)], traced[100:96],
                      16'(pbits4_q[32'(trace_site_i)*PbitBits+:PbitBits]), traced[95:0]};
  end else begin : g_no_trace
    assign {trace_valid_o, trace_o} = '0;
  end

  // ---- events ----
  function automatic [CountBits-1:0] ones(input [Sites*32-1:0] words);
    logic [31:0] x;
    ones = '0;
    for (int s = 0; s < Sites; s++) begin  // pairs, nibbles, bytes, then their sum
      x    = words[s*32+:32];
      x    = x - ((x >> 1) & 32'h55555555);
      x    = (x & 32'h33333333) + ((x >> 2) & 32'h33333333);
      x    = (x + (x >> 4)) & 32'h0F0F0F0F;
      x    = x + (x >> 8);
      x    = x + (x >> 16);
      ones = ones + CountBits'(6'(x));
    end
  endfunction
  always_comb begin
    if (valid5_q) begin
      flip_count_o   = ones(flips5);
      sat_count_o    = ones(sats5);
      freeze_count_o = ones(freezes5);
    end else begin
      flip_count_o   = '0;
      sat_count_o    = '0;
      freeze_count_o = '0;
    end
  end

  sparse_energy #(
      .Lanes(Lanes), .SumBits(SumBits), .Contexts(Contexts), .ContextBits(ContextBits),
      .LaneBits(LaneBits)
  ) u_energy (
      .clk_i(clk_i), .en_i(en_i), .clear_i(clear), .valid5_i(valid5_q), .pass5_i(pass5_q),
      .sums5_i(sums5), .load_i(load_i), .keep_i(next_i && !read_only_i),
      .context_i(context_i), .load_context_i(load_context_i), .energy_lane_i(energy_lane_i),
      .energy_context_i(energy_context_i), .energy_o(energy_o)
  );

  // ---- sample stream: a p-bit per clock ----
  logic frame_q, frame_last_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) {frame_q, emit_o} <= '0;
    else if (en_i) {frame_q, emit_o} <= {frame, frame_q};
  end
  always_ff @(posedge clk_i) begin
    if (en_i) begin
      frame_last_q <= frame_last;
      emit_last_o  <= frame_last_q;
      emit_data_o  <= old4[Lanes-1:0];
    end
  end

  // ---- check: words as the host wrote them ----
  logic [5:0] check_entry;
  logic [EntryBits-1:0] group_entry, edge_entry;
  assign check_entry    = 6'((check_col_i - 8'd2) >> 1);
  assign group_entry    = group_cells[32'(check_entry)*EntryBits+:EntryBits];
  assign edge_entry     = edges0[32'(check_entry)*EntryBits+:EntryBits];
  assign check_length_o = group_length;
  assign check_start_o  = group_start;
  assign check_flags_o  = {group_end, group_tail, group_last, group_first};
  assign check_group_word_o = check_col_i == 8'd0 ? {check_flags_o, 12'd0, group_length}
                            : check_col_i == 8'd1 ? 32'(group_start)
                            : word(group_entry, check_col_i[0]);
  assign check_edge_word_o  = word(edge_entry, check_col_i[0]);
  function automatic [31:0] word(input [EntryBits-1:0] entry, input second);
    word     = 32'(entry[PbitBits-1:0]);
    word[31] = entry[ValidAt];
    if (second) word = 32'($signed(entry[EntryBits-1:ValidAt+1]));
  endfunction
endmodule
`default_nettype wire

`default_nettype none
// pbit_top: a p-bit array that samples Boltzmann machines by block Gibbs, behind AXI4-Lite
// registers (s_axil_*) and AXI4-Stream ports for samples (m_axis_*), for the windows of the
// temperature regulator (m_axis_telemetry_*), and for single updates (m_axis_trace_*, Trace). One
// clock, active-low asynchronous reset.
//
//  s_axil -> axil_slave -> device_registers -> sweep_sequencer -> fabric -> packer -> m_axis
//                                |                                 |
//                                +-- image_check or sparse_check --+
//                                +------------ regulator ----------+--> m_axis_telemetry
//
// The fabric is a dense bipartite machine (dense_fabric), a square lattice of few weights a p-bit
// (lattice_fabric), or any graph whose edges and block schedule are run-time data (sparse_fabric);
// all else but the image check is common. A cyclic sweep of Lanes replicas takes 2(V+1) + H + 13
// clocks in the dense fabric, samples included, 2V/P + 13 in the lattice, and in the sparse fabric
// a clock per edge row, 8 per block and one more.
// Reset: idle, counters zero, memories undefined. Behaviour bit by bit: docs/device.md; registers:
// docs/registers.md. Checked in lock-step against the C twin, under Icarus, and as Yosys netlist.
`include "pbit_assert.svh"
module pbit_top #(
    parameter int Visible       = 6,   // V, 1..1024
    parameter int Hidden        = 6,   // H, 1..1024
    parameter int Replicas      = 1,   // R, 1..256, a multiple of Lanes
    parameter int Lanes         = 1,   // L, 1..32
    parameter int WeightBits    = 12,  // signed, with WeightFrac fraction bits; 4..24
    parameter int WeightFrac    = 6,
    parameter int BetaBits      = 16,  // unsigned, with BetaFrac fraction bits; 4..24
    parameter int BetaFrac      = 12,
    parameter int TableLog2     = 10,  // log2 of activation table entries, 4..12
    parameter int RangeLog2     = 4,   // table covers 2 beta |I| in [0, 2^RangeLog2)
    parameter int ThresholdBits = 24,  // 8..32
    parameter int Rounding      = 1,   // 1 round the table index, 0 truncate (negative control)
    parameter int Generator     = 0,   // 0 xoshiro128++, 1 LFSR32, 2 xorshift32
    parameter int LfsrSteps     = 1,   // of the LFSR32 (negative control), shifts per draw, 1..32
    parameter int CellsPerGenerator = 1,  // lattice, sparse: a divisor of P (negative control)
    parameter int FieldBits     = 32,  // <= 32 and wide enough never to wrap
    parameter int IsSim         = 0,   // CAPS0.SIM; pads words of lattice and sparse to 32 bits
    parameter int Fabric        = 1,   // 1 dense, 2 lattice, 3 sparse
    // lattice P: divides S/2, or m S/2 with m a divisor of S; sparse P: 1..64
    parameter int Sites         = 0,
    // sparse only; there Visible = Hidden = 0
    parameter int Pbits         = 0,   // N, 2..65536: p-bits that fit
    parameter int EdgeRows      = 0,   // 1..65536, of P entries
    parameter int Groups        = 0,   // 1..65536, rows of the schedule
    // lattice only; there Visible = Hidden = Side^2 / 2
    parameter int Side          = 0,   // S, even, 4..128
    parameter int NRules        = 0,   // K, 1..6
    parameter logic [47:0] RuleA = 48'd0,  // byte k: a of rule k
    parameter logic [47:0] RuleB = 48'd0,
    // options, 1: built
    parameter int Regulator     = 1,   // temperature regulator, windows, telemetry
    parameter int Exchange      = 0,   // replica exchange; 2..64 contexts
    parameter int Statistics    = 0,   // statistics unit; Lanes a power of two
    parameter int StatPairs     = 0,   // pairs of p-bits that it counts, 0..2^20
    parameter int Trace         = 0    // trace port
) (
    input  wire         clk_i,
    input  wire         rst_ni,
    input  wire  [11:0] s_axil_awaddr,
    input  wire         s_axil_awvalid,
    output logic        s_axil_awready,
    input  wire  [31:0] s_axil_wdata,
    input  wire  [ 3:0] s_axil_wstrb,
    input  wire         s_axil_wvalid,
    output logic        s_axil_wready,
    output logic [ 1:0] s_axil_bresp,
    output logic        s_axil_bvalid,
    input  wire         s_axil_bready,
    input  wire  [11:0] s_axil_araddr,
    input  wire         s_axil_arvalid,
    output logic        s_axil_arready,
    output logic [31:0] s_axil_rdata,
    output logic [ 1:0] s_axil_rresp,
    output logic        s_axil_rvalid,
    input  wire         s_axil_rready,
    output logic [31:0] m_axis_tdata,
    output logic        m_axis_tvalid,
    input  wire         m_axis_tready,
    output logic        m_axis_tlast,
    output logic [31:0] m_axis_telemetry_tdata,
    output logic        m_axis_telemetry_tvalid,
    input  wire         m_axis_telemetry_tready,
    output logic        m_axis_telemetry_tlast,
    output logic [31:0] m_axis_trace_tdata,
    output logic        m_axis_trace_tvalid,
    input  wire         m_axis_trace_tready,
    output logic        m_axis_trace_tlast,
    output logic        irq_o
);
  // derived, do not override
  localparam int Lattice = Fabric == 2 ? 1 : 0;
  localparam int Sparse = Fabric == 3 ? 1 : 0;
  localparam int Half = Lattice != 0 && Side > 1 ? Side / 2 : 1;
  localparam int P = Fabric != 1 && Sites > 0 ? Sites : 1;
  localparam int Cells = Lanes * P;
  localparam int ImageRows =
      Sparse != 0 ? EdgeRows : Lattice != 0 ? 2 * (Visible / P) : Visible + 1;
  localparam int ImageWords =
      Sparse != 0 ? 2 * P : Lattice != 0 ? P * (4 * NRules + 1) : Hidden + 1;
  localparam int Contexts = Replicas / Lanes;
  localparam int IndexShift = WeightFrac + BetaFrac + RangeLog2 - 1 - TableLog2;
  localparam int Indices = Visible + Hidden > ImageWords ? Visible + Hidden + 2 : ImageWords + 2;
  localparam int IndexBits = $clog2(Indices) < 4 ? 4 : $clog2(Indices);
  localparam int ContextBits = Contexts > 1 ? $clog2(Contexts) : 1;
  // at least 1, so that Visible = 0 gets as far as its message below
  localparam int StateBits = Visible * Contexts > 0 ? $clog2(Visible * Contexts + 1) : 1;
  localparam int LaneBits = Lanes > 1 ? $clog2(Lanes) : 1;
  localparam int CellBits = Cells > 1 ? $clog2(Cells) : 1;
  localparam int CountBits = $clog2(Cells + 1);
  localparam int EmitBits = Lattice != 0 ? 32 : Lanes;
  `include "pbit_limits.svh"

  logic reg_write, reg_read, reg_error;
  logic [11:0] reg_address;
  logic [31:0] reg_wdata, reg_rdata;
  axil_slave #(.AddressBits(12)) u_axil (
      .clk_i(clk_i), .rst_ni(rst_ni), .s_axil_awaddr(s_axil_awaddr),
      .s_axil_awvalid(s_axil_awvalid), .s_axil_awready(s_axil_awready),
      .s_axil_wdata(s_axil_wdata), .s_axil_wstrb(s_axil_wstrb), .s_axil_wvalid(s_axil_wvalid),
      .s_axil_wready(s_axil_wready), .s_axil_bresp(s_axil_bresp), .s_axil_bvalid(s_axil_bvalid),
      .s_axil_bready(s_axil_bready), .s_axil_araddr(s_axil_araddr),
      .s_axil_arvalid(s_axil_arvalid), .s_axil_arready(s_axil_arready),
      .s_axil_rdata(s_axil_rdata), .s_axil_rresp(s_axil_rresp), .s_axil_rvalid(s_axil_rvalid),
      .s_axil_rready(s_axil_rready), .write_o(reg_write), .read_o(reg_read),
      .address_o(reg_address), .write_data_o(reg_wdata), .read_data_i(reg_rdata),
      .error_i(reg_error)
  );

  logic start, stop, check, palindromic, coin, random, coupled, seq_busy, en, stall;
  logic pack_ready, pack_empty, pack_busy, frame, to_stream, to_unit, unit_hold, energy_wanted;
  logic weight_push, weight_commit, table_we, clamp_we, state_we, rng_we, coin_we, sched_we;
  logic group_push, group_commit, unprove, energy_unknown, proof, invalidate, sched_clear;
  logic checking, hash_valid, sweep_done;
  logic [16:0] pbits;
  logic [31:0] sweeps, every, unit_every, hash, guard, host_data;
  logic [15:0] host_row, host_col, replica, probe_pbit, probe_replica;
  logic [BetaBits-1:0] beta_set, beta;
  logic [CountBits-1:0] flips, sats, freezes;
  logic [EmitBits-1:0] emit_data;
  logic [5:0] emit_count;
  logic [47:0] energy;
  logic [31:0] probe_field, probe_random, probe_entry;
  logic [2:0] probe_state;
  logic emit, emit_last;
  logic idle, window_clear, window_done, energy_read, flip_hidden, regulator_readable;
  logic regulator_writable, regulator_refused, regulator_busy, hold, sweep_beta, regulates;
  logic window_ends, at_next, at_pause, at_pause_end, pause_window, count_clear, label_we;
  logic stream_due, exchange, exchange_end, label_tvalid, label_tlast, pack_tvalid, pack_tlast;
  logic [31:0] label_tdata, pack_tdata;
  logic [31:0] sweep_count;
  logic [63:0] regulator_data;
  logic [BetaBits-1:0] regulator_beta, next_beta;
  logic [Lanes*BetaBits-1:0] lane_beta;
  logic [LaneBits-1:0] host_lane, energy_lane, unit_lane, port_lane, probe_lane;
  logic [ContextBits-1:0] host_context, energy_context, unit_context, port_context, probe_context;

  // A word that cannot be taken, or work of the regulator or the statistics unit that is not done,
  // stops the whole array between two clocks.
  always_comb begin
    stall        = (emit && !pack_ready) || hold || unit_hold || trace_hold;
    en           = !stall;
    host_lane    = LaneBits'(32'(replica) % Lanes);
    host_context = ContextBits'(32'(replica) / Lanes);
    // energy port: host, then windows, then statistics unit
    port_lane    = energy_read ? host_lane : energy_wanted ? energy_lane : unit_lane;
    port_context = energy_read ? host_context : energy_wanted ? energy_context : unit_context;
    probe_lane    = LaneBits'(32'(probe_replica) % Lanes);
    probe_context = ContextBits'(32'(probe_replica) / Lanes);
  end

  // Registers of the options: those of one that is not built read 0 and refuse writes.
  logic absent_readable, absent_writable, absent_refused, stat_readable, stat_writable;
  logic stat_refused, trace_readable, trace_writable, trace_refused, stat_swap, stat_clear;
  logic trace_valid, trace_hold, trace_busy;
  logic [31:0] stat_data, trace_data;
  logic [15:0] trace_site;
  logic [4:0] trace_lane;
  logic [117:0] trace_update;
  absent_options #(
      .Regulator(Regulator), .Exchange(Exchange), .Statistics(Statistics), .Trace(Trace)
  ) u_absent (
      .write_i(reg_write), .address_i(reg_address), .readable_o(absent_readable),
      .writable_o(absent_writable), .refused_o(absent_refused)
  );

  device_registers #(
      .Visible(Visible), .Hidden(Hidden), .Replicas(Replicas), .Lanes(Lanes),
      .WeightBits(WeightBits), .WeightFrac(WeightFrac), .BetaBits(BetaBits), .BetaFrac(BetaFrac),
      .TableLog2(TableLog2), .RangeLog2(RangeLog2), .ThresholdBits(ThresholdBits),
      .Rounding(Rounding), .Generator(Generator), .LfsrSteps(LfsrSteps), .FieldBits(FieldBits),
      .CellsPerGenerator(CellsPerGenerator),
      .IsSim(IsSim), .Fabric(Fabric), .Side(Side), .Sites(Sites), .NRules(NRules), .RuleA(RuleA),
      .RuleB(RuleB), .Pbits(Pbits), .EdgeRows(EdgeRows), .Groups(Groups), .ImageRows(ImageRows),
      .ImageWords(ImageWords), .Cells(Cells), .CountBits(CountBits), .Regulator(Regulator),
      .Exchange(Exchange), .Statistics(Statistics), .StatPairs(StatPairs), .Trace(Trace)
  ) u_registers (
      .clk_i(clk_i), .rst_ni(rst_ni), .write_i(reg_write), .read_i(reg_read),
      .address_i(reg_address), .data_i(reg_wdata), .data_o(reg_rdata), .error_o(reg_error),
      .idle_o(idle),
      .other_data_i(regulator_data | {32'd0, stat_data | trace_data}),
      .other_readable_i(regulator_readable || absent_readable ||
                        stat_readable || trace_readable),
      .other_writable_i(regulator_writable || absent_writable ||
                        stat_writable || trace_writable),
      .other_refused_i(regulator_refused || absent_refused || stat_refused ||
                       trace_refused),
      .clear_o(count_clear), .window_clear_o(window_clear), .sched_clear_o(sched_clear),
      .stat_swap_o(stat_swap),
      .stat_clear_o(stat_clear), .start_o(start), .stop_o(stop), .check_o(check),
      .palindromic_o(palindromic), .coin_o(coin), .random_o(random), .coupled_o(coupled),
      .sweeps_o(sweeps), .every_o(every), .beta_o(beta_set), .irq_o(irq_o),
      .weight_push_o(weight_push), .weight_commit_o(weight_commit), .table_we_o(table_we),
      .clamp_we_o(clamp_we), .state_we_o(state_we), .rng_we_o(rng_we), .coin_we_o(coin_we),
      .sched_we_o(sched_we), .label_we_o(label_we), .group_push_o(group_push),
      .group_commit_o(group_commit), .unprove_o(unprove), .energy_unknown_o(energy_unknown),
      .pbits_o(pbits), .invalidate_o(invalidate), .host_row_o(host_row), .host_col_o(host_col),
      .host_data_o(host_data), .replica_o(replica), .energy_read_o(energy_read),
      .probe_pbit_o(probe_pbit), .probe_replica_o(probe_replica), .stalled_i(stall),
      .busy_i(seq_busy || pack_busy || regulator_busy || trace_busy), .checking_i(checking),
      .hash_valid_i(hash_valid), .hash_i(hash), .proof_i(proof), .guard_i(guard),
      .beta_active_i(beta), .busy_cycle_i(seq_busy && en), .stall_cycle_i(seq_busy && stall),
      .sweep_done_i(sweep_done), .window_done_i(window_done), .sweep_count_o(sweep_count),
      .frame_i(frame), .flip_count_i(flips), .sat_count_i(sats), .freeze_count_i(freezes),
      .energy_i(energy), .probe_field_i(probe_field),
      .probe_random_i(probe_random), .probe_entry_i(probe_entry), .probe_state_i(probe_state)
  );

  logic sweep, sweep_end, read_only, due, op_next, op_load, last_context;
  logic seq_palindromic, seq_coin, seq_random, seq_coupled, reversed;
  logic [ContextBits-1:0] op_context, op_load_context;
  sweep_sequencer #(
      .Contexts(Contexts), .BetaBits(BetaBits), .ContextBits(ContextBits),
      .FrameAfter(Fabric != 1 ? 1 : 0)
  ) u_sequencer (
      .clk_i(clk_i), .rst_ni(rst_ni), .en_i(en), .start_i(start), .stop_i(stop),
      .palindromic_i(palindromic), .coin_i(coin), .random_i(random), .coupled_i(coupled),
      .sweeps_i(sweeps), .every_i(every), .unit_every_i(unit_every), .beta_i(next_beta),
      .sweep_beta_i(sweep_beta), .regulates_i(regulates),
      .regulator_beta_i(regulator_beta), .window_ends_i(window_ends), .at_next_o(at_next),
      .exchange_i(exchange), .exchange_end_i(exchange_end), .stream_due_o(stream_due),
      .at_pause_o(at_pause), .at_pause_end_o(at_pause_end), .pause_window_o(pause_window),
      .busy_o(seq_busy), .load_o(op_load), .load_context_o(op_load_context), .beta_o(beta),
      .palindromic_o(seq_palindromic), .coin_o(seq_coin), .random_o(seq_random),
      .coupled_o(seq_coupled),
      .sweep_o(sweep),
      .end_i(sweep_end), .read_only_o(read_only), .emit_o(due), .to_stream_o(to_stream),
      .to_unit_o(to_unit), .next_o(op_next),
      .last_context_o(last_context), .context_o(op_context), .sweep_done_o(sweep_done)
  );

  logic pick_draw, pass_draw;  // a random scan draws, or replica exchange
  logic [31:0] control_word;
  control_generator #(.Generator(Generator), .LfsrSteps(LfsrSteps)) u_control (
      .clk_i(clk_i), .rst_ni(rst_ni), .load_i(coin_we), .load_word_i(host_col[1:0]),
      .load_data_i(host_data), .coin_i(seq_coin), .read_only_i(read_only), .begin_i(op_load),
      .sweep_i(sweep && en), .reversed_o(reversed),
      .draw_i(pick_draw || pass_draw), .word_o(control_word)
  );

  logic check_read_row, check_load_row, check_shift_row, check_read_table, check_read_clamp;
  logic check_clamp;
  logic [IndexBits-1:0] check_index;
  logic [TableLog2-1:0] check_table_address;
  logic [CellBits-1:0] check_cell;
  logic [31:0] check_row_word, check_table_word;
  if (Fabric == 1) begin : g_dense
    logic op_acc, op_init, op_hid, op_vis, op_tail, op_emit, op_last;
    logic [IndexBits-1:0] op_index;
    logic [StateBits-1:0] op_state_address;
    dense_operations #(
        .Visible(Visible), .Hidden(Hidden), .IndexBits(IndexBits), .StateBits(StateBits)
    ) u_operations (
        .clk_i(clk_i), .rst_ni(rst_ni), .en_i(en), .sweep_i(sweep), .next_i(op_next),
        .last_context_i(last_context), .read_only_i(read_only), .emit_i(due),
        .palindromic_i(seq_palindromic), .reversed_i(reversed), .end_o(sweep_end),
        .acc_o(op_acc), .acc_init_o(op_init),
        .hid_o(op_hid), .vis_o(op_vis), .tail_o(op_tail), .emit_o(op_emit),
        .emit_last_o(op_last), .index_o(op_index), .state_address_o(op_state_address)
    );
    dense_fabric #(
        .Visible(Visible), .Hidden(Hidden), .Lanes(Lanes), .Contexts(Contexts),
        .WeightBits(WeightBits), .FieldBits(FieldBits), .BetaBits(BetaBits),
        .IndexShift(IndexShift), .TableLog2(TableLog2), .ThresholdBits(ThresholdBits),
        .Rounding(Rounding), .Generator(Generator), .LfsrSteps(LfsrSteps), .IndexBits(IndexBits),
        .ContextBits(ContextBits), .StateBits(StateBits), .LaneBits(LaneBits),
        .CountBits(CountBits), .Trace(Trace)
    ) u_fabric (
        .clk_i(clk_i), .rst_ni(rst_ni), .en_i(en), .busy_i(seq_busy),
        .hidden_last_i(seq_palindromic || reversed), .coupled_i(seq_coupled), .beta_i(lane_beta),
        .acc_i(op_acc),
        .acc_init_i(op_init), .hid_i(op_hid), .vis_i(op_vis), .tail_i(op_tail),
        .update_i(!read_only), .emit_i(op_emit), .emit_last_i(op_last), .index_i(op_index),
        .state_address_i(op_state_address), .next_i(op_next), .load_i(op_load),
        .context_i(op_context), .load_context_i(op_load_context), .emit_o(emit),
        .emit_last_o(emit_last), .emit_data_o(emit_data), .flip_count_o(flips),
        .flip_hidden_o(flip_hidden), .sat_count_o(sats), .freeze_count_o(freezes),
        .probe_pbit_i(IndexBits'(probe_pbit)), .probe_lane_i(probe_lane),
        .probe_context_i(probe_context), .probe_field_o(probe_field),
        .probe_random_o(probe_random), .probe_entry_o(probe_entry),
        .probe_state_o(probe_state), .trace_valid_o(trace_valid),
        .trace_lane_i(trace_lane), .trace_o(trace_update), .energy_lane_i(port_lane),
        .energy_context_i(port_context), .energy_o(energy),
        .weight_push_i(weight_push), .weight_commit_i(weight_commit), .table_we_i(table_we),
        .clamp_we_i(clamp_we), .state_we_i(state_we), .rng_we_i(rng_we), .host_row_i(host_row),
        .host_col_i(host_col), .host_data_i(host_data), .check_busy_i(checking),
        .check_read_row_i(check_read_row), .check_index_i(check_index),
        .check_load_row_i(check_load_row), .check_shift_row_i(check_shift_row),
        .check_row_word_o(check_row_word), .check_read_table_i(check_read_table),
        .check_table_address_i(check_table_address), .check_lane_i(check_cell),
        .check_table_word_o(check_table_word), .check_read_clamp_i(check_read_clamp),
        .check_clamp_o(check_clamp)
    );
    assign emit_count = 6'(Lanes);
    assign pick_draw  = 1'b0;
  end else if (Fabric == 2) begin : g_lattice
    lattice_fabric #(
        .Side(Side), .Sites(P), .NRules(NRules), .RuleA(RuleA), .RuleB(RuleB), .Lanes(Lanes),
        .Contexts(Contexts), .WeightBits(WeightBits), .BetaBits(BetaBits),
        .IndexShift(IndexShift), .TableLog2(TableLog2), .ThresholdBits(ThresholdBits),
        .Rounding(Rounding), .Generator(Generator), .LfsrSteps(LfsrSteps), .IndexBits(IndexBits),
        .CellsPerGenerator(CellsPerGenerator),
        .ContextBits(ContextBits), .LaneBits(LaneBits), .CellBits(CellBits),
        .CountBits(CountBits), .Trace(Trace), .Padded(IsSim)
    ) u_fabric (
        .clk_i(clk_i), .rst_ni(rst_ni), .en_i(en), .coupled_i(seq_coupled), .beta_i(lane_beta),
        .sweep_i(sweep), .end_o(sweep_end), .read_only_i(read_only), .due_i(due),
        .palindromic_i(seq_palindromic), .reversed_i(reversed), .next_i(op_next),
        .context_i(op_context),
        .emit_o(emit), .emit_last_o(emit_last), .emit_count_o(emit_count),
        .emit_data_o(emit_data), .flip_count_o(flips), .flip_hidden_o(flip_hidden),
        .sat_count_o(sats), .freeze_count_o(freezes), .probe_pbit_i(probe_pbit),
        .probe_lane_i(probe_lane), .probe_context_i(probe_context), .probe_field_o(probe_field),
        .probe_random_o(probe_random), .probe_entry_o(probe_entry),
        .probe_state_o(probe_state), .trace_valid_o(trace_valid), .trace_site_i(trace_site),
        .trace_lane_i(trace_lane), .trace_o(trace_update), .energy_lane_i(port_lane),
        .energy_context_i(port_context), .energy_o(energy),
        .weight_push_i(weight_push), .weight_commit_i(weight_commit), .table_we_i(table_we),
        .clamp_we_i(clamp_we), .state_we_i(state_we), .rng_we_i(rng_we), .host_row_i(host_row),
        .host_col_i(host_col), .host_data_i(host_data), .check_busy_i(checking),
        .check_read_row_i(check_read_row), .check_index_i(check_index),
        .check_load_row_i(check_load_row), .check_shift_row_i(check_shift_row),
        .check_row_word_o(check_row_word), .check_read_table_i(check_read_table),
        .check_table_address_i(check_table_address), .check_cell_i(check_cell),
        .check_table_word_o(check_table_word), .check_read_clamp_i(check_read_clamp),
        .check_clamp_o(check_clamp)
    );
    assign pick_draw = 1'b0;
  end else begin : g_sparse
    localparam int PbitBits = Pbits > 1 ? $clog2(Pbits) : 1;  // derived
    logic check_read_group;
    logic [15:0] check_row, check_pbit;
    logic [7:0] check_col;
    logic [31:0] check_group_word;
    logic [15:0] check_length;
    logic [16:0] check_start;
    logic [3:0] check_flags;
    logic [15:0] last_group;
    logic next_coin;  // of the sweep that a context load begins
    assign next_coin = seq_busy ? seq_coin : coin;
    sparse_fabric #(
        .Pbits(Pbits), .EdgeRows(EdgeRows), .Groups(Groups), .Sites(P), .Lanes(Lanes),
        .Contexts(Contexts), .WeightBits(WeightBits), .BetaBits(BetaBits),
        .IndexShift(IndexShift), .TableLog2(TableLog2), .ThresholdBits(ThresholdBits),
        .Rounding(Rounding), .Generator(Generator), .LfsrSteps(LfsrSteps),
        .CellsPerGenerator(CellsPerGenerator), .ContextBits(ContextBits), .LaneBits(LaneBits),
        .CellBits(CellBits), .CountBits(CountBits), .Exchange(Exchange), .Trace(Trace), .Padded(IsSim)
    ) u_fabric (
        .clk_i(clk_i), .rst_ni(rst_ni), .en_i(en), .coupled_i(seq_coupled), .beta_i(lane_beta),
        .pbits_i(pbits), .sweep_i(sweep), .end_o(sweep_end), .read_only_i(read_only),
        .due_i(due), .palindromic_i(seq_palindromic),
        .random_i(seq_busy ? seq_random : random), .coin_i(seq_coin),
        .reversed_i(op_load ? next_coin && control_word[31] : reversed),
        .last_group_i(last_group), .word_i(control_word), .draw_o(pick_draw),
        .load_i(op_load), .next_i(op_next),
        .sweep_done_i(sweep_done), .context_i(op_context), .load_context_i(op_load_context),
        .emit_o(emit), .emit_last_o(emit_last), .emit_data_o(emit_data), .flip_count_o(flips),
        .sat_count_o(sats), .freeze_count_o(freezes), .probe_pbit_i(probe_pbit),
        .probe_lane_i(probe_lane), .probe_context_i(probe_context), .probe_field_o(probe_field),
        .probe_random_o(probe_random), .probe_entry_o(probe_entry),
        .probe_state_o(probe_state), .trace_valid_o(trace_valid), .trace_site_i(trace_site),
        .trace_lane_i(trace_lane), .trace_o(trace_update), .energy_lane_i(port_lane),
        .energy_context_i(port_context), .energy_o(energy),
        .edge_push_i(weight_push), .edge_commit_i(weight_commit), .group_push_i(group_push),
        .group_commit_i(group_commit), .table_we_i(table_we), .clamp_we_i(clamp_we),
        .state_we_i(state_we), .rng_we_i(rng_we), .energy_unknown_i(energy_unknown),
        .host_row_i(host_row), .host_col_i(host_col), .host_data_i(host_data),
        .check_busy_i(checking), .check_read_group_i(check_read_group),
        .check_read_row_i(check_read_row), .check_row_i(check_row), .check_col_i(check_col),
        .check_group_word_o(check_group_word), .check_edge_word_o(check_row_word),
        .check_length_o(check_length), .check_start_o(check_start), .check_flags_o(check_flags),
        .check_read_table_i(check_read_table), .check_table_address_i(check_table_address),
        .check_cell_i(check_cell), .check_table_word_o(check_table_word),
        .check_read_clamp_i(check_read_clamp), .check_pbit_i(check_pbit),
        .check_clamp_o(check_clamp)
    );
    sparse_check #(
        .EdgeRows(EdgeRows), .Groups(Groups), .Sites(P), .PbitBits(PbitBits),
        .Cells(Cells), .TableLog2(TableLog2), .CellBits(CellBits)
    ) u_check (
        .clk_i(clk_i), .rst_ni(rst_ni), .start_i(check), .invalidate_i(invalidate),
        .unprove_i(unprove), .pbits_i(pbits), .busy_o(checking), .valid_o(hash_valid),
        .proof_o(proof), .last_group_o(last_group), .hash_o(hash),
        .guard_o(guard), .read_group_o(check_read_group),
        .read_row_o(check_read_row), .row_o(check_row), .col_o(check_col),
        .group_word_i(check_group_word), .edge_word_i(check_row_word),
        .length_i(check_length), .start_row_i(check_start), .flags_i(check_flags),
        .read_table_o(check_read_table), .table_address_o(check_table_address),
        .cell_o(check_cell), .table_word_i(check_table_word), .read_clamp_o(check_read_clamp),
        .pbit_o(check_pbit), .clamp_i(check_clamp)
    );
    assign emit_count  = 6'(Lanes);
    assign flip_hidden = 1'b0;
    // of the other image check
    assign {check_load_row, check_shift_row} = '0;
    assign check_index = '0;
  end

  regulator #(
      .Lanes(Lanes), .CountBits(CountBits), .BetaBits(BetaBits), .BetaFrac(BetaFrac),
      .WeightFrac(WeightFrac), .Contexts(Contexts), .Regulator(Regulator),
      .Exchange(Exchange), .ContextBits(ContextBits), .LaneBits(LaneBits)
  ) u_regulator (
      .clk_i(clk_i), .rst_ni(rst_ni), .write_i(reg_write), .address_i(reg_address),
      .data_i(reg_wdata), .idle_i(idle), .window_clear_i(window_clear),
      .sched_clear_i(sched_clear), .sched_we_i(sched_we), .sched_index_i(host_col[6:0]),
      .host_beta_i(beta_set), .count_clear_i(count_clear), .label_we_i(label_we),
      .label_replica_i(host_col), .replica_i(replica), .data_o(regulator_data),
      .readable_o(regulator_readable), .writable_o(regulator_writable),
      .refused_o(regulator_refused), .run_i(seq_busy && en), .flip_count_i(flips),
      .flip_hidden_i(flip_hidden), .next_i(op_next && !read_only), .context_i(op_context),
      .sweep_done_i(sweep_done), .sweep_count_i(sweep_count), .beta_active_i(beta),
      .energy_lane_o(energy_lane), .energy_context_o(energy_context),
      .energy_wanted_o(energy_wanted), .energy_taken_i(energy_read), .energy_i(energy),
      .load_i(op_load), .load_context_i(op_load_context), .lane_beta_o(lane_beta),
      .stream_due_i(stream_due), .exchange_o(exchange), .exchange_end_o(exchange_end),
      .draw_o(pass_draw), .word_i(control_word), .stream_free_i(pack_empty),
      .label_tdata_o(label_tdata), .label_tvalid_o(label_tvalid), .label_tlast_o(label_tlast),
      .label_tready_i(m_axis_tready), .at_next_i(at_next),
      .at_pause_i(at_pause), .at_pause_end_i(at_pause_end), .pause_window_i(pause_window),
      .hold_o(hold), .sweep_beta_o(sweep_beta), .next_beta_o(next_beta), .regulates_o(regulates),
      .window_ends_o(window_ends), .beta_o(regulator_beta), .busy_o(regulator_busy),
      .window_done_o(window_done), .m_axis_telemetry_tdata(m_axis_telemetry_tdata),
      .m_axis_telemetry_tvalid(m_axis_telemetry_tvalid),
      .m_axis_telemetry_tready(m_axis_telemetry_tready),
      .m_axis_telemetry_tlast(m_axis_telemetry_tlast)
  );

  if (Sparse == 0) begin : g_check
    image_check #(
        .Rows(ImageRows), .Words(ImageWords), .Cells(Cells), .Pbits(Visible + Hidden),
        .TableLog2(TableLog2), .IndexBits(IndexBits), .CellBits(CellBits)
    ) u_check (
        .clk_i(clk_i), .rst_ni(rst_ni), .start_i(check), .invalidate_i(invalidate),
        .busy_o(checking), .valid_o(hash_valid), .hash_o(hash), .read_row_o(check_read_row),
        .index_o(check_index), .load_row_o(check_load_row), .shift_row_o(check_shift_row),
        .row_word_i(check_row_word), .read_table_o(check_read_table),
        .table_address_o(check_table_address), .cell_o(check_cell),
        .table_word_i(check_table_word), .read_clamp_o(check_read_clamp), .clamp_i(check_clamp)
    );
    assign {proof, guard} = '0;
  end

  trace_port #(
      .Trace(Trace), .Lanes(Lanes), .Sites(P), .ContextBits(ContextBits)
  ) u_trace (
      .clk_i(clk_i), .rst_ni(rst_ni), .write_i(reg_write), .address_i(reg_address),
      .data_i(reg_wdata), .idle_i(idle), .data_o(trace_data), .readable_o(trace_readable),
      .writable_o(trace_writable), .refused_o(trace_refused), .start_i(start),
      .sweep_done_i(sweep_done), .en_i(en), .hold_o(trace_hold), .busy_o(trace_busy),
      .valid_i(trace_valid), .context_i(op_context), .site_o(trace_site), .lane_o(trace_lane),
      .update_i(trace_update), .m_axis_trace_tdata(m_axis_trace_tdata),
      .m_axis_trace_tvalid(m_axis_trace_tvalid), .m_axis_trace_tready(m_axis_trace_tready),
      .m_axis_trace_tlast(m_axis_trace_tlast)
  );

  localparam int FramePbits = Sparse != 0 ? Pbits : Visible + Hidden;  // derived
  sample_path #(
      .Bits(EmitBits), .Statistics(Statistics), .Pbits(FramePbits), .Replicas(Replicas),
      .Lanes(Lanes), .Contexts(Contexts), .Pairs(StatPairs), .FrameAfter(Fabric != 1 ? 1 : 0),
      .ContextBits(ContextBits), .LaneBits(LaneBits)
  ) u_samples (
      .clk_i(clk_i), .rst_ni(rst_ni), .push_i(emit && en), .push_last_i(emit_last),
      .push_count_i(emit_count), .push_data_i(emit_data), .to_stream_i(to_stream),
      .to_unit_i(to_unit), .ready_o(pack_ready), .empty_o(pack_empty), .frame_o(frame),
      .busy_o(pack_busy), .m_axis_tdata(pack_tdata), .m_axis_tvalid(pack_tvalid),
      .m_axis_tready(m_axis_tready), .m_axis_tlast(pack_tlast), .write_i(reg_write),
      .read_i(reg_read), .address_i(reg_address), .data_i(reg_wdata), .idle_i(idle),
      .swap_i(stat_swap), .clear_i(stat_clear), .data_o(stat_data),
      .readable_o(stat_readable), .writable_o(stat_writable), .refused_o(stat_refused),
      .every_o(unit_every), .pbits_i(Sparse != 0 ? pbits : 17'(FramePbits)), .due_i(to_unit),
      .sweep_i(sweep), .at_next_i(at_next), .next_i(op_next), .context_i(op_context),
      .hold_o(unit_hold), .energy_lane_o(unit_lane), .energy_context_o(unit_context),
      .energy_taken_i(energy_read || energy_wanted), .energy_i(energy)
  );
  // label frames leave while the packer is empty
  assign m_axis_tvalid = pack_tvalid || label_tvalid;
  assign m_axis_tdata  = label_tvalid ? label_tdata : pack_tdata;
  assign m_axis_tlast  = label_tvalid ? label_tlast : pack_tlast;
endmodule
`default_nettype wire

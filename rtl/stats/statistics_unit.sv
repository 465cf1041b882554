`default_nettype none
// Statistics unit: counts, pairs and batch sums of series over frames, read where they leave the
// array, and the energies that belong to them.
//
//   frame words --+--> pbit_counts --projections--+
//                 +--> pair_counts                +--> batch_series
//   energy port -----> energy_samples ------------+
//   sample_control: contexts, banks          statistics_registers: STAT_*, STAT_DATA
//
// A word a clock; after a context's frame pairs + 4 clocks, and 10 Lanes a level of the series, of
// which there are 2 on average and 16 at most; a frame that comes before the end waits. hold_o: the
// array must not end a context's sweep, energies of the context have to be read. Reset: empty.
// Behaviour: docs/device-options.md. Tested against a model in its bench, and in lock-step against
// the C twin.
`include "pbit_assert.svh"
module statistics_unit #(
    parameter int Pbits       = 12,  // N
    parameter int Replicas    = 1,
    parameter int Lanes       = 1,   // a power of two up to 32
    parameter int Contexts    = 1,
    parameter int Pairs       = 0,   // up to 2^20
    parameter int FrameAfter  = 0,   // frames leave at the end of their own sweep
    parameter int ContextBits = 1,
    parameter int LaneBits    = 1
) (
    input  wire                    clk_i,
    input  wire                    rst_ni,
    // bus
    input  wire                    write_i,
    input  wire                    read_i,
    input  wire  [           11:0] address_i,
    input  wire  [           31:0] data_i,
    input  wire                    idle_i,
    input  wire                    swap_i,
    input  wire                    clear_i,
    output logic [           31:0] data_o,
    output logic                   readable_o,
    output logic                   writable_o,
    output logic                   refused_o,
    // array
    output logic [           31:0] every_o,           // sweeps per sample
    input  wire  [           16:0] pbits_i,           // n
    input  wire                    due_i,             // a frame for the unit leaves in this sweep
    input  wire                    sweep_i,           // a context's sweep is in progress
    input  wire                    at_next_i,         // its last clock
    input  wire                    next_i,            // and it ends
    input  wire  [ContextBits-1:0] context_i,
    output logic                   hold_o,
    output logic                   busy_o,
    // energies
    output logic [   LaneBits-1:0] energy_lane_o,
    output logic [ContextBits-1:0] energy_context_o,
    input  wire                    energy_taken_i,
    input  wire  [           47:0] energy_i,
    // frame
    input  wire                    word_valid_i,
    input  wire                    word_last_i,
    input  wire  [           31:0] word_i,
    output logic                   word_ready_o
);
  localparam int SumBits = 24;

  logic take, first, skip, walk, walk_busy, energies, drop, series_start, series_busy, read_value;
  logic series_taken, clipped, bank, rest_d, swapped, pending, any_clipped, full, open, context0;
  logic request, waiting, reading, swept_q, fetch, coefficient_we, pair_we, energy_clipped;
  logic [ContextBits-1:0] sample_context;
  logic [16:0] rows, rows_seen;
  logic [20:0] pairs, pairs_seen;
  logic [31:0] t, samples, rest_first, rest_samples, pbit_word, pair_word, product_word, sum_word;
  logic [15:0] levels_seen;
  logic [19:0] address, address_d;
  logic [2:0] select_d, series;
  logic [4:0] shift;
  logic [63:0] reference;
  logic [LaneBits-1:0] lane;
  logic [23:0] energy_value, value;
  logic [4*Lanes*SumBits-1:0] sums;

  statistics_registers #(.Pbits(Pbits), .Replicas(Replicas), .Pairs(Pairs)) u_registers (
      .clk_i(clk_i), .rst_ni(rst_ni), .write_i(write_i), .read_i(read_i), .address_i(address_i),
      .data_i(data_i), .idle_i(idle_i), .data_o(data_o), .readable_o(readable_o),
      .writable_o(writable_o), .refused_o(refused_o), .every_o(every_o), .pairs_o(pairs),
      .shift_o(shift), .reference_o(reference), .swapped_i(swapped), .fetch_o(fetch),
      .select_d_o(select_d), .address_d_o(address_d), .address_o(address),
      .coefficient_we_o(coefficient_we), .pair_we_o(pair_we), .pbit_word_i(pbit_word),
      .pair_word_i(pair_word), .product_word_i(product_word), .sum_word_i(sum_word),
      .pending_i(pending), .clipped_i(any_clipped), .full_i(full), .first_i(rest_first),
      .samples_i(rest_samples)
  );

  sample_control #(
      .Replicas(Replicas), .Contexts(Contexts), .ContextBits(ContextBits)
  ) u_control (
      .clk_i(clk_i), .rst_ni(rst_ni), .swap_i(swap_i), .clear_i(clear_i),
      .word_valid_i(word_valid_i), .word_last_i(word_last_i), .word_ready_o(word_ready_o),
      .take_o(take), .first_o(first), .skip_o(skip), .rows_i(rows), .pairs_i(pairs),
      .walk_o(walk), .walk_busy_i(walk_busy), .energies_i(energies), .drop_o(drop),
      .series_o(series_start), .series_busy_i(series_busy), .series_taken_i(series_taken),
      .clipped_i(clipped), .open_o(open), .context_o(sample_context), .context0_o(context0),
      .bank_o(bank), .rest_d_o(rest_d), .swapped_o(swapped), .t_o(t), .samples_o(samples),
      .levels_seen_o(levels_seen), .rows_seen_o(rows_seen), .pairs_seen_o(pairs_seen),
      .rest_first_o(rest_first), .rest_samples_o(rest_samples), .pending_o(pending),
      .clipped_o(any_clipped), .full_o(full)
  );

  pbit_counts #(.Pbits(Pbits), .Lanes(Lanes), .SumBits(SumBits)) u_pbits (
      .clk_i(clk_i), .bank_i(bank), .pbits_i(pbits_i), .word_i(take), .first_i(first),
      .skip_i(skip), .data_i(word_i), .rows_seen_i(rows_seen), .context0_i(context0),
      .rows_o(rows), .sums_o(sums), .we_i(coefficient_we), .address_i(address),
      .coefficients_i(data_i[7:0]), .host_read_i(fetch && select_d == 3'd0),
      .host_bank_i(rest_d), .read_address_i(address_d), .column_i(address[4:0]),
      .count_o(pbit_word)
  );

  if (Pairs > 0) begin : g_pairs
    pair_counts #(.Pbits(Pbits), .Lanes(Lanes), .Pairs(Pairs)) u_pairs (
        .clk_i(clk_i), .rst_ni(rst_ni), .bank_i(bank), .word_i(take && !skip),
        .row_i(first ? '0 : rows), .data_i(word_i), .start_i(walk), .context0_i(context0),
        .pairs_i(pairs), .pairs_seen_i(pairs_seen), .busy_o(walk_busy), .we_i(pair_we),
        .address_i(address), .first_i(data_i[15:0]), .second_i(data_i[31:16]),
        .host_read_i(fetch && select_d == 3'd1), .host_bank_i(rest_d),
        .read_address_i(address_d), .count_o(pair_word)
    );
  end else begin : g_no_pairs
    assign {walk_busy, pair_word} = '0;
  end

  // Energies of a frame that leaves in a later sweep are those stored before it; else those stored
  // at the end of this one.
  assign request = FrameAfter != 0 ? next_i && due_i : sweep_i && !swept_q && due_i;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) swept_q <= 1'b0;
    else swept_q <= sweep_i;
  end
  energy_samples #(
      .Lanes(Lanes), .ContextBits(ContextBits), .LaneBits(LaneBits)
  ) u_energies (
      .clk_i(clk_i), .rst_ni(rst_ni), .reference_i(reference), .shift_i(shift),
      .request_i(request), .context_i(context_i), .pending_o(waiting), .busy_o(reading),
      .full_o(energies),
      .take_i(series_taken || drop), .lane_i(lane), .value_o(energy_value),
      .clipped_o(energy_clipped), .energy_lane_o(energy_lane_o),
      .energy_context_o(energy_context_o), .energy_taken_i(energy_taken_i), .energy_i(energy_i)
  );
  assign clipped = read_value && series == '0 && energy_clipped;
  assign value   = series == '0 ? energy_value
                 : sums[((32'(series) - 1) * Lanes + 32'(lane)) * SumBits +: SumBits];

  batch_series #(
      .Lanes(Lanes), .Contexts(Contexts), .ContextBits(ContextBits), .LaneBits(LaneBits)
  ) u_series (
      .clk_i(clk_i), .rst_ni(rst_ni), .bank_i(bank), .start_i(series_start),
      .context_i(sample_context), .t_i(t), .fresh_i(samples == '0),
      .levels_seen_i(levels_seen), .busy_o(series_busy), .read_o(read_value),
      .taken_o(series_taken), .lane_o(lane), .series_o(series), .value_i(value),
      .host_read_i(fetch && (select_d == 3'd2 || select_d == 3'd3)), .host_bank_i(rest_d),
      .read_address_i(address_d), .word_i(address[1:0]), .product_word_o(product_word),
      .sum_word_o(sum_word)
  );

  assign hold_o = at_next_i && waiting;
  assign busy_o = open || reading;

  `PBIT_ASSERT(one_request_A, clk_i, rst_ni, !(request && waiting))
endmodule
`default_nettype wire

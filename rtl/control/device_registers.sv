`default_nettype none
// Register file and image port of the device: rtl/pkg/registers.yaml, docs/registers.md. The
// registers of regulator and options (0x100 and above) are elsewhere and answer through other_*.
//
// One access per clock from the bus slave; error_o marks unmapped addresses and writes to read-only
// registers. Counters are 64 bits wide and never wrap in practice; reading _LO latches _HI.
`include "pbit_regs.svh"
module device_registers #(
    parameter int Fabric        = 1,
    parameter int Visible       = 6,
    parameter int Hidden        = 6,
    parameter int Replicas      = 1,
    parameter int Lanes         = 1,
    parameter int WeightBits    = 12,
    parameter int WeightFrac    = 6,
    parameter int BetaBits      = 16,
    parameter int BetaFrac      = 12,
    parameter int TableLog2     = 10,
    parameter int RangeLog2     = 4,
    parameter int ThresholdBits = 24,
    parameter int Rounding      = 1,
    parameter int Generator     = 0,
    parameter int LfsrSteps     = 1,
    parameter int FieldBits     = 32,
    parameter int CellsPerGenerator = 1,
    parameter int IsSim         = 0,
    parameter int Side          = 0,   // lattice only, else 0
    parameter int Sites         = 0,   // lattice and sparse
    parameter int NRules        = 0,
    parameter logic [47:0] RuleA = 48'd0,
    parameter logic [47:0] RuleB = 48'd0,
    parameter int Pbits         = 0,   // sparse only, else 0
    parameter int EdgeRows      = 0,
    parameter int Groups        = 0,
    parameter int ImageRows     = 7,
    parameter int ImageWords    = 7,
    parameter int Cells         = 1,
    parameter int CountBits     = 1,
    parameter int Regulator     = 1,   // options, 1: built
    parameter int Exchange      = 0,
    parameter int Statistics    = 0,
    parameter int StatPairs     = 0,
    parameter int Trace         = 0
) (
    input  wire                 clk_i,
    input  wire                 rst_ni,
    // bus
    input  wire                 write_i,
    input  wire                 read_i,
    input  wire  [        11:0] address_i,
    input  wire  [        31:0] data_i,
    output logic [        31:0] data_o,
    output logic                error_o,
    output logic                idle_o,              // commands and image writes are accepted
    input  wire  [        63:0] other_data_i,
    input  wire                 other_readable_i,
    input  wire                 other_writable_i,
    input  wire                 other_refused_i,
    // commands and configuration
    output logic                start_o,
    output logic                stop_o,
    output logic                check_o,
    output logic                clear_o,             // counters
    output logic                window_clear_o,
    output logic                sched_clear_o,
    output logic                stat_swap_o,
    output logic                stat_clear_o,
    output logic                palindromic_o,
    output logic                coin_o,
    output logic                random_o,
    output logic                coupled_o,
    output logic [        31:0] sweeps_o,
    output logic [        31:0] every_o,
    output logic [BetaBits-1:0] beta_o,
    output logic                irq_o,
    // image port: one strobe per target
    output logic                weight_push_o,
    output logic                weight_commit_o,
    output logic                table_we_o,
    output logic                clamp_we_o,
    output logic                state_we_o,
    output logic                rng_we_o,
    output logic                coin_we_o,           // control generator
    output logic                sched_we_o,
    output logic                label_we_o,          // of the ladder
    output logic                group_push_o,        // schedule of the sparse fabric
    output logic                group_commit_o,
    output logic                invalidate_o,        // the hash is of another image
    output logic                unprove_o,           // and so is the proof of the schedule
    output logic                energy_unknown_o,
    output logic [        16:0] pbits_o,             // n
    output logic [        15:0] host_row_o,
    output logic [        15:0] host_col_o,
    output logic [        31:0] host_data_o,
    // selections
    output logic [        15:0] replica_o,
    output logic                energy_read_o,       // energy_i is read in this clock
    output logic [        15:0] probe_pbit_o,
    output logic [        15:0] probe_replica_o,
    // status
    input  wire                 busy_i,
    input  wire                 stalled_i,
    input  wire                 checking_i,
    input  wire                 hash_valid_i,
    input  wire  [        31:0] hash_i,
    input  wire                 proof_i,             // the colour guard has passed; else 0
    input  wire  [        31:0] guard_i,
    input  wire  [BetaBits-1:0] beta_active_i,
    input  wire                 busy_cycle_i,
    input  wire                 stall_cycle_i,
    input  wire                 sweep_done_i,
    input  wire                 window_done_i,
    output logic [        31:0] sweep_count_o,
    input  wire                 frame_i,
    input  wire  [CountBits-1:0] flip_count_i,
    input  wire  [CountBits-1:0] sat_count_i,
    input  wire  [CountBits-1:0] freeze_count_i,
    input  wire  [        47:0] energy_i,
    input  wire  [        31:0] probe_field_i,
    input  wire  [        31:0] probe_random_i,
    input  wire  [        31:0] probe_entry_i,
    input  wire  [         2:0] probe_state_i
);
  // derived, do not override
  localparam int Contexts = Replicas / Lanes;
  localparam int Sparse = Fabric == 3 ? 1 : 0;
  localparam int InOrder = Fabric != 1 ? 1 : 0;  // states, too, are written in order
  localparam int StatePbits = Sparse != 0 ? Pbits : Visible + Hidden;
  localparam logic [47:0] RuleMask = ~(48'hFFFFFFFFFFFF << (8 * NRules));

  logic [31:0] scratch_q, sweeps_q, every_q, hi_q;
  logic [BetaBits-1:0] beta_q;
  logic [1:0] irq_enable_q, irq_q;  // run ended, window ended
  logic kernel_q, coin_q, random_q, coupled_q, done_q, error_q, was_busy_q, starting_q;
  logic [2:0] select_q;
  logic [15:0] row_q, col_q, expected_col_q, replica_q;
  logic [31:0] probe_q;
  logic [63:0] busy_cycles_q, stall_cycles_q, sweeps_done_q, flips_q, sats_q, freezes_q, frames_q;
  logic [16:0] pbits_q;
  logic idle, img_write, img_ok, ctrl, config_we, writable, readable, clear, start, refused,
        odd_lanes, in_row, index_ok, proved, row_end, pbits_write, pbits_ok, no_coin,
        no_random;

  // ---- decode ----
  assign idle   = !busy_i && !starting_q && !checking_i;  // apart: the other registers' answer needs it
  assign idle_o = idle;
  always_comb begin
    odd_lanes = Lanes % 2 == 1;
    ctrl      = write_i && address_i == `PBIT_REG_CTRL;
    config_we = write_i && address_i == `PBIT_REG_CONFIG;
    no_coin   = data_i[0];  // not in a palindrome
    no_random = data_i[0] || data_i[2] || Sparse == 0;
    img_write = write_i && address_i == `PBIT_REG_IMG_DATA;
    in_row    = col_q == expected_col_q;
    // the sparse fabric's neighbours, and its p-bits behind LENGTH and START
    index_ok = Sparse == 0 || col_q[0] || 32'(data_i[15:0]) < Pbits;
    case (select_q)
      3'd0:
        img_ok = idle && 32'(row_q) < ImageRows && 32'(col_q) < ImageWords && in_row && index_ok;
      3'd1: img_ok = idle && 32'(col_q) < (1 << TableLog2);
      3'd2: img_ok = idle && 32'(col_q) < StatePbits;
      3'd3:
        img_ok = idle && 32'(col_q) < StatePbits && 32'(row_q) < Contexts &&
                 (InOrder == 0 || in_row);
      3'd4: img_ok = idle && 32'(col_q) < 4 * (Cells + 1);
      3'd5:
        img_ok = idle && Sparse != 0 && 32'(row_q) < Groups && 32'(col_q) < ImageWords + 2 &&
                 in_row && (index_ok || col_q == '0);
      3'd6: img_ok = idle && 32'(col_q) < 128;
      default:
        img_ok = idle && Exchange != 0 && 32'(col_q) < Replicas && data_i < Contexts;
    endcase
    row_end     = 32'(col_q) == (select_q == 3'd5 ? ImageWords + 1 : ImageWords - 1);
    pbits_write = write_i && address_i == `PBIT_REG_PBITS;
    pbits_ok    = pbits_write && idle && Sparse != 0 && data_i != '0 && data_i <= Pbits;
    proved      = Sparse == 0 || (pbits_q != '0 && (proof_i || sweeps_q == '0));
    start       = ctrl && data_i[0] && idle && proved;
    clear   = ctrl && data_i[2];
    refused = other_refused_i || (img_write && !img_ok) ||
              (ctrl && (data_i[0] || data_i[3] || (data_i[4] && Regulator != 0) || data_i[5] ||
                        (data_i[7] && Statistics != 0)) && !idle) ||
              (ctrl && data_i[0] && (data_i[3] || !proved)) || (pbits_write && !pbits_ok) ||
              (config_we && ((data_i[1] && odd_lanes) || (data_i[2] && no_coin) ||
                             (data_i[3] && no_random)));

    clear_o         = clear;
    window_clear_o  = ctrl && data_i[4] && Regulator != 0 && idle;
    sched_clear_o   = ctrl && data_i[5] && idle;
    stat_swap_o     = ctrl && data_i[6] && Statistics != 0;
    stat_clear_o    = ctrl && data_i[7] && Statistics != 0 && idle;
    energy_read_o   = read_i && address_i == `PBIT_REG_ENERGY_LO;
    sweep_count_o   = sweeps_done_q[31:0];
    start_o         = start;
    stop_o          = ctrl && data_i[1];
    check_o         = ctrl && data_i[3] && idle && !data_i[0];
    palindromic_o   = kernel_q;
    coin_o          = coin_q;
    random_o        = random_q;
    coupled_o       = coupled_q;
    sweeps_o        = sweeps_q;
    every_o         = every_q;
    beta_o          = beta_q;
    irq_o           = (irq_q & irq_enable_q) != '0;
    weight_push_o   = img_write && img_ok && select_q == 3'd0;
    weight_commit_o = weight_push_o && row_end;
    table_we_o      = img_write && img_ok && select_q == 3'd1;
    clamp_we_o      = img_write && img_ok && select_q == 3'd2;
    state_we_o      = img_write && img_ok && select_q == 3'd3;
    rng_we_o         = img_write && img_ok && select_q == 3'd4 && 32'(col_q) < 4 * Cells;
    coin_we_o        = img_write && img_ok && select_q == 3'd4 && 32'(col_q) >= 4 * Cells;
    sched_we_o       = img_write && img_ok && select_q == 3'd6;
    label_we_o       = img_write && img_ok && select_q == 3'd7;
    group_push_o     = img_write && img_ok && select_q == 3'd5;
    group_commit_o   = group_push_o && row_end;
    unprove_o        = Sparse != 0 && (weight_push_o || group_push_o || pbits_ok);
    energy_unknown_o = unprove_o || state_we_o;
    invalidate_o     = weight_push_o || table_we_o || clamp_we_o || unprove_o;
    pbits_o          = pbits_q;
    host_row_o      = row_q;
    host_col_o      = col_q;
    host_data_o     = data_i;
    replica_o       = replica_q;
    probe_pbit_o    = probe_q[15:0];
    probe_replica_o = probe_q[31:16];
  end

  // ---- writes and state ----
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      scratch_q      <= `PBIT_RESET_SCRATCH;
      sweeps_q       <= `PBIT_RESET_SWEEPS;
      every_q        <= `PBIT_RESET_SAMPLE_EVERY;
      beta_q         <= '0;
      kernel_q       <= 1'b0;
      coin_q         <= 1'b0;
      random_q       <= 1'b0;
      coupled_q      <= 1'b0;
      irq_enable_q   <= '0;
      irq_q          <= '0;
      done_q         <= 1'b0;
      error_q        <= 1'b0;
      was_busy_q     <= 1'b0;
      starting_q     <= 1'b0;
      select_q       <= '0;
      row_q          <= '0;
      col_q          <= '0;
      expected_col_q <= '0;
      replica_q      <= '0;
      probe_q        <= '0;
      pbits_q        <= '0;
    end else begin
      starting_q <= start;
      was_busy_q <= busy_i || starting_q;
      if (was_busy_q && !busy_i && !starting_q) begin
        done_q <= 1'b1;
        irq_q[0] <= 1'b1;
      end
      if (start) done_q <= 1'b0;
      if (clear) begin
        error_q <= 1'b0;
        done_q  <= 1'b0;
      end
      if (refused) error_q <= 1'b1;
      if (pbits_ok) pbits_q <= data_i[16:0];
      if (write_i) begin
        case (address_i)
          `PBIT_REG_SCRATCH:        scratch_q <= data_i;
          `PBIT_REG_CONFIG: begin
            kernel_q  <= data_i[0];
            coupled_q <= data_i[1] && !odd_lanes;
            coin_q    <= data_i[2] && !no_coin;
            random_q  <= data_i[3] && !no_random;
          end
          `PBIT_REG_SWEEPS:         sweeps_q <= data_i;
          `PBIT_REG_SAMPLE_EVERY:   every_q <= data_i;
          `PBIT_REG_BETA:           beta_q <= data_i[BetaBits-1:0];
          `PBIT_REG_IRQ_ENABLE:     irq_enable_q <= data_i[1:0];
          `PBIT_REG_IRQ_STATUS:     irq_q <= irq_q & ~data_i[1:0];
          `PBIT_REG_IMG_SELECT:     select_q <= data_i > 32'd7 ? 3'd7 : data_i[2:0];
          `PBIT_REG_REPLICA_SELECT: replica_q <= data_i[15:0];
          `PBIT_REG_PROBE_SELECT:   probe_q <= data_i;
          `PBIT_REG_IMG_ADDRESS: begin
            row_q <= data_i[31:16];
            col_q <= data_i[15:0];
            if (data_i[15:0] == '0) expected_col_q <= '0;
          end
          `PBIT_REG_IMG_DATA: begin
            if (img_ok && (select_q == 3'd0 || select_q == 3'd5)) begin
              col_q          <= row_end ? '0 : col_q + 1'b1;
              expected_col_q <= row_end ? '0 : col_q + 1'b1;
              if (row_end) row_q <= row_q + 1'b1;
            end else if (img_ok) begin
              col_q <= col_q + 1'b1;
              if (InOrder != 0 && select_q == 3'd3) expected_col_q <= col_q + 1'b1;
            end
          end
          default: ;
        endcase
      end
      if (window_done_i) irq_q[1] <= 1'b1;
    end
  end

  // ---- counters ----
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      busy_cycles_q  <= '0;
      stall_cycles_q <= '0;
      sweeps_done_q  <= '0;
      flips_q        <= '0;
      sats_q         <= '0;
      freezes_q      <= '0;
      frames_q       <= '0;
    end else if (clear) begin
      busy_cycles_q  <= '0;
      stall_cycles_q <= '0;
      sweeps_done_q  <= '0;
      flips_q        <= '0;
      sats_q         <= '0;
      freezes_q      <= '0;
      frames_q       <= '0;
    end else begin
      if (busy_cycle_i) begin
        busy_cycles_q <= busy_cycles_q + 64'd1;
        if (flip_count_i != '0) flips_q <= flips_q + 64'(flip_count_i);
        if (sat_count_i != '0) sats_q <= sats_q + 64'(sat_count_i);
        if (freeze_count_i != '0) freezes_q <= freezes_q + 64'(freeze_count_i);
        if (sweep_done_i) sweeps_done_q <= sweeps_done_q + 64'd1;
      end
      if (stall_cycle_i) stall_cycles_q <= stall_cycles_q + 64'd1;
      if (frame_i) frames_q <= frames_q + 64'd1;
    end
  end

  // ---- reads ----
  logic [63:0] wide;
  always_comb begin
    readable = 1'b1;
    wide     = '0;
    case (address_i)
      `PBIT_REG_ID:              wide = 64'(`PBIT_RESET_ID);
      `PBIT_REG_VERSION:         wide = 64'(`PBIT_RESET_VERSION);
      `PBIT_REG_SCRATCH:         wide = 64'(scratch_q);
      `PBIT_REG_CAPS0:           wide = {32'd0, 5'd0, 12'(CellsPerGenerator - 1), Rounding != 0,
                                         6'(LfsrSteps), 4'(Generator), 3'(Fabric), IsSim != 0};
      `PBIT_REG_CAPS_SIZE:       wide = {32'd0, 16'(Hidden), 16'(Visible)};
      `PBIT_REG_CAPS_REPLICAS:   wide = {32'd0, 16'(Lanes), 16'(Replicas)};
      `PBIT_REG_CAPS_FORMAT:     wide = {32'd0, 8'(BetaFrac), 8'(BetaBits), 8'(WeightFrac),
                                         8'(WeightBits)};
      `PBIT_REG_CAPS_ACTIVATION: wide = {32'd0, 8'(RangeLog2), 8'(FieldBits), 8'(ThresholdBits),
                                         8'(TableLog2)};
      `PBIT_REG_CAPS_LATTICE:    wide = {32'd0, 12'd0, 4'(NRules), 16'(Side)};
      `PBIT_REG_CAPS_SITES:      wide = {32'd0, 32'(Sites)};
      `PBIT_REG_CAPS_RULE_A_LO:  wide = {32'd0, 32'(RuleA & RuleMask)};
      `PBIT_REG_CAPS_RULE_A_HI:  wide = {32'd0, 32'((RuleA & RuleMask) >> 32)};
      `PBIT_REG_CAPS_RULE_B_LO:  wide = {32'd0, 32'(RuleB & RuleMask)};
      `PBIT_REG_CAPS_RULE_B_HI:  wide = {32'd0, 32'((RuleB & RuleMask) >> 32)};
      `PBIT_REG_CAPS_PBITS:      wide = {32'd0, 32'(Pbits)};
      `PBIT_REG_CAPS_EDGE_ROWS:  wide = {32'd0, 32'(EdgeRows)};
      `PBIT_REG_CAPS_GROUPS:     wide = {32'd0, 32'(Groups)};
      `PBIT_REG_CAPS_OPTIONS:    wide = {60'd0, Regulator == 0, Trace != 0, Statistics != 0,
                                         Exchange != 0};
      `PBIT_REG_CAPS_STAT_PAIRS: wide = {32'd0, 32'(StatPairs)};
      `PBIT_REG_PBITS:           wide = 64'(pbits_q);
      `PBIT_REG_GUARD:           wide = 64'(guard_i);
      `PBIT_REG_CTRL, `PBIT_REG_IMG_DATA: wide = '0;
      `PBIT_REG_STATUS:          wide = {57'd0, proof_i, error_q, stalled_i, hash_valid_i,
                                         checking_i, done_q, busy_i || starting_q};
      `PBIT_REG_CONFIG:          wide = {60'd0, random_q, coin_q, coupled_q, kernel_q};
      `PBIT_REG_SWEEPS:          wide = 64'(sweeps_q);
      `PBIT_REG_SAMPLE_EVERY:    wide = 64'(every_q);
      `PBIT_REG_BETA:            wide = 64'(beta_q);
      `PBIT_REG_BETA_ACTIVE:     wide = 64'(beta_active_i);
      `PBIT_REG_IRQ_ENABLE:      wide = 64'(irq_enable_q);
      `PBIT_REG_IRQ_STATUS:      wide = 64'(irq_q);
      `PBIT_REG_IMG_SELECT:      wide = 64'(select_q);
      `PBIT_REG_IMG_ADDRESS:     wide = {32'd0, row_q, col_q};
      `PBIT_REG_IMG_HASH:        wide = 64'(hash_i);
      `PBIT_REG_BUSY_CYCLES_LO:  wide = busy_cycles_q;
      `PBIT_REG_STALL_CYCLES_LO: wide = stall_cycles_q;
      `PBIT_REG_SWEEP_COUNT_LO:  wide = sweeps_done_q;
      `PBIT_REG_FLIPS_LO:        wide = flips_q;
      `PBIT_REG_SATURATIONS_LO:  wide = sats_q;
      `PBIT_REG_FREEZES_LO:      wide = freezes_q;
      `PBIT_REG_SAMPLES_LO:      wide = frames_q;
      `PBIT_REG_ENERGY_LO:
        wide = 32'(replica_q) < Replicas ? {{16{energy_i[47]}}, energy_i} : '0;
      `PBIT_REG_BUSY_CYCLES_HI, `PBIT_REG_STALL_CYCLES_HI, `PBIT_REG_SWEEP_COUNT_HI,
      `PBIT_REG_FLIPS_HI, `PBIT_REG_SATURATIONS_HI, `PBIT_REG_FREEZES_HI, `PBIT_REG_SAMPLES_HI,
      `PBIT_REG_ENERGY_HI, `PBIT_REG_WINDOW_ENERGY_REF_HI, `PBIT_REG_WINDOW_ENERGY_SUM_HI,
      `PBIT_REG_WINDOW_ENERGY_SQ_HI: wide = 64'(hi_q);
      `PBIT_REG_REPLICA_SELECT:  wide = 64'(replica_q);
      `PBIT_REG_PROBE_SELECT:    wide = 64'(probe_q);
      `PBIT_REG_PROBE_FIELD:     wide = 64'(probe_field_i);
      `PBIT_REG_PROBE_RANDOM:    wide = 64'(probe_random_i);
      `PBIT_REG_PROBE_THRESHOLD: wide = 64'(probe_entry_i);
      `PBIT_REG_PROBE_STATE:     wide = 64'(probe_state_i);
      default: begin
        wide     = other_data_i;
        readable = other_readable_i;
      end
    endcase
    case (address_i)
      `PBIT_REG_SCRATCH, `PBIT_REG_CTRL, `PBIT_REG_CONFIG, `PBIT_REG_SWEEPS,
      `PBIT_REG_SAMPLE_EVERY, `PBIT_REG_BETA, `PBIT_REG_IRQ_ENABLE, `PBIT_REG_IRQ_STATUS,
      `PBIT_REG_IMG_SELECT, `PBIT_REG_IMG_ADDRESS, `PBIT_REG_IMG_DATA, `PBIT_REG_REPLICA_SELECT,
      `PBIT_REG_PROBE_SELECT, `PBIT_REG_PBITS: writable = 1'b1;
      default: writable = other_writable_i;
    endcase
    data_o  = wide[31:0];
    error_o = write_i ? !writable : !readable;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      hi_q <= '0;
    end else if (read_i) begin
      case (address_i)
        `PBIT_REG_BUSY_CYCLES_LO, `PBIT_REG_STALL_CYCLES_LO, `PBIT_REG_SWEEP_COUNT_LO,
        `PBIT_REG_FLIPS_LO, `PBIT_REG_SATURATIONS_LO, `PBIT_REG_FREEZES_LO,
        `PBIT_REG_SAMPLES_LO, `PBIT_REG_ENERGY_LO, `PBIT_REG_WINDOW_ENERGY_REF_LO,
        `PBIT_REG_WINDOW_ENERGY_SUM_LO, `PBIT_REG_WINDOW_ENERGY_SQ_LO: hi_q <= wide[63:32];
        default: ;
      endcase
    end
  end
endmodule
`default_nettype wire

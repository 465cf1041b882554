`default_nettype none
// Registers 0x100 and above: temperature regulator and windows (rtl/pkg/registers.yaml,
// docs/registers.md). The configuration is written while idle only; a refused write says so. Without
// the regulator only REG_CONFIG (MODE and FREEZE) and SCHED_* are here; the rest: absent_options.
//
// Decodes the access of device_registers in the same clock. Reset values from the register list.
`include "pbit_regs.svh"
module regulator_registers #(
    parameter int Regulator = 1
) (
    input  wire         clk_i,
    input  wire         rst_ni,
    // bus
    input  wire         write_i,
    input  wire  [11:0] address_i,
    input  wire  [31:0] data_i,
    input  wire         idle_i,
    output logic [63:0] data_o,         // both words of a 64-bit register
    output logic        readable_o,
    output logic        writable_o,
    output logic        refused_o,
    // configuration
    output logic [ 2:0] mode_o,
    output logic        source_o,
    output logic        freeze_o,
    output logic        telemetry_o,
    output logic [ 5:0] rate_shift_o,
    output logic [31:0] window_sweeps_o,
    output logic [31:0] rate_scale_o,
    output logic [24:0] rate_set_o,
    output logic [31:0] gain_o,
    output logic [15:0] smoothing_o,
    output logic [24:0] dead_band_o,
    output logic [25:0] rate_limit_o,
    output logic [26:0] lambda_min_o,
    output logic [26:0] lambda_max_o,
    output logic [31:0] macro_o,
    output logic [29:0] t_min_o,
    output logic [29:0] t_max_o,
    output logic        lambda_we_o,
    output logic        filter_we_o,
    output logic [ 5:0] sched_last_o,
    output logic        sched_repeat_o,
    // values
    input  wire  [26:0] lambda_i,
    input  wire  [31:0] filter_i,
    input  wire  [29:0] temperature_i,
    input  wire  [31:0] position_i,
    input  wire  [31:0] index_i,
    input  wire  [ 9:0] flags_i,
    input  wire  [31:0] flips_v_i,
    input  wire  [31:0] flips_h_i,
    input  wire  [24:0] rate_i,
    input  wire  [47:0] energy_ref_i,
    input  wire  [63:0] energy_sum_i,
    input  wire  [63:0] energy_sq_i,
    input  wire  [ 5:0] sched_entry_i,
    input  wire  [31:0] sched_sweeps_i
);
  localparam logic [26:0] LambdaMin = 27'(`PBIT_RESET_LAMBDA_MIN & 32'h07FFFFFF);
  localparam logic [26:0] LambdaMax = 27'(`PBIT_RESET_LAMBDA_MAX & 32'h07FFFFFF);
  localparam logic [29:0] TMin = 30'(`PBIT_RESET_T_MIN);
  localparam logic [29:0] TMax = 30'(`PBIT_RESET_T_MAX);

  // of REG_CONFIG without the regulator: SOURCE, TELEMETRY and RATE_SHIFT stay 0
  localparam logic [31:0] Absent = Regulator != 0 ? 32'd0 : 32'h00003F28;

  logic we;
  always_comb begin
    writable_o  = address_i == `PBIT_REG_REG_CONFIG || address_i == `PBIT_REG_SCHED_LAST ||
                  (Regulator != 0 && address_i > `PBIT_REG_REG_CONFIG &&
                   address_i <= `PBIT_REG_T_MAX);
    we          = write_i && writable_o && idle_i;
    refused_o   = write_i && writable_o &&
                  (!idle_i || (address_i == `PBIT_REG_REG_CONFIG && (data_i & Absent) != '0));
    lambda_we_o = we && address_i == `PBIT_REG_LAMBDA;
    filter_we_o = we && address_i == `PBIT_REG_FILTER;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      {freeze_o, mode_o, sched_repeat_o, sched_last_o} <= '0;
    end else if (we) begin
      case (address_i)
        `PBIT_REG_REG_CONFIG: {freeze_o, mode_o} <= {data_i[4], data_i[2:0]};
        `PBIT_REG_SCHED_LAST: {sched_repeat_o, sched_last_o} <= {data_i[8], data_i[5:0]};
        default: ;
      endcase
    end
  end

  if (Regulator != 0) begin : g_regulator
    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) begin
        {rate_shift_o, telemetry_o, source_o} <= '0;
        {window_sweeps_o, rate_scale_o, rate_set_o, gain_o, smoothing_o} <= '0;
        {dead_band_o, rate_limit_o, macro_o} <= '0;
        lambda_min_o <= LambdaMin;
        lambda_max_o <= LambdaMax;
        t_min_o      <= TMin;
        t_max_o      <= TMax;
      end else if (we) begin
        case (address_i)
          `PBIT_REG_REG_CONFIG:
            {rate_shift_o, telemetry_o, source_o} <= {data_i[13:8], data_i[5], data_i[3]};
          `PBIT_REG_WINDOW_SWEEPS: window_sweeps_o <= data_i;
          `PBIT_REG_RATE_SCALE:    rate_scale_o <= data_i;
          `PBIT_REG_RATE_SET:      rate_set_o <= data_i[24:0];
          `PBIT_REG_GAIN:          gain_o <= data_i;
          `PBIT_REG_SMOOTHING:     smoothing_o <= data_i[15:0];
          `PBIT_REG_DEAD_BAND:     dead_band_o <= data_i[24:0];
          `PBIT_REG_RATE_LIMIT:    rate_limit_o <= data_i[25:0];
          `PBIT_REG_LAMBDA_MIN:    lambda_min_o <= data_i[26:0];
          `PBIT_REG_LAMBDA_MAX:    lambda_max_o <= data_i[26:0];
          `PBIT_REG_MACRO:         macro_o <= data_i;
          `PBIT_REG_T_MIN:         t_min_o <= data_i[29:0];
          `PBIT_REG_T_MAX:         t_max_o <= data_i[29:0];
          default: ;  // LAMBDA and FILTER live in the regulator
        endcase
      end
    end
  end else begin : g_no_regulator
    assign {rate_shift_o, telemetry_o, source_o, window_sweeps_o, rate_scale_o} = '0;
    assign {rate_set_o, gain_o, smoothing_o, dead_band_o, rate_limit_o, macro_o} = '0;
    assign {lambda_min_o, lambda_max_o, t_min_o, t_max_o} = '0;
  end

  // the high words answer elsewhere
  assign readable_o = Regulator != 0
      ? address_i >= `PBIT_REG_REG_CONFIG && address_i <= `PBIT_REG_SCHED_SWEEPS
      : address_i == `PBIT_REG_REG_CONFIG ||
        (address_i >= `PBIT_REG_SCHED_LAST && address_i <= `PBIT_REG_SCHED_SWEEPS);
  // Icarus 11 runs a block for ever that writes a signal twice: one write on every path
  always_comb begin
    case (address_i)
      `PBIT_REG_REG_CONFIG:
        data_o = {50'd0, rate_shift_o, 2'b00, telemetry_o, freeze_o, source_o, mode_o};
      `PBIT_REG_WINDOW_SWEEPS:        data_o = 64'(window_sweeps_o);
      `PBIT_REG_RATE_SCALE:           data_o = 64'(rate_scale_o);
      `PBIT_REG_RATE_SET:             data_o = 64'(rate_set_o);
      `PBIT_REG_GAIN:                 data_o = 64'(gain_o);
      `PBIT_REG_SMOOTHING:            data_o = 64'(smoothing_o);
      `PBIT_REG_DEAD_BAND:            data_o = 64'(dead_band_o);
      `PBIT_REG_RATE_LIMIT:           data_o = 64'(rate_limit_o);
      `PBIT_REG_LAMBDA_MIN:           data_o = {{37{lambda_min_o[26]}}, lambda_min_o};
      `PBIT_REG_LAMBDA_MAX:           data_o = {{37{lambda_max_o[26]}}, lambda_max_o};
      `PBIT_REG_LAMBDA:               data_o = {{37{lambda_i[26]}}, lambda_i};
      `PBIT_REG_FILTER:               data_o = 64'(filter_i);
      `PBIT_REG_MACRO:                data_o = 64'(macro_o);
      `PBIT_REG_T_MIN:                data_o = 64'(t_min_o);
      `PBIT_REG_T_MAX:                data_o = 64'(t_max_o);
      `PBIT_REG_TEMPERATURE:          data_o = 64'(temperature_i);
      `PBIT_REG_WINDOW_INDEX:         data_o = 64'(index_i);
      `PBIT_REG_WINDOW_POSITION:      data_o = 64'(position_i);
      `PBIT_REG_WINDOW_FLIPS_V:       data_o = 64'(flips_v_i);
      `PBIT_REG_WINDOW_FLIPS_H:       data_o = 64'(flips_h_i);
      `PBIT_REG_WINDOW_RATE:          data_o = 64'(rate_i);
      `PBIT_REG_WINDOW_ENERGY_REF_LO: data_o = {{16{energy_ref_i[47]}}, energy_ref_i};
      `PBIT_REG_WINDOW_ENERGY_SUM_LO: data_o = energy_sum_i;
      `PBIT_REG_WINDOW_ENERGY_SQ_LO:  data_o = energy_sq_i;
      `PBIT_REG_REG_FLAGS:            data_o = 64'(flags_i);
      `PBIT_REG_SCHED_LAST:           data_o = {55'd0, sched_repeat_o, 2'b00, sched_last_o};
      `PBIT_REG_SCHED_POSITION:       data_o = 64'(sched_entry_i);
      `PBIT_REG_SCHED_SWEEPS:         data_o = 64'(sched_sweeps_i);
      default:                        data_o = '0;
    endcase
  end
endmodule
`default_nettype wire

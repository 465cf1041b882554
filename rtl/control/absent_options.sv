`default_nettype none
// Registers of the options that are not built (temperature regulator, replica exchange, statistics
// unit, trace port): they read 0, and a write to one that could be written is refused.
//
// Decodes the access of device_registers in the same clock; no state. Behaviour:
// docs/device-options.md.
`include "pbit_regs.svh"
module absent_options #(
    parameter int Regulator  = 1,  // 1: built, and answers for itself
    parameter int Exchange   = 0,
    parameter int Statistics = 0,
    parameter int Trace      = 0
) (
    input  wire         write_i,
    input  wire  [11:0] address_i,
    output logic        readable_o,
    output logic        writable_o,
    output logic        refused_o
);
  always_comb begin
    {readable_o, writable_o} = 2'b00;
    case (address_i)
      `PBIT_REG_WINDOW_SWEEPS, `PBIT_REG_RATE_SCALE, `PBIT_REG_RATE_SET, `PBIT_REG_GAIN,
      `PBIT_REG_SMOOTHING, `PBIT_REG_DEAD_BAND, `PBIT_REG_RATE_LIMIT, `PBIT_REG_LAMBDA_MIN,
      `PBIT_REG_LAMBDA_MAX, `PBIT_REG_LAMBDA, `PBIT_REG_FILTER, `PBIT_REG_MACRO, `PBIT_REG_T_MIN,
      `PBIT_REG_T_MAX: {readable_o, writable_o} = {2{Regulator == 0}};
      `PBIT_REG_TEMPERATURE, `PBIT_REG_WINDOW_INDEX, `PBIT_REG_WINDOW_POSITION,
      `PBIT_REG_WINDOW_FLIPS_V, `PBIT_REG_WINDOW_FLIPS_H, `PBIT_REG_WINDOW_RATE,
      `PBIT_REG_WINDOW_ENERGY_REF_LO, `PBIT_REG_WINDOW_ENERGY_SUM_LO,
      `PBIT_REG_WINDOW_ENERGY_SQ_LO, `PBIT_REG_REG_FLAGS: readable_o = Regulator == 0;
      `PBIT_REG_EXCH_EVERY, `PBIT_REG_EXCH_CONFIG, `PBIT_REG_EXCH_SELECT:
        {readable_o, writable_o} = {2{Exchange == 0}};
      `PBIT_REG_EXCH_POSITION, `PBIT_REG_EXCH_TRIES, `PBIT_REG_EXCH_ACCEPTS,
      `PBIT_REG_EXCH_LABEL: readable_o = Exchange == 0;
      `PBIT_REG_STAT_EVERY, `PBIT_REG_STAT_PAIRS, `PBIT_REG_STAT_SHIFT, `PBIT_REG_STAT_REF_LO,
      `PBIT_REG_STAT_REF_HI, `PBIT_REG_STAT_SELECT, `PBIT_REG_STAT_ADDRESS,
      `PBIT_REG_STAT_DATA: {readable_o, writable_o} = {2{Statistics == 0}};
      `PBIT_REG_STAT_STATUS, `PBIT_REG_STAT_FIRST, `PBIT_REG_STAT_SAMPLES:
        readable_o = Statistics == 0;
      `PBIT_REG_TRACE_FIRST, `PBIT_REG_TRACE_SWEEPS:
        {readable_o, writable_o} = {2{Trace == 0}};
      default: ;
    endcase
  end
  assign refused_o = write_i && writable_o;
endmodule
`default_nettype wire

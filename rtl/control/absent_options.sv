`default_nettype none
// Registers of the options that are not built (replica exchange, statistics unit, trace port): they
// read 0, and a write to one that could be written is refused.
//
// Decodes the access of device_registers in the same clock; no state. Behaviour:
// docs/device-options.md.
`include "pbit_regs.svh"
module absent_options #(
    parameter int Exchange   = 0,  // 1: built, and answers for itself
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

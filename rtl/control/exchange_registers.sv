`default_nettype none
// Registers EXCH_* of replica exchange (rtl/pkg/registers.yaml, docs/registers.md). Decodes the
// access of device_registers in the same clock. EXCH_EVERY and EXCH_CONFIG are written while idle
// only. Reset: zero.
`include "pbit_regs.svh"
module exchange_registers (
    input  wire         clk_i,
    input  wire         rst_ni,
    // bus
    input  wire         write_i,
    input  wire  [11:0] address_i,
    input  wire  [31:0] data_i,
    input  wire         idle_i,
    output logic [31:0] data_o,      // 0 where not readable
    output logic        readable_o,
    output logic        writable_o,
    output logic        refused_o,
    // configuration
    output logic [31:0] every_o,
    output logic        random_o,
    output logic [ 5:0] select_o,
    // values
    input  wire  [31:0] position_i,
    input  wire  [31:0] tries_i,
    input  wire  [31:0] accepts_i,
    input  wire  [ 5:0] label_i
);
  logic we;
  assign readable_o = address_i >= `PBIT_REG_EXCH_EVERY && address_i <= `PBIT_REG_EXCH_LABEL;
  // Icarus 11 runs a block for ever that writes a signal twice: one write on every path
  always_comb begin
    writable_o = address_i == `PBIT_REG_EXCH_EVERY || address_i == `PBIT_REG_EXCH_CONFIG ||
                 address_i == `PBIT_REG_EXCH_SELECT;
    refused_o  = write_i && writable_o && !idle_i && address_i != `PBIT_REG_EXCH_SELECT;
    we         = write_i && writable_o && !refused_o;
    case (address_i)
      `PBIT_REG_EXCH_EVERY:    data_o = every_o;
      `PBIT_REG_EXCH_CONFIG:   data_o = 32'(random_o);
      `PBIT_REG_EXCH_POSITION: data_o = position_i;
      `PBIT_REG_EXCH_SELECT:   data_o = 32'(select_o);
      `PBIT_REG_EXCH_TRIES:    data_o = tries_i;
      `PBIT_REG_EXCH_ACCEPTS:  data_o = accepts_i;
      `PBIT_REG_EXCH_LABEL:    data_o = 32'(label_i);
      default:                 data_o = '0;
    endcase
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      every_o  <= `PBIT_RESET_EXCH_EVERY;
      random_o <= 1'b0;
      select_o <= '0;
    end else if (we) begin
      case (address_i)
        `PBIT_REG_EXCH_EVERY:  every_o <= data_i;
        `PBIT_REG_EXCH_CONFIG: random_o <= data_i[0];
        default:               select_o <= data_i[5:0];
      endcase
    end
  end
endmodule
`default_nettype wire

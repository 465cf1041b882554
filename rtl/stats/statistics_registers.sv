`default_nettype none
// Registers of the statistics unit (STAT_*) and its STAT_DATA port (rtl/pkg/registers.yaml,
// docs/registers.md).
//
// Decodes the access of device_registers in the same clock. Memories read the word that STAT_SELECT
// and STAT_ADDRESS will name after this clock (fetch_o, select_d_o, address_d_o), so that it stands
// there when STAT_DATA is read. Reset values from the register list. Behaviour:
// docs/device-options.md.
`include "pbit_regs.svh"
module statistics_registers #(
    parameter int Pbits    = 12,
    parameter int Replicas = 1,
    parameter int Pairs    = 0
) (
    input  wire         clk_i,
    input  wire         rst_ni,
    // bus
    input  wire         write_i,
    input  wire         read_i,
    input  wire  [11:0] address_i,
    input  wire  [31:0] data_i,
    input  wire         idle_i,
    output logic [31:0] data_o,
    output logic        readable_o,
    output logic        writable_o,
    output logic        refused_o,
    // configuration
    output logic [31:0] every_o,
    output logic [20:0] pairs_o,
    output logic [ 4:0] shift_o,
    output logic [63:0] reference_o,
    // data port
    input  wire         swapped_i,
    output logic        fetch_o,
    output logic [ 2:0] select_d_o,
    output logic [19:0] address_d_o,
    output logic [19:0] address_o,        // of the word in pbit_word_i ..
    output logic        coefficient_we_o,  // of p-bit address_o
    output logic        pair_we_o,         // pair address_o
    input  wire  [31:0] pbit_word_i,
    input  wire  [31:0] pair_word_i,
    input  wire  [31:0] product_word_i,
    input  wire  [31:0] sum_word_i,
    // status
    input  wire         pending_i,
    input  wire         clipped_i,
    input  wire         full_i,
    input  wire  [31:0] first_i,
    input  wire  [31:0] samples_i
);
  localparam int Series = 5 * Replicas;

  logic [2:0] select_q;
  logic setting, setting_ok, access, pairs_ok, data_we, data_ok;
  logic [31:0] word;

  always_comb begin
    setting = write_i && (address_i == `PBIT_REG_STAT_EVERY || address_i == `PBIT_REG_STAT_PAIRS ||
                          address_i == `PBIT_REG_STAT_SHIFT ||
                          address_i == `PBIT_REG_STAT_REF_LO ||
                          address_i == `PBIT_REG_STAT_REF_HI);
    pairs_ok   = address_i != `PBIT_REG_STAT_PAIRS || data_i <= Pairs;
    setting_ok = idle_i && pairs_ok;
    access     = (write_i || read_i) && address_i == `PBIT_REG_STAT_DATA;
    data_we    = write_i && address_i == `PBIT_REG_STAT_DATA;
    data_ok    = idle_i && ((select_q == 3'd4 && 32'(address_o) < Pbits) ||
                            (select_q == 3'd5 && 32'(address_o) + 32'd1 <= Pairs &&
                             32'(data_i[15:0]) < Pbits && 32'(data_i[31:16]) < Pbits));
    refused_o        = (setting && !setting_ok) || (data_we && !data_ok);
    coefficient_we_o = data_we && data_ok && !select_q[0];
    pair_we_o        = data_we && data_ok && select_q[0];
    fetch_o          = access || swapped_i ||
                       (write_i && (address_i == `PBIT_REG_STAT_SELECT ||
                                    address_i == `PBIT_REG_STAT_ADDRESS));
  end
  assign select_d_o  = write_i && address_i == `PBIT_REG_STAT_SELECT ? data_i[2:0] : select_q;
  assign address_d_o = write_i && address_i == `PBIT_REG_STAT_ADDRESS ? data_i[19:0]
                     : address_o + 20'(access);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      {every_o, pairs_o, shift_o, reference_o, select_q, address_o} <= '0;
    end else begin
      select_q  <= select_d_o;
      address_o <= address_d_o;
      if (setting && setting_ok) begin
        case (address_i)
          `PBIT_REG_STAT_EVERY:  every_o <= data_i;
          `PBIT_REG_STAT_PAIRS:  pairs_o <= data_i[20:0];
          `PBIT_REG_STAT_SHIFT:  shift_o <= data_i[4:0];
          `PBIT_REG_STAT_REF_LO: reference_o[31:0] <= data_i;
          default:               reference_o[63:32] <= data_i;
        endcase
      end
    end
  end

  always_comb begin
    case (select_q)
      3'd0:    word = 32'(address_o) < Pbits ? pbit_word_i : '0;
      3'd1:    word = 32'(address_o) + 32'd1 <= Pairs ? pair_word_i : '0;
      3'd2:    word = 32'(address_o[19:7]) < Series ? product_word_i : '0;
      3'd3:    word = 32'(address_o[19:1]) < Series ? sum_word_i : '0;
      default: word = '0;
    endcase
  end
  always_comb begin
    readable_o = 1'b1;
    writable_o = 1'b0;
    data_o     = '0;
    case (address_i)
      `PBIT_REG_STAT_EVERY:   {writable_o, data_o} = {1'b1, every_o};
      `PBIT_REG_STAT_PAIRS:   {writable_o, data_o} = {1'b1, 32'(pairs_o)};
      `PBIT_REG_STAT_SHIFT:   {writable_o, data_o} = {1'b1, 32'(shift_o)};
      `PBIT_REG_STAT_REF_LO:  {writable_o, data_o} = {1'b1, reference_o[31:0]};
      `PBIT_REG_STAT_REF_HI:  {writable_o, data_o} = {1'b1, reference_o[63:32]};
      `PBIT_REG_STAT_STATUS:  data_o = {29'd0, full_i, clipped_i, pending_i};
      `PBIT_REG_STAT_FIRST:   data_o = first_i;
      `PBIT_REG_STAT_SAMPLES: data_o = samples_i;
      `PBIT_REG_STAT_SELECT:  {writable_o, data_o} = {1'b1, 29'd0, select_q};
      `PBIT_REG_STAT_ADDRESS: {writable_o, data_o} = {1'b1, 12'd0, address_o};
      `PBIT_REG_STAT_DATA:    {writable_o, data_o} = {1'b1, word};
      default:                readable_o = 1'b0;
    endcase
  end
endmodule
`default_nettype wire

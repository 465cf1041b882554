`default_nettype none
// Page 1 of a board's window (docs/board.md): identity, reset, cycle counter, interrupt, bus errors,
// and three stream FIFOs. Registers that there are not read 0; nothing here answers with an error.
//
// Strobes and answers in one clock, as axil_slave has them. reset_o holds the device in reset for 16
// clocks after CONTROL.RESET; this page clears itself in the same time. Reset: counters 0, all
// interrupts masked.
module board_registers #(
    parameter int ClockHz = 0,         // nominal; 0: not known
    parameter int SampleDepth = 0,     // words of each FIFO; 0: none
    parameter int TelemetryDepth = 0,
    parameter int TraceDepth = 0
) (
    input  wire         clk_i,
    input  wire         rst_ni,
    input  wire         write_i,
    input  wire         read_i,
    input  wire  [11:0] address_i,
    input  wire  [31:0] write_data_i,
    output logic [31:0] read_data_o,
    output logic        reset_o,
    input  wire         error_i,
    input  wire         error_write_i,
    input  wire  [12:0] error_address_i,
    input  wire         irq_i,
    output logic        irq_o,
    // FIFOs: samples, telemetry, trace
    output logic [ 2:0] take_o,
    input  wire  [95:0] data_i,
    input  wire  [95:0] lasts_i,
    input  wire  [47:0] count_i,
    input  wire  [ 2:0] half_i
);
  logic [4:0] reset_q;  // clocks left
  logic [63:0] cycles_q;
  logic [31:0] cycles_hi_q, errors_q;
  logic [3:0] enable_q, pending;
  logic [13:0] error_at_q;
  logic in_fifo;
  logic [1:0] fifo;
  logic [31:0] fifo_data;

  always_comb begin
    reset_o = reset_q != 5'd0;
    pending = {half_i, irq_i};
    in_fifo = address_i[11:8] == 4'd1 && address_i[7:6] != 2'd3 && address_i[5:4] == 2'd0;
    fifo    = address_i[7:6];
    take_o  = 3'd0;
    if (read_i && in_fifo && address_i[3:2] == 2'd3) take_o = 3'd1 << fifo;
    fifo_data = 32'd0;
    for (int k = 0; k < 3; k++) begin
      if (fifo == 2'(k)) begin
        case (address_i[3:2])
          2'd0: fifo_data = {16'd0, count_i[k*16+:16]};
          2'd1: fifo_data = lasts_i[k*32+:32];
          2'd2:
          fifo_data = k == 0 ? 32'(SampleDepth) : k == 1 ? 32'(TelemetryDepth) : 32'(TraceDepth);
          default: fifo_data = data_i[k*32+:32];
        endcase
      end
    end
    read_data_o = 32'd0;
    case (address_i)
      12'h000: read_data_o = 32'h50425244;  // "PBRD"
      12'h004: read_data_o = 32'h00010000;
      12'h008: read_data_o = 32'(ClockHz);
      12'h00C: read_data_o = {31'd0, reset_o};
      12'h010: read_data_o = cycles_q[31:0];
      12'h014: read_data_o = cycles_hi_q;
      12'h018: read_data_o = {28'd0, pending};
      12'h01C: read_data_o = {28'd0, enable_q};
      12'h020: read_data_o = errors_q;
      12'h024: read_data_o = {error_at_q[13], 18'd0, error_at_q[12:0]};
      default: if (in_fifo) read_data_o = fifo_data;
    endcase
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      reset_q     <= 5'd16;
      cycles_q    <= 64'd0;
      cycles_hi_q <= 32'd0;
      errors_q    <= 32'd0;
      error_at_q  <= 14'd0;
      enable_q    <= 4'd0;
      irq_o       <= 1'b0;
    end else begin
      irq_o    <= (pending & enable_q) != 4'd0 && !reset_o;
      cycles_q <= cycles_q + 64'd1;
      if (read_i && address_i == 12'h010) cycles_hi_q <= cycles_q[63:32];
      if (error_i) begin
        if (errors_q == 32'd0) error_at_q <= {error_write_i, error_address_i};
        if (errors_q != 32'hFFFFFFFF) errors_q <= errors_q + 32'd1;
      end
      if (reset_q != 5'd0) reset_q <= reset_q - 5'd1;
      if (reset_o) begin
        cycles_q    <= 64'd0;
        cycles_hi_q <= 32'd0;
        enable_q    <= 4'd0;
      end
      if (write_i && address_i == 12'h01C) enable_q <= write_data_i[3:0];
      if (write_i && address_i == 12'h020) begin
        errors_q   <= 32'd0;
        error_at_q <= 14'd0;
      end
      if (write_i && address_i == 12'h00C && write_data_i[0]) begin
        reset_q    <= 5'd16;
        enable_q   <= 4'd0;
        errors_q   <= 32'd0;
        error_at_q <= 14'd0;
      end
    end
  end
endmodule
`default_nettype wire

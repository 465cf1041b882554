`default_nettype none
// FIFO between an AXI4-Stream port of the device and a reader of registers. The head word stands
// ready before it is taken; lasts_o keeps TLAST of the last 32 words taken, the newest in bit 0.
//
// A word can be taken the second clock after it came; one word per clock in and out. A full FIFO
// stops the stream and loses nothing; taking from an empty one does nothing. clear_i: empty. Reset:
// empty, lasts_o 0. Tested in tests/rtl/tb_pbit_board.sv.
`include "pbit_assert.svh"
module stream_fifo #(
    parameter int Depth = 1024  // words, a power of two, 2..32768
) (
    input  wire         clk_i,
    input  wire         rst_ni,
    input  wire         clear_i,
    input  wire  [31:0] s_axis_tdata,
    input  wire         s_axis_tvalid,
    output logic        s_axis_tready,
    input  wire         s_axis_tlast,
    input  wire         take_i,
    output logic [31:0] data_o,   // 0 when empty
    output logic [31:0] lasts_o,
    output logic [15:0] count_o,
    output logic        half_o    // at least half full
);
  // derived, do not override
  localparam int Bits = $clog2(Depth);
  `PBIT_REQUIRE(depth, Depth >= 2 && Depth <= 32768 && (1 << Bits) == Depth)

  logic [32:0] memory[0:Depth-1];
  logic [32:0] head_q;
  logic head_valid_q, load, take, push;
  logic [Bits-1:0] write_q, read_q;
  logic [15:0] stored_q;  // in the memory, without the head

  // apart from what depends on the sender
  always_comb begin
    count_o       = stored_q + 16'(head_valid_q);
    half_o        = count_o >= 16'(Depth / 2);
    s_axis_tready = count_o < 16'(Depth);
    data_o        = head_valid_q ? head_q[31:0] : 32'd0;
  end
  always_comb begin
    push = s_axis_tvalid && s_axis_tready;
    take = take_i && head_valid_q;
    load = stored_q != 16'd0 && (!head_valid_q || take);
  end

  always_ff @(posedge clk_i) begin
    if (push) memory[write_q] <= {s_axis_tlast, s_axis_tdata};
    if (load) head_q <= memory[read_q];
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      head_valid_q <= 1'b0;
      write_q      <= '0;
      read_q       <= '0;
      stored_q     <= 16'd0;
      lasts_o      <= 32'd0;
    end else if (clear_i) begin
      head_valid_q <= 1'b0;
      write_q      <= '0;
      read_q       <= '0;
      stored_q     <= 16'd0;
      lasts_o      <= 32'd0;
    end else begin
      head_valid_q <= load || (head_valid_q && !take);
      if (push) write_q <= write_q + 1'b1;
      if (load) read_q <= read_q + 1'b1;
      stored_q <= stored_q + 16'(push) - 16'(load);
      if (take) lasts_o <= {lasts_o[30:0], head_q[32]};
    end
  end
endmodule
`default_nettype wire

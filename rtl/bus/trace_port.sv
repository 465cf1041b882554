`default_nettype none
// Trace port: every update of the traced sweeps, as four words on a stream.
//
//   fabric, stage of the decision --[site, lane]--> record -> 2 words of buffer -> m_axis_trace
//
// While a clock's updates are in the stage of the decision, and their sweep is traced, hold_o stops
// the array, and the cells are read one after the other, lanes first: four clocks an update, one
// for a cell without a p-bit. A stream that is not taken makes that longer and loses nothing.
// Beside it stand its registers, TRACE_FIRST and TRACE_SWEEPS. Reset: nothing is traced. Behaviour:
// docs/device-options.md, Trace port. Tested alone with a receiver that is ready at random.
`include "pbit_assert.svh"
`include "pbit_regs.svh"
module trace_port #(
    parameter int Trace       = 1,  // 0: no port, all outputs 0
    parameter int Lanes       = 1,
    parameter int Sites       = 1,  // P
    parameter int ContextBits = 1
) (
    input  wire                    clk_i,
    input  wire                    rst_ni,
    // bus
    input  wire                    write_i,
    input  wire  [           11:0] address_i,
    input  wire  [           31:0] data_i,
    input  wire                    idle_i,
    output logic [           31:0] data_o,
    output logic                   readable_o,
    output logic                   writable_o,
    output logic                   refused_o,
    // run
    input  wire                    start_i,
    input  wire                    sweep_done_i,  // of all contexts
    input  wire                    en_i,          // the array advances
    output logic                   hold_o,        // it must not
    output logic                   busy_o,        // words are on their way
    // updates of this clock, cell by cell
    input  wire                    valid_i,
    input  wire  [ContextBits-1:0] context_i,
    output logic [           15:0] site_o,
    output logic [            4:0] lane_o,
    // of that cell: has a p-bit, freeze, saturated, clamped, old, new; p-bit, entry, word, field
    input  wire  [          117:0] update_i,
    output logic [           31:0] m_axis_trace_tdata,
    output logic                   m_axis_trace_tvalid,
    input  wire                    m_axis_trace_tready,
    output logic                   m_axis_trace_tlast
);
  if (Trace == 0) begin : g_none
    assign {data_o, readable_o, writable_o, refused_o, hold_o, busy_o, site_o, lane_o} = '0;
    assign {m_axis_trace_tdata, m_axis_trace_tvalid, m_axis_trace_tlast} = '0;
  end else begin : g_trace
    // ---- registers ----
    logic [31:0] first_q, sweeps_q;
    always_comb begin
      data_o = '0;
      if (address_i == `PBIT_REG_TRACE_FIRST) data_o = first_q;
      if (address_i == `PBIT_REG_TRACE_SWEEPS) data_o = sweeps_q;
    end
    assign readable_o = address_i == `PBIT_REG_TRACE_FIRST || address_i == `PBIT_REG_TRACE_SWEEPS;
    assign writable_o = readable_o;
    assign refused_o  = write_i && writable_o && !idle_i;
    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) begin
        first_q  <= `PBIT_RESET_TRACE_FIRST;
        sweeps_q <= `PBIT_RESET_TRACE_SWEEPS;
      end else if (write_i && idle_i) begin
        if (address_i == `PBIT_REG_TRACE_FIRST) first_q <= data_i;
        if (address_i == `PBIT_REG_TRACE_SWEEPS) sweeps_q <= data_i;
      end
    end

    // ---- is the present sweep traced? known before its first update ----
    logic [31:0] sweep_q, since;
    logic traced_q;
    assign since = sweep_q - first_q;
    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) begin
        sweep_q  <= '0;
        traced_q <= 1'b0;
      end else begin
        if (start_i) sweep_q <= 32'd1;
        else if (sweep_done_i) sweep_q <= sweep_q + 32'd1;
        traced_q <= first_q != '0 && sweep_q >= first_q && (sweeps_q == '0 || since < sweeps_q);
      end
    end

    // ---- words of the updates of this clock ----
    logic active, taps, push, last_cell, cell_ends, ends, done_q;
    logic [1:0] word_q, count_q;
    logic [7:0] replica;
    logic [31:0] head, word;
    assign active    = update_i[117];
    assign taps      = valid_i && traced_q && !done_q;
    assign push      = taps && active && count_q != 2'd2;
    assign cell_ends = taps && (!active || (push && word_q == 2'd3));
    assign last_cell = 32'(lane_o) == Lanes - 1 && 32'(site_o) == Sites - 1;
    assign ends      = cell_ends && last_cell;
    assign replica   = 8'(32'(context_i) * Lanes + 32'(lane_o));
    assign head      = {3'd0, update_i[116:112], replica, update_i[111:96]};
    assign word      = word_q == 2'd0 ? head : word_q == 2'd1 ? update_i[31:0]
                     : word_q == 2'd2 ? update_i[63:32] : update_i[95:64];
    assign hold_o    = taps && !ends;

    // done_q: all words are taken, and something else keeps the array from advancing
    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) begin
        word_q <= '0;
        lane_o <= '0;
        site_o <= '0;
        done_q <= 1'b0;
      end else begin
        done_q <= (ends || done_q) && !en_i;
        if (push) word_q <= word_q + 2'd1;
        if (cell_ends) begin
          lane_o <= 32'(lane_o) == Lanes - 1 ? '0 : lane_o + 5'd1;
          if (32'(lane_o) == Lanes - 1) site_o <= last_cell ? '0 : site_o + 16'd1;
        end
      end
    end

    // ---- two words of buffer, so that the array does not depend on tready in the same clock ----
    logic [31:0] next_q;
    logic next_last_q, take;
    assign take                = m_axis_trace_tvalid && m_axis_trace_tready;
    assign m_axis_trace_tvalid = count_q != '0;
    assign busy_o              = count_q != '0;
    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) count_q <= '0;
      else count_q <= count_q + 2'(push) - 2'(take);
    end
    always_ff @(posedge clk_i) begin
      if (take && count_q == 2'd2) begin
        m_axis_trace_tdata <= next_q;
        m_axis_trace_tlast <= next_last_q;
      end else if (push && (take || count_q == '0)) begin
        m_axis_trace_tdata <= word;
        m_axis_trace_tlast <= word_q == 2'd3;
      end
      if (push) begin
        next_q      <= word;
        next_last_q <= word_q == 2'd3;
      end
    end

    `PBIT_ASSERT(nothing_is_lost_A, clk_i, rst_ni, !(push && count_q == 2'd2))
    `PBIT_ASSERT(held_until_done_A, clk_i, rst_ni,
                 !(valid_i && traced_q && en_i) || ends || done_q)
  end
endmodule
`default_nettype wire

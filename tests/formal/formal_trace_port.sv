`default_nettype none
// trace_port: each update of the traced sweeps is on the stream as one record, once, in order.
//
// An array of Sites x Lanes cells whose updates stand still until it may advance; what it updates,
// other reasons to wait, the receiver, the bus and the lengths of sweeps and runs are free. The
// model counts the words that have to have left its cells, clock by clock; of the words of a step
// one, chosen by the solver, is worked out as the step comes and must be the one that leaves in its
// turn. Assumed, as the fabrics and sweep_sequencer arrange it: no update in the clock behind a
// START, the end of a sweep or a write to TRACE_FIRST and TRACE_SWEEPS, none beyond sweep 2^32 - 1.
`include "pbit_assert.svh"
`include "pbit_regs.svh"
module formal_trace_port #(
    parameter int Lanes = 2,
    parameter int Sites = 1
) (
    input wire                         clk,
    input wire                         rst_n,
    input wire                         write,
    input wire [                 11:0] address,
    input wire [                 31:0] data,
    input wire                         start_wish,
    input wire                         end_wish,    // of the run
    input wire                         sweep_wish,  // it ends
    input wire                         other,       // the array waits for something else
    input wire                         valid_next,
    input wire                         context_next,
    input wire [Lanes*Sites*118-1:0]   cells_next,
    input wire                         tready,
    input wire                         watch_wish,
    input wire [                  1:0] which_cell,
    input wire [                  1:0] which_word
);
  localparam int Cells = Lanes * Sites;
  wire [31:0] data_out, tdata;
  wire readable, writable, refused, hold, busy, tvalid, tlast;
  wire [15:0] site;
  wire [4:0] lane;

  // ---- array ----
  reg past = 1'b0, in_run = 1'b0, valid = 1'b0, context_now = 1'b0, changed = 1'b0;
  reg [Cells*118-1:0] cells = '0;
  wire en = !hold && !other;
  wire start = start_wish && !in_run && !write;
  wire sweep_done = sweep_wish && in_run && en && !start;
  wire idle = !in_run;
  wire [117:0] update = cells[(32'(site)*Lanes+32'(lane))*118+:118];
  always @(posedge clk) begin
    past <= 1'b1;
    if (rst_n) begin
      if (start) in_run <= 1'b1;
      else if (end_wish && !valid) in_run <= 1'b0;
      if (en) begin
        valid       <= valid_next && in_run && !(end_wish && !valid);
        context_now <= context_next;
        cells       <= cells_next;
      end
      changed <= start || sweep_done || (write && idle);
    end
  end

  trace_port #(.Trace(1), .Lanes(Lanes), .Sites(Sites), .ContextBits(1)) u_dut (
      .clk_i(clk), .rst_ni(rst_n), .write_i(write), .address_i(address), .data_i(data),
      .idle_i(idle), .data_o(data_out), .readable_o(readable), .writable_o(writable),
      .refused_o(refused), .start_i(start), .sweep_done_i(sweep_done), .en_i(en), .hold_o(hold),
      .busy_o(busy), .valid_i(valid), .context_i(context_now), .site_o(site), .lane_o(lane),
      .update_i(update), .m_axis_trace_tdata(tdata), .m_axis_trace_tvalid(tvalid),
      .m_axis_trace_tready(tready), .m_axis_trace_tlast(tlast)
  );

  // ---- model: sweeps ----
  reg [31:0] first = '0, many = '0;
  reg [32:0] sweep = '0;  // wider than the port's
  wire wanted = !sweep[32] && first != '0 && sweep >= {1'b0, first} &&
                (many == '0 || sweep - {1'b0, first} < {1'b0, many});
  reg traced = 1'b0;
  always @(posedge clk) begin
    if (rst_n) begin
      if (write && idle && address == `PBIT_REG_TRACE_FIRST) first <= data;
      if (write && idle && address == `PBIT_REG_TRACE_SWEEPS) many <= data;
      if (start) sweep <= 33'd1;
      else if (sweep_done) sweep <= sweep + 33'd1;
      traced <= wanted;
    end
  end
  `PBIT_ASSUME(reset_first_M, clk, 1'b1, rst_n == past)
  `PBIT_ASSUME(settled_M, clk, rst_n, !(changed && valid))
  `PBIT_ASSUME(sweeps_M, clk, rst_n, !(valid && sweep[32]) && !(sweep_done && sweep[32]))
  `PBIT_ASSUME(cell_M, clk, rst_n, 32'(which_cell) < Cells)

  // ---- model: words ----
  reg done = 1'b0;                   // all words of this step have been taken over
  reg [1:0] at = '0, word = '0;      // cell, word
  reg [7:0] taken = '0, pushed = '0;  // modulo 2^8; their difference is small
  wire [7:0] owed = pushed - taken;
  wire live = valid && wanted && !done;
  wire active = cells[32'(at)*118+117];
  wire push = live && active && owed < 8'd2;
  wire cell_end = live && (!active || (push && word == 2'd3));
  wire step_end = cell_end && 32'(at) == Cells - 1;
  wire take = tvalid && tready;
  reg begun = 1'b0;                  // this clock is not the first of the step
  always @(posedge clk) begin
    if (rst_n) begin
      done   <= (step_end || done) && !en;
      begun  <= valid && !en;
      pushed <= pushed + 8'(push);
      taken  <= taken + 8'(take);
      if (push) word <= word + 2'd1;
      if (cell_end) at <= step_end ? '0 : at + 2'd1;
    end
  end

  // ---- one word of a step: which cells before it have p-bits says when it is its turn ----
  function automatic [31:0] word_of(input [117:0] u, input [1:0] number, input [1:0] part,
                                    input context_of);
    reg [7:0] replica;
    replica = 8'(32'(context_of) * Lanes + 32'(number) % Lanes);
    word_of = part == 2'd0 ? {3'd0, u[116:112], replica, u[111:96]}
            : part == 2'd1 ? u[31:0] : part == 2'd2 ? u[63:32] : u[95:64];
  endfunction
  reg [7:0] rank;
  always @(*) begin
    rank = pushed;
    for (int i = 0; i < Cells; i++) begin
      if (i < 32'(which_cell) && cells[i*118+117]) rank = rank + 8'd4;
    end
  end
  reg watching = 1'b0, watched_last = 1'b0;
  reg [1:0] watched_cell = '0, watched_word = '0;
  reg [7:0] turn = '0;
  reg [31:0] watched = '0;
  wire [7:0] before = turn - taken;  // words that leave before it
  always @(posedge clk) begin
    if (rst_n) begin
      if (take && watching && before == '0) watching <= 1'b0;
      if (watch_wish && !watching && live && !begun && cells[32'(which_cell)*118+117]) begin
        watching     <= 1'b1;
        turn         <= rank + 8'(which_word);
        watched      <= word_of(cells[32'(which_cell)*118+:118], which_cell, which_word,
                                context_now);
        watched_last <= which_word == 2'd3;
        watched_cell <= which_cell;
        watched_word <= which_word;
      end
    end
  end

  reg was_held = 1'b0, held_last = 1'b0;
  reg [31:0] held_data = '0;
  reg [1:0] n_records = '0;
  reg waited = 1'b0, left_out = 1'b0;
  always @(posedge clk) begin
    if (rst_n) begin
      was_held  <= tvalid && !tready;
      held_data <= tdata;
      held_last <= tlast;
      waited    <= waited || (live && owed == 8'd2);
      left_out  <= left_out || (valid && !wanted);
      if (take && tlast && n_records != 2'd3) n_records <= n_records + 2'd1;
    end
  end

  // ---- what it has to do ----
  `PBIT_ASSERT(stays_A, clk, rst_n,
               !was_held || (tvalid && tdata == held_data && tlast == held_last))
  `PBIT_ASSERT(none_lost_none_twice_A, clk, rst_n,
               owed <= 8'd2 && tvalid == (owed != '0) && busy == (owed != '0))
  `PBIT_ASSERT(word_A, clk, rst_n,
               !(tvalid && watching && before == '0) || (tdata == watched && tlast == watched_last))
  // the array waits for its words, no longer, and for nothing in sweeps that are not traced
  `PBIT_ASSERT(waits_A, clk, rst_n, hold == (live && !step_end))
  `PBIT_ASSERT(order_A, clk, rst_n,
               !live || (32'(site) * Lanes + 32'(lane) == 32'(at) && 32'(lane) < Lanes))
  `PBIT_ASSERT(watched_leaves_A, clk, rst_n, !watching || before <= 8'(4 * Cells + 1))
  `PBIT_ASSERT(registers_A, clk, rst_n,
               (address != `PBIT_REG_TRACE_FIRST || (data_out == first && readable && writable)) &&
               (address != `PBIT_REG_TRACE_SWEEPS || (data_out == many && readable && writable)) &&
               refused == (write && writable && !idle))

`ifdef PBIT_INSIDE
  // ---- invariants of the induction ----
  (* hierconn *) wire [31:0] \u_dut.g_trace.sweep_q ;
  (* hierconn *) wire [31:0] \u_dut.g_trace.first_q ;
  (* hierconn *) wire [31:0] \u_dut.g_trace.sweeps_q ;
  (* hierconn *) wire \u_dut.g_trace.traced_q ;
  (* hierconn *) wire [1:0] \u_dut.g_trace.word_q ;
  (* hierconn *) wire [1:0] \u_dut.g_trace.count_q ;
  (* hierconn *) wire \u_dut.g_trace.done_q ;
  (* hierconn *) wire [31:0] \u_dut.g_trace.next_q ;
  (* hierconn *) wire \u_dut.g_trace.next_last_q ;
  // of the watched word: still to come out of its cell
  wire in_cell = before >= owed;
  `PBIT_ASSERT(inside_sweep_A, clk, rst_n,
               \u_dut.g_trace.sweep_q == sweep[31:0] && \u_dut.g_trace.traced_q == traced &&
               (!sweep[32] || sweep[31:0] == '0))
  `PBIT_ASSERT(inside_registers_A, clk, rst_n,
               \u_dut.g_trace.first_q == first && \u_dut.g_trace.sweeps_q == many)
  `PBIT_ASSERT(inside_settled_A, clk, rst_n, changed || traced == wanted)
  `PBIT_ASSERT(inside_run_A, clk, rst_n, (in_run || !valid) && (sweep != '0 || !in_run))
  `PBIT_ASSERT(inside_words_A, clk, rst_n,
               \u_dut.g_trace.word_q == word && \u_dut.g_trace.count_q == owed[1:0] &&
               \u_dut.g_trace.done_q == done)
  `PBIT_ASSERT(inside_place_A, clk, rst_n,
               32'(site) * Lanes + 32'(lane) == 32'(at) && 32'(lane) < Lanes && 32'(at) < Cells)
  `PBIT_ASSERT(inside_rest_A, clk, rst_n,
               (live || (at == '0 && word == '0)) && (begun || (!done && at == '0 && word == '0)) &&
               (!begun || valid) && (!done || (valid && wanted)))
  `PBIT_ASSERT(inside_active_A, clk, rst_n, word == '0 || active)
  `PBIT_ASSERT(inside_buffer_A, clk, rst_n,
               !watching || in_cell ||
               (before == '0 ? tdata == watched && tlast == watched_last
                : \u_dut.g_trace.next_q == watched && \u_dut.g_trace.next_last_q == watched_last))
  reg [7:0] distance;  // words from the one that is next to leave its cell
  always @(*) begin
    distance = 8'(watched_word) - 8'(word);
    for (int i = 0; i < Cells; i++) begin
      if (i >= 32'(at) && i < 32'(watched_cell) && cells[i*118+117]) distance = distance + 8'd4;
    end
  end
  `PBIT_ASSERT(inside_to_come_A, clk, rst_n,
               !watching || !in_cell ||
               (live && begun && before - owed == distance && 32'(watched_cell) < Cells &&
                (watched_cell > at || (watched_cell == at && watched_word >= word)) &&
                cells[32'(watched_cell)*118+117] &&
                watched_last == (watched_word == 2'd3) &&
                watched == word_of(cells[32'(watched_cell)*118+:118], watched_cell, watched_word,
                                   context_now)))
`endif

  // ---- what it can do ----
  `PBIT_COVER(slow_receiver_C, clk, rst_n, take && tlast && waited && n_records == 2'd1)
  `PBIT_COVER(watched_word_leaves_C, clk, rst_n, take && watching && before == '0 && waited &&
              watched_cell != '0 && watched_word == 2'd2)
  `PBIT_COVER(sweep_left_out_C, clk, rst_n, left_out && valid && wanted && first == 32'd2)
  `PBIT_COVER(cell_without_pbit_C, clk, rst_n, step_end && active && pushed == 8'd3)
  `PBIT_COVER(traced_and_over_C, clk, rst_n, n_records != '0 && valid && !wanted && many == 32'd1)
endmodule
`default_nettype wire

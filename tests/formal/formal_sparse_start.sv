`default_nettype none
// device_registers, sparse_check and sweep_sequencer, connected as in pbit_top: no sweep of the
// sparse fabric updates a p-bit unless the colour guard has passed on what its memories hold.
//
// The bus is any master, and what the memories answer is free, so that this holds for every image.
// `passed` is worked out here: a CHECK has ended without a violation, and since it began no edge,
// no group and no number of p-bits has been written. That a violation in the words is seen is
// tested, not proved (tests/rtl, tb_sparse). PBIT_INSIDE: invariants of the induction.
`include "pbit_assert.svh"
`include "pbit_regs.svh"
module formal_sparse_start (
    input wire        clk,
    input wire        rst_n,
    input wire        write,
    input wire [11:0] address,
    input wire [31:0] data,
    input wire        en,
    input wire        sweep_end,
    input wire [31:0] group_word,
    input wire [31:0] edge_word,
    input wire [15:0] group_length,
    input wire [16:0] group_start,
    input wire [ 3:0] group_flags,
    input wire [31:0] table_word,
    input wire        clamp
);
  wire start, stop, check, palindromic, coin, random, coupled, busy, checking, valid, proof;
  wire invalidate, unprove, weight_push, group_push, sweep, read_only;
  wire [31:0] sweeps, every, hash, guard, read_data;
  wire [16:0] pbits;
  wire [15:0] beta, beta_now;

  device_registers #(
      .Fabric(3), .Visible(0), .Hidden(0), .TableLog2(1), .Sites(1), .Pbits(2), .EdgeRows(2),
      .Groups(2), .ImageRows(2), .ImageWords(2)
  ) u_registers (
      .clk_i(clk), .rst_ni(rst_n), .write_i(write), .read_i(1'b0), .address_i(address),
      .data_i(data), .data_o(read_data), .other_data_i(64'd0), .other_readable_i(1'b0),
      .other_writable_i(1'b0), .other_refused_i(1'b0), .start_o(start), .stop_o(stop),
      .check_o(check), .palindromic_o(palindromic), .coin_o(coin), .random_o(random),
      .coupled_o(coupled),
      .sweeps_o(sweeps), .every_o(every), .beta_o(beta), .weight_push_o(weight_push),
      .group_push_o(group_push),
      .invalidate_o(invalidate), .unprove_o(unprove), .pbits_o(pbits), .busy_i(busy),
      .stalled_i(!en), .checking_i(checking), .hash_valid_i(valid), .hash_i(hash),
      .proof_i(proof), .guard_i(guard), .beta_active_i(beta_now), .busy_cycle_i(1'b0),
      .stall_cycle_i(1'b0), .sweep_done_i(1'b0), .window_done_i(1'b0), .frame_i(1'b0),
      .flip_count_i(1'b0), .sat_count_i(1'b0), .freeze_count_i(1'b0), .energy_i(48'd0),
      .probe_field_i(32'd0), .probe_random_i(32'd0), .probe_entry_i(32'd0),
      .probe_state_i(3'd0)
  );
  sparse_check #(
      .EdgeRows(2), .Groups(2), .Sites(1), .PbitBits(1), .Cells(1), .TableLog2(1), .CellBits(1)
  ) u_check (
      .clk_i(clk), .rst_ni(rst_n), .start_i(check), .invalidate_i(invalidate),
      .unprove_i(unprove), .pbits_i(pbits), .busy_o(checking), .valid_o(valid),
      .proof_o(proof), .hash_o(hash), .guard_o(guard), .group_word_i(group_word),
      .edge_word_i(edge_word), .length_i(group_length), .start_row_i(group_start),
      .flags_i(group_flags), .table_word_i(table_word), .clamp_i(clamp)
  );
  sweep_sequencer #(
      .Contexts(1), .BetaBits(16), .ContextBits(1), .FrameAfter(1)
  ) u_sequencer (
      .clk_i(clk), .rst_ni(rst_n), .en_i(en), .start_i(start), .stop_i(stop),
      .palindromic_i(palindromic), .coin_i(coin), .random_i(random),
      .coupled_i(coupled), .sweeps_i(sweeps), .every_i(every), .unit_every_i(32'd0),
      .beta_i(beta), .sweep_beta_i(1'b1), .regulates_i(1'b0),
      .regulator_beta_i(16'd0), .window_ends_i(1'b0), .exchange_i(1'b0),
      .exchange_end_i(1'b0), .busy_o(busy), .beta_o(beta_now),
      .sweep_o(sweep), .end_i(sweep_end), .read_only_o(read_only)
  );

  // ---- environment ----
  reg past = 1'b0;
  always @(posedge clk) past <= 1'b1;
  `PBIT_ASSUME(reset_first_M, clk, 1'b1, rst_n == past)

  // ---- model ----
  reg was_checking = 1'b0, passed_q = 1'b0, frames_only = 1'b0;
  reg [16:0] pbits_past = '0;
  wire written = weight_push || group_push || pbits != pbits_past;
  wire passed = !checking && pbits == pbits_past &&
                (passed_q || (was_checking && guard == '0));
  always @(posedge clk) begin
    if (rst_n) begin
      was_checking <= checking;
      pbits_past   <= pbits;
      passed_q     <= passed && !weight_push && !group_push && !check;
      if (start) frames_only <= sweeps == '0;
    end
  end

  `PBIT_ASSERT(start_needs_proof_A, clk, rst_n, !(start && sweeps != '0) || passed)
  `PBIT_ASSERT(updates_need_proof_A, clk, rst_n, !(sweep && !read_only) || passed)
  `PBIT_ASSERT(nothing_changes_in_a_check_A, clk, rst_n, !(checking && was_checking) || !written)
  `PBIT_ASSERT(nothing_changes_in_a_run_A, clk, rst_n, !busy || !(weight_push || group_push))
  `PBIT_ASSERT(no_check_in_a_run_A, clk, rst_n, !(busy && checking))

  // ---- invariants of the induction ----
  `PBIT_ASSERT(inside_proof_A, clk, rst_n, !proof || (passed && guard == '0))
  `PBIT_ASSERT(inside_run_A, clk, rst_n, !busy || (frames_only ? read_only : proof))

  // ---- what it can do ----
  `PBIT_COVER(run_C, clk, rst_n, sweep && !read_only)
  `PBIT_COVER(frames_without_proof_C, clk, rst_n, sweep && read_only && !proof)
  `PBIT_COVER(violation_C, clk, rst_n, valid && guard[7:0] == 8'd7)
endmodule
`default_nettype wire

`default_nettype none
// The counters of device_registers (64 bits) and of replica_exchange (31 and 32 bits).
//
// Every clock is compared with the clock before it, from any counts: those of 64 bits add exactly
// the events of the clock, so that they wrap only after 2^64 events since CLEAR; those of replica
// exchange stop at their largest value. FreeStart: no reset, faults and covers begin with any counts.
`include "pbit_assert.svh"
`include "pbit_regs.svh"
module exchange_decision #(
    parameter int BetaBits = 16,
    parameter int Frac     = 18
) (
    input  wire               clk_i,
    input  wire               rst_ni,
    input  wire               en_i,
    input  wire               start_i,
    input  wire  [BetaBits:0] beta_step_i,
    input  wire  [      48:0] energy_step_i,
    input  wire  [      31:0] word_i,
    output logic              accept_o
);
  assign accept_o = word_i[0];  // free
endmodule

module formal_counters #(
    parameter int FreeStart = 0
) (
    input wire        clk,
    input wire        rst_n,
    input wire        write,
    input wire        read,
    input wire [11:0] address,
    input wire [31:0] data,
    input wire        busy,
    input wire        busy_cycle,
    input wire        stall_cycle,
    input wire        sweep_done,
    input wire        frame,
    input wire [ 2:0] flip_count,
    input wire [ 2:0] sat_count,
    input wire [ 2:0] freeze_count,
    // replica exchange
    input wire        en,
    input wire        enable,
    input wire        freeze,
    input wire        clear_labels,
    input wire        clear_counts,
    input wire [31:0] every,
    input wire        random,
    input wire        begins,
    input wire        after_start,
    input wire        after_pause,
    input wire        due,
    input wire [ 3:0] beta_word,
    input wire [47:0] energy,
    input wire        taken,
    input wire [31:0] word,
    input wire        tready
);
  wire [31:0] read_data;
  wire clear;
  device_registers #(.CountBits(3)) u_registers (
      .clk_i(clk), .rst_ni(rst_n), .write_i(write), .read_i(read), .address_i(address),
      .data_i(data), .data_o(read_data), .other_data_i(64'd0), .other_readable_i(1'b0),
      .other_writable_i(1'b0), .other_refused_i(1'b0), .clear_o(clear), .busy_i(busy),
      .stalled_i(1'b0), .checking_i(1'b0), .hash_valid_i(1'b0), .hash_i(32'd0), .proof_i(1'b0),
      .guard_i(32'd0), .beta_active_i(16'd0), .busy_cycle_i(busy_cycle),
      .stall_cycle_i(stall_cycle), .sweep_done_i(sweep_done), .window_done_i(1'b0),
      .frame_i(frame), .flip_count_i(flip_count), .sat_count_i(sat_count),
      .freeze_count_i(freeze_count), .energy_i(48'd0), .probe_field_i(32'd0),
      .probe_random_i(32'd0), .probe_entry_i(32'd0), .probe_state_i(3'd0)
  );

  wire [31:0] position, tries, accepts;
  replica_exchange #(
      .Lanes(1), .Contexts(2), .BetaBits(4), .Frac(4), .ContextBits(1), .LaneBits(1)
  ) u_exchange (
      .clk_i(clk), .rst_ni(rst_n), .en_i(en), .enable_i(enable), .freeze_i(freeze),
      .clear_i(clear_labels), .count_clear_i(clear_counts), .label_we_i(1'b0),
      .label_replica_i(16'd0), .label_data_i(6'd0), .every_i(every), .random_i(random),
      .select_i(6'd0), .replica_i(16'd0), .position_o(position), .tries_o(tries),
      .accepts_o(accepts), .begin_i(begins), .after_start_i(after_start),
      .after_pause_i(after_pause), .sweep_done_i(sweep_done), .due_i(due),
      .beta_word_i(beta_word), .load_i(1'b0), .load_context_i(1'b0), .energy_taken_i(taken),
      .energy_i(energy), .word_i(word), .stream_free_i(1'b1), .tready_i(tready)
  );

  reg past = 1'b0, known = 1'b0;
  always @(posedge clk) {past, known} <= {1'b1, rst_n};
  `PBIT_ASSUME(reset_first_M, clk, 1'b1, rst_n == (past || FreeStart != 0))

  // ---- device_registers: seven counters, by index ----
  (* hierconn *) wire [63:0] \u_registers.busy_cycles_q ;
  (* hierconn *) wire [63:0] \u_registers.stall_cycles_q ;
  (* hierconn *) wire [63:0] \u_registers.sweeps_done_q ;
  (* hierconn *) wire [63:0] \u_registers.flips_q ;
  (* hierconn *) wire [63:0] \u_registers.sats_q ;
  (* hierconn *) wire [63:0] \u_registers.freezes_q ;
  (* hierconn *) wire [63:0] \u_registers.frames_q ;
  localparam int Counters = 7;
  wire [64*Counters-1:0] counts = {\u_registers.frames_q , \u_registers.freezes_q ,
                                   \u_registers.sats_q , \u_registers.flips_q ,
                                   \u_registers.sweeps_done_q , \u_registers.stall_cycles_q ,
                                   \u_registers.busy_cycles_q };
  wire [3*Counters-1:0] events = {2'd0, frame,
                                  {9{busy_cycle}} & {freeze_count, sat_count, flip_count}, 2'd0,
                                  busy_cycle && sweep_done, 2'd0, stall_cycle, 2'd0, busy_cycle};
  wire [12*Counters-1:0] low_words = {
      `PBIT_REG_SAMPLES_LO, `PBIT_REG_FREEZES_LO, `PBIT_REG_SATURATIONS_LO, `PBIT_REG_FLIPS_LO,
      `PBIT_REG_SWEEP_COUNT_LO, `PBIT_REG_STALL_CYCLES_LO, `PBIT_REG_BUSY_CYCLES_LO};
  wire [12*Counters-1:0] high_words = {
      `PBIT_REG_SAMPLES_HI, `PBIT_REG_FREEZES_HI, `PBIT_REG_SATURATIONS_HI, `PBIT_REG_FLIPS_HI,
      `PBIT_REG_SWEEP_COUNT_HI, `PBIT_REG_STALL_CYCLES_HI, `PBIT_REG_BUSY_CYCLES_HI};
  reg was_clear = 1'b0;
  always @(posedge clk) was_clear <= clear;
  wire [Counters-1:0] exact, low_right, high_right;
  for (genvar c = 0; c < Counters; c++) begin : g_counter
    reg [63:0] was_count = '0;
    reg [2:0] was_events = '0;
    reg read_low = 1'b0;      // the last _LO that was read is this counter's
    reg [31:0] high = '0;     // what its _HI was then
    wire [63:0] count = counts[64*c+:64];
    always @(posedge clk) begin
      was_count  <= count;
      was_events <= events[3*c+:3];
      if (read && address == low_words[12*c+:12]) {read_low, high} <= {1'b1, count[63:32]};
      else if (read) read_low <= 1'b0;
    end
    assign exact[c] = count == (was_clear ? 64'd0 : was_count + 64'(was_events));
    assign low_right[c] = address != low_words[12*c+:12] || read_data == count[31:0];
    assign high_right[c] = !(read_low && address == high_words[12*c+:12]) || read_data == high;
  end
  `PBIT_ASSERT(exact_A, clk, rst_n && known, exact == '1)
  `PBIT_ASSERT(low_A, clk, rst_n, low_right == '1)
  `PBIT_ASSERT(high_A, clk, rst_n, high_right == '1)

  // ---- replica_exchange ----
  reg was_counts_cleared = 1'b0, was_cleared = 1'b0, was_pass = 1'b0;
  reg [30:0] was_position = '0;
  reg [31:0] was_tries = '0, was_accepts = '0;
  wire [31:0] sweeps = {1'b0, position[30:0]};  // since a pass
  wire pass = !freeze && every != '0 && sweeps + 32'(sweeps != 32'h7FFFFFFF) >= every;
  always @(posedge clk) begin
    was_counts_cleared <= clear_counts;
    was_cleared        <= clear_labels;
    was_pass           <= pass;
    was_position       <= position[30:0];
    was_tries          <= tries;
    was_accepts        <= accepts;
  end
  `PBIT_ASSERT(tries_A, clk, rst_n && known, was_counts_cleared ||
               (tries >= was_tries && accepts >= was_accepts &&
                tries - was_tries <= 32'd1 && accepts - was_accepts <= 32'd1))
  `PBIT_ASSERT(position_A, clk, rst_n && known, was_cleared ||
               position[30:0] == was_position || (was_pass && position[30:0] == '0) ||
               (position[30:0] == was_position + 31'd1 && was_position != '1))

`ifdef PBIT_INSIDE
  (* hierconn *) wire [31:0] \u_registers.hi_q ;
  wire [Counters-1:0] inside_high;
  for (genvar c = 0; c < Counters; c++) begin : g_inside
    assign inside_high[c] = !g_counter[c].read_low || \u_registers.hi_q == g_counter[c].high;
  end
  `PBIT_ASSERT(inside_high_A, clk, rst_n, inside_high == '1)
`endif

  // ---- what they can do; FreeStart ----
  `PBIT_COVER(carry_C, clk, rst_n && known, counts[64*3+:64] == 64'h0000000100000000 &&
              g_counter[3].was_count == 64'h00000000FFFFFFFA)
  `PBIT_COVER(full_tries_C, clk, rst_n && known, tries == '1 && was_tries == 32'hFFFFFFFE)
  `PBIT_COVER(full_position_C, clk, rst_n && known && !was_cleared, position[30:0] == '1 &&
              was_position == 31'h7FFFFFFE)
  `PBIT_COVER(pass_C, clk, rst_n && known && !was_cleared, position[30:0] == '0 &&
              was_position == 31'd5)
endmodule
`default_nettype wire

`default_nettype none
// Beta schedule: 64 entries of a beta word and a number of sweeps, and the position in them.
//
//   host -> memory --read in turn: entry, following--> registers -> beta of the next sweep
//
// At sweep_done_i next_beta_o is the beta from the next sweep on; beta_o is that of the present
// entry. Both follow a change of position, memory or settings within 5 clocks, fewer than a sweep
// has; START waits for the pause. Reset: position 0; the memory is undefined until the host has
// written it. Replica exchange reads betas through the same port: word_o a clock after read_i.
// Behaviour: docs/device.md, Schedule.
module beta_schedule #(
    parameter int BetaBits = 16
) (
    input  wire                 clk_i,
    input  wire                 rst_ni,
    // host, while idle
    input  wire                 we_i,
    input  wire  [         6:0] index_i,       // 2 entry: beta, 2 entry + 1: sweeps
    input  wire  [        31:0] data_i,
    input  wire                 clear_i,       // position to 0
    input  wire  [         5:0] last_i,
    input  wire                 repeat_i,
    // run
    input  wire                 enable_i,      // mode schedule
    input  wire                 freeze_i,
    input  wire                 sweep_done_i,
    output logic [BetaBits-1:0] beta_o,
    output logic [BetaBits-1:0] next_beta_o,
    // replica exchange; not while enable_i
    input  wire                 read_i,
    input  wire  [         5:0] read_entry_i,
    output logic [BetaBits-1:0] word_o,
    // position
    output logic [         5:0] entry_o,
    output logic [        31:0] sweeps_o
);
  logic [BetaBits-1:0] beta_mem[64];
  logic [31:0] sweeps_mem[64];
  logic [BetaBits-1:0] beta_word_q, following_beta_q;
  logic [31:0] sweeps_word_q, wanted_q;  // of the entry
  logic turn_q, word_turn_q;             // 0: the entry, 1: the one that follows
  logic [5:0] address, following;
  logic [31:0] count;
  logic moves;

  always_comb begin
    following   = entry_o < last_i ? entry_o + 6'd1 : repeat_i ? 6'd0 : entry_o;
    address     = read_i ? read_entry_i : turn_q ? following : entry_o;
    word_o      = beta_word_q;
    count       = sweeps_o < wanted_q ? sweeps_o + 32'd1 : sweeps_o;
    moves       = count >= wanted_q && !freeze_i && (entry_o < last_i || repeat_i);
    next_beta_o = moves ? following_beta_q : beta_o;
  end

  always_ff @(posedge clk_i) begin
    if (we_i && !index_i[0]) beta_mem[index_i[6:1]] <= data_i[BetaBits-1:0];
    if (we_i && index_i[0]) sweeps_mem[index_i[6:1]] <= data_i;
    if (enable_i || read_i) beta_word_q <= beta_mem[address];
    if (enable_i) begin
      sweeps_word_q <= sweeps_mem[address];
      word_turn_q   <= turn_q;
      if (word_turn_q) begin
        following_beta_q <= beta_word_q;
      end else begin
        beta_o   <= beta_word_q;
        wanted_q <= sweeps_word_q == '0 ? 32'd1 : sweeps_word_q;
      end
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      turn_q   <= 1'b0;
      entry_o  <= '0;
      sweeps_o <= '0;
    end else begin
      if (enable_i) turn_q <= !turn_q;
      if (clear_i) begin
        entry_o  <= '0;
        sweeps_o <= '0;
      end else if (sweep_done_i && enable_i && !freeze_i) begin
        sweeps_o <= moves ? '0 : count;
        if (moves) entry_o <= following;
      end
    end
  end
endmodule
`default_nettype wire

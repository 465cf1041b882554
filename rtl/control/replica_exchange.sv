`default_nettype none
// Replica exchange: the contexts of a lane are the rungs of a ladder of temperatures, and replicas
// keep their states and exchange labels.
//
//   labels -> schedule memory -> betas, a row a context -> lanes
//     ^  +--> words of the label frame -> stream
//     +---- exchange_decision <- energies, betas of two rungs, control generator
//
// Works while the sequencer waits in its state Exchange, from begin_i to end_o, en_i low holding
// all: LOOK-UP after START (R + 4 clocks), LABELS (ceil(R/4) + 2) when a sample of the sweep goes
// to the stream, PASS (2 + 32 a try) when it is due. Reset: labels in order, position, parity and
// counters 0. Behaviour: docs/device-options.md, Replica exchange. Tested in lock-step against the
// C twin; the decision alone against exact integers.
module replica_exchange #(
    parameter int Lanes       = 1,
    parameter int Contexts    = 2,
    parameter int BetaBits    = 16,
    parameter int Frac        = 18,  // WeightFrac + BetaFrac
    parameter int ContextBits = 1,
    parameter int LaneBits    = 1
) (
    input  wire                      clk_i,
    input  wire                      rst_ni,
    input  wire                      en_i,             // the array advances
    input  wire                      enable_i,         // mode ladder
    input  wire                      freeze_i,
    // host
    input  wire                      clear_i,          // labels, position and parity
    input  wire                      count_clear_i,
    input  wire                      label_we_i,
    input  wire  [             15:0] label_replica_i,
    input  wire  [              5:0] label_data_i,
    input  wire  [             31:0] every_i,
    input  wire                      random_i,
    input  wire  [              5:0] select_i,
    input  wire  [             15:0] replica_i,
    output logic [             31:0] position_o,       // and parity
    output logic [             31:0] tries_o,
    output logic [             31:0] accepts_o,
    output logic [              5:0] label_o,
    // sequencer
    input  wire                      begin_i,          // this clock may be followed by a start
    input  wire                      after_start_i,    // with begin_i: of a run
    input  wire                      after_pause_i,    // or of a window's pause
    input  wire                      sweep_done_i,
    input  wire                      due_i,            // with sweep_done_i: sample on the stream
    output logic                     wanted_o,         // with begin_i: something is to be done
    output logic                     end_o,            // in its last clock
    output logic                     hold_o,           // a word waits, or an energy
    // betas: words of the schedule memory a clock after read_o
    output logic                     read_o,
    output logic [              5:0] entry_o,
    input  wire  [     BetaBits-1:0] beta_word_i,
    input  wire                      load_i,           // the array loads a context
    input  wire  [  ContextBits-1:0] load_context_i,
    output logic [Lanes*BetaBits-1:0] lane_beta_o,
    // energies
    output logic                     energy_read_o,    // in this clock, unless energy_taken_i
    output logic [     LaneBits-1:0] energy_lane_o,
    output logic [  ContextBits-1:0] energy_context_o,
    input  wire                      energy_taken_i,
    input  wire  [             47:0] energy_i,
    // control generator
    output logic                     draw_o,
    input  wire  [             31:0] word_i,
    // label frame
    input  wire                      stream_free_i,    // nothing else is on its way
    output logic [             31:0] label_tdata_o,
    output logic                     label_tvalid_o,   // only while stream_free_i
    output logic                     label_tlast_o,
    input  wire                      tready_i
);
  // derived, do not override
  localparam int Replicas = Lanes * Contexts;
  localparam int ReplicaBits = $clog2(Replicas);
  localparam int Words = (Replicas + 3) / 4;
  localparam int RowBits = Lanes * BetaBits;
  localparam logic [2:0] Rest = 3'd0, Lookup = 3'd1, Labels = 3'd2, Head = 3'd3, Try = 3'd4;

  logic [2:0] phase_q;
  logic [8:0] count_q;  // clocks of the phase, of a try 0..31
  logic label_due, label_due_q, pass_due, step_position, last_try, lookup_end, labels_end, run;
  logic [30:0] sweeps_q, next_sweeps;
  logic parity_q, parity;

  // ---- what is to be done ----
  assign run         = en_i && phase_q != Rest;
  assign next_sweeps = &sweeps_q ? sweeps_q : sweeps_q + 31'd1;
  assign pass_due    = !freeze_i && every_i != '0 && 32'(next_sweeps) >= every_i;
  assign label_due   = after_pause_i ? label_due_q : due_i;
  assign wanted_o    = enable_i && (after_start_i || label_due || pass_due);
  assign lookup_end  = phase_q == Lookup && 32'(count_q) == Replicas + 3;
  assign labels_end  = phase_q == Labels && 32'(count_q) == Words + 1;
  assign last_try    = 32'(lane_q) == Lanes - 1 && 32'(rung_q) + 3 >= Contexts;
  assign end_o       = lookup_end || (labels_end && !pass_due) ||
                       (phase_q == Head && count_q[0] && 32'(rung_q) + 1 >= Contexts) ||
                       (phase_q == Try && count_q[4:0] == '1 && last_try);
  assign step_position = enable_i && !freeze_i &&
                         ((begin_i && !after_start_i && !label_due) || (labels_end && en_i));
  assign parity      = random_i ? word_i[31] : parity_q;
  assign position_o  = {parity_q, sweeps_q};

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      phase_q     <= Rest;
      count_q     <= '0;
      sweeps_q    <= '0;
      parity_q    <= 1'b0;
      label_due_q <= 1'b0;
    end else begin
      if (sweep_done_i) label_due_q <= due_i;
      if (begin_i && wanted_o) begin
        phase_q <= after_start_i ? Lookup : label_due ? Labels : Head;
        count_q <= '0;
      end else if (run) begin
        count_q <= phase_q == Try && count_q[4:0] == '1 ? '0 : count_q + 1'b1;
        if (end_o) begin
          phase_q <= Rest;
        end else if (labels_end) begin
          phase_q <= Head;
          count_q <= '0;
        end else if (phase_q == Head && count_q[0]) begin
          phase_q <= Try;
          count_q <= '0;
        end
      end
      if (step_position) sweeps_q <= pass_due ? '0 : next_sweeps;
      if (run && phase_q == Head && !count_q[0] && !random_i) parity_q <= !parity_q;
      if (clear_i) begin
        sweeps_q <= '0;
        parity_q <= 1'b0;
      end
    end
  end

  // ---- tries: lane after lane, then the next pair of rungs ----
  logic [LaneBits-1:0] lane_q;
  logic [ContextBits-1:0] rung_q, low_context, high_context, looked_up, shown;
  logic found, accepted, accept, trying;
  logic [4:0] clock;
  logic [BetaBits-1:0] low_beta_q, high_beta_q;
  logic [47:0] low_energy_q;
  logic [48:0] energy_step_q;
  logic low_read_q, high_read_q;  // energies

  assign trying = run && phase_q == Try;
  assign clock  = count_q[4:0];
  always_ff @(posedge clk_i) begin
    if (run && phase_q == Head) begin
      lane_q <= '0;
      if (!count_q[0]) rung_q <= ContextBits'(parity);
    end
    if (trying && clock == 5'd31) begin
      lane_q <= 32'(lane_q) == Lanes - 1 ? '0 : lane_q + 1'b1;
      if (32'(lane_q) == Lanes - 1) rung_q <= rung_q + ContextBits'(2);
    end
    if (trying && clock == 5'd1) low_beta_q <= beta_word_i;
    if (trying && clock == 5'd2) high_beta_q <= beta_word_i;
    if (trying && clock == 5'd0) {low_read_q, high_read_q} <= '0;
    if (energy_read_o && !energy_taken_i) begin
      {low_read_q, high_read_q} <= {1'b1, low_read_q};
      low_energy_q              <= energy_i;
      energy_step_q             <= {low_energy_q[47], low_energy_q} - {energy_i[47], energy_i};
    end
  end

  exchange_labels #(
      .Lanes(Lanes), .Contexts(Contexts), .ContextBits(ContextBits), .LaneBits(LaneBits),
      .ReplicaBits(ReplicaBits)
  ) u_labels (
      .clk_i(clk_i), .rst_ni(rst_ni), .clear_i(clear_i), .we_i(label_we_i),
      .host_replica_i(ReplicaBits'(label_replica_i)),
      .host_label_i(ContextBits'(label_data_i)), .find_low_i(trying && clock == 5'd0),
      .find_high_i(trying && clock == 5'd1), .swap_i(accepted), .lane_i(lane_q),
      .rung_i(rung_q), .low_context_o(low_context), .high_context_o(high_context),
      .found_o(found), .replica_i(ReplicaBits'(count_q)), .label_o(looked_up),
      .shown_replica_i(ReplicaBits'(replica_i)), .shown_label_o(shown),
      .word_i(count_q[5:0] - 6'd1), .word_o(label_word)
  );
  assign label_o = 32'(replica_i) < Replicas ? 6'(shown) : '0;

  exchange_decision #(.BetaBits(BetaBits), .Frac(Frac)) u_decision (
      .clk_i(clk_i), .rst_ni(rst_ni), .en_i(en_i), .start_i(trying && clock == 5'd8),
      .beta_step_i({1'b0, low_beta_q} - {1'b0, high_beta_q}), .energy_step_i(energy_step_q),
      .word_i(word_i), .accept_o(accept)
  );
  assign accepted = trying && clock == 5'd22 && found && accept;

  always_comb begin
    // while the array is held, too
    energy_read_o    = phase_q == Try && !high_read_q && clock > (low_read_q ? 5'd1 : 5'd0);
    energy_lane_o    = lane_q;
    energy_context_o = low_read_q ? high_context : low_context;
    draw_o           = (trying && clock == 5'd8) ||
                       (run && phase_q == Head && !count_q[0] && random_i);
  end

  // ---- counters, with a bit each that says whether it counts: CLEAR takes one clock ----
  logic [63:0] count_mem[Contexts];
  logic [Contexts-1:0] counted_q;
  logic [ContextBits-1:0] shown_pair;
  logic [31:0] tries, accepts;

  assign {tries, accepts} = counted_q[rung_q] ? count_mem[rung_q] : '0;
  assign shown_pair       = ContextBits'(select_i);
  assign {tries_o, accepts_o} = 32'(select_i) < Contexts - 1 && counted_q[shown_pair]
                                    ? count_mem[shown_pair] : '0;
  always_ff @(posedge clk_i) begin
    if (trying && clock == 5'd22) begin
      count_mem[rung_q] <= {&tries ? tries : tries + 32'd1,
                            &accepts ? accepts : accepts + 32'(accepted)};
    end
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) counted_q <= '0;
    else if (count_clear_i) counted_q <= '0;
    else if (trying && clock == 5'd22) counted_q[rung_q] <= 1'b1;
  end

  // ---- betas: a row a context, filled lane by lane, or read, changed in one lane, and written ----
  logic [RowBits-1:0] beta_mem[Contexts];
  logic [RowBits-1:0] row_q;
  logic [LaneBits-1:0] column_q;
  logic [ContextBits-1:0] filled_q, row_context;
  logic fill, full_q, swapped_q, row_we;
  logic [ContextBits-1:0] row_address;

  always_comb begin
    read_o  = enable_i && (phase_q == Rest || en_i);
    case (phase_q)
      Lookup:  entry_o = 6'(looked_up);
      Try:     entry_o = 6'(rung_q) + 6'(clock == 5'd1);
      default: entry_o = '0;  // at rest: BETA_ACTIVE
    endcase
    fill        = run && phase_q == Lookup && count_q != '0 && 32'(count_q) <= Replicas;
    row_address = clock < 5'd25 ? low_context : high_context;
    row_we      = (run && full_q) || (trying && swapped_q && (clock == 5'd24 || clock == 5'd27));
    row_context = full_q ? filled_q : row_address;
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) full_q <= 1'b0;
    else if (run) full_q <= fill && 32'(column_q) == Lanes - 1;
  end
  always_ff @(posedge clk_i) begin
    if (run) begin
      if (fill) begin
        row_q    <= RowBits'({beta_word_i, row_q} >> BetaBits);
        column_q <= 32'(column_q) == Lanes - 1 ? '0 : column_q + 1'b1;
      end
      if (phase_q == Lookup && count_q == '0) begin
        column_q <= '0;
        filled_q <= '0;
      end
      if (full_q) filled_q <= filled_q + 1'b1;
      if (phase_q == Try) begin
        if (clock == 5'd22) swapped_q <= accepted;
        if (clock == 5'd22 || clock == 5'd25) row_q <= beta_mem[row_address];
        if (clock == 5'd23) row_q[32'(lane_q)*BetaBits+:BetaBits] <= high_beta_q;
        if (clock == 5'd26) row_q[32'(lane_q)*BetaBits+:BetaBits] <= low_beta_q;
      end
    end
    if (row_we) beta_mem[row_context] <= row_q;
    if (load_i) lane_beta_o <= beta_mem[load_context_i];
    else if (run && end_o) lane_beta_o <= beta_mem[0];
  end

  // ---- label frame: a word a clock; the first stands on the stream in the third ----
  logic [31:0] label_word;
  logic valid_q, sent;
  always_comb begin
    label_tvalid_o = valid_q && stream_free_i;
    sent           = label_tvalid_o && tready_i;
    hold_o         = (valid_q && !sent) || (phase_q == Try && clock == 5'd8 && !high_read_q);
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) valid_q <= 1'b0;
    else if (run && phase_q == Labels && count_q != '0 && !labels_end) valid_q <= 1'b1;
    else if (sent) valid_q <= 1'b0;
  end
  always_ff @(posedge clk_i) begin
    if (run && phase_q == Labels) begin
      label_tdata_o <= label_word;
      label_tlast_o <= 32'(count_q) == Words;
    end
  end
endmodule
`default_nettype wire

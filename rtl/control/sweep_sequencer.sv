`default_nettype none
// Sweep sequencer: the run control that the fabrics share.
//
//   START -> [PAUSE (128)] -> [EXCHANGE] -> SWEEP (until the operation counter ends it) -> NEXT (1)
//         -> .. -> [PAUSE (128)] -> [EXCHANGE]
//
// SWEEP and NEXT once per context; what a sweep does clock by clock is the operation counter's
// (dense_operations, lattice_operations, sparse_operations). A sample leaves in the next sweep or
// in a read-only one at the end of a run (FrameAfter = 0), or at the end of its own sweep
// (FrameAfter = 1). PAUSE: the regulator works, at the end of a window or before the first sweep.
// EXCHANGE: replica_exchange works, for as long as it says; it follows sweeps and pauses.
// Everything but START waits while en_i is low. Reset: idle. Behaviour: docs/device.md,
// sections Sweeps, A run and Cycles.
module sweep_sequencer #(
    parameter int Contexts    = 1,
    parameter int BetaBits    = 16,
    parameter int ContextBits = 1,
    parameter int FrameAfter  = 0
) (
    input  wire                     clk_i,
    input  wire                     rst_ni,
    input  wire                     en_i,           // low: the sample stream stalls the array
    input  wire                     start_i,
    input  wire                     stop_i,         // remembered until the run ends
    input  wire                     palindromic_i,
    input  wire                     coin_i,         // order of half-sweeps by control_generator
    input  wire                     random_i,       // random scan of groups
    input  wire                     coupled_i,
    input  wire  [            31:0] sweeps_i,
    input  wire  [            31:0] every_i,        // sweeps per sample, 0: none
    input  wire  [            31:0] unit_every_i,   // the same of the statistics unit
    input  wire  [    BetaBits-1:0] beta_i,
    // temperature regulator
    input  wire                     sweep_beta_i,   // beta_i holds from the next sweep on
    input  wire                     regulates_i,    // pause at START, too; beta from the regulator
    input  wire  [    BetaBits-1:0] regulator_beta_i,
    input  wire                     window_ends_i,  // with the sweep of all contexts in progress
    // replica exchange
    input  wire                     exchange_i,     // has work, if its turn comes with this clock
    input  wire                     exchange_end_i,  // last clock of it
    output logic                    stream_due_o,   // with sweep_done_o: a sample is due
    output logic                    at_next_o,      // last clock of a sweep (en_i may be low)
    output logic                    at_pause_o,     // first clock of a pause
    output logic                    at_pause_end_o,  // last
    output logic                    pause_window_o,  // the pause is a window's
    output logic                    busy_o,
    output logic                    load_o,         // context load (START or NEXT)
    output logic [ ContextBits-1:0] load_context_o,
    output logic [    BetaBits-1:0] beta_o,         // in force
    output logic                    palindromic_o,  // in force
    output logic                    coin_o,         // in force
    output logic                    random_o,       // in force
    output logic                    coupled_o,      // in force
    // operation counter
    output logic                    sweep_o,        // a context's sweep is in progress
    input  wire                     end_i,          // in its last clock
    output logic                    read_only_o,    // it updates nothing
    output logic                    emit_o,         // a sample leaves in it
    output logic                    to_stream_o,    // to the sample stream
    output logic                    to_unit_o,      // to the statistics unit
    output logic                    next_o,         // end of a context's sweep
    output logic                    last_context_o,
    output logic [ ContextBits-1:0] context_o,
    output logic                    sweep_done_o    // end of a sweep of all contexts
);
  localparam logic [2:0] Idle = 3'd0, Sweep = 3'd1, Next = 3'd2, Pause = 3'd3, Exchange = 3'd4;

  logic [2:0] state_q, state_d;
  logic [ContextBits-1:0] context_q, context_d;
  logic [31:0] left_q, left_d, since_q, since_d, every_q, every_d;
  logic [31:0] unit_since_q, unit_since_d, unit_every_q, unit_every_d;
  logic [BetaBits-1:0] beta_q, beta_d;
  logic emit_q, emit_d;          // a sample is due in this pass
  logic unit_q, unit_d;          // and one of the statistics unit
  logic read_only_q, read_only_d;
  logic stop_q, stop_d, palindromic_q, palindromic_d, coin_q, coin_d, coupled_q, coupled_d;
  logic random_q, random_d;
  logic [6:0] pause_q, pause_d;  // clocks of the pause, Length 128
  logic window_q, window_d;      // the pause is a window's
  logic end_q, end_d;            // and the run ends with it
  logic last_context, due, unit_due, more;

  // apart: the operation counter needs it
  assign due      = every_q != 0 && since_q + 1 == every_q;
  assign unit_due = unit_every_q != 0 && unit_since_q + 1 == unit_every_q;
  always_comb begin
    last_context = 32'(context_q) == Contexts - 1;
    more         = left_q > 1 && !stop_q && !stop_i;

    state_d       = state_q;
    context_d     = context_q;
    left_d        = left_q;
    since_d       = since_q;
    every_d       = every_q;
    unit_since_d  = unit_since_q;
    unit_every_d  = unit_every_q;
    beta_d        = beta_q;
    emit_d        = emit_q;
    unit_d        = unit_q;
    read_only_d   = read_only_q;
    palindromic_d = palindromic_q;
    coin_d        = coin_q;
    random_d      = random_q;
    coupled_d     = coupled_q;
    pause_d       = pause_q;
    window_d      = window_q;
    end_d         = end_q;
    stop_d        = (stop_q || stop_i) && state_q != Idle;

    if (state_q == Idle) begin
      if (start_i) begin
        context_d     = '0;
        left_d        = sweeps_i;
        every_d       = every_i;
        since_d       = '0;
        unit_every_d  = unit_every_i;
        unit_since_d  = '0;
        unit_d        = 1'b0;
        beta_d        = regulates_i ? beta_q : beta_i;
        window_d      = 1'b0;
        end_d         = 1'b0;
        palindromic_d = palindromic_i;
        coin_d        = coin_i;
        random_d      = random_i;
        coupled_d     = coupled_i;
        read_only_d   = sweeps_i == 0;
        emit_d        = sweeps_i == 0;
        if (sweeps_i != 0) state_d = regulates_i ? Pause : Sweep;
        else if (every_i != 0) state_d = Sweep;
      end
    end else if (en_i) begin
      case (state_q)
        Sweep: if (end_i) state_d = Next;
        Pause: begin
          pause_d = pause_q + 1'b1;
          if (pause_q == '1) begin
            if (regulates_i) beta_d = regulator_beta_i;
            state_d = exchange_i ? Exchange : end_q ? Idle : Sweep;
          end
        end
        Exchange: if (exchange_end_i) state_d = end_q ? Idle : Sweep;
        default: begin  // Next
          state_d = Sweep;
          if (!last_context) begin
            context_d = context_q + 1'b1;
          end else begin
            context_d = '0;
            if (read_only_q) begin
              state_d = Idle;
            end else begin
              left_d      = left_q - 1;
              since_d     = due ? '0 : since_q + 1;
              if (sweep_beta_i) beta_d = beta_i;
              unit_since_d = unit_due ? '0 : unit_since_q + 1;
              emit_d      = due && FrameAfter == 0;
              unit_d      = unit_due && FrameAfter == 0;
              read_only_d = !more;
              window_d    = 1'b1;
              end_d       = !more && (!(due || unit_due) || FrameAfter != 0);
              if (end_d) state_d = Idle;
              if (exchange_i) state_d = Exchange;
              if (window_ends_i) state_d = Pause;
            end
          end
        end
      endcase
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q       <= Idle;
      context_q     <= '0;
      left_q        <= '0;
      since_q       <= '0;
      every_q       <= '0;
      unit_since_q  <= '0;
      unit_every_q  <= '0;
      unit_q        <= 1'b0;
      beta_q        <= '0;
      pause_q       <= '0;
      window_q      <= 1'b0;
      end_q         <= 1'b0;
      emit_q        <= 1'b0;
      read_only_q   <= 1'b0;
      stop_q        <= 1'b0;
      palindromic_q <= 1'b0;
      coin_q        <= 1'b0;
      random_q      <= 1'b0;
      coupled_q     <= 1'b0;
    end else begin
      state_q       <= state_d;
      context_q     <= context_d;
      left_q        <= left_d;
      since_q       <= since_d;
      every_q       <= every_d;
      unit_since_q  <= unit_since_d;
      unit_every_q  <= unit_every_d;
      unit_q        <= unit_d;
      beta_q        <= beta_d;
      pause_q       <= pause_d;
      window_q      <= window_d;
      end_q         <= end_d;
      emit_q        <= emit_d;
      read_only_q   <= read_only_d;
      stop_q        <= stop_d;
      palindromic_q <= palindromic_d;
      coin_q        <= coin_d;
      random_q      <= random_d;
      coupled_q     <= coupled_d;
    end
  end

  always_comb begin
    stream_due_o   = due;
    busy_o         = state_q != Idle;
    at_next_o      = state_q == Next;
    at_pause_o     = state_q == Pause && pause_q == '0;
    at_pause_end_o = state_q == Pause && pause_q == '1;
    pause_window_o = window_q;
    next_o         = state_q == Next && en_i;
    load_o         = (state_q == Idle && start_i) || next_o;
    load_context_o = context_d;
    sweep_o        = state_q == Sweep;
    read_only_o    = read_only_q;
    to_stream_o    = emit_q || (FrameAfter != 0 && due);
    to_unit_o      = unit_q || (FrameAfter != 0 && unit_due && !read_only_q);
    emit_o         = to_stream_o || to_unit_o;
    last_context_o = last_context;
    context_o      = context_q;
    sweep_done_o   = next_o && last_context && !read_only_q;
    beta_o         = beta_q;
    palindromic_o  = palindromic_q;
    coin_o         = coin_q;
    random_o       = random_q;
    coupled_o      = coupled_q;
  end
endmodule
`default_nettype wire

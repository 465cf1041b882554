`default_nettype none
// Sweep sequencer of the dense fabric: turns a run into one row operation per clock.
//
//   START -> [PAUSE (128)] -> ACC (V+1) -> HID (H) -> drain 6 -> [VIS (V+1) -> drain 6 -> [ACC ..]]
//         -> NEXT (1) -> [PAUSE (128)]
//
// Half-sweep A = ACC HID, B = VIS; cyclic A B, palindromic A B A; then the next context, then the
// next sweep. A sample leaves while the first half-sweep of the next sweep reads the state, or in a
// read-only A at the end of a run. PAUSE: the regulator works, at the end of a window or before the
// first sweep. Everything but START waits while en_i is low. Reset: idle.
// Behaviour: docs/device.md, sections Sweeps, A run and Cycles.
module sweep_sequencer #(
    parameter int Visible     = 6,
    parameter int Hidden      = 6,
    parameter int Contexts    = 1,
    parameter int BetaBits    = 16,
    parameter int IndexBits   = 11,
    parameter int ContextBits = 1,
    parameter int StateBits   = 3    // address bits of the visible state memory
) (
    input  wire                     clk_i,
    input  wire                     rst_ni,
    input  wire                     en_i,           // low: the sample stream stalls the array
    input  wire                     start_i,
    input  wire                     stop_i,         // remembered until the run ends
    input  wire                     palindromic_i,
    input  wire                     coupled_i,
    input  wire  [            31:0] sweeps_i,
    input  wire  [            31:0] every_i,        // sweeps per sample, 0: none
    input  wire  [    BetaBits-1:0] beta_i,
    // temperature regulator
    input  wire                     host_beta_i,    // beta_i holds from the next sweep on
    input  wire                     regulates_i,    // pause at START, too; beta from the regulator
    input  wire  [    BetaBits-1:0] regulator_beta_i,
    input  wire                     window_ends_i,  // with the sweep of all contexts in progress
    output logic                    at_next_o,      // last clock of a sweep (en_i may be low)
    output logic                    at_pause_o,     // first clock of a pause
    output logic                    at_pause_end_o,  // last
    output logic                    pause_window_o,  // the pause is a window's
    output logic                    busy_o,
    output logic                    load_o,         // context load (START or NEXT)
    output logic [ ContextBits-1:0] load_context_o,
    output logic [    BetaBits-1:0] beta_o,         // in force
    output logic                    palindromic_o,  // in force
    output logic                    coupled_o,      // in force
    // one operation per clock, valid while busy and en_i
    output logic                    acc_o,
    output logic                    acc_init_o,
    output logic                    hid_o,
    output logic                    vis_o,
    output logic                    tail_o,         // VIS on the bias row: energy only
    output logic                    update_o,       // 0 in a read-only pass
    output logic                    emit_o,         // this operation's old state goes to the stream
    output logic                    emit_last_o,    // and is the last of the frame
    output logic [   IndexBits-1:0] index_o,
    output logic [   StateBits-1:0] state_address_o,
    output logic                    next_o,         // end of a context's sweep
    output logic [ ContextBits-1:0] context_o,
    output logic                    sweep_done_o    // end of a sweep of all contexts
);
  localparam int Drain = 6;  // clocks from a half-sweep's last operation until its state is written

  localparam logic [2:0] Idle = 3'd0, Acc = 3'd1, Hid = 3'd2, HidDrain = 3'd3, Vis = 3'd4,
                         VisDrain = 3'd5, Next = 3'd6, Pause = 3'd7;

  logic [2:0] state_q, state_d;
  logic [IndexBits-1:0] index_q, index_d;
  logic [StateBits-1:0] base_q, base_d;
  logic [ContextBits-1:0] context_q, context_d;
  logic [31:0] left_q, left_d, since_q, since_d, every_q, every_d;
  logic [BetaBits-1:0] beta_q, beta_d;
  logic second_q, second_d;      // the A after B of the palindromic kernel
  logic emit_q, emit_d;          // a sample is due in this pass
  logic read_only_q, read_only_d;
  logic stop_q, stop_d, palindromic_q, palindromic_d, coupled_q, coupled_d;
  logic [6:0] pause_q, pause_d;  // clocks of the pause, Length 128
  logic window_q, window_d;      // the pause is a window's
  logic end_q, end_d;            // and the run ends with it
  logic last_context, due, more;

  always_comb begin
    last_context = 32'(context_q) == Contexts - 1;
    due          = every_q != 0 && since_q + 1 == every_q;
    more         = left_q > 1 && !stop_q && !stop_i;

    state_d       = state_q;
    index_d       = index_q;
    base_d        = base_q;
    context_d     = context_q;
    left_d        = left_q;
    since_d       = since_q;
    every_d       = every_q;
    beta_d        = beta_q;
    second_d      = second_q;
    emit_d        = emit_q;
    read_only_d   = read_only_q;
    palindromic_d = palindromic_q;
    coupled_d     = coupled_q;
    pause_d       = pause_q;
    window_d      = window_q;
    end_d         = end_q;
    stop_d        = (stop_q || stop_i) && state_q != Idle;

    if (state_q == Idle) begin
      if (start_i) begin
        index_d       = IndexBits'(Visible);
        base_d        = '0;
        context_d     = '0;
        left_d        = sweeps_i;
        every_d       = every_i;
        since_d       = '0;
        beta_d        = regulates_i ? beta_q : beta_i;
        window_d      = 1'b0;
        end_d         = 1'b0;
        palindromic_d = palindromic_i;
        coupled_d     = coupled_i;
        second_d      = 1'b0;
        read_only_d   = sweeps_i == 0;
        emit_d        = sweeps_i == 0;
        if (sweeps_i != 0) state_d = regulates_i ? Pause : Acc;
        else if (every_i != 0) state_d = Acc;
      end
    end else if (en_i) begin
      case (state_q)
        Acc: begin
          // row V (hidden biases) first, then 0..V-1
          index_d = 32'(index_q) == Visible ? '0 : index_q + 1'b1;
          if (32'(index_q) == Visible - 1) begin
            state_d = Hid;
            index_d = '0;
          end
        end
        Hid: begin
          index_d = index_q + 1'b1;
          if (32'(index_q) == Hidden - 1) begin
            state_d = HidDrain;
            index_d = '0;
          end
        end
        HidDrain: begin
          index_d = index_q + 1'b1;
          if (32'(index_q) == Drain - 1) begin
            state_d = (read_only_q || second_q) ? Next : Vis;
            index_d = '0;
          end
        end
        Vis: begin
          index_d = index_q + 1'b1;
          if (32'(index_q) == Visible) begin
            state_d = VisDrain;
            index_d = '0;
          end
        end
        VisDrain: begin
          index_d = index_q + 1'b1;
          if (32'(index_q) == Drain - 1) begin
            state_d  = palindromic_q ? Acc : Next;
            second_d = palindromic_q;
            index_d  = IndexBits'(Visible);
          end
        end
        Pause: begin
          pause_d = pause_q + 1'b1;
          if (pause_q == '1) begin
            if (regulates_i) beta_d = regulator_beta_i;
            state_d = end_q ? Idle : Acc;
          end
        end
        default: begin  // Next
          index_d  = IndexBits'(Visible);
          second_d = 1'b0;
          state_d  = Acc;
          if (!last_context) begin
            context_d = context_q + 1'b1;
            base_d    = base_q + StateBits'(Visible);
          end else begin
            context_d = '0;
            base_d    = '0;
            if (read_only_q) begin
              state_d = Idle;
            end else begin
              left_d      = left_q - 1;
              since_d     = due ? '0 : since_q + 1;
              if (host_beta_i) beta_d = beta_i;
              emit_d      = due;
              read_only_d = !more;
              window_d    = 1'b1;
              end_d       = !more && !due;
              if (end_d) state_d = Idle;
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
      index_q       <= '0;
      base_q        <= '0;
      context_q     <= '0;
      left_q        <= '0;
      since_q       <= '0;
      every_q       <= '0;
      beta_q        <= '0;
      second_q      <= 1'b0;
      pause_q       <= '0;
      window_q      <= 1'b0;
      end_q         <= 1'b0;
      emit_q        <= 1'b0;
      read_only_q   <= 1'b0;
      stop_q        <= 1'b0;
      palindromic_q <= 1'b0;
      coupled_q     <= 1'b0;
    end else begin
      state_q       <= state_d;
      index_q       <= index_d;
      base_q        <= base_d;
      context_q     <= context_d;
      left_q        <= left_d;
      since_q       <= since_d;
      every_q       <= every_d;
      beta_q        <= beta_d;
      second_q      <= second_d;
      pause_q       <= pause_d;
      window_q      <= window_d;
      end_q         <= end_d;
      emit_q        <= emit_d;
      read_only_q   <= read_only_d;
      stop_q        <= stop_d;
      palindromic_q <= palindromic_d;
      coupled_q     <= coupled_d;
    end
  end

  always_comb begin
    busy_o          = state_q != Idle;
    at_next_o       = state_q == Next;
    at_pause_o      = state_q == Pause && pause_q == '0;
    at_pause_end_o  = state_q == Pause && pause_q == '1;
    pause_window_o  = window_q;
    next_o          = state_q == Next && en_i;
    load_o          = (state_q == Idle && start_i) || next_o;
    load_context_o  = context_d;
    acc_o           = state_q == Acc;
    acc_init_o      = state_q == Acc && 32'(index_q) == Visible;
    hid_o           = state_q == Hid;
    vis_o           = state_q == Vis;
    tail_o          = state_q == Vis && 32'(index_q) == Visible;
    update_o        = !read_only_q;
    emit_o          = emit_q && !second_q && ((acc_o && !acc_init_o) || hid_o);
    emit_last_o     = emit_q && !second_q && hid_o && 32'(index_q) == Hidden - 1;
    index_o         = index_q;
    state_address_o = base_q + StateBits'(index_q);
    context_o       = context_q;
    sweep_done_o    = next_o && last_context && !read_only_q;
    beta_o          = beta_q;
    palindromic_o   = palindromic_q;
    coupled_o       = coupled_q;
  end
endmodule
`default_nettype wire

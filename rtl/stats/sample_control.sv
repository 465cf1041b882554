`default_nettype none
// Runs the statistics unit through its samples: of each context the frame, then pairs and series,
// and at the end of a sample the counts; banks change places only between samples.
//
//   IDLE -> [swap] -> FRAME -> SETTLE (1) -> WORK (pairs, series) -> FRAME of the next context ..
//        <- FINISH (1, when the series are done) <-+
//
// The frame's words are taken in IDLE and FRAME. A sample that would make a counter wrap is taken,
// too, and counts nothing. Reset: empty. Behaviour: docs/device-options.md.
module sample_control #(
    parameter int Replicas    = 1,
    parameter int Contexts    = 1,
    parameter int ContextBits = 1
) (
    input  wire                    clk_i,
    input  wire                    rst_ni,
    input  wire                    swap_i,          // STAT_SWAP
    input  wire                    clear_i,         // STAT_CLEAR, while the device is idle
    // frame
    input  wire                    word_valid_i,
    input  wire                    word_last_i,
    output logic                   word_ready_o,
    output logic                   take_o,          // a word is taken
    output logic                   first_o,         // and is the first of its frame
    output logic                   skip_o,          // of a sample that is left out
    input  wire  [           16:0] rows_i,          // words of the frame
    input  wire  [           20:0] pairs_i,
    // work
    output logic                   walk_o,          // start of the pairs
    input  wire                    walk_busy_i,
    input  wire                    energies_i,      // all energies of the context are there
    output logic                   drop_o,          // they are not used
    output logic                   series_o,        // start of the series
    input  wire                    series_busy_i,
    input  wire                    series_taken_i,  // values have been read
    input  wire                    clipped_i,       // an energy was clipped
    output logic                   open_o,          // a sample is in progress
    output logic [ContextBits-1:0] context_o,
    output logic                   context0_o,
    // bank that adds
    output logic                   bank_o,
    output logic                   rest_d_o,        // bank at rest after this clock
    output logic                   swapped_o,       // the banks change places
    output logic [           31:0] t_o,             // T
    output logic [           31:0] samples_o,
    output logic [           15:0] levels_seen_o,   // what has counted in it
    output logic [           16:0] rows_seen_o,
    output logic [           20:0] pairs_seen_o,
    // bank at rest, and flags
    output logic [           31:0] rest_first_o,
    output logic [           31:0] rest_samples_o,
    output logic                   pending_o,
    output logic                   clipped_o,
    output logic                   full_o
);
  localparam logic [2:0] Idle = 3'd0, Frame = 3'd1, Settle = 3'd2, Work = 3'd3, Finish = 3'd4;
  // derived: R samples stay below 2^32
  localparam logic [31:0] MostSamples = 32'hFFFFFFFF / Replicas;

  logic [2:0] state_q;
  logic [31:0] first_q;
  logic skip_q, begun_q, given_q, taken_q, full, context_done, last_context;

  assign full         = t_o == '1 || samples_o >= MostSamples;
  assign last_context = 32'(context_o) == Contexts - 1;
  // Values are given to the series when those of the former context are done.
  assign series_o     = state_q == Work && !skip_q && !given_q && energies_i && !series_busy_i;
  assign drop_o       = state_q == Work && skip_q && energies_i;
  assign context_done = state_q == Work && !walk_busy_i && (taken_q || drop_o);
  assign walk_o       = state_q == Settle && !skip_q;
  assign word_ready_o = state_q == Frame || (state_q == Idle && !pending_o);
  assign take_o       = word_valid_i && word_ready_o;
  assign first_o      = !begun_q;
  assign skip_o       = state_q == Idle ? full : skip_q;
  assign open_o       = state_q != Idle;
  assign context0_o   = context_o == '0;
  assign swapped_o    = (swap_i || pending_o) && state_q == Idle && !take_o;
  assign rest_d_o     = swapped_o ? bank_o : !bank_o;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q   <= Idle;
      context_o <= '0;
      {skip_q, begun_q, given_q, taken_q} <= '0;
    end else begin
      if (take_o) begin
        begun_q <= !word_last_i;
        skip_q  <= skip_o;
        state_q <= word_last_i ? Settle : Frame;
      end
      if (state_q == Settle) begin
        state_q <= Work;
        {given_q, taken_q} <= '0;
      end
      if (series_o) given_q <= 1'b1;
      if (series_taken_i) taken_q <= 1'b1;
      if (context_done) begin
        context_o <= last_context ? '0 : context_o + 1'b1;
        state_q   <= last_context ? Finish : Frame;
      end
      if (state_q == Finish && !series_busy_i) state_q <= Idle;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      {bank_o, pending_o, clipped_o, full_o} <= '0;
      {t_o, samples_o, first_q, rest_first_o, rest_samples_o} <= '0;
      {levels_seen_o, rows_seen_o, pairs_seen_o} <= '0;
    end else begin
      if (swap_i) pending_o <= 1'b1;
      if (take_o && state_q == Idle && full) full_o <= 1'b1;
      if (clipped_i) clipped_o <= 1'b1;
      if (state_q == Finish && !series_busy_i && !skip_q) begin
        t_o           <= t_o + 32'd1;
        samples_o     <= samples_o + 32'd1;
        levels_seen_o <= levels_seen_o | 16'(t_o ^ (t_o + 32'd1));  // as far as bits of t are 1
        if (rows_i > rows_seen_o) rows_seen_o <= rows_i;
        if (pairs_i > pairs_seen_o) pairs_seen_o <= pairs_i;
      end
      if (swapped_o) begin
        pending_o      <= 1'b0;
        bank_o         <= !bank_o;
        rest_first_o   <= first_q;
        rest_samples_o <= samples_o;
        first_q        <= t_o;
        samples_o      <= '0;
        {levels_seen_o, rows_seen_o, pairs_seen_o} <= '0;
      end
      if (clear_i) begin
        {pending_o, clipped_o, full_o} <= {swap_i, 2'b00};
        {t_o, samples_o, first_q, rest_first_o, rest_samples_o} <= '0;
        {levels_seen_o, rows_seen_o, pairs_seen_o} <= '0;
      end
    end
  end
endmodule
`default_nettype wire

`default_nettype none
// What a window of sweeps adds up: flips of each block, and the energies' deviation from that of
// replica 0 after the window's first sweep.
//
//   flips ---> saturating counters
//   NEXT ----> lane 0..Lanes-1: energy --> minus reference, saturate --> sum_d
//                                            +--> magnitude --> multiplier outside --> sum_d2
//
// The energies of a context are taken one lane a clock while the array already sweeps the next
// context (Lanes + 4 clocks, more when the host reads ENERGY through the same port); hold_o asks
// the array not to end that sweep before. Energies Q48.WeightFrac signed. Reset: empty. Behaviour:
// docs/device.md, Temperature regulator. Tested in lock-step against the C twin.
module window_statistics #(
    parameter int Lanes       = 1,
    parameter int CountBits   = 1,  // of a clock's flips
    parameter int ContextBits = 1,
    parameter int LaneBits    = 1
) (
    input  wire                    clk_i,
    input  wire                    rst_ni,
    input  wire                    clear_i,           // end of a window, or WINDOW_CLEAR
    input  wire  [           31:0] window_sweeps_i,   // 0: nothing is counted
    // events of the array
    input  wire                    run_i,             // the array advances
    input  wire  [  CountBits-1:0] flip_count_i,
    input  wire                    hidden_i,          // the flips are of a hidden p-bit
    input  wire                    next_i,            // a context's sweep ends
    input  wire  [ContextBits-1:0] context_i,
    input  wire                    sweep_done_i,      // and so does the sweep of all contexts
    output logic                   ends_o,            // the present sweep ends the window
    // energies
    output logic [   LaneBits-1:0] energy_lane_o,
    output logic [ContextBits-1:0] energy_context_o,
    input  wire                    energy_taken_i,    // the host reads in this clock
    input  wire  [           47:0] energy_i,
    output logic                   hold_o,            // not all energies have been read
    output logic                   busy_o,            // or added
    // multiplier: the product of square_o with itself, one clock later
    output logic                   square_valid_o,
    output logic [           31:0] square_o,
    input  wire  [           63:0] product_i,
    // sums
    output logic [           31:0] position_o,
    output logic [           31:0] flips_v_o,
    output logic [           31:0] flips_h_o,
    output logic [           47:0] energy_ref_o,
    output logic [           63:0] energy_sum_o,
    output logic [           63:0] energy_sq_o,
    output logic                   flips_sat_o,       // a flip counter saturated
    output logic                   clipped_o,         // a deviation was clipped
    output logic                   sq_sat_o
);
  logic enable, active_q, reference_q, read, valid1_q, valid2_q, valid3_q, valid4_q, clip;
  logic [LaneBits-1:0] lane_q;
  logic [ContextBits-1:0] context_q;
  logic [47:0] energy1_q;
  logic [48:0] deviation;
  logic [31:0] deviation2_q;
  logic [32:0] flips;
  logic [63:0] squares;

  always_comb begin
    enable = window_sweeps_i != '0;
    ends_o = enable && position_o + 1'b1 >= window_sweeps_i;
    flips  = '0;
    if (flip_count_i != '0) begin
      flips = {1'b0, hidden_i ? flips_h_o : flips_v_o} + 33'(flip_count_i);
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      position_o  <= '0;
      flips_v_o   <= '0;
      flips_h_o   <= '0;
      flips_sat_o <= 1'b0;
    end else if (clear_i) begin
      position_o  <= '0;
      flips_v_o   <= '0;
      flips_h_o   <= '0;
      flips_sat_o <= 1'b0;
    end else if (enable && run_i) begin
      if (flip_count_i != '0) begin
        if (hidden_i) flips_h_o <= flips[32] ? '1 : flips[31:0];
        else flips_v_o <= flips[32] ? '1 : flips[31:0];
        if (flips[32]) flips_sat_o <= 1'b1;
      end
      if (sweep_done_i) position_o <= position_o + 1'b1;
    end
  end

  // ---- energies: one lane a clock ----
  always_comb begin
    read             = active_q && !energy_taken_i;
    energy_lane_o    = lane_q;
    energy_context_o = context_q;
    hold_o           = active_q;
    busy_o           = active_q || valid1_q || valid2_q || valid3_q || valid4_q;
    square_valid_o   = valid3_q;
    {deviation, clip, squares} = '0;
    if (busy_o) begin
      deviation = {energy1_q[47], energy1_q} - {energy_ref_o[47], energy_ref_o};
      clip      = deviation[48:31] != '0 && deviation[48:31] != '1;
      squares   = energy_sq_o + product_i;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      active_q     <= 1'b0;
      reference_q  <= 1'b0;
      valid1_q     <= 1'b0;
      valid2_q     <= 1'b0;
      valid3_q     <= 1'b0;
      valid4_q     <= 1'b0;
      clipped_o    <= 1'b0;
      sq_sat_o     <= 1'b0;
      energy_ref_o <= '0;
      energy_sum_o <= '0;
      energy_sq_o  <= '0;
    end else begin
      valid1_q <= read;
      valid2_q <= valid1_q;
      valid3_q <= valid2_q;
      valid4_q <= valid3_q;
      if (read) begin
        reference_q <= 1'b0;
        if (reference_q) energy_ref_o <= energy_i;  // lane 0 of context 0
        if (32'(lane_q) == Lanes - 1) active_q <= 1'b0;
      end
      if (enable && next_i) begin
        active_q    <= 1'b1;
        reference_q <= position_o == '0 && context_i == '0;
      end
      if (valid1_q && clip) clipped_o <= 1'b1;
      if (valid2_q) begin
        energy_sum_o <= energy_sum_o + {{32{deviation2_q[31]}}, deviation2_q};
      end
      if (valid4_q) begin
        energy_sq_o <= squares < product_i ? '1 : squares;
        if (squares < product_i) sq_sat_o <= 1'b1;
      end
      if (clear_i) begin
        clipped_o    <= 1'b0;
        sq_sat_o     <= 1'b0;
        energy_sum_o <= '0;
        energy_sq_o  <= '0;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (read) begin
      lane_q    <= lane_q + 1'b1;
      energy1_q <= energy_i;
    end
    if (enable && next_i) begin
      lane_q    <= '0;
      context_q <= context_i;
    end
    if (valid1_q) begin
      deviation2_q <= clip ? {deviation[48], {31{~deviation[48]}}} : deviation[31:0];
    end
    if (valid2_q) square_o <= deviation2_q[31] ? -deviation2_q : deviation2_q;
  end
endmodule
`default_nettype wire

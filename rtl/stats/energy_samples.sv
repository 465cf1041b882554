`default_nettype none
// Reads the energies of a context through the fabric's port, one lane a clock, and keeps them as
// samples of a series: (E - reference) >> shift, clipped to signed 24 bits.
//
//   request_i -> lane 0..Lanes-1 when the port is free -> minus reference -> shift, clip -> buffer
//
// A request waits until the former energies have been taken. pending_o: not all have been read, and
// the array must not end a sweep. Energies Q48.WeightFrac signed. Reset: empty. Behaviour:
// docs/device-options.md.
module energy_samples #(
    parameter int Lanes       = 1,
    parameter int ContextBits = 1,
    parameter int LaneBits    = 1
) (
    input  wire                    clk_i,
    input  wire                    rst_ni,
    input  wire  [           63:0] reference_i,
    input  wire  [            4:0] shift_i,
    input  wire                    request_i,         // never while pending_o
    input  wire  [ContextBits-1:0] context_i,
    output logic                   pending_o,
    output logic                   busy_o,
    output logic                   full_o,            // all energies stand in the buffer
    input  wire                    take_i,            // they have been taken
    input  wire  [   LaneBits-1:0] lane_i,
    output logic [           23:0] value_o,           // of lane_i
    output logic                   clipped_o,
    // energy port
    output logic [   LaneBits-1:0] energy_lane_o,
    output logic [ContextBits-1:0] energy_context_o,
    input  wire                    energy_taken_i,    // by another in this clock
    input  wire  [           47:0] energy_i
);
  logic [Lanes*25-1:0] values_q;
  logic [LaneBits-1:0] lane_q, lane1_q, lane2_q;
  logic [47:0] energy1_q;
  logic [64:0] difference2_q, shifted;
  logic occupied_q, read, valid1_q, valid2_q, last, cut;
  logic [24:0] value;

  always_comb begin
    read             = pending_o && !occupied_q && !energy_taken_i;
    last             = 32'(lane_q) == Lanes - 1;
    busy_o           = pending_o || occupied_q;
    energy_lane_o    = lane_q;
    shifted          = $signed(difference2_q) >>> shift_i;
    cut              = shifted[64:23] != '0 && shifted[64:23] != '1;
    value            = {cut, shifted[23:0]};
    if (cut) value   = {1'b1, shifted[64], {23{!shifted[64]}}};
    {clipped_o, value_o} = values_q[32'(lane_i)*25+:25];
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      {pending_o, occupied_q, full_o, valid1_q, valid2_q} <= '0;
    end else begin
      valid1_q <= read;
      valid2_q <= valid1_q;
      if (request_i) pending_o <= 1'b1;
      if (read && last) begin
        pending_o  <= 1'b0;
        occupied_q <= 1'b1;
      end
      if (valid2_q && 32'(lane2_q) == Lanes - 1) full_o <= 1'b1;
      if (take_i) begin
        occupied_q <= 1'b0;
        full_o     <= 1'b0;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (request_i) begin
      energy_context_o <= context_i;
      lane_q           <= '0;
    end else if (read) begin
      lane_q <= lane_q + 1'b1;
    end
    if (read) begin
      energy1_q <= energy_i;
      lane1_q   <= lane_q;
    end
    if (valid1_q) begin
      difference2_q <= {{17{energy1_q[47]}}, energy1_q} - {reference_i[63], reference_i};
      lane2_q       <= lane1_q;
    end
    if (valid2_q) values_q[32'(lane2_q)*25+:25] <= value;
  end
endmodule
`default_nettype wire

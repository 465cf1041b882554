`default_nettype none
// The last window's values: WINDOW_* registers, and the 16-word record that leaves on the telemetry
// stream (m_axis_telemetry_*, TLAST on the last word), one word a clock while the receiver is
// ready.
//
// The record reads these registers and the regulator's while it leaves: until busy_o falls, the
// host writes nothing and the array does not begin the pause of another window. Reset: zero,
// nothing to send. Behaviour: docs/device.md, Temperature regulator.
module window_record #(
    parameter int BetaBits = 16
) (
    input  wire                 clk_i,
    input  wire                 rst_ni,
    input  wire                 take_i,          // a window's values are complete
    input  wire                 send_i,          // with take_i: send the record
    input  wire                 clear_i,         // WINDOW_CLEAR
    input  wire                 sweep_done_i,
    output logic                busy_o,          // the record is leaving
    // the window
    input  wire  [        31:0] sweep_count_i,
    input  wire  [BetaBits-1:0] beta_active_i,
    input  wire  [        31:0] flips_v_i,
    input  wire  [        31:0] flips_h_i,
    input  wire  [        47:0] energy_ref_i,
    input  wire  [        63:0] energy_sum_i,
    input  wire  [        63:0] energy_sq_i,
    input  wire  [         9:0] flags_i,
    // regulator, after the window's step
    input  wire  [        24:0] rate_i,
    input  wire  [        31:0] filter_i,
    input  wire  [        26:0] lambda_i,
    input  wire  [        29:0] temperature_i,
    // registers
    output logic [        31:0] index_o,         // windows since clear_i
    output logic [         9:0] flags_o,         // of all of them
    output logic [        31:0] flips_v_o,
    output logic [        31:0] flips_h_o,
    output logic [        24:0] rate_o,
    output logic [        47:0] energy_ref_o,
    output logic [        63:0] energy_sum_o,
    output logic [        63:0] energy_sq_o,
    // stream
    output logic [        31:0] m_axis_telemetry_tdata,
    output logic                m_axis_telemetry_tvalid,
    input  wire                 m_axis_telemetry_tready,
    output logic                m_axis_telemetry_tlast
);
  logic [3:0] word_q;
  logic [31:0] sweeps_q;
  logic [BetaBits-1:0] sweep_beta_q, beta_q;
  logic [9:0] flags_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      index_o                 <= '0;
      flags_o                 <= '0;
      m_axis_telemetry_tvalid <= 1'b0;
      {word_q, sweeps_q, sweep_beta_q, beta_q, flags_q} <= '0;
      {flips_v_o, flips_h_o, rate_o} <= '0;
      {energy_ref_o, energy_sum_o, energy_sq_o} <= '0;
    end else begin
      if (sweep_done_i) sweep_beta_q <= beta_active_i;  // in mode host it changes at this clock
      if (take_i) begin
        index_o      <= index_o + 1'b1;
        flags_o      <= flags_o | flags_i;
        flags_q      <= flags_i;
        sweeps_q     <= sweep_count_i;
        beta_q       <= sweep_beta_q;
        flips_v_o    <= flips_v_i;
        flips_h_o    <= flips_h_i;
        rate_o       <= rate_i;
        energy_ref_o <= energy_ref_i;
        energy_sum_o <= energy_sum_i;
        energy_sq_o  <= energy_sq_i;
        word_q       <= '0;
        m_axis_telemetry_tvalid <= send_i;
      end else if (m_axis_telemetry_tvalid && m_axis_telemetry_tready) begin
        word_q <= word_q + 1'b1;
        if (m_axis_telemetry_tlast) m_axis_telemetry_tvalid <= 1'b0;
      end
      if (clear_i) begin
        index_o <= '0;
        flags_o <= '0;
      end
    end
  end

  always_comb begin
    busy_o = m_axis_telemetry_tvalid;
    m_axis_telemetry_tlast = word_q == 4'd15;
    m_axis_telemetry_tdata = '0;
    if (busy_o) begin
      case (word_q)
        4'd0:    m_axis_telemetry_tdata = index_o - 1'b1;
        4'd1:    m_axis_telemetry_tdata = sweeps_q;
        4'd2:    m_axis_telemetry_tdata = flips_v_o;
        4'd3:    m_axis_telemetry_tdata = flips_h_o;
        4'd4:    m_axis_telemetry_tdata = energy_ref_o[31:0];
        4'd5:    m_axis_telemetry_tdata = {{16{energy_ref_o[47]}}, energy_ref_o[47:32]};
        4'd6:    m_axis_telemetry_tdata = energy_sum_o[31:0];
        4'd7:    m_axis_telemetry_tdata = energy_sum_o[63:32];
        4'd8:    m_axis_telemetry_tdata = energy_sq_o[31:0];
        4'd9:    m_axis_telemetry_tdata = energy_sq_o[63:32];
        4'd10:   m_axis_telemetry_tdata = 32'(rate_o);
        4'd11:   m_axis_telemetry_tdata = filter_i;
        4'd12:   m_axis_telemetry_tdata = {{5{lambda_i[26]}}, lambda_i};
        4'd13:   m_axis_telemetry_tdata = 32'(temperature_i);
        4'd14:   m_axis_telemetry_tdata = 32'(beta_q);
        default: m_axis_telemetry_tdata = 32'(flags_q);
      endcase
    end
  end
endmodule
`default_nettype wire

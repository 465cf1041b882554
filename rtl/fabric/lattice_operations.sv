`default_nettype none
// Operation counter of the lattice fabric: one step of P p-bits per clock while sweep_i.
//
//   odd colour (N) -> drain 6 -> even (N) -> drain 6 -> [odd (N) -> drain 6] -> [frame (2 N G)]
//
// or, reversed, even before odd.
// end_o marks the last clock of a context's sweep. A frame leaves when emit_i, even colour first,
// in G words a step; a read-only sweep is the frame alone. Advances while en_i. Reset: at the
// start. Behaviour: docs/device.md, The lattice fabric.
module lattice_operations #(
    parameter int Steps     = 6,  // N
    parameter int Parts     = 1,  // steps of a row of one colour
    parameter int Groups    = 1,  // G, stream words of a step
    parameter int Sites     = 3,  // P
    parameter int IndexBits = 4
) (
    input  wire                  clk_i,
    input  wire                  rst_ni,
    input  wire                  en_i,
    input  wire                  sweep_i,        // a context's sweep is in progress
    input  wire                  read_only_i,
    input  wire                  emit_i,         // its sample is due
    input  wire                  palindromic_i,
    input  wire                  reversed_i,     // even colour first; not with palindromic_i
    output logic                 end_o,          // last clock of the sweep
    output logic                 step_o,         // update step n of the colour
    output logic                 odd_o,          // colour of the step or of the frame's word
    output logic                 first_o,        // first step of a half-sweep
    output logic [IndexBits-1:0] index_o,        // n
    output logic [IndexBits-1:0] row_o,          // n / Parts
    output logic [IndexBits-1:0] part_o,         // n mod Parts
    output logic [IndexBits-1:0] base_o,         // n P: first site
    output logic                 emit_o,         // a word of the frame
    output logic                 emit_first_o,   // of a step
    output logic                 emit_group_o,   // the last of a step
    output logic                 emit_last_o     // the last of the frame
);
  localparam int Drain = 6;  // clocks from a half-sweep's last step until its states are written
  localparam logic [1:0] Update = 2'd0, Wait = 2'd1, Frame = 2'd2;

  logic [1:0] phase_q;
  logic second_q, even_q, frame_odd_q;  // even_q: second half-sweep, even unless reversed
  logic [2:0] wait_q;
  logic [7:0] group_q;
  logic [IndexBits-1:0] index_q, row_q, part_q, base_q;
  logic frame, advance, last_step, last_wait, last_half;

  always_comb begin
    frame        = sweep_i && (read_only_i || phase_q == Frame);
    step_o       = sweep_i && !read_only_i && phase_q == Update;
    last_step    = 32'(index_q) == Steps - 1;
    last_wait    = sweep_i && phase_q == Wait && 32'(wait_q) == Drain - 1;
    last_half    = second_q || (even_q && !palindromic_i);
    emit_group_o = 32'(group_q) == Groups - 1;
    advance      = step_o || (frame && emit_group_o);
    emit_o       = frame;
    emit_first_o = group_q == '0;
    emit_last_o  = frame && emit_group_o && last_step && frame_odd_q;
    end_o        = emit_last_o || (last_wait && last_half && !emit_i);
    odd_o        = frame ? frame_odd_q : even_q == reversed_i;
    first_o      = index_q == '0;
    index_o      = index_q;
    row_o        = row_q;
    part_o       = part_q;
    base_o       = base_q;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      phase_q     <= Update;
      second_q    <= 1'b0;
      even_q      <= 1'b0;
      frame_odd_q <= 1'b0;
      wait_q      <= '0;
      group_q     <= '0;
      index_q     <= '0;
      row_q       <= '0;
      part_q      <= '0;
      base_q      <= '0;
    end else if (en_i && sweep_i) begin
      if (advance) begin
        index_q <= last_step ? '0 : index_q + 1'b1;
        base_q  <= last_step ? '0 : base_q + IndexBits'(Sites);
        if (32'(part_q) == Parts - 1) begin
          part_q <= '0;
          row_q  <= last_step ? '0 : row_q + 1'b1;
        end else begin
          part_q <= part_q + 1'b1;
        end
      end
      if (frame) begin
        group_q <= emit_group_o ? '0 : group_q + 1'b1;
        if (emit_group_o && last_step) frame_odd_q <= !frame_odd_q;
      end
      if (step_o && last_step) begin
        phase_q <= Wait;
        wait_q  <= '0;
      end
      if (phase_q == Wait) begin
        wait_q <= wait_q + 1'b1;
        if (last_wait) begin
          even_q   <= !even_q;
          second_q <= even_q;
          phase_q  <= last_half ? Frame : Update;
        end
      end
      if (end_o) begin
        phase_q  <= Update;
        even_q   <= 1'b0;
        second_q <= 1'b0;
      end
    end
  end
endmodule
`default_nettype wire

`default_nettype none
// window_statistics against sums made in one go: random flips and energies, in small steps and at the
// ends of their ranges, while the host takes the energy port now and then. Counters that saturate,
// deviations that are clipped, the end of a window at its sweep, hold_o until the last energy.
module tb_window_statistics #(
    parameter int Lanes    = 3,
    parameter int Contexts = 2,
    parameter int Windows  = 200
);
  localparam int LaneBits = Lanes > 1 ? $clog2(Lanes) : 1;
  localparam int ContextBits = Contexts > 1 ? $clog2(Contexts) : 1;
  localparam [63:0] Ones = ~64'd0;
  reg clk = 0, rst_n = 0, clear = 0, run = 0, hidden = 0, next = 0, sweep_done = 0, taken = 0;
  reg [31:0] sweeps = 0;
  reg [5:0] flip_count = 0;
  reg [ContextBits-1:0] context_now = 0;
  reg [63:0] product;
  reg [47:0] energies[0:Lanes*Contexts-1];
  wire ends, hold, busy, square_valid, flips_sat, clipped, sq_sat;
  wire [LaneBits-1:0] lane;
  wire [ContextBits-1:0] at_context;
  wire [31:0] square, position, flips_v, flips_h;
  wire [47:0] energy, reference;
  wire [63:0] sum_d, sum_sq;

  assign energy = taken ? 48'h5A5A5A5A5A5A : energies[at_context*Lanes+lane];
  window_statistics #(
      .Lanes(Lanes), .CountBits(6), .ContextBits(ContextBits), .LaneBits(LaneBits)
  ) u_dut (
      .clk_i(clk), .rst_ni(rst_n), .clear_i(clear), .window_sweeps_i(sweeps), .run_i(run),
      .flip_count_i(flip_count), .hidden_i(hidden), .next_i(next), .context_i(context_now),
      .sweep_done_i(sweep_done), .ends_o(ends), .energy_lane_o(lane),
      .energy_context_o(at_context), .energy_taken_i(taken), .energy_i(energy), .hold_o(hold),
      .busy_o(busy), .square_valid_o(square_valid), .square_o(square), .product_i(product),
      .position_o(position), .flips_v_o(flips_v), .flips_h_o(flips_h),
      .energy_ref_o(reference), .energy_sum_o(sum_d), .energy_sq_o(sum_sq),
      .flips_sat_o(flips_sat), .clipped_o(clipped), .sq_sat_o(sq_sat)
  );
  always @(posedge clk) product <= square_valid ? square * 64'd1 * square : 64'hBAD;

  integer window, s, c, l, k, failures, seed, saturated, clips, squares_full, ones, wild;
  reg [32:0] want_v, want_h;
  reg [47:0] want_reference;
  reg signed [63:0] want_sum, d;
  reg [64:0] want_sq;
  reg want_clip, want_full, want_saturated;

  task tick;
    begin
      taken = {$random(seed)} % 3 == 0;
      #1 clk = 1;
      #1 clk = 0;
      #1;
    end
  endtask

  task fail(input [8*40-1:0] what);
    begin
      $display("FAIL: window %0d sweep %0d: %0s", window, s, what);
      failures = failures + 1;
    end
  endtask

  task flips_of_a_block(input is_hidden);
    begin
      hidden = is_hidden;
      for (k = 0; k < 6; k = k + 1) begin
        ones       = {$random(seed)} % (Lanes + 1);
        flip_count = ones;
        run        = {$random(seed)} % 4 != 0;
        if (run && is_hidden) want_h = want_h + ones;
        if (run && !is_hidden) want_v = want_v + ones;
        if (want_v[32] || want_h[32]) want_saturated = 1;
        if (want_v[32]) want_v = 33'hFFFFFFFF;
        if (want_h[32]) want_h = 33'hFFFFFFFF;
        tick;
      end
      flip_count = 0;
    end
  endtask

  task add_energies;
    begin
      for (l = 0; l < Lanes; l = l + 1) begin
        energies[c*Lanes+l] = {$random(seed), $random(seed)};
        if (!wild) energies[c*Lanes+l] = $signed(energies[c*Lanes+l][20:0]);
        if (s == 0 && c == 0 && l == 0) want_reference = energies[0];
        d = $signed(energies[c*Lanes+l]) - $signed(want_reference);
        if (d > 64'sd2147483647 || d < -64'sd2147483648) begin
          want_clip = 1;
          d = d > 0 ? 64'sd2147483647 : -64'sd2147483648;
        end
        want_sum = want_sum + d;
        want_sq  = want_sq + {1'b0, d * d};
        if (want_sq[64]) begin
          want_full = 1;
          want_sq   = {1'b0, Ones};
        end
      end
    end
  endtask

  // A window of `length` sweeps, with the array held where hold_o asks for it.
  task one_window(input [31:0] length);
    begin
      {want_saturated, want_clip, want_full, want_v, want_h, want_sum, want_sq} = 0;
      if (window % 5 == 1) begin  // as after very many sweeps
        u_dut.flips_v_o = 32'hFFFFFFFE;
        u_dut.flips_h_o = 32'hFFFFFFFC;
        want_v = 33'hFFFFFFFE;
        want_h = 33'hFFFFFFFC;
      end
      sweeps = length;
      wild   = {$random(seed)} % 2;
      for (s = 0; s < length; s = s + 1) begin
        for (c = 0; c < Contexts; c = c + 1) begin
          flips_of_a_block(1);
          flips_of_a_block(0);
          while (hold) tick;
          add_energies;
          run = 1;
          next = 1;
          context_now = c;
          sweep_done = c == Contexts - 1;
          #1 if (ends !== (s == length - 1)) fail("end of the window");
          if (position != s) fail("position");
          tick;
          next = 0;
          sweep_done = 0;
        end
      end
      run = 0;
      k = 0;
      while (busy && k < 1000) begin
        tick;
        k = k + 1;
      end
      if (position != length) fail("position at the end");
      if (flips_v !== want_v[31:0] || flips_h !== want_h[31:0]) fail("flips");
      if (reference !== want_reference) fail("reference energy");
      if (sum_d !== want_sum) fail("sum of deviations");
      if (sum_sq !== want_sq[63:0]) fail("sum of squares");
      if ({flips_sat, clipped, sq_sat} !== {want_saturated, want_clip, want_full}) fail("flags");
      saturated    = saturated + want_saturated;
      clips        = clips + want_clip;
      squares_full = squares_full + want_full;
      clear = 1;
      tick;
      clear = 0;
      if ({position, flips_v, flips_h, sum_d, sum_sq, flips_sat, clipped, sq_sat} !== 0)
        fail("not cleared");
    end
  endtask

  initial begin
    {failures, saturated, clips, squares_full} = 0;
    seed = 20260301;
    s = 0;
    tick;
    rst_n = 1;
    tick;
    for (window = 0; window < Windows; window = window + 1) one_window(1 + {$random(seed)} % 8);
    // without windows nothing is counted
    sweeps = 0;
    {want_v, want_h} = 0;
    flips_of_a_block(0);
    next = 1;
    sweep_done = 1;
    run = 1;
    tick;
    next = 0;
    if ({position, flips_v, ends, busy} !== 0) fail("counts without a window");
    if (saturated == 0 || clips == 0 || squares_full == 0) fail("not everything was reached");
    if (failures == 0)
      $display("PASS: %0d windows, %0d saturated, %0d clipped, %0d with full squares", Windows,
               saturated, clips, squares_full);
    $finish;
  end
endmodule
`default_nettype wire

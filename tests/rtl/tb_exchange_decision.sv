`default_nettype none
// exchange_decision against integers of 160 bits: u = t - 1 is accepted and u = t is not, so that
// each pair (b, D) pins t. A = 0, -1, the largest that is not refused and the smallest that is,
// both signs of b, every entry of the table with its first, last and middle place, n up to its
// largest, and random ones; the array held in between. Fault 1..4 of the model have to be noticed.
module tb_exchange_decision #(
    parameter int BetaBits = 16,
    parameter int Frac     = 18,
    parameter int Random   = 3000,
    parameter int Fault    = 0   // 1 sign of A, 2 no limit, 3 k = 64 left out, 4 not rounded
);
  localparam [159:0] Log2E = 160'd1549082005;
  localparam signed [63:0] BetaMax = (64'sd1 << BetaBits) - 64'sd1;
  localparam signed [63:0] EnergyMax = (64'sd1 << 48) - 64'sd1;
  reg clk = 0, rst_n = 0, en = 1, start = 0;
  reg [BetaBits:0] beta_step = 0;
  reg [48:0] energy_step = 0;
  reg [31:0] word = 0;
  wire accept;
  exchange_decision #(.BetaBits(BetaBits), .Frac(Frac)) u_dut (
      .clk_i(clk), .rst_ni(rst_n), .en_i(en), .start_i(start), .beta_step_i(beta_step),
      .energy_step_i(energy_step), .word_i(word), .accept_o(accept)
  );

  integer seed, failures, tried, i, k, n, j;
  reg signed [63:0] b, d;

  // ---- model ----
  function automatic [25:0] entry_of(input integer index);
    entry_of = $rtoi(16777216.0 * $pow(2.0, index / 64.0) + 0.5);
  endfunction

  // 2^32 or more: always; 0: never
  function automatic [32:0] limit_of(input signed [63:0] beta, input signed [63:0] energy);
    reg signed [159:0] a;
    reg [159:0] y, m, slope, half;
    reg [159:0] x, w;
    integer at;
    begin
      a = 160'(beta) * 160'(energy);
      if (Fault == 1) a = -a;
      limit_of = 33'h100000000;
      if (a < 0) begin
        limit_of = '0;
        if (-a < (160'd1 << (Frac + 5)) || Fault == 2) begin
          y     = ((-a * Log2E) >> (Frac + 6)) & 160'h3FFFFFFF;
          x     = y & 160'hFFFFFF;
          w     = 160'h1000000 - x;
          at    = w >> 18;
          slope = entry_of(at + 1) - entry_of(at);
          half  = Fault == 4 ? 0 : 131072;
          m     = entry_of(at);
          if (at != 64) m = m + ((slope * (w & 160'h3FFFF) + half) >> 18);
          if (at == 64 && Fault == 3) m = entry_of(63);
          limit_of = (m << 7) >> (y >> 24);
        end
      end
    end
  endfunction

  task tick;
    begin
      #1 clk = 1;
      #1 clk = 0;
    end
  endtask

  task decide(input [31:0] u, input expected);
    integer clocks;
    begin
      beta_step   = b;
      energy_step = d;
      word        = u;
      start       = 1;
      en          = 1;
      tick;
      start       = 0;
      beta_step   = 'x;
      energy_step = 'x;
      word        = 'x;
      clocks      = 1;
      while (clocks < 12) begin
        en = {$random(seed)} % 4 != 0;
        if (en) clocks = clocks + 1;
        tick;
      end
      tried = tried + 1;
      if (accept !== expected) begin
        failures = failures + 1;
        if (Fault == 0) $display("FAIL: b %0d D %0d u %h: accept %b", b, d, u, accept);
      end
    end
  endtask

  task pin(input signed [63:0] beta, input signed [63:0] energy);
    reg [32:0] limit;
    begin
      b = beta;
      d = energy;
      limit = limit_of(b, d);
      if (limit != 0) decide(32'(limit - 33'd1), 1'b1);
      if (!limit[32]) decide(limit[31:0], 1'b0);
      if (!limit[32]) decide(32'hFFFFFFFF, 1'b0);
    end
  endtask

  // A = -b D as near as can be to y 2^(Frac+6) / log2(e), from below and above
  task place(input integer whole, input [23:0] part);
    reg [159:0] a;
    reg signed [63:0] beta;
    begin
      a    = ((({136'd0, part} | (160'(whole) << 24)) << (Frac + 6)) + Log2E - 160'd1) / Log2E;
      beta = 64'sd1;
      while ((a / beta) > EnergyMax) beta = beta * 2;
      pin(-beta, 64'(a / beta));
      if (a > 0) pin(beta, -64'((a - 160'd1) / beta));
      pin(-beta, 64'(a / beta) + 64'sd1);
    end
  endtask

  initial begin
    seed     = 7;
    failures = 0;
    tried    = 0;
    tick;
    rst_n = 1;
    // no step at all, A = -1, +1, and far above
    pin(64'sd0, 64'sd0);
    pin(64'sd0, EnergyMax);
    pin(64'sd0, -EnergyMax);
    pin(64'sd5, 64'sd0);
    pin(-64'sd5, 64'sd0);
    pin(64'sd1, -64'sd1);
    pin(-64'sd1, 64'sd1);
    pin(64'sd1, 64'sd1);
    pin(-64'sd1, -64'sd1);
    pin(BetaMax, EnergyMax);
    pin(-BetaMax, -EnergyMax);
    pin(BetaMax, -EnergyMax);
    pin(-BetaMax, EnergyMax);
    // -A = 2^(F + 5) - 1, 2^(F + 5) and + 1, with b = 1 or a power of two
    if (Frac + 5 < 48) begin
      for (i = -1; i <= 1; i = i + 1) begin
        pin(-64'sd1, (64'sd1 << (Frac + 5)) + i);
        pin(64'sd1, -(64'sd1 << (Frac + 5)) - i);
      end
    end else begin
      for (i = -1; i <= 1; i = i + 1) begin
        pin(-(64'sd1 << (Frac - 42)), (64'sd1 << 47) + i);
        pin(64'sd1 << (Frac - 42), -(64'sd1 << 47) - i);
      end
    end
    // every entry: x = 2^24 - (k 2^18 + r), r = 0, 1, half, all
    for (n = 0; n <= 46; n = n + 15) begin
      for (k = 0; k < 64; k = k + 1) begin
        place(n, 24'(0 - (k << 18)));
        place(n, 24'(0 - (k << 18)) - 24'd1);
        place(n, 24'(0 - (k << 18)) - 24'd131072);
        place(n, 24'(0 - (k << 18)) - 24'd262143);
      end
    end
    for (n = 0; n <= 46; n = n + 1) place(n, 24'd0);
    for (i = 0; i < Random; i = i + 1) begin
      b = {$random(seed), $random(seed)};
      d = {$random(seed), $random(seed)};
      j = {$random(seed)} % BetaBits;
      b = (b & BetaMax) >>> j;
      // |A| about 2^(F + 5) and less
      j = {$random(seed)} % (Frac + 7);
      d = d & EnergyMax;
      while (d > 0 && b > 0 && 160'(d) * 160'(b) > (160'd1 << (Frac + 6))) d = d >>> 1;
      if (j < 40) d = d >>> ({$random(seed)} % (j + 1));
      if ($random(seed) % 2) b = -b;
      if ($random(seed) % 8) d = b < 0 ? d : -d;  // mostly A < 0
      else d = b < 0 ? -d : d;
      pin(b, d);
    end
    if (Fault != 0) begin
      $display("%s: %0d of %0d decisions differ", failures != 0 ? "PASS" : "FAIL", failures, tried);
    end else if (failures != 0) begin
      $display("FAIL: %0d of %0d decisions", failures, tried);
    end else begin
      $display("PASS: %0d decisions", tried);
    end
    $finish;
  end
endmodule
`default_nettype wire

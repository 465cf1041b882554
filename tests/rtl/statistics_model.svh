// Model of the statistics unit for tb_statistics, inside its module: the history of all samples, and
// what a bank must hold, worked out from it in one go. Needs fail, read, write, point, expect_word.

  // ---- history of the samples that count ----
  integer h = 0;                                      // how many
  reg [Pbits*Lanes*Contexts-1:0] was[0:Most-1];       // states, context by context
  integer was_n[0:Most-1];                            // p-bits and pairs of the sample
  integer was_pairs[0:Most-1];
  reg signed [63:0] sums[0:Most*Series-1];            // running sum, up to and with the sample
  reg signed [23:0] old[0:Series-1];               // value of every sample before Start
  reg [7:0] coefficients[0:Pbits-1];
  reg [31:0] pair[0:Pairs];
  reg [Pbits*Lanes*Contexts-1:0] states, sampled;     // of the array, of the sample
  integer pairs_now = 0, shift = 0;
  reg signed [63:0] reference = 0;

  function bit_of(input [Pbits*Lanes*Contexts-1:0] all, input integer r, input integer p);
    bit_of = all[(r/Lanes)*Pbits*Lanes+p*Lanes+r%Lanes];
  endfunction

  function signed [63:0] running_sum(input integer s, input integer t);  // of samples 0..t-1
    if (t <= Start) running_sum = old[s] * t;
    else running_sum = sums[(t-Start-1)*Series+s];
  endfunction

  function signed [63:0] value_of(input integer r, input integer s);
    reg signed [65:0] e;
    integer p;
    begin
      value_of = 0;
      if (s == 0) begin
        e = ($signed(energies[r]) - reference) >>> shift;
        if (e > 8388607) begin e = 8388607; clips = clips + 1; end
        if (e < -8388608) begin e = -8388608; clips = clips + 1; end
        value_of = e;
      end else begin
        for (p = 0; p < n; p = p + 1) begin
          if (coefficients[p][2*s-2]) begin
            if (coefficients[p][2*s-1] == bit_of(states, r, p)) value_of = value_of - 1;
            else value_of = value_of + 1;
          end
        end
      end
    end
  endfunction

  task remember;
    integer r, s;
    begin
      for (r = 0; r < Replicas; r = r + 1) begin
        for (s = 0; s < 5; s = s + 1) begin
          sums[h*Series+5*r+s] = running_sum(5 * r + s, Start + h) + value_of(r, s);
        end
      end
      was[h] = states;
      was_n[h] = n;
      was_pairs[h] = pairs_now;
      h = h + 1;
    end
  endtask

  // ---- the bank at rest ----
  reg [31:0] value;
  integer expected_first = Start;
  integer first, samples;
  task check_counts;
    integer p, k, r, most, want;
    begin
      most = 0;
      for (k = first - Start; k < first - Start + samples; k = k + 1) begin
        if (was_n[k] > most) most = was_n[k];
      end
      point(0, 0);
      for (p = 0; p < most; p = p + 1) begin
        want = Fault == 1;
        for (k = first - Start; k < first - Start + samples; k = k + 1) begin
          if (p < was_n[k]) for (r = 0; r < Replicas; r = r + 1) want = want + bit_of(was[k], r, p);
        end
        expect_word(want, "counter of p-bit", p, first);
      end
      most = 0;
      for (k = first - Start; k < first - Start + samples; k = k + 1) begin
        if (was_pairs[k] > most) most = was_pairs[k];
      end
      point(1, 0);
      for (p = 0; p < most; p = p + 1) begin
        want = 0;
        for (k = first - Start; k < first - Start + samples; k = k + 1) begin
          if (p < was_pairs[k]) begin
            for (r = 0; r < Replicas; r = r + 1) begin
              want = want + (bit_of(was[k], r, pair[p][15:0]) ==
                             bit_of(was[k], r, pair[p][31:16]));
            end
          end
        end
        expect_word(want, "counter of pair", p, first);
      end
    end
  endtask

  task check_series(input integer s);
    integer b, t, j, blocks, w;
    reg signed [127:0] a, c;
    reg signed [63:0] v, v0;
    begin
      for (b = 0; b < 16; b = b + 1) begin
        {a, c} = 0;
        blocks = 0;
        for (t = first; t < first + samples; t = t + 1) begin
          if ((t + 1) % (1 << b) == 0) begin
            j  = t >> b;
            v  = running_sum(s, t + 1) - running_sum(s, t + 1 - (1 << b));
            v0 = j == 0 ? 0 : running_sum(s, t + 1 - (1 << b)) - running_sum(s, t + 1 - (2 << b));
            a  = a + v * 128'sd1 * v;
            c  = c + v * 128'sd1 * v0;
            blocks = blocks + 1;
          end
        end
        if (Fault == 2) c = c + (b == 3);
        if (blocks != ((first + samples) >> b) - (first >> b)) fail("model of blocks", b, blocks);
        if (blocks != 0) begin
          write(`PBIT_REG_STAT_ADDRESS, (s * 16 + b) * 8, 0);
          for (w = 0; w < 4; w = w + 1) expect_word(a[32*w+:32], "word of A", s, b);
          for (w = 0; w < 4; w = w + 1) expect_word(c[32*w+:32], "word of C", s, b);
        end
      end
    end
  endtask

  // The bank at rest, whole.
  task check_bank;
    integer s;
    reg signed [63:0] sum;
    begin
      read(`PBIT_REG_STAT_FIRST);
      first = value;
      read(`PBIT_REG_STAT_SAMPLES);
      samples = value;
      if (first != expected_first) fail("first sample of the bank", first, expected_first);
      if (first + samples > Start + h) fail("samples of the bank", samples, h);
      expected_first = first + samples;
      banks = banks + 1;
      if (samples != 0) begin
        check_counts;
        point(3, 0);
        for (s = 0; s < Series; s = s + 1) begin
          sum = running_sum(s, first + samples) - running_sum(s, first) + (Fault == 3);
          expect_word(sum[31:0], "low word of S", s, first);
          expect_word(sum[63:32], "high word of S", s, first);
        end
        write(`PBIT_REG_STAT_SELECT, 2, 0);
        for (s = 0; s < Series; s = s + 1) check_series(s);
      end
    end
  endtask

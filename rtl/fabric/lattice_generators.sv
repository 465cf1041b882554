`default_nettype none
// Random sources of Sites cells side by side: xoshiro128++ or LFSR32, the words of pbit_rng,
// written as loops over 32-bit words because a simulation runs those in parallel.
//
// Latency 0, one word per cell and enabled clock. Loaded by the host a word at a time. No reset.
module lattice_generators #(
    parameter int Sites     = 3,
    parameter int Vector    = 128,  // bits of Sites words, rounded up to a power of two of words
    parameter int FirstSite = 0,
    parameter int Generator = 0,    // 0 xoshiro128++, 1 LFSR32
    parameter int LfsrSteps = 1
) (
    input  wire               clk_i,
    input  wire               draw_i,
    input  wire               load_i,
    input  wire  [      15:0] load_site_i,
    input  wire  [       1:0] load_word_i,
    input  wire  [      31:0] load_data_i,
    output logic [Vector-1:0] words_o
);
  localparam int SiteBits = Sites > 1 ? $clog2(Sites) : 1;  // derived
  logic [15:0] site;
  logic mine;
  always_comb begin
    site = load_site_i - 16'(FirstSite);
    mine = load_i && 32'(site) < Sites;
  end

  if (Generator == 0) begin : g_xoshiro
    logic [Vector-1:0] s0_q, s1_q, s2_q, s3_q;

    function automatic [Vector-1:0] words(input [Vector-1:0] s0);
      logic [31:0] sum;
      words = '0;
      for (int i = 0; i < Sites; i++) begin
        sum             = s0[i*32+:32] + s3_q[i*32+:32];
        words[i*32+:32] = {sum[24:0], sum[31:25]} + s0[i*32+:32];
      end
    endfunction
    assign words_o = words(s0_q);

    function automatic [Vector-1:0] rotated(input [Vector-1:0] t3);
      rotated = '0;
      for (int i = 0; i < Sites; i++) begin
        rotated[i*32+:32] = (t3[i*32+:32] << 11) | (t3[i*32+:32] >> 21);
      end
    endfunction
    function automatic [Vector-1:0] shifted(input [Vector-1:0] s1);
      shifted = '0;
      for (int i = 0; i < Sites; i++) shifted[i*32+:32] = s1[i*32+:32] << 9;
    endfunction

    always_ff @(posedge clk_i) begin
      if (mine) begin
        if (load_word_i == 2'd0) s0_q[32*SiteBits'(site)+:32] <= load_data_i;
        if (load_word_i == 2'd1) s1_q[32*SiteBits'(site)+:32] <= load_data_i;
        if (load_word_i == 2'd2) s2_q[32*SiteBits'(site)+:32] <= load_data_i;
        if (load_word_i == 2'd3) s3_q[32*SiteBits'(site)+:32] <= load_data_i;
      end else if (draw_i) begin
        s0_q <= s0_q ^ s3_q ^ s1_q;
        s1_q <= s1_q ^ s2_q ^ s0_q;
        s2_q <= s2_q ^ s0_q ^ shifted(s1_q);
        s3_q <= rotated(s3_q ^ s1_q);
      end
    end
  end else begin : g_lfsr
    logic [Vector-1:0] s_q;

    function automatic [Vector-1:0] advanced(input [Vector-1:0] s);
      logic [31:0] x;
      advanced = '0;
      for (int i = 0; i < Sites; i++) begin
        x = s[i*32+:32];
        for (int k = 0; k < LfsrSteps; k++) x = {x[30:0], ~(x[31] ^ x[21] ^ x[1] ^ x[0])};
        advanced[i*32+:32] = x;
      end
    endfunction
    assign words_o = s_q;

    always_ff @(posedge clk_i) begin
      if (mine) begin
        if (load_word_i == 2'd0) s_q[32*SiteBits'(site)+:32] <= load_data_i;
      end else if (draw_i) begin
        s_q <= advanced(s_q);
      end
    end
  end
endmodule
`default_nettype wire

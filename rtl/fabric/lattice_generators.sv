`default_nettype none
// Random sources of Sites cells side by side: the words of pbit_rng, written as loops over 32-bit
// words because a simulation runs those in parallel.
//
// Latency 0, one word per cell and enabled clock. Loaded by the host a word at a time. No reset.
module lattice_generators #(
    parameter int Sites     = 3,
    parameter int Vector    = 128,  // bits of Sites words, rounded up to a power of two of words
    parameter int FirstSite = 0,
    parameter int Generator = 0,    // 0 xoshiro128++, 1 LFSR32, 2 xorshift32
    parameter int LfsrSteps = 1
) (
    input  wire               clk_i,
    input  wire               valid_i,  // words_o is wanted; without it, nothing is computed
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
    logic [4*Vector-1:0] s_q;  // word j of the states in plane j

    function automatic [31:0] word_of(input [31:0] s0, input [31:0] s3);
      logic [31:0] sum;
      sum     = s0 + s3;
      word_of = {sum[24:0], sum[31:25]} + s0;
    endfunction
    always_comb begin
      if (valid_i) begin
        for (int i = 0; i < Vector / 32; i++) begin
          words_o[i*32+:32] = word_of(s_q[i*32+:32], s_q[3*Vector+i*32+:32]);
        end
      end else begin
        words_o = '0;
      end
    end

    function automatic [4*Vector-1:0] advanced(input unused);
      logic [31:0] t2, t3;
      advanced = '0;
      for (int i = 0; i < Sites; i++) begin
        t2                          = s_q[2*Vector+i*32+:32] ^ s_q[i*32+:32];
        t3                          = s_q[3*Vector+i*32+:32] ^ s_q[Vector+i*32+:32];
        advanced[i*32+:32]          = s_q[i*32+:32] ^ t3;
        advanced[Vector+i*32+:32]   = s_q[Vector+i*32+:32] ^ t2;
        advanced[2*Vector+i*32+:32] = t2 ^ (s_q[Vector+i*32+:32] << 9);
        advanced[3*Vector+i*32+:32] = (t3 << 11) | (t3 >> 21);
      end
    endfunction

    always_ff @(posedge clk_i) begin
      // the idle host loads; in this order a simulation needs no copy of the states
      if (draw_i) s_q <= advanced(draw_i);
      if (mine) s_q[32'(load_word_i)*Vector+32*32'(site)+:32] <= load_data_i;
    end
  end else begin : g_one_word
    logic [Vector-1:0] s_q;

    function automatic [Vector-1:0] advanced(input [Vector-1:0] s);
      logic [31:0] x;
      advanced = '0;
      for (int i = 0; i < Sites; i++) begin
        x = s[i*32+:32];
        if (Generator == 2) begin
          x = x ^ (x << 13);
          x = x ^ (x >> 17);
          x = x ^ (x << 5);
        end else begin
          for (int k = 0; k < LfsrSteps; k++) x = {x[30:0], ~(x[31] ^ x[21] ^ x[1] ^ x[0])};
        end
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

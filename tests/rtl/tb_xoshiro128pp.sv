`default_nettype none
// xoshiro128++ against published words: state 1, 2, 3, 4 and its first ten outputs, as the reference
// C code of Blackman and Vigna prints them (also the test vector of the Rust crate rand_xoshiro).
// Words may be taken with pauses between them, and loading one state word leaves the others alone.
module tb_xoshiro128pp;
  localparam int Words = 10;
  reg clk = 0, load = 0, en = 0;
  reg [1:0] load_word = 0;
  reg [31:0] load_data = 0;
  wire [31:0] word;
  reg [31:0] published[0:Words-1];
  integer n, failures;

  xoshiro128pp u_dut (
      .clk_i(clk), .load_i(load), .load_word_i(load_word), .load_data_i(load_data), .en_i(en),
      .word_o(word)
  );

  task tick;
    begin
      #1 clk = 1;
      #1 clk = 0;
    end
  endtask

  initial begin
    published[0] = 32'd641;
    published[1] = 32'd1573767;
    published[2] = 32'd3222811527;
    published[3] = 32'd3517856514;
    published[4] = 32'd836907274;
    published[5] = 32'd4247214768;
    published[6] = 32'd3867114732;
    published[7] = 32'd1355841295;
    published[8] = 32'd495546011;
    published[9] = 32'd621204420;
    failures = 0;

    load = 1;
    for (n = 3; n >= 0; n = n - 1) begin  // in any order
      load_word = n[1:0];
      load_data = n + 1;
      tick;
    end
    load = 0;
    tick;  // the word follows a load one clock later

    for (n = 0; n < Words; n = n + 1) begin
      if (word !== published[n]) begin
        $display("FAIL: word %0d is %0d, published %0d", n, word, published[n]);
        failures = failures + 1;
      end
      tick;  // not enabled: the word stays
      if (word !== published[n]) begin
        $display("FAIL: word %0d changed to %0d without being taken", n, word);
        failures = failures + 1;
      end
      en = 1;
      tick;
      en = 0;
    end
    if (failures == 0) $display("PASS: %0d words", Words);
    $finish;
  end
endmodule
`default_nettype wire

`default_nettype none
// xorshift32 against the recurrence of Marsaglia 2003, written bit by bit as three sums over F2: a word
// and itself moved up by 13, down by 17, up by 5 places. Also his example's seed and the word after
// it, and the lock-up state.
module tb_xorshift32;
  localparam int Words = 2000;
  reg clk = 0, load = 0, en = 0;
  reg [31:0] seed, expected;
  wire [31:0] word;
  integer k, failures;

  xorshift32 u_dut (
      .clk_i(clk), .load_i(load), .load_data_i(seed), .en_i(en), .word_o(word)
  );

  // x plus x moved up by n places, down for n < 0
  function automatic [31:0] with_moved(input [31:0] x, input integer n);
    integer i;
    for (i = 0; i < 32; i = i + 1) begin
      with_moved[i] = x[i];
      if (i - n >= 0 && i - n < 32) with_moved[i] = x[i] ^ x[i-n];
    end
  endfunction

  task tick;
    begin
      #1 clk = 1;
      #1 clk = 0;
    end
  endtask

  task check(input [31:0] wanted);
    if (word !== wanted) begin
      $display("FAIL: word %0d is %h, expected %h", k, word, wanted);
      failures = failures + 1;
    end
  endtask

  initial begin
    failures = 0;
    k        = 0;
    seed     = 32'd2463534242;
    load     = 1;
    tick;
    load = 0;
    tick;
    check(seed);  // held without en
    en       = 1;
    expected = seed;
    for (k = 0; k < Words; k = k + 1) begin
      check(expected);
      if (k == 1) check(32'd723471715);
      expected = with_moved(with_moved(with_moved(expected, 13), -17), 5);
      tick;
    end
    seed = 32'd0;
    load = 1;
    tick;
    load = 0;
    tick;
    check(32'd0);
    if (failures == 0) $display("PASS: %0d words", Words);
    $finish;
  end
endmodule
`default_nettype wire

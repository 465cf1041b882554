`default_nettype none
// lfsr32 against its bit sequence, written as a linear recurrence instead of a shift register:
// bit 31 of the state is the oldest bit, so a[n] = ~(a[n-32] ^ a[n-22] ^ a[n-2] ^ a[n-1]), and word k
// holds a[k*Steps .. k*Steps+31] with the oldest bit on top. (docs/device.md, Random numbers; taps
// 32, 22, 2, 1 are those of the maximal sequence, with XNOR all ones is the lock-up state.)
module tb_lfsr32 #(
    parameter int Steps = 1
);
  localparam int Words = 500;
  localparam int Bits = 32 + Words * Steps;
  reg clk = 0, load = 0, en = 0;
  reg [31:0] seed, expected;
  wire [31:0] word;
  reg a[0:Bits-1];
  integer n, k, failures;

  lfsr32 #(.Steps(Steps)) u_dut (
      .clk_i(clk), .load_i(load), .load_data_i(seed), .en_i(en), .word_o(word)
  );

  task tick;
    begin
      #1 clk = 1;
      #1 clk = 0;
    end
  endtask

  initial begin
    failures = 0;
    seed = 32'h12345678;
    for (n = 0; n < 32; n = n + 1) a[n] = seed[31-n];
    for (n = 32; n < Bits; n = n + 1) a[n] = ~(a[n-32] ^ a[n-22] ^ a[n-2] ^ a[n-1]);

    load = 1;
    tick;
    load = 0;
    en   = 1;
    for (k = 0; k < Words; k = k + 1) begin
      for (n = 0; n < 32; n = n + 1) expected[31-n] = a[k*Steps+n];
      if (word !== expected) begin
        $display("FAIL: word %0d is %h, expected %h", k, word, expected);
        failures = failures + 1;
      end
      tick;
    end
    // the lock-up state stays
    seed = 32'hFFFFFFFF;
    load = 1;
    tick;
    load = 0;
    tick;
    if (word !== 32'hFFFFFFFF) begin
      $display("FAIL: all ones becomes %h", word);
      failures = failures + 1;
    end
    if (failures == 0) $display("PASS: %0d words of %0d steps", Words, Steps);
    $finish;
  end
endmodule
`default_nettype wire

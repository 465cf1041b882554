`default_nettype none
// axis_packer under random traffic: every bit that goes in comes out in order, each frame filled with
// zeros to a whole word that carries TLAST, TDATA and TLAST stable while the receiver waits, and no
// pause inside a frame while the receiver takes every word.
module tb_axis_packer #(
    parameter int Lanes = 1
);
  localparam int Frames = 400;
  localparam int MaxBits = Frames * (40 * Lanes + 32);
  reg clk = 0, rst_n = 0, push = 0, push_last = 0, tready = 0;
  reg [Lanes-1:0] push_data = 0;
  reg [5:0] push_count = Lanes;
  wire ready, empty, frame, tvalid, tlast;
  wire [31:0] tdata;

  axis_packer #(.Bits(Lanes)) u_dut (
      .clk_i(clk), .rst_ni(rst_n), .push_i(push), .push_last_i(push_last),
      .push_count_i(push_count), .push_data_i(push_data), .ready_o(ready), .empty_o(empty), .frame_o(frame),
      .m_axis_tdata(tdata), .m_axis_tvalid(tvalid), .m_axis_tready(tready),
      .m_axis_tlast(tlast)
  );

  // What has to come out, one bit after the other; a flag per word ends a frame.
  reg expected[0:MaxBits-1];
  reg last_word[0:MaxBits/32];
  reg [31:0] want;
  reg was_waiting, held_last;
  reg [31:0] held_data;
  integer bits_in, words_out, frames_in, frames_out, groups_left, failures, seed, stalls, k;
  integer ready_of_8, push_of_8, calm;

  task check(input ok, input [8*40-1:0] what);
    begin
      if (ok !== 1'b1) begin
        $display("FAIL at word %0d: %0s", words_out, what);
        failures = failures + 1;
      end
    end
  endtask

  // Inputs change while the clock is low and follow ready_o as the array does.
  task drive;
    begin
      // calm and busy spells on both sides
      if ($random(seed) % 97 == 0) ready_of_8 = {$random(seed)} % 9;
      if ($random(seed) % 89 == 0) push_of_8 = 1 + {$random(seed)} % 8;
      tready = {$random(seed)} % 8 < ready_of_8;
      push   = ready && frames_in < Frames && {$random(seed)} % 8 < push_of_8;
      push_data = $random(seed);
      // most groups are full; the last one of a step of the lattice is not
      push_count = {$random(seed)} % 4 == 0 ? 1 + {$random(seed)} % Lanes : Lanes;
      push_data = push_data & ({Lanes{1'b1}} >> (Lanes - push_count));
      push_last = push && groups_left == 1;
      if (frames_in == Frames && ready_of_8 == 0) ready_of_8 = 8;  // let it end
    end
  endtask

  task take_in;
    begin
      if (push) begin
        for (k = 0; k < push_count; k = k + 1) expected[bits_in+k] = push_data[k];
        bits_in = bits_in + push_count;
        groups_left = groups_left - 1;
        if (push_last) begin
          while (bits_in % 32 != 0) begin
            expected[bits_in] = 1'b0;
            bits_in = bits_in + 1;
          end
          last_word[bits_in/32-1] = 1'b1;
          frames_in = frames_in + 1;
          groups_left = 1 + {$random(seed)} % 40;
        end
      end
    end
  endtask

  task look;
    begin
      check(^{ready, empty, frame, tvalid} !== 1'bx, "an output is X");
      if (was_waiting)
        check(tvalid && tdata === held_data && tlast === held_last, "a waiting word changed");
      was_waiting = tvalid && !tready;
      held_data = tdata;
      held_last = tlast;
      if (!ready) stalls = stalls + 1;
      // 3 clocks empty what had gathered behind a busy receiver; between frames a pause is allowed
      if (calm > 3 && frames_in == frames_out) check(ready, "a stall without back-pressure");
      calm = tready ? calm + 1 : 0;
      check(frame === (tvalid && tready && tlast), "frame_o is not the end of a frame");
      if (tvalid && tready) begin
        check(32 * (words_out + 1) <= bits_in, "a word came before its bits");
        for (k = 0; k < 32; k = k + 1) want[k] = expected[32*words_out+k];
        check(tdata === want, "wrong data");
        check(tlast === last_word[words_out], "wrong TLAST");
        words_out = words_out + 1;
        if (tlast) frames_out = frames_out + 1;
      end
      if (empty) check(32 * words_out == bits_in, "empty_o while bits wait");
    end
  endtask

  initial begin
    bits_in = 0;
    words_out = 0;
    frames_in = 0;
    frames_out = 0;
    groups_left = 3;
    failures = 0;
    seed = 20260301 + Lanes;
    stalls = 0;
    calm = 0;
    was_waiting = 0;
    ready_of_8 = 4;
    push_of_8 = 8;
    for (k = 0; k <= MaxBits / 32; k = k + 1) last_word[k] = 1'b0;
    #1 clk = 1;
    #1 clk = 0;
    rst_n = 1;
    #1;
    check(empty, "not empty after reset");
    while (frames_out < Frames && failures < 10 && $time < 10000000) begin
      drive;
      #1 look;
      clk = 1;
      take_in;
      #1 clk = 0;
      #1;
    end
    check(frames_out == Frames && 32 * words_out == bits_in, "frames are missing");
    check(stalls > 100, "back-pressure never reached the source");
    if (failures == 0)
      $display("PASS: %0d lanes, %0d frames, %0d words, %0d stalled clocks", Lanes, frames_out,
               words_out, stalls);
    $finish;
  end
endmodule
`default_nettype wire

`default_nettype none
// axis_packer: every bit that was pushed leaves once, at its place, in the frame it was pushed in.
//
// One bit is followed at a time: any bit of any push, chosen by the solver. Where it
// must leave is known when it is pushed: its number in the frame, divided by 32. Receiver: any.
// Sizes of the pushes: any, from 1 to Bits, mixed. What axis_packer requires is assumed: the bits
// of a push beyond its count are 0 (group_zeros_M).
`include "pbit_assert.svh"
module formal_axis_packer #(
    parameter int Bits = 5
) (
    input wire            clk,
    input wire            rst_n,
    input wire            push_wish,
    input wire            push_last,
    input wire [     5:0] push_count,
    input wire [Bits-1:0] push_data,
    input wire            tready,
    input wire            follow,  // a bit of this push, if none is followed
    input wire [     4:0] lane     // its number in the push
);
  wire ready, empty, frame, tvalid, tlast;
  wire [31:0] tdata;
  wire push = push_wish && ready;

  axis_packer #(.Bits(Bits)) u_dut (
      .clk_i(clk), .rst_ni(rst_n), .push_i(push), .push_last_i(push_last),
      .push_count_i(push_count), .push_data_i(push_data), .ready_o(ready),
      .empty_o(empty), .frame_o(frame), .m_axis_tdata(tdata), .m_axis_tvalid(tvalid),
      .m_axis_tready(tready), .m_axis_tlast(tlast)
  );
  // inside, for the induction only
  (* hierconn *) wire [95:0] \u_dut.buf_q ;
  (* hierconn *) wire [6:0] \u_dut.count_q ;
  (* hierconn *) wire \u_dut.flush_q ;

  // ---- reset in the first clock, then never ----
  reg past = 1'b0;
  always @(posedge clk) past <= 1'b1;
  `PBIT_ASSUME(reset_first_M, clk, 1'b1, rst_n == past)
  `PBIT_ASSUME(group_count_M, clk, 1'b1, !push || (push_count >= 6'd1 && push_count <= 6'(Bits)))
  `PBIT_ASSUME(group_zeros_M, clk, 1'b1, !push || (push_data >> push_count) == '0)
  `PBIT_ASSUME(lane_M, clk, 1'b1, !(push && follow) || {1'b0, lane} < push_count)

  // ---- model ----
  wire sent = tvalid && tready;
  reg [7:0] waiting = '0;   // bits pushed and not sent, of the frame that is leaving
  reg ended = 1'b0;         // its last bits have been pushed
  reg following = 1'b0, bit_value = 1'b0;
  reg [7:0] place = '0;     // of the followed bit, from bit 0 of the next word
  reg was_held = 1'b0, held_last = 1'b0;
  reg [31:0] held_data = '0;
  reg [3:0] n_words = '0, n_held = '0;
  reg saw_one = 1'b0, saw_all = 1'b0;  // pushes of 1 and of Bits bits since the last frame left
  wire [7:0] left = !sent ? waiting : waiting > 8'd32 ? waiting - 8'd32 : 8'd0;
  wire [31:0] beyond = waiting >= 8'd32 ? '0 : 32'hFFFFFFFF << waiting[4:0];

  always @(posedge clk) begin
    if (rst_n) begin
      waiting <= left + (push ? 8'(push_count) : 8'd0);
      if (push) ended <= push_last;
      else if (sent && tlast) ended <= 1'b0;
      if (following) begin
        place <= place - (sent ? 8'd32 : 8'd0);
        if (sent && place < 8'd32) following <= 1'b0;
      end else if (push && follow) begin
        following <= 1'b1;
        bit_value <= push_data[lane];
        place     <= left + 8'(lane);
      end
      was_held  <= tvalid && !tready;
      held_data <= tdata;
      held_last <= tlast;
      n_words   <= sent && tlast ? '0 : n_words + 4'(sent && n_words != 4'hF);
      saw_one   <= !(sent && tlast) && (saw_one || (push && push_count == 6'd1));
      saw_all   <= !(sent && tlast) && (saw_all || (push && push_count == 6'(Bits)));
      n_held    <= sent && tlast ? '0 : n_held + 4'(tvalid && !tready && n_held != 4'hF);
    end
  end

  // ---- the stream ----
  `PBIT_ASSERT(stays_A, clk, rst_n,
               !was_held || (tvalid && tdata == held_data && tlast == held_last))
  // a word is full, or the last of its frame; no word when there is nothing to send
  `PBIT_ASSERT(full_words_A, clk, rst_n, !tvalid || waiting >= 8'd32 || (ended && waiting != '0))
  `PBIT_ASSERT(last_A, clk, rst_n, !tvalid || tlast == (ended && waiting <= 8'd32))
  `PBIT_ASSERT(no_word_late_A, clk, rst_n, tvalid == (waiting >= 8'd32 || ended))
  `PBIT_ASSERT(frame_A, clk, rst_n, frame == (sent && tlast))
  `PBIT_ASSERT(empty_A, clk, rst_n, empty == (waiting == '0 && !ended))
  // nothing lost, doubled or moved; zeros behind the last bit
  `PBIT_ASSERT(bit_A, clk, rst_n, !(following && tvalid && place < 8'd32) ||
               tdata[place[4:0]] == bit_value)
  `PBIT_ASSERT(bit_waits_A, clk, rst_n, !following || place < waiting)
  `PBIT_ASSERT(zeros_A, clk, rst_n, !tvalid || (tdata & beyond) == '0)
  // frames do not mix, and the buffer of 96 bits is enough
  `PBIT_ASSERT(one_frame_A, clk, rst_n, !(ended && ready))
  `PBIT_ASSERT(room_A, clk, rst_n, waiting <= 8'd96)

  // ---- invariants of the induction ----
  wire [95:0] rest = \u_dut.buf_q >> \u_dut.count_q ;
  wire [95:0] tail = \u_dut.buf_q >> place;
  `PBIT_ASSERT(inside_count_A, clk, rst_n, waiting == {1'b0, \u_dut.count_q })
  `PBIT_ASSERT(inside_flush_A, clk, rst_n, ended == \u_dut.flush_q && (!ended || waiting != '0))
  `PBIT_ASSERT(inside_rest_A, clk, rst_n, rest == '0)
  `PBIT_ASSERT(inside_bit_A, clk, rst_n, !following || tail[0] == bit_value)

  // ---- what it can do ----
  // a frame of two words to a receiver that was not ready twice
  `PBIT_COVER(held_frame_C, clk, rst_n, frame && n_words == 4'd1 && n_held >= 4'd2)
  `PBIT_COVER(part_word_C, clk, rst_n, frame && n_words == 4'd1 && waiting < 8'd32 && tdata != '0)
  `PBIT_COVER(followed_bit_C, clk, rst_n, following && sent && place < 8'd32 && place > 8'd3 &&
              bit_value && n_words == 4'd1)
  `PBIT_COVER(mixed_sizes_C, clk, rst_n, frame && n_words == 4'd1 && saw_one && saw_all)
  `PBIT_COVER(full_C, clk, rst_n, !ready && !ended && push_wish)
endmodule
`default_nettype wire

`default_nettype none
// axil_slave against the rules of AXI4-Lite: address and data of a write in either order or together,
// a master that takes its responses late, refused accesses answer SLVERR and touch nothing, a response
// stays as it is until it is taken, and a read and a write at once do not disturb each other.
module tb_axil_slave;
  localparam [11:0] Unmapped = 12'h800;  // the register file of this bench refuses it
  reg clk = 0, rst_n = 0;
  reg [11:0] awaddr = 0, araddr = 0;
  reg [31:0] wdata = 0;
  reg [3:0] wstrb = 4'hF;
  reg awvalid = 0, wvalid = 0, bready = 0, arvalid = 0, rready = 0;
  wire awready, wready, bvalid, arready, rvalid, write, read;
  wire [1:0] bresp, rresp;
  wire [31:0] rdata, write_data;
  wire [11:0] address;

  // ---- a register file that remembers what reached it ----
  reg [31:0] last_write_data;
  reg [11:0] last_write_address;
  integer writes = 0, reads = 0;
  wire [31:0] read_data = {address, 8'hA5, ~address};

  axil_slave #(.AddressBits(12)) u_dut (
      .clk_i(clk), .rst_ni(rst_n), .s_axil_awaddr(awaddr), .s_axil_awvalid(awvalid),
      .s_axil_awready(awready), .s_axil_wdata(wdata), .s_axil_wstrb(wstrb),
      .s_axil_wvalid(wvalid), .s_axil_wready(wready), .s_axil_bresp(bresp),
      .s_axil_bvalid(bvalid), .s_axil_bready(bready), .s_axil_araddr(araddr),
      .s_axil_arvalid(arvalid), .s_axil_arready(arready), .s_axil_rdata(rdata),
      .s_axil_rresp(rresp), .s_axil_rvalid(rvalid), .s_axil_rready(rready), .write_o(write),
      .read_o(read), .address_o(address), .write_data_o(write_data), .read_data_i(read_data),
      .error_i(address == Unmapped)
  );

  integer failures = 0, seed = 7, n;
  reg held_b = 0, held_r = 0;
  reg [1:0] held_bresp, held_rresp;
  reg [31:0] held_rdata;

  task check(input ok, input [8*60-1:0] what);
    begin
      if (ok !== 1'b1) begin
        $display("FAIL at %0t: %0s", $time, what);
        failures = failures + 1;
      end
    end
  endtask

  // One clock; the rules that hold on every clock are looked at before its edge.
  reg aw_taken, w_taken, ar_taken;
  task tick;
    begin
      #1;
      check(^{awready, wready, arready, bvalid, rvalid, bresp, rresp, rdata, write, read} !== 1'bx,
            "an output is X");
      check(!(write && read), "the register file is read and written in one clock");
      if (held_b) check(bvalid && bresp === held_bresp, "a write response changed while it waited");
      if (held_r)
        check(rvalid && rresp === held_rresp && rdata === held_rdata,
              "a read response changed while it waited");
      held_b = bvalid && !bready;
      held_r = rvalid && !rready;
      held_bresp = bresp;
      held_rresp = rresp;
      held_rdata = rdata;
      if (write) begin
        writes = writes + 1;
        last_write_address = address;
        last_write_data = write_data;
      end
      if (read) reads = reads + 1;
      aw_taken = awvalid && awready;
      w_taken  = wvalid && wready;
      ar_taken = arvalid && arready;
      clk = 1;
      #1 clk = 0;
      if (aw_taken) awvalid = 0;
      if (w_taken) wvalid = 0;
      if (ar_taken) arvalid = 0;
      #1;
    end
  endtask

  // aw_late, w_late: clocks until each is offered; b_late: clocks that the response has to wait.
  task do_write(input [11:0] at, input [31:0] data, input [3:0] strobes, input integer aw_late,
                input integer w_late, input integer b_late, input refused, input reaches);
    integer t, earlier, waited;
    begin
      earlier = writes;
      waited = 0;
      awaddr = at;
      wdata  = data;
      wstrb  = strobes;
      for (t = 0; !(bvalid && bready) && t < 100; t = t + 1) begin
        if (t == aw_late) awvalid = 1;
        if (t == w_late) wvalid = 1;
        check(!bvalid || (t > aw_late && t > w_late), "a response before address and data");
        bready = bvalid && waited >= b_late;
        if (bvalid) waited = waited + 1;
        if (bready) check(bresp === (refused ? 2'b10 : 2'b00), "wrong write response");
        if (!bready) tick;
      end
      tick;
      bready = 0;
      check(t < 100, "no write response");
      check(writes - earlier == (reaches ? 1 : 0), "wrong number of writes at the register file");
      if (reaches)
        check(last_write_address === at && last_write_data === data, "wrong address or data");
      for (t = 0; t < 3; t = t + 1) tick;
      check(!bvalid, "a second write response");
    end
  endtask

  task do_read(input [11:0] at, input integer r_late, input refused);
    integer t, earlier, waited;
    begin
      earlier = reads;
      waited  = 0;
      araddr  = at;
      arvalid = 1;
      for (t = 0; !(rvalid && rready) && t < 100; t = t + 1) begin
        rready = rvalid && waited >= r_late;
        if (rvalid) waited = waited + 1;
        if (rready) begin
          check(rresp === (refused ? 2'b10 : 2'b00), "wrong read response");
          check(rdata === (refused ? 32'd0 : {at, 8'hA5, ~at}), "wrong read data");
        end
        if (!rready) tick;
      end
      tick;
      rready = 0;
      check(t < 100, "no read response");
      check(reads - earlier == (at[1:0] == 0 ? 1 : 0), "wrong number of reads at the register file");
      for (t = 0; t < 3; t = t + 1) tick;
      check(!rvalid, "a second read response");
    end
  endtask

  // Both at once, both responses waiting; one access after the other reaches the register file.
  task do_both(input [11:0] write_at, input [31:0] data, input [11:0] read_at);
    integer t, writes_before, reads_before;
    begin
      writes_before = writes;
      reads_before = reads;
      awaddr = write_at;
      wdata = data;
      wstrb = 4'hF;
      araddr = read_at;
      awvalid = 1;
      wvalid = 1;
      arvalid = 1;
      for (t = 0; !(bvalid && rvalid) && t < 100; t = t + 1) tick;
      check(t < 100, "a read and a write at once: no response");
      for (t = 0; t < 5; t = t + 1) tick;
      check(writes == writes_before + 1 && reads == reads_before + 1, "an access was lost or doubled");
      check(last_write_address === write_at && last_write_data === data, "the read disturbs the write");
      check(bresp === 2'b00 && rresp === 2'b00 && rdata === {read_at, 8'hA5, ~read_at},
            "the write disturbs the read");
      // Second accesses wait behind the responses that nobody has taken.
      awaddr = write_at + 4;
      wdata = ~data;
      araddr = ~read_at & 12'h7FC;
      awvalid = 1;
      wvalid = 1;
      arvalid = 1;
      for (t = 0; t < 5; t = t + 1) tick;
      check(writes == writes_before + 1 && reads == reads_before + 1,
            "an access passed a response that still waits");
      bready = 1;
      rready = 1;
      for (t = 0; t < 6; t = t + 1) tick;
      bready = 0;
      rready = 0;
      check(writes == writes_before + 2 && last_write_data === ~data, "the waiting write was lost");
      check(reads == reads_before + 2, "the waiting read was lost");
    end
  endtask

  initial begin
    awvalid = 1;  // nothing may be taken during reset
    wvalid  = 1;
    #1 clk = 1;
    #1 clk = 0;
    awvalid = 0;
    wvalid = 0;
    rst_n = 1;
    #1 check(!bvalid && !rvalid, "a response after reset");
    tick;

    do_write(12'h008, 32'hDEADBEEF, 4'hF, 0, 0, 0, 0, 1);  // together
    do_write(12'h00C, 32'h01234567, 4'hF, 0, 5, 0, 0, 1);  // address first
    do_write(12'hFFC, 32'h89ABCDEF, 4'hF, 5, 0, 0, 0, 1);  // data first
    do_write(12'h010, 32'h00000001, 4'hF, 0, 0, 9, 0, 1);  // response taken late
    do_write(12'h014, 32'h00000002, 4'h7, 0, 0, 0, 1, 0);  // strobes other than 4'b1111
    do_write(12'h014, 32'h00000002, 4'h0, 2, 0, 3, 1, 0);
    do_write(12'h014, 32'h00000003, 4'hF, 0, 0, 0, 0, 1);  // the refusal is not remembered
    do_write(12'h016, 32'h00000004, 4'hF, 0, 0, 0, 1, 0);  // unaligned
    do_write(Unmapped, 32'h00000005, 4'hF, 0, 0, 0, 1, 1);  // the register file refuses
    do_read(12'h008, 0, 0);
    do_read(12'h7FC, 9, 0);
    do_read(12'h009, 0, 1);
    do_read(12'h00A, 4, 1);
    do_read(Unmapped, 4, 1);
    do_read(12'h00C, 0, 0);
    do_both(12'h020, 32'h55AA55AA, 12'h040);
    for (n = 0; n < 500; n = n + 1) begin
      do_write({$random(seed)} % 512 * 4, $random(seed), 4'hF, {$random(seed)} % 4,
               {$random(seed)} % 4, {$random(seed)} % 4, 0, 1);
      do_read({$random(seed)} % 512 * 4, {$random(seed)} % 4, 0);
      do_both({$random(seed)} % 512 * 4, $random(seed), {$random(seed)} % 512 * 4);
    end
    if (failures == 0) $display("PASS: %0d writes, %0d reads", writes, reads);
    $finish;
  end
endmodule
`default_nettype wire

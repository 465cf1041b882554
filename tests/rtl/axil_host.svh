// A host on AXI4-Lite for a testbench, inside its module, which has the signals of the port by their
// names (awaddr .. rready, driven as reg), `value`, `response`, and the tasks tick (a clock, in which
// taken valids fall) and fail(what).

  task access_write(input [11:0] at, input [31:0] data);
    begin
      awaddr = at;
      wdata = data;
      awvalid = 1;
      wvalid = 1;
      bready = 1;
      while (!bvalid) tick;
      response = bresp;
      tick;
      bready = 0;
    end
  endtask

  task write(input [11:0] at, input [31:0] data);
    begin
      access_write(at, data);
      if (response !== 2'b00) fail("a write was refused");
    end
  endtask

  task read(input [11:0] at);
    begin
      araddr = at;
      arvalid = 1;
      rready = 1;
      while (!rvalid) tick;
      if (rresp !== 2'b00) fail("a read was refused");
      value = rdata;
      tick;
      rready = 0;
    end
  endtask

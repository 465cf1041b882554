`default_nettype none
// The trace port with an array of Sites x Lanes cells played by this bench: steps whose updates
// stand still until the array may advance, other reasons to wait, cells without a p-bit, and a
// receiver that is ready at random. Every record of the traced sweeps, and no other, arrives once,
// in the order of the cells, with TLAST on its fourth word.
`include "pbit_regs.svh"
module tb_trace_port #(
    parameter int Sites = 3,
    parameter int Lanes = 2,
    parameter int Ready = 50,  // of 100 clocks
    parameter int Fault = 0    // of the model, to be noticed: 1 order of cells, 2 a sweep too many
);
  localparam int Contexts = 3, Runs = 40, MaxWords = 1 << 17;
  reg clk = 0, rst_n = 0, write_en = 0, idle = 1, start = 0, sweep_done = 0, other = 0;
  reg tready = 0, valid = 0;
  reg [11:0] address = 0;
  reg [31:0] data = 0;
  reg [1:0] context_now = 0;
  wire readable, writable, refused, hold, busy, tvalid, tlast;
  wire [31:0] read_data, tdata;
  wire [15:0] site;
  wire [4:0] lane;
  wire en = !hold && !other;
  reg [117:0] cells[0:Sites*Lanes-1];
  wire [117:0] update = cells[site*Lanes+lane];

  trace_port #(
      .Sites(Sites), .Lanes(Lanes), .ContextBits(2)
  ) u_dut (
      .clk_i(clk), .rst_ni(rst_n), .write_i(write_en), .address_i(address), .data_i(data),
      .idle_i(idle), .data_o(read_data), .readable_o(readable), .writable_o(writable),
      .refused_o(refused), .start_i(start), .sweep_done_i(sweep_done), .en_i(en),
      .hold_o(hold), .busy_o(busy), .valid_i(valid), .context_i(context_now), .site_o(site),
      .lane_o(lane), .update_i(update), .m_axis_trace_tdata(tdata),
      .m_axis_trace_tvalid(tvalid), .m_axis_trace_tready(tready), .m_axis_trace_tlast(tlast)
  );

  reg [31:0] expected[0:MaxWords-1];
  integer seed, words, expected_words, failures, i, s, l, run, sweep, step, steps, first, many;
  integer sweeps, held;
  reg was_held;
  reg [32:0] waiting;

  task fail(input [8*60-1:0] what);
    begin
      if (Fault == 0) $display("FAIL: %0s", what);
      failures = failures + 1;
    end
  endtask

  task tick;
    begin
      #1;
      if ({tvalid, hold, busy} === 3'bx || (tvalid && ^{tlast, tdata} === 1'bx)) fail("X");
      if (was_held && {tlast, tdata} !== waiting) fail("a waiting word changed");
      was_held = tvalid && !tready;
      waiting  = {tlast, tdata};
      if (tvalid && !busy) fail("not busy with a word on the stream");
      if (tvalid && tready) begin
        if (words >= expected_words) fail("a word too many");
        else if (tdata !== expected[words] || tlast !== (words % 4 == 3)) fail("a word differs");
        words = words + 1;
      end
      #1 clk = 1;
      #1 clk = 0;
      tready = {$random(seed)} % 100 < Ready;
      other  = {$random(seed)} % 8 == 0;
      #1;
    end
  endtask

  task write_register(input [11:0] at, input [31:0] value, input accepted);
    begin
      address  = at;
      data     = value;
      write_en = 1;
      #1;
      if (refused !== !accepted || !readable || !writable) fail("a write is refused or not");
      tick;
      write_en = 0;
      #1;
      if (accepted && read_data !== value) fail("a register does not read back");
      if (!accepted && read_data === value) fail("a refused write is kept");
    end
  endtask

  // Random updates of one clock; what has to arrive, when the sweep is traced.
  task present(input traced);
    reg [117:0] word;
    integer outer, inner;
    begin
      for (i = 0; i < Sites * Lanes; i = i + 1) begin
        cells[i] = {$random(seed), $random(seed), $random(seed), $random(seed)};
        if ({$random(seed)} % 3 != 0) cells[i][117] = 1'b1;
      end
      for (outer = 0; outer < Sites * Lanes && traced; outer = outer + 1) begin
        i = Fault == 1 ? (outer % Sites) * Lanes + outer / Sites : outer;
        word = cells[i];
        if (word[117]) begin
          expected[expected_words] = {3'd0, word[116:112], 8'(context_now * Lanes + i % Lanes),
                                      word[111:96]};
          expected[expected_words+1] = word[31:0];
          expected[expected_words+2] = word[63:32];
          expected[expected_words+3] = word[95:64];
          expected_words = expected_words + 4;
        end
      end
      valid = 1;
      #1;
      held = 0;
      while (!en) begin
        held = held + 1;
        if (held > 100000) begin
          fail("the array never advances");
          $finish;
        end
        tick;
        #1;
      end
      if (!traced && hold) fail("held for nothing");
      tick;
      valid = 0;
    end
  endtask

  // no less than the clocks from START or the end of a sweep to the first update of a fabric
  task pause(input integer least);
    integer rest;
    begin
      rest = least + {$random(seed)} % 3;
      while (rest > 0) begin
        #1;
        if (en) rest = rest - 1;
        tick;
      end
    end
  endtask

  task one_run;
    integer c;
    reg traced;
    begin
      sweeps = 1 + {$random(seed)} % 6;
      first  = {$random(seed)} % 5;
      many   = {$random(seed)} % 4;
      write_register(`PBIT_REG_TRACE_FIRST, first, 1);
      write_register(`PBIT_REG_TRACE_SWEEPS, run == 5 ? 32'hFFFFFFFF : many, 1);
      if (run == 5) many = 0;
      idle  = 0;
      start = 1;
      tick;
      start = 0;
      write_register(`PBIT_REG_TRACE_FIRST, 77, 0);
      for (sweep = 1; sweep <= sweeps; sweep = sweep + 1) begin
        traced = first != 0 && sweep >= first &&
                 (many == 0 || sweep < first + many + (Fault == 2 ? 1 : 0));
        for (c = 0; c < Contexts; c = c + 1) begin
          context_now = c;
          steps = {$random(seed)} % 4;
          pause(4);
          for (step = 0; step < steps; step = step + 1) begin
            present(traced);
            pause(0);
          end
          #1;
          while (!en) begin
            tick;
            #1;
          end
          sweep_done = c == Contexts - 1;
          tick;
          sweep_done = 0;
        end
      end
      for (i = 0; i < 10000 && busy; i = i + 1) tick;
      idle = 1;
      if (busy || words != expected_words) fail("words are missing");
    end
  endtask

  initial begin
    seed = 7 + Ready;
    failures = 0;
    words = 0;
    expected_words = 0;
    was_held = 0;
    for (i = 0; i < Sites * Lanes; i = i + 1) cells[i] = '0;
    #1 clk = 1;
    #1 clk = 0;
    rst_n = 1;
    for (run = 0; run < Runs && failures < 4; run = run + 1) one_run;
    if (Fault == 0 && failures == 0 && words > 0) $display("PASS: %0d records", words / 4);
    if (Fault != 0 && failures > 0) $display("PASS: the fault of the model is noticed");
    $finish;
  end
endmodule
`default_nettype wire

`default_nettype none
// The sparse device on a graph of six p-bits in three blocks, against a model in this bench: hash
// of what is used, every code of the colour guard and the START that it refuses, the clocks of
// sweeps, energy passes and frames, and sweeps without chance (the table says sign of the field),
// whose samples and energies are computed here from the couplings: cyclic, palindromic, by a coin,
// and random scan, with a control generator of its own.
`include "pbit_regs.svh"
module tb_sparse #(
    parameter int Fault = 0  // of the model: 1 a weight, 2 clocks of a drain, 3 hash; to be noticed
);
  localparam int N = 16, Rows = 16, Groups = 8, P = 2, L = 2, R = 4, Contexts = 2, Table = 16;
  localparam int n = 6, Drain = Fault == 2 ? 7 : 8;
  reg clk = 0, rst_n = 0;
  reg [11:0] awaddr = 0, araddr = 0;
  reg [31:0] wdata = 0, value;
  reg awvalid = 0, wvalid = 0, bready = 0, arvalid = 0, rready = 0;
  wire awready, wready, bvalid, arready, rvalid, tvalid, tlast, irq;
  wire [1:0] bresp, rresp;
  reg [1:0] response;
  wire [31:0] rdata, tdata;

  pbit_top #(
      .Visible(0), .Hidden(0), .Replicas(R), .Lanes(L), .TableLog2(4), .Fabric(3), .Pbits(N),
      .EdgeRows(Rows), .Groups(Groups), .Sites(P)
  ) u_dut (
      .clk_i(clk), .rst_ni(rst_n), .s_axil_awaddr(awaddr), .s_axil_awvalid(awvalid),
      .s_axil_awready(awready), .s_axil_wdata(wdata), .s_axil_wstrb(4'hF),
      .s_axil_wvalid(wvalid), .s_axil_wready(wready), .s_axil_bresp(bresp),
      .s_axil_bvalid(bvalid), .s_axil_bready(bready), .s_axil_araddr(araddr),
      .s_axil_arvalid(arvalid), .s_axil_arready(arready), .s_axil_rdata(rdata),
      .s_axil_rresp(rresp), .s_axil_rvalid(rvalid), .s_axil_rready(rready),
      .m_axis_tdata(tdata), .m_axis_tvalid(tvalid), .m_axis_tready(1'b1),
      .m_axis_tlast(tlast), .m_axis_telemetry_tdata(), .m_axis_telemetry_tvalid(),
      .m_axis_telemetry_tready(1'b1), .m_axis_telemetry_tlast(), .m_axis_trace_tready(1'b1),
      .irq_o(irq)
  );

  // ---- the graph: blocks {0, 1, 2}, {3, 4}, {5} ----
  integer coupling[0:n*n-1], bias[0:n-1];
  reg [31:0] group[0:Groups*6-1], edges[0:Rows*4-1];  // words of a row as they are written
  localparam integer Cyclic = 0, Palindromic = 1, Coin = 4, RandomScan = 8;  // CONFIG
  integer groups, rows, failures, turn, i, j, g, s, r, k, walked;
  reg [31:0] crc;
  reg state[0:R*n-1];
  reg clamped[0:n-1];
  integer words, expected_words;
  reg [31:0] expected[0:255];

  task fail(input [8*60-1:0] what);
    begin
      if (Fault == 0) $display("FAIL: %0s", what);
      else $display("noticed: %0s", what);
      failures = failures + 1;
      if (failures == 3) begin  // the rest may not end
        if (Fault != 0) $display("PASS: the fault of the model is noticed");
        $finish;
      end
    end
  endtask

  reg aw_taken, w_taken, ar_taken;
  task tick;
    begin
      #1;
      aw_taken = awvalid && awready;
      w_taken  = wvalid && wready;
      ar_taken = arvalid && arready;
      if (tvalid) begin
        if (words >= expected_words || tdata !== expected[words] || !tlast) begin
          fail("a sample differs");
          $display("  word %0d: device %b %h, model %h", words, tlast, tdata, expected[words]);
        end
        words = words + 1;
      end
      clk = 1;
      #1 clk = 0;
      if (aw_taken) awvalid = 0;
      if (w_taken) wvalid = 0;
      if (ar_taken) arvalid = 0;
      #1;
    end
  endtask

`include "axil_host.svh"
`include "control_words.svh"

  task expect_register(input [11:0] at, input [31:0] want, input [8*60-1:0] what);
    begin
      read(at);
      if (value !== want) begin
        fail(what);
        $display("  device %h (%0d), model %h (%0d)", value, value, want, want);
      end
    end
  endtask

  task wait_for(input [31:0] mask, input [31:0] want);
    begin
      value = ~want;
      for (k = 0; k < 20000 && (value & mask) != want; k = k + 1) read(`PBIT_REG_STATUS);
      if ((value & mask) != want) fail("waited for STATUS in vain");
    end
  endtask

  // ---- schedule: groups {0, 1} {2} | {3, 4} | {5}, lists of their neighbours ----
  task add_group(input integer a, input integer b, input [3:0] flags);
    integer node, at, longest;
    begin
      longest = 0;
      for (s = 0; s < P; s = s + 1) begin
        node = s == 0 ? a : b;
        group[groups*6+2+2*s] = node < 0 ? 0 : 32'h80000000 + node;
        group[groups*6+3+2*s] = node < 0 ? 0 : bias[node];
        at = 0;
        for (j = 0; j < n; j = j + 1) begin
          if (node >= 0 && coupling[(node<0?0:node)*n+j] != 0) begin
            edges[(rows+at)*4+2*s]   = 32'h80000000 + j;
            edges[(rows+at)*4+2*s+1] = coupling[node*n+j];
            at = at + 1;
          end
        end
        if (at > longest) longest = at;
      end
      group[groups*6] = {flags, 12'd0, 16'd0} + longest;  // END TAIL LAST FIRST
      group[groups*6+1] = rows;
      rows   = rows + longest;
      groups = groups + 1;
    end
  endtask

  task connect(input integer a, input integer b, input integer w);
    begin
      coupling[a*n+b] = w;
      coupling[b*n+a] = w;
    end
  endtask

  task make_graph;
    begin
      for (i = 0; i < n * n; i = i + 1) coupling[i] = 0;
      for (i = 0; i < n; i = i + 1) bias[i] = i % 2 ? 32 : -32;  // no field is ever 0
      connect(0, 3, 64);
      connect(0, 4, 64);
      connect(0, 5, -128);
      connect(1, 3, -64);
      connect(1, 4, 192);
      connect(2, 4, 64);
      connect(2, 5, 64);
      connect(2, 3, -192);
      connect(4, 5, 128);
      groups = 0;
      rows = 0;
      for (i = 0; i < Groups * 6; i = i + 1) group[i] = 0;
      // entries that are not valid hold something, too
      for (i = 0; i < Rows * 4; i = i + 1) edges[i] = i % 2 ? 85 : 3;
      add_group(0, 1, 4'b0001);
      add_group(2, -1, 4'b0010);
      add_group(3, 4, 4'b0011);
      add_group(5, -1, 4'b1111);
    end
  endtask

  task upload;
    begin
      write(`PBIT_REG_IMG_SELECT, 5);
      write(`PBIT_REG_IMG_ADDRESS, 0);
      for (i = 0; i < Groups * 6; i = i + 1) write(`PBIT_REG_IMG_DATA, group[i]);
      write(`PBIT_REG_IMG_SELECT, 0);
      write(`PBIT_REG_IMG_ADDRESS, 0);
      for (i = 0; i < Rows * 4; i = i + 1) write(`PBIT_REG_IMG_DATA, edges[i]);
    end
  endtask

  task upload_rest;
    begin
      write(`PBIT_REG_IMG_SELECT, 1);
      write(`PBIT_REG_IMG_ADDRESS, 0);
      for (i = 0; i < Table; i = i + 1) write(`PBIT_REG_IMG_DATA, i == 0 ? 32'h800000 : 0);
      write(`PBIT_REG_IMG_SELECT, 2);
      write(`PBIT_REG_IMG_ADDRESS, 0);
      for (i = 0; i < N; i = i + 1) write(`PBIT_REG_IMG_DATA, i < n ? clamped[i] : 0);
      write(`PBIT_REG_IMG_SELECT, 4);
      write(`PBIT_REG_IMG_ADDRESS, 0);
      for (i = 0; i < 4 * P * L; i = i + 1) write(`PBIT_REG_IMG_DATA, 32'h12345679 * (i + 1));
      for (i = 0; i < 4; i = i + 1) begin
        control[i] = 32'h9E3779B9 * (i + 5);
        write(`PBIT_REG_IMG_DATA, control[i]);
      end
    end
  endtask

  task upload_states;
    begin
      write(`PBIT_REG_IMG_SELECT, 3);
      for (k = 0; k < Contexts; k = k + 1) begin
        write(`PBIT_REG_IMG_ADDRESS, k << 16);
        for (i = 0; i < n; i = i + 1) begin
          write(`PBIT_REG_IMG_DATA, {state[(k*L+1)*n+i], state[k*L*n+i]});
        end
      end
    end
  endtask

  // ---- check: hash of what is used, as the page says ----
  task add_word(input [31:0] word);
    begin
      crc = crc ^ word;
      for (k = 0; k < 32; k = k + 1) crc = (crc >> 1) ^ (crc[0] ? 32'hEDB88320 : 0);
    end
  endtask

  task check(input [31:0] guard, input [8*60-1:0] what);
    integer used, beyond;
    begin
      crc  = '1;
      used = Groups;
      for (g = Groups - 1; g >= 0; g = g - 1) if (group[g*6][31]) used = g + 1;
      for (i = 0; i < used * 6; i = i + 1) add_word(group[i]);
      if (group[(used-1)*6][31]) begin
        for (g = 0; g < used; g = g + 1) begin
          beyond = group[g*6][15:0] + group[g*6+1] > Rows || group[g*6][15:0] > 1024;
          for (r = 0; r < group[g*6][15:0] && !beyond; r = r + 1) begin
            for (i = 0; i < 4; i = i + 1) add_word(edges[(group[g*6+1]+r)*4+i]);
          end
        end
      end
      for (j = 0; j < P * L; j = j + 1) begin
        for (i = 0; i < Table; i = i + 1) add_word(i == 0 ? 32'h800000 : 0);
      end
      for (i = 0; i < n; i = i + 1) add_word(clamped[i]);
      if (Fault == 3) add_word(0);
      write(`PBIT_REG_CTRL, 32'h4);
      write(`PBIT_REG_CTRL, 32'h8);
      wait_for(32'h0C, 32'h08);
      expect_register(`PBIT_REG_GUARD, guard, what);
      expect_register(`PBIT_REG_STATUS, guard == 0 ? 32'h48 : 32'h08, "STATUS after CHECK");
      expect_register(`PBIT_REG_IMG_HASH, ~crc, "the hash");
    end
  endtask

  // A schedule or an edge with one fault: the guard names it, and START is refused.
  task refuse(input [31:0] guard, input [8*60-1:0] what);
    begin
      upload;
      check(guard, what);
      write(`PBIT_REG_SWEEPS, 1);
      write(`PBIT_REG_CTRL, 32'h1);
      expect_register(`PBIT_REG_STATUS, 32'h28, "START without a proof is refused");
      expect_register(`PBIT_REG_SWEEP_COUNT_LO, 0, "a refused START sweeps");
      make_graph;
    end
  endtask

  // ---- model: one whole sweep, block after block ----
  task update(input integer replica, input integer node);
    integer field;
    begin
      field = bias[node];
      for (j = 0; j < n; j = j + 1) begin
        k = coupling[node*n+j];
        if (Fault == 1 && node == 0 && j == 5) k = -k;
        field = field + (state[replica*n+j] ? k : -k);
      end
      if (!clamped[node]) state[replica*n+node] = field > 0;
    end
  endtask

  task expect_frames;  // of both contexts
    begin
      for (g = 0; g < Contexts; g = g + 1) begin
        expected[expected_words] = 0;
        for (i = 0; i < n; i = i + 1) begin
          for (s = 0; s < L; s = s + 1) expected[expected_words][i*L+s] = state[(g*L+s)*n+i];
        end
        expected_words = expected_words + 1;
      end
    end
  endtask

  // group `which` of one context, all lanes; its clocks are added to `walked`
  task walk(input integer c, input integer which, input drains);
    begin
      for (r = c * L; r < c * L + L; r = r + 1) begin
        for (s = 0; s < P; s = s + 1) begin
          if (group[which*6+2+2*s][31]) update(r, group[which*6+2+2*s][15:0]);
        end
      end
      walked = walked + group[which*6][15:0] + (drains ? Drain : 0);
    end
  endtask

  task sweep(input integer kernel);
    integer c;
    begin
      for (c = 0; c < Contexts; c = c + 1) begin
        if (kernel == Coin) draw;
        for (g = 0; g < groups; g = g + 1) begin
          if (kernel == RandomScan) begin
            draw;
            walk(c, (64'd0 + control_word) * groups >> 32, 1);
          end else if (kernel == Coin && control_word[31]) begin
            walk(c, groups - 1 - g, group[(groups-1-g)*6][28]);
          end else walk(c, g, group[g*6][29]);
        end
        if (kernel == Palindromic) begin
          for (g = groups - 2; g >= 0; g = g - 1) walk(c, g, group[g*6][28]);
        end
      end
    end
  endtask

  task expect_energies;
    integer energy;
    begin
      for (r = 0; r < R; r = r + 1) begin
        energy = 0;
        for (i = 0; i < n; i = i + 1) begin
          energy = energy - (state[r*n+i] ? bias[i] : -bias[i]);
          for (j = 0; j < i; j = j + 1) begin
            k = coupling[i*n+j];
            energy = energy - (state[r*n+i] == state[r*n+j] ? k : -k);
          end
        end
        write(`PBIT_REG_REPLICA_SELECT, r);
        expect_register(`PBIT_REG_ENERGY_LO, energy, "ENERGY");
      end
    end
  endtask

  // `sweeps` sweeps with a sample of each: samples, energies and clocks.
  task run(input integer sweeps, input integer kernel, input with_pass);
    integer lists, clocks, count;
    begin
      walked = 0;
      words = 0;
      expected_words = 0;
      for (count = 0; count < sweeps; count = count + 1) begin
        sweep(kernel);
        expect_frames;
      end
      lists = group[0][15:0] + group[6][15:0] + group[12][15:0] + group[18][15:0];
      clocks = walked + sweeps * Contexts * (1 + n + 2) +
               (with_pass ? Contexts * (lists + Drain) : 0);
      write(`PBIT_REG_CONFIG, kernel);
      write(`PBIT_REG_SWEEPS, sweeps);
      write(`PBIT_REG_SAMPLE_EVERY, 1);
      write(`PBIT_REG_CTRL, 32'h5);
      wait_for(32'h3, 32'h2);
      expect_register(`PBIT_REG_BUSY_CYCLES_LO, clocks, "BUSY_CYCLES");
      expect_register(`PBIT_REG_STALL_CYCLES_LO, 0, "STALL_CYCLES");
      expect_register(`PBIT_REG_SWEEP_COUNT_LO, sweeps, "SWEEP_COUNT");
      if (words != expected_words) fail("wrong number of samples");
      expect_energies;
    end
  endtask

  task new_states(input integer seed);
    integer count;
    begin
      for (count = 0; count < R * n; count = count + 1) state[count] = $random(seed);
      upload_states;
    end
  endtask

  task guard_finds_every_fault;
    begin
      group[18][31] = 0;
      for (i = 24; i < Groups * 6; i = i + 1) group[i] = 0;
      group[24] = 32'h30000000;  // more blocks, and still no END
      group[30] = 32'h30000000;
      group[36] = 32'h30000000;
      group[42] = 32'h30000000;
      for (i = 18; i < Groups * 6; i = i + 6) group[i][30] = 1;
      refuse({16'd0, 16'd1}, "code 1");
      group[13] = Rows - 1;
      refuse({16'd2, 16'd2}, "code 2: beyond the edge memory");
      group[6][15:0] = 1025;
      refuse({16'd1, 16'd2}, "code 2: LENGTH");
      group[13] = Rows - group[12][15:0];
      edges[0][31] = 0;
      group[14] = 32'h8000000F;
      refuse({16'd15, 16'd3}, "code 3");
      group[14] = 32'h80000001;
      refuse({16'd1, 16'd4}, "code 4");
      group[0][28] = 0;
      refuse({16'd0, 16'd5}, "code 5: group 0 lacks FIRST");
      group[6][29] = 0;
      refuse({16'd2, 16'd5}, "code 5: LAST missing before FIRST");
      group[12][28] = 0;
      refuse({16'd2, 16'd5}, "code 5: FIRST missing after LAST");
      group[18][29] = 0;
      refuse({16'd3, 16'd5}, "code 5: END without LAST");
      group[18][30] = 0;
      refuse({16'd3, 16'd5}, "code 5: END without TAIL");
      group[6][30] = 1;
      refuse({16'd1, 16'd5}, "code 5: TAIL begins inside a block");
      group[6][30] = 1;
      group[0][30] = 1;
      refuse({16'd2, 16'd5}, "code 5: TAIL is taken back");
      edges[0] = 32'h80000006;
      refuse({16'd0, 16'd6}, "code 6");
      edges[0] = 32'h80000001;
      refuse({16'd0, 16'd7}, "code 7: a neighbour in the same group");
      edges[2] = 32'h80000002;
      refuse({16'd1, 16'd7}, "code 7: a neighbour in the same block");
      edges[group[19]*4] = 32'h80000005;
      refuse({16'd5, 16'd7}, "code 7: its own neighbour");
      edges[group[7]*4+2] = 32'h80000003;
      refuse({16'hFFFF, 16'd7}, "code 7: a list of no p-bit");
      group[8] = 0;
      edges[group[7]*4] = 0;
      refuse({16'd5, 16'd8}, "code 8");
    end
  endtask

  initial begin
    failures = 0;
    words = 0;
    expected_words = 0;
    #1 clk = 1;
    #1 clk = 0;
    #1 rst_n = 1;
    #1;
    for (i = 0; i < n; i = i + 1) clamped[i] = i == 4;
    make_graph;
    // n first: its range, and that START needs it
    write(`PBIT_REG_SAMPLE_EVERY, 1);
    write(`PBIT_REG_CTRL, 32'h1);
    expect_register(`PBIT_REG_STATUS, 32'h20, "START without n is refused");
    write(`PBIT_REG_CTRL, 32'h4);
    write(`PBIT_REG_PBITS, N + 1);
    expect_register(`PBIT_REG_STATUS, 32'h20, "n above N is refused");
    write(`PBIT_REG_CTRL, 32'h4);
    write(`PBIT_REG_PBITS, n);
    expect_register(`PBIT_REG_PBITS, n, "PBITS");
    upload_rest;
    guard_finds_every_fault;
    upload;
    check(0, "a sound schedule");
    // whatever the graph is made of takes the proof back
    write(`PBIT_REG_PBITS, n);
    expect_register(`PBIT_REG_STATUS, 32'h00, "a write of PBITS takes the proof back");
    check(0, "the same again");
    write(`PBIT_REG_IMG_ADDRESS, 0);
    write(`PBIT_REG_IMG_DATA, N);
    expect_register(`PBIT_REG_STATUS, 32'h68, "a neighbour that does not fit is refused");
    write(`PBIT_REG_CTRL, 32'h4);
    write(`PBIT_REG_IMG_DATA, edges[0]);
    expect_register(`PBIT_REG_STATUS, 32'h00, "an edge takes the proof back");
    for (i = 1; i < 4; i = i + 1) write(`PBIT_REG_IMG_DATA, edges[i]);
    check(0, "and again");

    write(`PBIT_REG_BETA, 32'h1000);
    new_states(1);
    run(1, Cyclic, 1);
    new_states(2);
    run(3, Cyclic, 1);
    run(2, Palindromic, 0);
    new_states(3);
    run(2, Palindromic, 1);
    for (turn = 4; turn < 32; turn = turn + 1) begin
      new_states(turn);
      run(1, turn[1:0] == 0 ? Cyclic : turn[1:0] == 1 ? Palindromic
          : turn[1:0] == 2 ? Coin : RandomScan, 1);
      if (turn >= 24) run(3, turn[1] ? RandomScan : Coin, 0);
    end
    // one kernel at a time
    write(`PBIT_REG_CTRL, 32'h4);
    write(`PBIT_REG_CONFIG, Coin + RandomScan);
    expect_register(`PBIT_REG_CONFIG, Coin, "coin and random scan");
    expect_register(`PBIT_REG_STATUS, 32'h68, "coin and random scan are refused");
    write(`PBIT_REG_CTRL, 32'h4);
    write(`PBIT_REG_CONFIG, Palindromic + RandomScan);
    expect_register(`PBIT_REG_CONFIG, Palindromic, "palindrome and random scan");
    expect_register(`PBIT_REG_STATUS, 32'h68, "palindrome and random scan are refused");
    write(`PBIT_REG_CTRL, 32'h4);
    // SWEEPS = 0: the frames alone, and no energy pass
    new_states(99);
    words = 0;
    expected_words = 0;
    expect_frames;
    write(`PBIT_REG_SWEEPS, 0);
    write(`PBIT_REG_CTRL, 32'h5);
    wait_for(32'h3, 32'h2);
    expect_register(`PBIT_REG_BUSY_CYCLES_LO, Contexts * (n + 3), "BUSY_CYCLES of a frame");
    if (words != expected_words) fail("wrong number of frames");
    run(1, Cyclic, 1);
    if (Fault == 0 && failures == 0) $display("PASS: hash, guard, clocks, samples and energies");
    if (Fault != 0 && failures > 0) $display("PASS: the fault of the model is noticed");
    $finish;
  end
endmodule
`default_nettype wire

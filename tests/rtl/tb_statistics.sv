`default_nettype none
// sample_path with its statistics unit against sums made in one go from the history of all samples:
// a plain array in the bench sweeps, sends frames to stream, unit or both, and stores energies where
// a fabric does; a host swaps banks at random moments and reads the one at rest while the array goes
// on. Batch sums are differences of running sums, so that the model knows no levels and no carries.
//
// Start = t: T begins at t, as after t samples of the same value in each series.
// Fault 1..4: the expectation is wrong, and the bench has to notice.
module tb_statistics #(
    parameter int Pbits      = 7,
    parameter int Lanes      = 4,
    parameter int Contexts   = 2,
    parameter int Pairs      = 5,
    parameter int FrameAfter = 0,
    parameter int Runs       = 12,
    parameter int Start      = 0,
    parameter int Fault      = 0,
    parameter int Seed       = 1
);
  `include "pbit_regs.svh"
  localparam int LaneBits = Lanes > 1 ? $clog2(Lanes) : 1;
  localparam int ContextBits = Contexts > 1 ? $clog2(Contexts) : 1;
  localparam int Replicas = Lanes * Contexts;
  localparam int Series = 5 * Replicas;
  localparam int Least = FrameAfter != 0 && Pbits > 3 ? Pbits - 2 : Pbits;  // p-bits of a frame
  localparam int Most = 600;  // samples of the history

  reg clk = 0, rst_n = 0;
  always #5 clk = !clk;

  // ---- device under test ----
  reg push = 0, push_last = 0, to_stream = 0, to_unit = 0, sweep = 0, at_next = 0, next = 0;
  reg m_ready = 0, wr = 0, rd = 0, swap = 0, clear = 0, running = 0, taken = 0;
  reg [Lanes-1:0] push_data = 0;
  reg [16:0] n = Pbits;
  reg [ContextBits-1:0] at_context = 0;
  reg [11:0] address = 0;
  reg [31:0] wdata = 0;
  reg [47:0] energies[0:Replicas-1];
  wire ready, frame, busy, m_valid, m_last, readable, writable, refused, hold;
  wire [31:0] m_data, rdata, every;
  wire [LaneBits-1:0] energy_lane;
  wire [ContextBits-1:0] energy_context;
  wire [47:0] energy = taken ? 48'h123456789ABC : energies[energy_context*Lanes+energy_lane];
  sample_path #(
      .Bits(Lanes), .Statistics(1), .Pbits(Pbits), .Replicas(Replicas), .Lanes(Lanes),
      .Contexts(Contexts), .Pairs(Pairs), .FrameAfter(FrameAfter), .ContextBits(ContextBits),
      .LaneBits(LaneBits)
  ) u_dut (
      .clk_i(clk), .rst_ni(rst_n), .push_i(push), .push_last_i(push_last),
      .push_count_i(Lanes[5:0]), .push_data_i(push_data), .to_stream_i(to_stream),
      .to_unit_i(to_unit), .ready_o(ready), .frame_o(frame), .busy_o(busy),
      .m_axis_tdata(m_data), .m_axis_tvalid(m_valid), .m_axis_tready(m_ready),
      .m_axis_tlast(m_last), .write_i(wr), .read_i(rd), .address_i(address), .data_i(wdata),
      .idle_i(!running && !busy), .swap_i(swap), .clear_i(clear), .data_o(rdata),
      .readable_o(readable), .writable_o(writable), .refused_o(refused), .every_o(every),
      .pbits_i(n), .due_i(to_unit), .sweep_i(sweep), .at_next_i(at_next), .next_i(next),
      .context_i(at_context), .hold_o(hold), .energy_lane_o(energy_lane),
      .energy_context_o(energy_context), .energy_taken_i(taken), .energy_i(energy)
  );

  integer failures = 0, seed, checks = 0, banks = 0, stream_frames = 0, frames = 0, clips = 0;
  task fail(input [8*48-1:0] what, input integer a, input integer b);
    begin
      if (failures < 10 && Fault == 0) $display("FAIL: %0s (%0d, %0d) at %0t", what, a, b, $time);
      failures = failures + 1;
    end
  endtask

  `include "statistics_model.svh"

  // ---- array ----
  task tick;
    begin
      @(posedge clk);
      #1;
    end
  endtask
  task idle(input integer most);
    repeat ({$random(seed)} % (most + 1)) tick;
  endtask

  task push_frame(input integer c);
    integer p;
    begin
      for (p = 0; p < n; p = p + 1) begin
        while (!ready) tick;
        push = 1;
        push_last = p == n - 1;
        push_data = sampled[c*Pbits*Lanes+p*Lanes+:Lanes];
        tick;
        push = 0;
        if ({$random(seed)} % 8 == 0) idle(3);
      end
    end
  endtask

  task new_states(input integer c);
    integer k;
    for (k = 0; k < Pbits * Lanes; k = k + 1) begin
      states[c*Pbits*Lanes+k] = {$random(seed)} % 3 != 0;
    end
  endtask
  task new_energies(input integer c);
    integer l;
    for (l = 0; l < Lanes; l = l + 1) begin
      energies[c*Lanes+l] = {$random(seed), $random(seed)};
      if ({$random(seed)} % 16 != 0) begin  // most fit
        energies[c*Lanes+l] = reference + ($signed({$random(seed)} % 16777216 - 8388608) << shift);
      end
    end
  endtask

  // One sweep of all contexts, or a read-only pass; frames as to_stream and to_unit say.
  task one_sweep(input read_only);
    integer c;
    begin
      for (c = 0; c < Contexts; c = c + 1) begin
        at_context = c;
        sweep = 1;
        if (FrameAfter == 0) begin
          tick;
          idle(4);
          if (to_stream || to_unit) push_frame(c);
          if (!read_only) new_states(c);
          idle(6);
        end else begin
          idle(8);
          new_states(c);
          sampled = states;
          if (to_stream || to_unit) push_frame(c);
        end
        sweep = 0;
        at_next = 1;
        #1 while (hold) tick;
        next = 1;
        @(posedge clk);
        if (!read_only) new_energies(c);
        #1 next = 0;
        at_next = 0;
      end
    end
  endtask

  task run(input integer sweeps);
    integer k, due_unit, due_stream;
    begin
      running = 1;
      {to_stream, to_unit} = 0;
      for (k = 0; k < sweeps && h < Most - 2; k = k + 1) begin
        due_unit = {$random(seed)} % 4 != 0;
        due_stream = {$random(seed)} % 3 == 0;
        if (FrameAfter != 0) {to_stream, to_unit} = {due_stream[0], due_unit[0]};
        one_sweep(0);
        if (due_unit) remember;
        stream_frames = stream_frames + (due_stream ? Contexts : 0);
        sampled = states;
        if (FrameAfter == 0) {to_stream, to_unit} = {due_stream[0], due_unit[0]};
      end
      if (FrameAfter == 0 && (to_stream || to_unit)) one_sweep(1);
      running = 0;
      {to_stream, to_unit} = 0;
    end
  endtask

  // ---- stream: as many words and frames as were sent, whatever else takes them ----
  integer words = 0;
  always @(posedge clk) begin
    if (m_valid && m_ready) begin
      words <= m_last ? 0 : words + 1;
      if (m_last && words != (n * Lanes + 31) / 32 - 1) fail("words of a frame", words, n);
    end
    if (frame) frames <= frames + 1;
    #1 m_ready = {$random} % 4 != 0;
    taken = {$random} % 3 == 0;
  end

  // Nothing sent and nothing read for a long time: a hang.
  integer seen = 0, quiet = 0;
  always @(posedge clk) begin
    quiet <= seen == checks + h + words ? quiet + 1 : 0;
    seen <= checks + h + words;
    if (quiet == 20000) begin
      fail("nothing moves", h, checks);
      $finish;
    end
  end

  // ---- host: reads in every clock, if it likes ----
  task write(input [11:0] at, input [31:0] data, input want_refused);
    begin
      {wr, address, wdata} = {1'b1, at, data};
      #1 if (refused !== want_refused || !writable) fail("answer to a write", at, data);
      tick;
      wr = 0;
      tick;  // the bus slave does not write in two clocks in a row
    end
  endtask
  task read(input [11:0] at);
    begin
      {rd, address} = {1'b1, at};
      #1 value = rdata;
      if (!readable) fail("a read was refused", at, 0);
      tick;
      rd = 0;
    end
  endtask
  task expect_word(input [31:0] want, input [8*48-1:0] what, input integer a, input integer b);
    begin
      read(`PBIT_REG_STAT_DATA);
      checks = checks + 1;
      if (value !== want) fail(what, a, b);
    end
  endtask
  task point(input integer select, input integer word);
    begin
      write(`PBIT_REG_STAT_SELECT, select, 0);
      write(`PBIT_REG_STAT_ADDRESS, word, 0);
    end
  endtask

  task swap_banks;
    begin
      swap = 1;
      tick;
      swap = 0;
      read(`PBIT_REG_STAT_STATUS);
      if (!running && !busy && value[0]) fail("swap is pending while idle", value, 0);
      while (value[0]) read(`PBIT_REG_STAT_STATUS);
      check_bank;
    end
  endtask

  task set_up;
    integer p, k;
    begin
      write(`PBIT_REG_STAT_SELECT, 4, 0);
      write(`PBIT_REG_STAT_ADDRESS, 0, 0);
      for (p = 0; p < Pbits; p = p + 1) begin
        coefficients[p] = $random(seed);
        if (Fault != 4 || p != 0) write(`PBIT_REG_STAT_DATA, coefficients[p], 0);
        else write(`PBIT_REG_STAT_DATA, coefficients[p] ^ 8'h01, 0);
      end
      write(`PBIT_REG_STAT_DATA, 0, 1);  // beyond the last p-bit
      point(5, 0);
      for (k = 0; k < Pairs; k = k + 1) begin
        pair[k][15:0]  = {$random(seed)} % Least;
        pair[k][31:16] = {$random(seed)} % Least;
        write(`PBIT_REG_STAT_DATA, pair[k], 0);
      end
      write(`PBIT_REG_STAT_DATA, 0, 1);
      point(5, 0);
      write(`PBIT_REG_STAT_DATA, Pbits, 1);
      write(`PBIT_REG_STAT_DATA, Pbits << 16, 1);
      read(`PBIT_REG_STAT_ADDRESS);
      if (value != 2) fail("the address does not advance", value, 2);
      point(0, 0);
      write(`PBIT_REG_STAT_DATA, 0, 1);
      write(`PBIT_REG_STAT_PAIRS, Pairs + 1, 1);
      // beyond the end, and what cannot be read
      point(0, Pbits);
      expect_word(0, "beyond the p-bits", 0, 0);
      point(1, Pairs);
      expect_word(0, "beyond the pairs", 0, 0);
      point(2, Series * 128);
      expect_word(0, "beyond the series", 0, 0);
      point(3, Series * 2);
      expect_word(0, "beyond the sums", 0, 0);
      point(4, 0);
      expect_word(0, "a coefficient is read", 0, 0);
    end
  endtask

  task configure;
    begin
      shift = {$random(seed)} % 20;
      reference = $signed({$random(seed), $random(seed)}) >>> 20;
      pairs_now = {$random(seed)} % (Pairs + 1);
      n = Least + {$random(seed)} % (Pbits - Least + 1);
      write(`PBIT_REG_STAT_SHIFT, shift, 0);
      write(`PBIT_REG_STAT_REF_LO, reference[31:0], 0);
      write(`PBIT_REG_STAT_REF_HI, reference[63:32], 0);
      write(`PBIT_REG_STAT_PAIRS, pairs_now, 0);
    end
  endtask

  // T as after Start samples of one value, and a bank that begins there.
  task begin_late;
    integer s, b;
    begin
      for (s = 0; s < Series; s = s + 1) begin
        old[s] = s % 5 == 0 ? -8388608 : $random(seed);
        for (b = 0; b < 16; b = b + 1) begin
          u_dut.g_unit.u_unit.u_series.former_mem[16*s+b] = $signed(old[s]) * (40'sd1 <<< b);
        end
      end
      u_dut.g_unit.u_unit.u_control.t_o = Start;
      u_dut.g_unit.u_unit.u_control.first_q = Start;
    end
  endtask

  // A bank, or T, that can take two samples only.
  task fill_up(input integer whole);
    begin
      clear = 1;
      tick;
      clear = 0;
      if (whole) u_dut.g_unit.u_unit.u_control.t_o = 32'hFFFFFFFD;
      else u_dut.g_unit.u_unit.u_control.samples_o = 32'hFFFFFFFF / Replicas - 2;
      n = Pbits;
      running = 1;
      repeat (4) begin
        to_unit = FrameAfter;
        one_sweep(0);
        sampled = states;
        to_unit = !FrameAfter;
        if (FrameAfter == 0) one_sweep(1);
      end
      to_unit = 0;
      running = 0;
      while (busy) tick;
      read(`PBIT_REG_STAT_STATUS);
      if (!value[2]) fail("FULL is not set", whole, 0);
      swap = 1;
      tick;
      swap = 0;
      read(`PBIT_REG_STAT_SAMPLES);
      if (value !== (whole ? 2 : 32'hFFFFFFFF / Replicas)) fail("full samples", value, whole);
    end
  endtask

  integer k, host_done;
  initial begin
    seed = Seed;
    for (k = 0; k < Replicas; k = k + 1) energies[k] = 0;
    for (k = 0; k < Series; k = k + 1) old[k] = 0;
    repeat (3) tick;
    rst_n = 1;
    tick;
    set_up;
    if (Start != 0) begin_late;
    for (k = 0; k < Runs; k = k + 1) begin
      configure;
      host_done = 0;
      fork
        begin
          run(1 + {$random(seed)} % 40);
          while (busy) tick;
          host_done = 1;
        end
        begin
          idle(20);
          #1 write(`PBIT_REG_STAT_EVERY, 7, running || busy);  // refused but when the run has ended
          while (!host_done) begin
            repeat ({$random} % 400) tick;
            if (!host_done) swap_banks;
          end
        end
      join
      if ({$random(seed)} % 2) swap_banks;
      if (k % 3 == 0) begin  // as if nothing had been
        read(`PBIT_REG_STAT_SELECT);
      end
    end
    swap_banks;
    if (expected_first != Start + h) fail("samples lost", expected_first, Start + h);
    if (frames != stream_frames) fail("frames on the stream", frames, stream_frames);
    read(`PBIT_REG_STAT_STATUS);
    if (value[1] !== (clips != 0) || value[2]) fail("flags", value, clips);
    fill_up(0);
    fill_up(1);
    if (Fault != 0 && failures == 0) $display("FAIL: fault %0d is not noticed", Fault);
    else if (Fault != 0) $display("PASS: fault %0d is noticed, %0d times", Fault, failures);
    else if (failures == 0)
      $display("PASS: %0d samples in %0d banks, %0d words, %0d clipped, %0d frames", h, banks,
               checks, clips, frames);
    $finish;
  end
endmodule
`default_nettype wire

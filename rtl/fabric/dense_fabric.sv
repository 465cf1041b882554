`default_nettype none
// Dense fabric: a bipartite array of Visible x Hidden p-bits in Lanes*Contexts replicas on one
// weight memory.
//
//   sequencer op -> [weight, state, clamp memories] -> stage 0 -> sign extension -> stage 1
//                                                   -> lanes (stages 2..5) -> states, events
//
// One weight row per clock serves all lanes. en_i low freezes the whole array (sample stream
// stalls). Reset clears the pipeline's valid bits; memories are undefined until the host has
// written them. Behaviour: docs/device.md. Tested in lock-step against the C twin.
`include "pbit_assert.svh"
module dense_fabric #(
    parameter int Visible       = 6,
    parameter int Hidden        = 6,
    parameter int Lanes         = 1,
    parameter int Contexts      = 1,
    parameter int WeightBits    = 12,
    parameter int FieldBits     = 32,
    parameter int BetaBits      = 16,
    parameter int IndexShift    = 11,
    parameter int TableLog2     = 10,
    parameter int ThresholdBits = 24,
    parameter int Rounding      = 1,
    parameter int Generator     = 0,
    parameter int LfsrSteps     = 1,
    parameter int IndexBits     = 4,
    parameter int ContextBits   = 1,
    parameter int StateBits     = 3,
    parameter int LaneBits      = 5,
    parameter int CountBits     = 6,
    parameter int Trace         = 0
) (
    input  wire                    clk_i,
    input  wire                    rst_ni,
    input  wire                    en_i,
    input  wire                    busy_i,
    input  wire                    hidden_last_i,   // the sweep ends with half-sweep A
    input  wire                    coupled_i,
    input  wire  [Lanes*BetaBits-1:0] beta_i,     // of each lane; holds during a sweep
    // operation from the sequencer
    input  wire                    acc_i,
    input  wire                    acc_init_i,
    input  wire                    hid_i,
    input  wire                    vis_i,
    input  wire                    tail_i,
    input  wire                    update_i,
    input  wire                    emit_i,
    input  wire                    emit_last_i,
    input  wire  [  IndexBits-1:0] index_i,
    input  wire  [  StateBits-1:0] state_address_i,
    input  wire                    next_i,
    input  wire                    load_i,
    input  wire  [ContextBits-1:0] context_i,
    input  wire  [ContextBits-1:0] load_context_i,
    // old states on their way to the sample stream (stage 1)
    output logic                   emit_o,
    output logic                   emit_last_o,
    output logic [      Lanes-1:0] emit_data_o,
    // events of this clock (stage 5)
    output logic [  CountBits-1:0] flip_count_o,
    output logic                   flip_hidden_o,   // all of a hidden p-bit, or of a visible one
    output logic [  CountBits-1:0] sat_count_o,
    output logic [  CountBits-1:0] freeze_count_o,
    // probe
    input  wire  [  IndexBits-1:0] probe_pbit_i,
    input  wire  [   LaneBits-1:0] probe_lane_i,
    input  wire  [ContextBits-1:0] probe_context_i,
    output logic [           31:0] probe_field_o,
    output logic [           31:0] probe_random_o,
    output logic [           31:0] probe_entry_o,
    output logic [            2:0] probe_state_o,
    // trace: of cell trace_lane_i, as trace_port wants it; 0 without the port
    output logic                   trace_valid_o,   // updates are in the stage of the decision
    input  wire  [            4:0] trace_lane_i,
    output logic [          117:0] trace_o,
    // energy read-out
    input  wire  [   LaneBits-1:0] energy_lane_i,
    input  wire  [ContextBits-1:0] energy_context_i,
    output logic [           47:0] energy_o,
    // host image port while idle; row is also the context of a state write
    input  wire                    weight_push_i,
    input  wire                    weight_commit_i,
    input  wire                    table_we_i,
    input  wire                    clamp_we_i,
    input  wire                    state_we_i,
    input  wire                    rng_we_i,
    input  wire  [           15:0] host_row_i,
    input  wire  [           15:0] host_col_i,
    input  wire  [           31:0] host_data_i,
    // image check
    input  wire                    check_busy_i,
    input  wire                    check_read_row_i,
    input  wire  [  IndexBits-1:0] check_index_i,
    input  wire                    check_load_row_i,
    input  wire                    check_shift_row_i,
    output logic [           31:0] check_row_word_o,
    input  wire                    check_read_table_i,
    input  wire  [  TableLog2-1:0] check_table_address_i,
    input  wire  [   LaneBits-1:0] check_lane_i,
    output logic [           31:0] check_table_word_o,
    input  wire                    check_read_clamp_i,
    output logic                   check_clamp_o
);
  localparam int Words = Hidden + 1;        // derived
  localparam int States = Visible * Contexts;  // derived
  localparam int StateMemBits = States > 1 ? $clog2(States) : 1;  // derived
  localparam int PbitBits = $clog2(Visible + Hidden);  // derived

  logic run;
  assign run = en_i && busy_i;

  // ---- memories: output is stage 0 ----
  logic [Words*WeightBits-1:0] row_q;
  logic [WeightBits-1:0] low_word;
  weight_memory #(
      .Rows(Visible + 1), .Words(Words), .WeightBits(WeightBits), .IndexBits(IndexBits)
  ) u_weights (
      .clk_i(clk_i),
      .read_i(check_busy_i ? check_read_row_i : (run && (acc_i || hid_i || vis_i))),
      .read_row_i(check_busy_i ? check_index_i : index_i), .row_o(row_q),
      .push_i(weight_push_i), .push_data_i(host_data_i[WeightBits-1:0]),
      .commit_i(weight_commit_i), .commit_row_i(IndexBits'(host_row_i)),
      .load_i(check_load_row_i), .shift_i(check_shift_row_i), .low_word_o(low_word)
  );
  assign check_row_word_o = {{(32 - WeightBits) {low_word[WeightBits-1]}}, low_word};

  logic [Lanes-1:0] state_mem[States];
  logic clamp_mem[Visible + Hidden];
  logic [Lanes-1:0] state0_q, state1_q;
  logic clamp0_q, clamp1_q;
  logic [IndexBits-1:0] clamp_address;
  logic vis_we, host_vis_we;
  logic [StateBits-1:0] vis_waddr;
  logic [Lanes-1:0] vis_wdata, new5;

  always_comb begin
    host_vis_we   = state_we_i && 32'(host_col_i) < Visible;
    clamp_address = check_busy_i ? check_index_i
                  : (hid_i ? index_i + IndexBits'(Visible) : index_i);
  end

  always_ff @(posedge clk_i) begin
    if (run) state0_q <= state_mem[StateMemBits'(state_address_i)];
    if (run || check_read_clamp_i) clamp0_q <= clamp_mem[PbitBits'(clamp_address)];
    if (vis_we) state_mem[StateMemBits'(vis_waddr)] <= vis_wdata;
    if (clamp_we_i) clamp_mem[PbitBits'(host_col_i)] <= host_data_i[0];
  end
  assign check_clamp_o = clamp0_q;

  // ---- pipeline control ----
  logic acc0_q, init0_q, hid0_q, vis0_q, tail0_q, update0_q, emit0_q, last0_q;
  logic acc1_q, init1_q, hid1_q, vis1_q, tail1_q, update1_q, emit1_q, last1_q;
  logic draw2_q, draw3_q, draw4_q, draw5_q, hid2_q, hid3_q, hid4_q, hid5_q;
  logic tail2_q, tail3_q, tail4_q, tail5_q, clamp2_q, clamp3_q, clamp4_q, clamp5_q;
  logic [IndexBits-1:0] index0_q, index1_q, index2_q, index3_q, index4_q, index5_q;
  logic [StateBits-1:0] addr0_q, addr1_q, addr2_q, addr3_q, addr4_q, addr5_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      {acc0_q, init0_q, hid0_q, vis0_q, tail0_q, update0_q, emit0_q, last0_q} <= '0;
      {acc1_q, init1_q, hid1_q, vis1_q, tail1_q, update1_q, emit1_q, last1_q} <= '0;
      {draw2_q, draw3_q, draw4_q, draw5_q} <= '0;
      {tail2_q, tail3_q, tail4_q, tail5_q} <= '0;
    end else if (en_i) begin
      acc0_q    <= acc_i;
      init0_q   <= acc_init_i;
      hid0_q    <= hid_i;
      vis0_q    <= vis_i;
      tail0_q   <= tail_i && update_i;
      update0_q <= update_i;
      emit0_q   <= emit_i;
      last0_q   <= emit_last_i;
      acc1_q    <= acc0_q;
      init1_q   <= init0_q;
      hid1_q    <= hid0_q;
      vis1_q    <= vis0_q;
      tail1_q   <= tail0_q;
      update1_q <= update0_q;
      emit1_q   <= emit0_q;
      last1_q   <= last0_q;
      draw2_q   <= update1_q && (hid1_q || vis1_q) && !tail1_q;
      draw3_q   <= draw2_q;
      draw4_q   <= draw3_q;
      draw5_q   <= draw4_q;
      tail2_q   <= tail1_q;
      tail3_q   <= tail2_q;
      tail4_q   <= tail3_q;
      tail5_q   <= tail4_q;
    end
  end

  always_ff @(posedge clk_i) begin
    if (en_i) begin
      index0_q <= index_i;
      index1_q <= index0_q;
      index2_q <= index1_q;
      index3_q <= index2_q;
      index4_q <= index3_q;
      index5_q <= index4_q;
      addr0_q  <= state_address_i;
      addr1_q  <= addr0_q;
      addr2_q  <= addr1_q;
      addr3_q  <= addr2_q;
      addr4_q  <= addr3_q;
      addr5_q  <= addr4_q;
      hid2_q   <= hid1_q;
      hid3_q   <= hid2_q;
      hid4_q   <= hid3_q;
      hid5_q   <= hid4_q;
      state1_q <= state0_q;
      clamp1_q <= clamp0_q;
      clamp2_q <= clamp1_q;
      clamp3_q <= clamp2_q;
      clamp4_q <= clamp3_q;
      clamp5_q <= clamp4_q;
    end
  end

  always_comb begin
    vis_we    = host_vis_we || (en_i && draw5_q && !hid5_q);
    vis_waddr = host_vis_we ? StateBits'(32'(host_row_i) * Visible + 32'(host_col_i)) : addr5_q;
    vis_wdata = host_vis_we ? host_data_i[Lanes-1:0] : new5;
  end

  // ---- stage 1: weights sign-extended once for all lanes ----
  logic [Words*FieldBits-1:0] row1_q;
  always_ff @(posedge clk_i) begin
    if (en_i && (acc0_q || hid0_q || vis0_q)) begin
      for (int j = 0; j < Words; j++) begin
        row1_q[j*FieldBits+:FieldBits] <= {
          {(FieldBits - WeightBits) {row_q[j*WeightBits+WeightBits-1]}},
          row_q[j*WeightBits+:WeightBits]
        };
      end
    end
  end

  // ---- lanes ----
  logic [Lanes-1:0] hid_state, old5, flips, sats, freezes;
  logic [Lanes*2-1:0] raws5;
  logic [Lanes*FieldBits-1:0] field5;
  logic [Lanes*32-1:0] random5, word5;
  logic [Lanes*ThresholdBits-1:0] entry5;
  logic [Lanes*48-1:0] energy;
  logic host_hid_we;
  assign host_hid_we = state_we_i && 32'(host_col_i) >= Visible;

  for (genvar l = 0; l < Lanes; l++) begin : g_lane
    if (l % 2 == 1) begin : g_odd  // the upper lane of a pair of twins
      assign word5[l*32+:32] = coupled_i ? random5[(l-1)*32+:32] : random5[l*32+:32];
    end else begin : g_even
      assign word5[l*32+:32] = random5[l*32+:32];
    end
    dense_lane #(
        .Hidden(Hidden), .Contexts(Contexts), .FieldBits(FieldBits), .BetaBits(BetaBits),
        .IndexShift(IndexShift), .TableLog2(TableLog2), .ThresholdBits(ThresholdBits),
        .Rounding(Rounding), .Generator(Generator), .LfsrSteps(LfsrSteps), .IndexBits(IndexBits),
        .ContextBits(ContextBits)
    ) u_lane (
        .clk_i(clk_i), .en_i(en_i), .beta_i(beta_i[l*BetaBits+:BetaBits]), .hidden_last_i(hidden_last_i),
        .acc_i(acc1_q), .acc_init_i(init1_q), .hid_i(hid1_q), .vis_i(vis1_q),
        .index_i(host_hid_we ? IndexBits'(32'(host_col_i) - Visible) : index1_q),
        .vis_state_i(state1_q[l]), .row_i(row1_q), .hid_state_o(hid_state[l]),
        .draw5_i(draw5_q), .hid5_i(hid5_q), .tail5_i(tail5_q), .first5_i(index5_q == '0),
        .clamp5_i(clamp5_q), .index5_i(index5_q), .new5_o(new5[l]), .flip5_o(flips[l]),
        .sat5_o(sats[l]), .freeze5_o(freezes[l]), .old5_o(old5[l]),
        .raw5_o(raws5[l*2+:2]),
        .field5_o(field5[l*FieldBits+:FieldBits]), .random5_o(random5[l*32+:32]),
        .word5_i(word5[l*32+:32]),
        .entry5_o(entry5[l*ThresholdBits+:ThresholdBits]),
        .next_i(next_i), .load_i(load_i),
        .context_i(state_we_i ? ContextBits'(host_row_i) : context_i),
        .load_context_i(load_context_i), .keep_energy_i(update_i),
        .energy_context_i(energy_context_i), .energy_o(energy[l*48+:48]),
        .host_hid_we_i(host_hid_we),
        .host_first_i(32'(host_col_i) == Visible),
        .host_commit_i(state_we_i && 32'(host_col_i) == Visible + Hidden - 1),
        .host_bit_i(host_data_i[l]), .table_we_i(table_we_i),
        .table_addr_i(check_busy_i ? check_table_address_i : TableLog2'(host_col_i)),
        .table_data_i(host_data_i[ThresholdBits-1:0]), .check_i(check_read_table_i),
        .rng_load_i(rng_we_i && 32'(host_col_i[15:2]) == l), .rng_word_i(host_col_i[1:0]),
        .rng_data_i(host_data_i)
    );
  end

  function automatic [CountBits-1:0] ones(input [Lanes-1:0] bits);
    ones = '0;
    for (int l = 0; l < Lanes; l++) ones = ones + CountBits'(bits[l]);
  endfunction

  always_comb begin
    flip_count_o       = flips != '0 ? ones(flips) : '0;
    sat_count_o        = sats != '0 ? ones(sats) : '0;
    freeze_count_o     = freezes != '0 ? ones(freezes) : '0;
    flip_hidden_o      = hid5_q;
    emit_o             = emit1_q;
    emit_last_o        = last1_q;
    emit_data_o        = hid1_q ? hid_state : state1_q;
    check_table_word_o = 32'(entry5[32'(check_lane_i)*ThresholdBits+:ThresholdBits]);
    energy_o           = energy[32'(energy_lane_i)*48+:48];
  end

  // ---- probe: the last update of one chosen p-bit ----
  logic probe_hit;
  always_comb begin
    probe_hit = en_i && draw5_q && context_i == probe_context_i &&
                probe_pbit_i == (hid5_q ? index5_q + IndexBits'(Visible) : index5_q);
  end
  always_ff @(posedge clk_i) begin
    if (probe_hit) begin
      probe_field_o  <= {{(32 - FieldBits) {field5[32'(probe_lane_i)*FieldBits+FieldBits-1]}},
                         field5[32'(probe_lane_i)*FieldBits+:FieldBits]};
      probe_random_o <= word5[32'(probe_lane_i)*32+:32];
      probe_entry_o  <= 32'(entry5[32'(probe_lane_i)*ThresholdBits+:ThresholdBits]);
      probe_state_o  <= {clamp5_q, old5[probe_lane_i], new5[probe_lane_i]};
    end
  end

  // ---- trace ----
  if (Trace != 0) begin : g_trace
    logic [31:0] lane;
    assign lane          = 32'(trace_lane_i);
    assign trace_valid_o = draw5_q;
    assign trace_o = {1'b1, raws5[lane*2+:2], clamp5_q, old5[LaneBits'(lane)],
                      new5[LaneBits'(lane)],
                      hid5_q ? 16'(index5_q) + 16'(Visible) : 16'(index5_q),
                      32'(entry5[lane*ThresholdBits+:ThresholdBits]), word5[lane*32+:32],
                      32'($signed(field5[lane*FieldBits+:FieldBits]))};
  end else begin : g_no_trace
    assign {trace_valid_o, trace_o} = '0;
  end

  `PBIT_ASSERT(one_operation_A, clk_i, rst_ni, !(hid1_q && vis1_q))
endmodule
`default_nettype wire

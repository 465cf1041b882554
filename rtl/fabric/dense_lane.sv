`default_nettype none
// One lane of the dense fabric: local fields and states of one replica at a time.
//
//  row --^-> accumulators (H) --[index]--+
//   |                                     +--> field --> pbit_cell --> state write, flips, energy
//   +--^-> masked adder tree (H) --------+
//
// Accumulate (ACC): acc_j += w_ij v_i for all j, one visible p-bit per clock. Update hidden (HID):
// the field of hidden j is acc_j. Update visible (VIS): the field of visible i is the tree over h.
// A term is w ^ m with m = -1 for a p-bit at -1; the number of such p-bits corrects -w = ~w + 1.
// Stages: 1 extended row and op registered outside, 2 partial sums, 3 field, 4 table index, 5
// decision. One update per clock; hidden states and energy are kept per context. No reset: all
// memories are written by the host, all pipeline content is qualified outside. Behaviour:
// docs/device.md.
module dense_lane #(
    parameter int Hidden        = 6,
    parameter int Contexts      = 1,
    parameter int FieldBits     = 32,
    parameter int BetaBits      = 16,
    parameter int IndexShift    = 11,
    parameter int TableLog2     = 10,
    parameter int ThresholdBits = 24,
    parameter int Rounding      = 1,
    parameter int Generator     = 0,
    parameter int LfsrSteps     = 1,
    parameter int IndexBits     = 11,  // p-bit index and row width
    parameter int ContextBits   = 1
) (
    input  wire                            clk_i,
    input  wire                            en_i,            // the array advances
    input  wire  [           BetaBits-1:0] beta_i,
    input  wire                            hidden_last_i,   // energy: last block is hidden
    // stage 1: the operation and the weight row, sign-extended; column Hidden is the visible bias
    input  wire                            acc_i,           // accumulate row
    input  wire                            acc_init_i,      // accumulators := row (hidden biases)
    input  wire                            hid_i,           // update hidden index_i
    input  wire                            vis_i,           // update visible (or bias row)
    input  wire  [          IndexBits-1:0] index_i,
    input  wire                            vis_state_i,     // state of visible index_i
    input  wire  [(Hidden+1)*FieldBits-1:0] row_i,
    output logic                           hid_state_o,     // present state of hidden index_i
    // stage 5 control
    input  wire                            draw5_i,         // an update ends
    input  wire                            hid5_i,          // of a hidden p-bit
    input  wire                            tail5_i,         // the bias row: energy only
    input  wire                            first5_i,        // first of its half-sweep
    input  wire                            clamp5_i,
    input  wire  [          IndexBits-1:0] index5_i,
    output logic                           new5_o,          // new state (clamp applied)
    output logic                           flip5_o,
    output logic                           sat5_o,
    output logic                           freeze5_o,
    output logic                           old5_o,
    output logic [                    1:0] raw5_o,          // freeze, saturated, of clamped ones too
    output logic [          FieldBits-1:0] field5_o,
    output logic [                   31:0] random5_o,       // of its own generator
    input  wire  [                   31:0] word5_i,         // decides; random5_o unless coupled
    output logic [      ThresholdBits-1:0] entry5_o,
    // contexts: next_i stores context_i's hidden states and energy and loads load_context_i's
    input  wire                            next_i,
    input  wire                            load_i,
    input  wire  [        ContextBits-1:0] context_i,
    input  wire  [        ContextBits-1:0] load_context_i,
    input  wire                            keep_energy_i,
    input  wire  [        ContextBits-1:0] energy_context_i,
    output logic [                   47:0] energy_o,
    // host access while idle
    input  wire                            host_hid_we_i,   // hidden state bit index_i
    input  wire                            host_first_i,    // index_i is 0
    input  wire                            host_commit_i,   // and commit to context_i
    input  wire                            host_bit_i,
    input  wire                            table_we_i,
    input  wire  [          TableLog2-1:0] table_addr_i,
    input  wire  [      ThresholdBits-1:0] table_data_i,
    input  wire                            check_i,
    input  wire                            rng_load_i,
    input  wire  [                    1:0] rng_word_i,
    input  wire  [                   31:0] rng_data_i
);
  localparam int Group = 16;                               // adders in one partial sum; derived
  localparam int Groups = (Hidden + Group - 1) / Group;    // derived
  localparam int HidIndexBits = Hidden > 1 ? $clog2(Hidden) : 1;  // derived

  logic [Hidden*FieldBits-1:0] acc_q;
  logic [Groups*FieldBits-1:0] part_q;
  logic [FieldBits-1:0] extra_q, field3_q, field4_q, field5_q, bias2_q, bias3_q, bias4_q, bias5_q;
  logic [IndexBits-1:0] vis_minus_q, hid_minus_q, minus2_q, host_minus;
  logic old2_q, old3_q, old4_q, old5_q;
  logic [Hidden-1:0] hid_q;
  logic [Hidden-1:0] hid_mem[Contexts];
  logic [IndexBits-1:0] minus_mem[Contexts];  // hid_minus_q of the context
  logic [47:0] energy_mem[Contexts];
  logic [47:0] sum_field_q, sum_bias_q;

  // Partial sum g of the weight row over the hidden states.
  function automatic [FieldBits-1:0] partial_sum(input [31:0] g);
    partial_sum = '0;
    for (int k = 0; k < Group; k++) begin
      if (g * Group + k < Hidden) begin
        partial_sum = partial_sum + (row_i[(g*Group+k)*FieldBits+:FieldBits] ^
                                     {FieldBits{~hid_q[g*Group+k]}});
      end
    end
  endfunction

  function automatic [FieldBits-1:0] total(input [FieldBits-1:0] start);
    total = start;
    for (int g = 0; g < Groups; g++) total = total + part_q[g*FieldBits+:FieldBits];
  endfunction

  function automatic [47:0] wide(input [FieldBits-1:0] x);
    wide = {{(48 - FieldBits) {x[FieldBits-1]}}, x};
  endfunction

  assign hid_state_o = hid_q[HidIndexBits'(index_i)];

  // Stages 1 to 3: fields.
  always_ff @(posedge clk_i) begin
    if (en_i) begin
      if (acc_i) begin
        if (acc_init_i) begin
          acc_q       <= row_i[Hidden*FieldBits-1:0];
          vis_minus_q <= '0;
        end else begin
          for (int j = 0; j < Hidden; j++) begin
            acc_q[j*FieldBits+:FieldBits] <= acc_q[j*FieldBits+:FieldBits] +
                (row_i[j*FieldBits+:FieldBits] ^ {FieldBits{~vis_state_i}});
          end
          vis_minus_q <= vis_minus_q + IndexBits'(!vis_state_i);
        end
      end
      if (vis_i) begin
        for (int g = 0; g < Groups; g++) part_q[g*FieldBits+:FieldBits] <= partial_sum(g);
      end
      if (hid_i || vis_i) begin
        extra_q  <= hid_i ? acc_q[HidIndexBits'(index_i)*FieldBits+:FieldBits]
                          : row_i[Hidden*FieldBits+:FieldBits];
        bias2_q  <= row_i[Hidden*FieldBits+:FieldBits];
        minus2_q <= hid_i ? vis_minus_q : hid_minus_q;
        old2_q   <= hid_i ? hid_state_o : vis_state_i;
      end
      if (hid_i) part_q <= '0;
      field3_q <= total(extra_q + FieldBits'(minus2_q));
      bias3_q  <= bias2_q;
      old3_q   <= old2_q;
      field4_q <= field3_q;
      bias4_q  <= bias3_q;
      old4_q   <= old3_q;
      field5_q <= field4_q;
      bias5_q  <= bias4_q;
      old5_q   <= old4_q;
    end
  end

  logic outcome5;
  logic sat5, freeze5;
  pbit_cell #(
      .FieldBits(FieldBits), .BetaBits(BetaBits), .IndexShift(IndexShift), .TableLog2(TableLog2),
      .ThresholdBits(ThresholdBits), .Rounding(Rounding), .Generator(Generator),
      .LfsrSteps(LfsrSteps)
  ) u_cell (
      .clk_i(clk_i), .en_i(en_i), .table_we_i(table_we_i), .table_addr_i(table_addr_i),
      .table_data_i(table_data_i), .check_i(check_i), .rng_load_i(rng_load_i),
      .rng_word_i(rng_word_i), .rng_data_i(rng_data_i), .beta_i(beta_i), .field_i(field3_q),
      .draw_i(draw5_i), .word_i(word5_i), .entry_o(entry5_o), .random_o(random5_o), .sat_o(sat5),
      .freeze_o(freeze5), .new_o(outcome5)
  );

  always_comb begin
    new5_o    = clamp5_i ? old5_q : outcome5;
    old5_o    = old5_q;
    raw5_o    = {freeze5, sat5};
    field5_o  = field5_q;
    flip5_o   = draw5_i && (new5_o != old5_q);
    sat5_o    = draw5_i && !clamp5_i && sat5;
    freeze5_o = draw5_i && !clamp5_i && freeze5;
  end

  // Hidden states, how many of them are -1, and energy sums.
  assign host_minus = (host_first_i ? '0 : hid_minus_q) + IndexBits'(!host_bit_i);
  always_ff @(posedge clk_i) begin
    if (load_i) begin
      // with one context NEXT stores and loads the same word: what is here is the newest
      if (!next_i || load_context_i != context_i) begin
        hid_q       <= hid_mem[load_context_i];
        hid_minus_q <= minus_mem[load_context_i];
      end
    end else if (host_hid_we_i) begin
      hid_q[HidIndexBits'(index_i)] <= host_bit_i;
      hid_minus_q <= host_minus;
    end else if (en_i && draw5_i && hid5_i) begin
      hid_q[HidIndexBits'(index5_i)] <= new5_o;
      hid_minus_q <= (first5_i ? '0 : hid_minus_q) + IndexBits'(!new5_o);
    end
    if (en_i && (draw5_i || tail5_i)) begin
      sum_field_q <= (first5_i ? '0 : sum_field_q) +
                     ((tail5_i || new5_o) ? wide(field5_q) : -wide(field5_q));
      if (!hid5_i && draw5_i) begin
        sum_bias_q <= (first5_i ? '0 : sum_bias_q) +
                      (new5_o ? wide(bias5_q) : -wide(bias5_q));
      end
    end
  end

  // Per-context memories.
  always_ff @(posedge clk_i) begin
    if (host_commit_i) begin
      hid_mem[context_i]   <= hid_commit;
      minus_mem[context_i] <= host_minus;
    end else if (next_i) begin
      hid_mem[context_i]   <= hid_q;
      minus_mem[context_i] <= hid_minus_q;
    end
    if (next_i && keep_energy_i) begin
      energy_mem[context_i] <= -(sum_field_q + (hidden_last_i ? sum_bias_q : '0));
    end
  end

  logic [Hidden-1:0] hid_commit;  // the last hidden bit arrives together with the commit
  always_comb begin
    hid_commit = hid_q;
    hid_commit[Hidden-1] = host_bit_i;
  end

  assign energy_o = energy_mem[energy_context_i];
endmodule
`default_nettype wire

`default_nettype none
// Sums of the five series of each replica: S, and at 16 sizes of batches the sum of squares A and of
// products with the batch before, C.
//
//   level 0: values --+--> v ---+--> v v --------> A \
//   above: u of below +         +--> v V[b] -----> C  > bank_sums
//                               +--> V[b]; u = v + V[b]
//
// start_i begins the sample t_i of a context: level b takes two clocks a series, 10 Lanes clocks in
// all, and is followed by level b + 1 where bit b of t_i is 1. One multiplier of 40 x 40 bits,
// signed. The values are read during level 0 and free with taken_o. busy_o until the last sum has
// been written. V goes on when the banks change places. Reset: idle; memories are undefined.
// Behaviour: docs/device-options.md.
module batch_series #(
    parameter int Lanes       = 1,
    parameter int Contexts    = 1,
    parameter int ContextBits = 1,
    parameter int LaneBits    = 1
) (
    input  wire                    clk_i,
    input  wire                    rst_ni,
    input  wire                    bank_i,
    // sample; these hold until busy_o falls
    input  wire                    start_i,
    input  wire  [ContextBits-1:0] context_i,
    input  wire  [           31:0] t_i,
    input  wire                    fresh_i,         // first sample of the bank
    input  wire  [           15:0] levels_seen_i,   // levels that have counted in the bank
    output logic                   busy_o,
    output logic                   read_o,          // value_i is read
    output logic                   taken_o,         // all have been
    output logic [   LaneBits-1:0] lane_o,
    output logic [            2:0] series_o,        // 0 energy, 1..4 projections
    input  wire  [           23:0] value_i,         // of lane_o and series_o
    // host
    input  wire                    host_read_i,
    input  wire                    host_bank_i,
    input  wire  [           19:0] read_address_i,  // as STAT_ADDRESS
    input  wire  [            1:0] word_i,          // of the row read last
    output logic [           31:0] product_word_o,  // of A and C
    output logic [           31:0] sum_word_o       // of S, word_i[0]
);
  // derived, do not override
  localparam int Series = 5 * Lanes * Contexts;
  localparam int SeriesBits = $clog2(Series);
  localparam int LocalBits = $clog2(5 * Lanes);
  localparam int ValueBits = 40;  // sums of 2^15 values of 24 bits

  logic [ValueBits-1:0] former_mem[Series*16];  // V
  logic [ValueBits-1:0] carry_mem[5*Lanes];     // u, towards the next level
  logic [ValueBits-1:0] former_q, carry_q, value_q, v, factor;
  logic [2*ValueBits-1:0] product_q;
  logic [SeriesBits-1:0] base_q, index, index1_q;
  logic [LocalBits-1:0] local_q, local1_q;
  logic [LaneBits-1:0] lane_q;
  logic [2:0] series_q;
  logic [3:0] level_q, level1_q;
  logic [31:0] blocks;
  logic active_q, second_q, valid1_q, second1_q, valid2_q, fresh2_q, last, level0_q;
  logic [127:0] host_products;
  logic [63:0] host_sums;

  assign blocks   = t_i >> level1_q;  // j
  assign index    = base_q + SeriesBits'(local_q);
  assign last     = 32'(local_q) == 5 * Lanes - 1;
  assign lane_o   = lane_q;
  assign series_o = series_q;
  assign read_o   = active_q && !second_q && level_q == '0;
  assign taken_o  = active_q && second_q && last && level_q == '0;
  assign busy_o   = active_q || valid1_q || valid2_q;

  // ---- stage 0: one series and level in two clocks ----
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      {active_q, second_q, valid1_q, second1_q, valid2_q} <= '0;
      {local_q, lane_q, series_q, level_q} <= '0;
    end else begin
      valid1_q  <= active_q;
      second1_q <= second_q;
      valid2_q  <= valid1_q;
      if (start_i) begin
        active_q <= 1'b1;
        {second_q, local_q, lane_q, series_q, level_q} <= '0;
      end else if (active_q) begin
        second_q <= !second_q;
        if (second_q) begin
          local_q  <= last ? '0 : local_q + 1'b1;
          series_q <= series_q == 3'd4 ? 3'd0 : series_q + 3'd1;
          if (series_q == 3'd4) lane_q <= last ? '0 : lane_q + 1'b1;
          if (last) begin
            level_q <= level_q + 4'd1;
            if (!t_i[{1'b0, level_q}] || level_q == '1) active_q <= 1'b0;
          end
        end
      end
    end
  end

  // ---- stage 1: v and V ----
  assign v      = level0_q ? value_q : carry_q;
  assign factor = !second1_q ? v : blocks != '0 ? former_q : '0;
  always_ff @(posedge clk_i) begin
    if (start_i) base_q <= SeriesBits'(32'(context_i) * 5 * Lanes);
    if (active_q && !second_q) begin
      former_q <= former_mem[{index, level_q}];
      carry_q  <= carry_mem[local_q];
      value_q  <= {{(ValueBits - 24) {value_i[23]}}, value_i};
      level0_q <= level_q == '0;
      index1_q <= index;
      level1_q <= level_q;
      local1_q <= local_q;
    end
    if (valid1_q && second1_q) begin
      former_mem[{index1_q, level1_q}] <= v;
      carry_mem[local1_q] <= v + former_q;
    end
    if (valid1_q) begin
      product_q <= (2 * ValueBits)'($signed(v)) * (2 * ValueBits)'($signed(factor));
      fresh2_q  <= !levels_seen_i[level1_q];
    end
  end

  // ---- stage 2: sums ----
  bank_sums #(
      .Depth(Series * 32), .Width(128), .StepBits(2 * ValueBits), .AddressBits(SeriesBits + 5)
  ) u_products (
      .clk_i(clk_i), .bank_i(bank_i), .read_i(valid1_q), .address_i({index1_q, level1_q, second1_q}),
      .add_i(valid2_q), .fresh_i(fresh2_q), .steps_i(product_q), .host_read_i(host_read_i),
      .host_bank_i(host_bank_i), .host_address_i((SeriesBits + 5)'(read_address_i >> 2)),
      .host_row_o(host_products)
  );
  bank_sums #(
      .Depth(Series), .Width(64), .StepBits(ValueBits), .AddressBits(SeriesBits)
  ) u_sums (
      .clk_i(clk_i), .bank_i(bank_i), .read_i(read_o),
      .address_i(index), .add_i(valid1_q && !second1_q && level0_q), .fresh_i(fresh_i),
      .steps_i(value_q), .host_read_i(host_read_i), .host_bank_i(host_bank_i),
      .host_address_i(SeriesBits'(read_address_i >> 1)), .host_row_o(host_sums)
  );
  assign product_word_o = host_products[32'(word_i)*32+:32];
  assign sum_word_o     = host_sums[32'(word_i[0])*32+:32];
endmodule
`default_nettype wire

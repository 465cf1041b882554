`default_nettype none
// The peer of `scripts/bench structural`: a 16 x 16 lattice of degree 12 with one instance for each
// p-bit (weights, table, generator, state), a whole colour per clock. It draws what the device draws
// in the same formats, without bus, clamps, counters, regulator and samples. +sweeps=N runs N sweeps.
module structural_pbit #(
    parameter int Number = 0
) (
    input  wire        clk_i,
    input  wire        en_i,
    input  wire [11:0] neighbours_i,
    output logic       state_o
);
  logic signed [11:0] weight[13];
  logic [23:0] table_mem[1024];
  logic [31:0] word;
  logic signed [15:0] field;
  logic [15:0] size;
  logic [31:0] steps;
  logic [23:0] entry;
  logic positive, load;
  logic [1:0] load_word;
  logic [31:0] load_data;

  initial begin
    for (int d = 0; d < 13; d++) weight[d] = 12'((32'(Number) * 13 + d) * 32'd40503 % 41) - 12'sd20;
    for (int k = 0; k < 1024; k++) table_mem[k] = 24'($rtoi(16777216.0 / (1.0 + $exp(k / 64.0)) + 0.5));
    state_o = Number[0];
    load    = 1'b1;
    load_word = '0;
  end
  // the first four clocks seed the generator
  always_ff @(posedge clk_i) begin
    if (load) load_word <= load_word + 1'b1;
    if (load_word == 2'd3) load <= 1'b0;
  end
  assign load_data = (32'(Number) * 4 + 32'(load_word) + 1) * 32'h9E3779B9;

  xoshiro128pp u_gen (
      .clk_i(clk_i), .load_i(load), .load_word_i(load_word), .load_data_i(load_data),
      .en_i(en_i), .word_o(word)
  );
  always_comb begin
    field = 16'(weight[12]);
    for (int d = 0; d < 12; d++) begin
      field = field + (neighbours_i[d] ? 16'(weight[d]) : -16'(weight[d]));
    end
    size     = field[15] ? -field : field;
    steps    = (32'(size) * 32'd4096 + 32'd1024) >> 11;  // beta 1 in UQ4.12
    entry    = table_mem[steps > 32'd1023 ? 10'd1023 : steps[9:0]];
    positive = !field[15] && field != '0;
  end
  always_ff @(posedge clk_i) begin
    if (en_i) state_o <= ((word[31:8] ^ {24{positive}}) < entry) ^ positive;
  end
endmodule

module structural_lattice;
  localparam int Side = 16;
  logic clk = 1'b0, run = 1'b0, odd = 1'b1;
  logic [Side*Side-1:0] states;
  int sweeps;

  // slots 4k + m of rules (0,1), (4,1), (9,10), as docs/device.md has them
  for (genvar y = 0; y < Side; y++) begin : g_row
    for (genvar x = 0; x < Side; x++) begin : g_site
      logic [11:0] neighbours;
      for (genvar d = 0; d < 12; d++) begin : g_slot
        localparam int A = d / 4 == 0 ? 0 : d / 4 == 1 ? 4 : 9;
        localparam int B = d / 4 == 2 ? 10 : 1;
        localparam int Dx = d % 4 == 0 ? A : d % 4 == 1 ? -B : d % 4 == 2 ? -A : B;
        localparam int Dy = d % 4 == 0 ? B : d % 4 == 1 ? A : d % 4 == 2 ? -B : -A;
        assign neighbours[d] = states[(y+Dy+Side)%Side*Side+(x+Dx+Side)%Side];
      end
      structural_pbit #(.Number(y * Side + x)) u_pbit (
          .clk_i(clk), .en_i(run && odd == ((x + y) % 2 == 1)), .neighbours_i(neighbours),
          .state_o(states[y*Side+x])
      );
    end
  end

  initial begin
    if (!$value$plusargs("sweeps=%d", sweeps)) sweeps = 1000;
    for (int n = 0; n < 8 + 2 * sweeps; n++) begin
      run = n >= 8;
      #1 clk = 1'b1;
      #1 clk = 1'b0;
      if (run) odd = !odd;
    end
    $display("%0d sweeps, %0d p-bits up", sweeps, $countones(states));
    $finish;
  end
endmodule
`default_nettype wire

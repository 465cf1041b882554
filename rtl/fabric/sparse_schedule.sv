`default_nettype none
// Schedule memory of the sparse fabric: a row is one group of at most P p-bits of one block.
//
//   row = LENGTH, FIRST LAST TAIL END | START | P entries {bias, valid, p-bit} (sparse_rows)
//
// Read latency one clock; a row is in memory two clocks after its last word. Undefined until the
// host has written it. Behaviour: docs/device.md, The sparse fabric.
module sparse_schedule #(
    parameter int Groups     = 4,
    parameter int Sites      = 1,   // P
    parameter int PbitBits   = 4,
    parameter int WeightBits = 12,
    parameter int Padded     = 0,
    parameter int EntryBits  = 17
) (
    input  wire                        clk_i,
    input  wire                        rst_ni,
    input  wire                        read_i,
    input  wire  [               15:0] read_group_i,
    output logic [               15:0] length_o,
    output logic [               16:0] start_o,
    output logic                       first_o,
    output logic                       last_o,
    output logic                       tail_o,
    output logic                       end_o,
    output logic [Sites*EntryBits-1:0] cells_o,
    input  wire                        push_i,       // host word
    input  wire  [                7:0] push_col_i,   // 0..2P+1
    input  wire  [               31:0] push_data_i,
    input  wire                        commit_i,
    input  wire  [               15:0] commit_group_i
);
  localparam int GroupBits = Groups > 1 ? $clog2(Groups) : 1;  // derived

  logic [36:0] mem[1 << GroupBits];  // {START, END, TAIL, LAST, FIRST, LENGTH}
  logic [36:0] buffer_q;
  logic commit_q;
  logic [GroupBits-1:0] commit_group_q;
  logic [6:0] entry;

  assign entry = 7'(push_col_i - 8'd2);
  sparse_rows #(
      .Rows(Groups), .Entries(Sites), .IndexBits(PbitBits), .WeightBits(WeightBits),
      .Padded(Padded), .EntryBits(EntryBits)
  ) u_cells (
      .clk_i(clk_i), .rst_ni(rst_ni), .read_i(read_i), .read_row_i(read_group_i),
      .row_o(cells_o), .push_i(push_i && push_col_i >= 8'd2), .push_entry_i(entry[6:1]),
      .push_weight_i(entry[0]), .push_data_i(push_data_i), .commit_i(commit_i),
      .commit_row_i(commit_group_i)
  );

  always_ff @(posedge clk_i) begin
    if (read_i) begin
      {start_o, end_o, tail_o, last_o, first_o, length_o} <= mem[GroupBits'(read_group_i)];
    end
    if (push_i && push_col_i == 8'd0) buffer_q[19:0] <= {push_data_i[31:28], push_data_i[15:0]};
    if (push_i && push_col_i == 8'd1) buffer_q[36:20] <= push_data_i[16:0];
    if (commit_q) mem[commit_group_q] <= buffer_q;
    commit_group_q <= GroupBits'(commit_group_i);
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) commit_q <= 1'b0;
    else commit_q <= commit_i;
  end
endmodule
`default_nettype wire

`default_nettype none
// Weight memory of the lattice fabric for Sites neighbouring cells, with the buffer through which
// the host writes and the image check reads a row.
//
// A row is kept in planes, one word of each site in a plane: w_0 .. w_(D-1), h, and the constant
// h - sum w that the field of a step starts from, summed up while the host writes. The host's order
// is site by site, so that each word shifts its plane by one site. Read latency one clock. Padded
// words (simulation) are sign-extended to 32 bits. Undefined until written.
module lattice_weights #(
    parameter int Sites        = 3,
    parameter int Stride       = 3,   // words of a plane, at least Sites
    parameter int RegisterBits = 225,  // of row_o, at least a row
    parameter int Degree       = 4,
    parameter int WeightBits   = 12,
    parameter int StoredBits   = 12,  // of a weight, WeightBits or 32
    parameter int ConstantBits = 15,  // of h - sum w
    parameter int RowBits      = 4
) (
    input  wire                               clk_i,
    input  wire                               read_i,
    input  wire  [               RowBits-1:0] read_row_i,
    output logic [          RegisterBits-1:0] row_o,
    input  wire                               push_i,       // host word
    input  wire  [                       4:0] slot_i,       // its plane
    input  wire  [            WeightBits-1:0] push_data_i,
    input  wire                               commit_i,     // after the last
    input  wire  [               RowBits-1:0] commit_row_i,
    input  wire                               load_i,       // buffer := row
    input  wire                               shift_i,      // drop one
    output logic [            WeightBits-1:0] low_word_o    // the next to drop
);
  // derived, do not override
  localparam int PlaneBits = Stride * StoredBits;
  localparam int UsedBits = Sites * StoredBits;
  localparam int UsedConstants = Sites * ConstantBits;
  localparam int Bits = (Degree + 1) * PlaneBits + Stride * ConstantBits;
  localparam int Last = Sites - 1;

  logic [RegisterBits-1:0] mem[1 << RowBits];  // no bound to check
  logic [Bits-1:0] buffer_q;
  logic [ConstantBits-1:0] sum_q, word, constant;
  logic [4:0] next_slot;

  always_comb begin
    word      = ConstantBits'($signed(push_data_i));
    constant  = word - sum_q;  // with the last word of a site, h
    next_slot = load_i || 32'(slot_i) == Degree ? '0 : slot_i + 1'b1;
  end

  always_ff @(posedge clk_i) begin
    if (read_i) row_o <= mem[read_row_i];
  end

  // The idle host writes, when nothing reads; nothing outside reads the buffer. Blocking writes
  // spare a simulation two copies of a row in every clock.
  always_ff @(posedge clk_i) begin
    if (commit_i) mem[commit_row_i] = RegisterBits'(buffer_q);
    if (push_i) sum_q <= slot_i == '0 ? word : sum_q + word;
    if (load_i) begin
      buffer_q = row_o[Bits-1:0];
    end else if (push_i || shift_i) begin
      for (int d = 0; d <= Degree; d++) begin
        if (32'(slot_i) == d) begin
          buffer_q[d*PlaneBits+:UsedBits] = (buffer_q[d*PlaneBits+:UsedBits] >> StoredBits) |
              (UsedBits'(StoredBits'(word)) << Last * StoredBits);
        end
      end
      if (32'(slot_i) == Degree) begin
        buffer_q[(Degree+1)*PlaneBits+:UsedConstants] =
            (buffer_q[(Degree+1)*PlaneBits+:UsedConstants] >> ConstantBits) |
            (UsedConstants'(constant) << Last * ConstantBits);
      end
    end
    if (load_i || shift_i) begin
      for (int d = 0; d <= Degree; d++) begin
        if (32'(next_slot) == d) low_word_o <= buffer_q[d*PlaneBits+:WeightBits];
      end
    end
  end
endmodule
`default_nettype wire

`default_nettype none
// Walks weight rows, tables and clamps through the read ports of the array and computes CRC-32
// (IEEE 802.3 reflected, as zlib) over 32-bit little-endian words (docs/device.md, Image hash).
//
// Weights: Words + 2 clocks a row (one to read, one to load, then a word per clock, shifted out of
// the row buffer). Tables and clamps: two clocks a word. Reset: idle, hash invalid.
module image_check #(
    parameter int Rows       = 7,
    parameter int Words      = 7,   // of a row
    parameter int Cells      = 1,   // with a table each
    parameter int Pbits      = 12,  // with a clamp each
    parameter int TableLog2  = 10,
    parameter int IndexBits  = 11,  // of row, word and p-bit
    parameter int CellBits   = 5
) (
    input  wire                   clk_i,
    input  wire                   rst_ni,
    input  wire                   start_i,
    input  wire                   invalidate_i,  // the image is being written
    output logic                  busy_o,
    output logic                  valid_o,
    output logic [          31:0] hash_o,
    // read requests; data arrives one clock later
    output logic                  read_row_o,
    output logic [ IndexBits-1:0] index_o,       // row or p-bit
    output logic                  load_row_o,    // row buffer := row read
    output logic                  shift_row_o,   // next word of the row buffer
    input  wire  [          31:0] row_word_i,    // lowest word of the row buffer, sign-extended
    output logic                  read_table_o,
    output logic [ TableLog2-1:0] table_address_o,
    output logic [  CellBits-1:0] cell_o,
    input  wire  [          31:0] table_word_i,
    output logic                  read_clamp_o,
    input  wire                   clamp_i
);
  localparam logic [2:0] Idle = 3'd0, RowRead = 3'd1, RowLoad = 3'd2, RowWord = 3'd3,
                         TableRead = 3'd4, TableWord = 3'd5, ClampRead = 3'd6, ClampWord = 3'd7;
  localparam int TableLast = (1 << TableLog2) - 1;  // derived

  logic [2:0] state_q;
  logic [IndexBits-1:0] row_q, col_q;
  logic [TableLog2-1:0] entry_q;
  logic [CellBits-1:0] cell_q;
  logic [31:0] word;
  logic take;

  crc32_word u_crc (
      .clk_i(clk_i), .rst_ni(rst_ni), .clear_i(state_q == Idle && start_i), .take_i(take),
      .word_i(word), .crc_o(hash_o)
  );

  always_comb begin
    busy_o          = state_q != Idle;
    read_row_o      = state_q == RowRead;
    load_row_o      = state_q == RowLoad;
    shift_row_o     = state_q == RowWord;
    read_table_o    = state_q == TableRead;
    read_clamp_o    = state_q == ClampRead;
    index_o         = row_q;
    table_address_o = entry_q;
    cell_o          = cell_q;
    take            = state_q == RowWord || state_q == TableWord || state_q == ClampWord;
    word            = state_q == RowWord ? row_word_i
                    : state_q == TableWord ? table_word_i : {31'd0, clamp_i};
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q <= Idle;
      row_q   <= '0;
      col_q   <= '0;
      entry_q <= '0;
      cell_q  <= '0;
      valid_o <= 1'b0;
    end else begin
      case (state_q)
        Idle: begin
          if (start_i) begin
            state_q <= RowRead;
            row_q   <= '0;
            col_q   <= '0;
            entry_q <= '0;
            cell_q  <= '0;
            valid_o <= 1'b0;
          end else if (invalidate_i) begin
            valid_o <= 1'b0;
          end
        end
        RowRead: state_q <= RowLoad;
        RowLoad: state_q <= RowWord;
        RowWord: begin
          col_q <= col_q + 1'b1;
          if (32'(col_q) == Words - 1) begin
            col_q   <= '0;
            row_q   <= 32'(row_q) == Rows - 1 ? '0 : row_q + 1'b1;
            state_q <= 32'(row_q) == Rows - 1 ? TableRead : RowRead;
          end
        end
        TableRead: state_q <= TableWord;
        TableWord: begin
          state_q <= TableRead;
          entry_q <= entry_q + 1'b1;
          if (32'(entry_q) == TableLast) begin
            cell_q <= cell_q + 1'b1;
            if (32'(cell_q) == Cells - 1) state_q <= ClampRead;
          end
        end
        ClampRead: state_q <= ClampWord;
        default: begin  // ClampWord
          row_q   <= row_q + 1'b1;
          state_q <= ClampRead;
          if (32'(row_q) == Pbits - 1) begin
            state_q <= Idle;
            valid_o <= 1'b1;
          end
        end
      endcase
    end
  end
endmodule
`default_nettype wire

`default_nettype none
// Image check of the sparse fabric: CRC-32 of what is used, and the proof that the schedule updates
// every p-bit once and no two neighbours at the same time (the colour guard).
//
//   clear -> groups 0 .. END (words; p-bits into the block memory) -> each group's edge rows
//            (neighbours against the block memory) -> tables -> clamps
//
// A clock per word and one or two per row; 2^PbitBits to clear, two for an entry of a table or a
// clamp. The first violation stops the guard, not the hash: guard_o = {index, code}, codes in
// docs/device.md, The sparse fabric. Reset: idle, nothing proved. unprove_i takes proof_o back.
`include "pbit_assert.svh"
module sparse_check #(
    parameter int EdgeRows  = 16,
    parameter int Groups    = 8,
    parameter int Sites     = 1,   // P
    parameter int PbitBits  = 4,
    parameter int Cells     = 1,   // with a table each
    parameter int TableLog2 = 10,
    parameter int CellBits  = 1
) (
    input  wire                  clk_i,
    input  wire                  rst_ni,
    input  wire                  start_i,
    input  wire                  invalidate_i,  // the image is being written
    input  wire                  unprove_i,     // edges, schedule or n are
    input  wire  [         16:0] pbits_i,       // n
    output logic                 busy_o,
    output logic                 valid_o,       // of the hash
    output logic                 proof_o,       // the guard has passed
    output logic [         15:0] last_group_o,  // END is in it
    output logic [         31:0] hash_o,
    output logic [         31:0] guard_o,
    // read requests; data arrives one clock later
    output logic                 read_group_o,
    output logic                 read_row_o,
    output logic [         15:0] row_o,
    output logic [          7:0] col_o,
    input  wire  [         31:0] group_word_i,  // of the group read last
    input  wire  [         31:0] edge_word_i,   // of the edge row read last
    input  wire  [         15:0] length_i,      // of the group read last
    input  wire  [         16:0] start_row_i,
    input  wire  [          3:0] flags_i,       // END TAIL LAST FIRST
    output logic                 read_table_o,
    output logic [TableLog2-1:0] table_address_o,
    output logic [ CellBits-1:0] cell_o,
    input  wire  [         31:0] table_word_i,
    output logic                 read_clamp_o,
    output logic [         15:0] pbit_o,
    input  wire                  clamp_i
);
  localparam logic [3:0] Idle = 4'd0, Clear = 4'd1, GroupRead = 4'd2, GroupWord = 4'd3,
                         Count = 4'd4, ListRead = 4'd5, ListRow = 4'd6, ListWord = 4'd7,
                         TableRead = 4'd8, TableWord = 4'd9, ClampRead = 4'd10,
                         ClampWord = 4'd11;
  // derived, do not override
  localparam int TableLast = (1 << TableLog2) - 1;
  localparam logic [16:0] PbitLast = 17'((1 << PbitBits) - 1);
  localparam logic [7:0] LastCol = 8'(2 * Sites + 1);

  logic [3:0] state_q;
  logic [15:0] group_q, offset_q, block_q, cell_pbit_q;
  logic [16:0] pbit_q;
  logic [7:0] col_q;
  logic [TableLog2-1:0] entry_q;
  logic [CellBits-1:0] cell_q;
  logic [31:0] word;
  logic [16:0] count_q;
  logic last_q, tail_q, cell_valid_q;  // of the group before; p-bit of the word before
  logic take, first, last, tail, ends, beyond, crooked, odd;

  assign odd  = col_q[0];
  assign take = state_q == GroupWord || state_q == ListWord || state_q == TableWord ||
                state_q == ClampWord;
  assign word = state_q == GroupWord ? group_word_i : state_q == ListWord ? edge_word_i
              : state_q == TableWord ? table_word_i : {31'd0, clamp_i};
  crc32_word u_crc (
      .clk_i(clk_i), .rst_ni(rst_ni), .clear_i(state_q == Idle && start_i), .take_i(take),
      .word_i(word), .crc_o(hash_o)
  );

  // ---- what is wrong with the present group, entry or p-bit ----
  always_comb begin
    {ends, tail, last, first} = flags_i;
    beyond  = 33'(start_row_i) + 33'(length_i) > 33'(EdgeRows) || length_i > 16'd1024;
    crooked = (group_q == '0 ? !first : first != last_q) || (ends && !(last && tail)) ||
              (group_q != '0 && (tail ? !tail_q && !first : tail_q));
  end

  // Block of each p-bit: {scheduled, block}. Read with a p-bit's or a neighbour's word, used in the
  // clock of the bias or weight behind it.
  logic [16:0] block_mem[1 << PbitBits];
  logic [16:0] block_word_q;
  logic [PbitBits-1:0] block_address;
  logic schedules, unknown;
  assign block_address = state_q == Clear ? pbit_q[PbitBits-1:0] : word[PbitBits-1:0];
  assign unknown       = 17'(word[15:0]) >= pbits_i;
  assign schedules     = state_q == GroupWord && odd && col_q != 8'd1 && cell_valid_q &&
                         guard_o == '0 && !block_word_q[16];
  always_ff @(posedge clk_i) begin
    if (take && !odd) block_word_q <= block_mem[block_address];
    if (state_q == Clear) block_mem[block_address] <= '0;
    else if (schedules) block_mem[cell_pbit_q[PbitBits-1:0]] <= {1'b1, block_q};
  end

  // ---- the first violation, as {index, code} ----
  logic [31:0] found;
  always_comb begin
    found = '0;
    case (state_q)
      GroupWord: begin
        if (col_q == 8'd1) found = beyond ? {group_q, 16'd2} : crooked ? {group_q, 16'd5} : '0;
        else if (!odd && col_q != 8'd0) found = word[31] && unknown ? {word[15:0], 16'd3} : '0;
        else if (odd) found = cell_valid_q && block_word_q[16] ? {cell_pbit_q, 16'd4} : '0;
      end
      Count: found = !ends ? 32'd1 : count_q < pbits_i ? {count_q[15:0], 16'd8} : '0;
      ListWord: begin
        if (!odd && word[31]) begin
          if (!group_word_i[31]) found = {16'hFFFF, 16'd7};
          else if (unknown) found = {group_word_i[15:0], 16'd6};
        end else if (odd && cell_valid_q && block_word_q[15:0] == block_q) begin
          found = {cell_pbit_q, 16'd7};
        end
      end
      default: ;
    endcase
  end

  always_comb begin
    busy_o          = state_q != Idle;
    read_group_o    = state_q == GroupRead || state_q == ListRead;
    read_row_o      = state_q == ListRow && !beyond && offset_q < length_i;
    row_o           = state_q == ListRow ? start_row_i[15:0] + offset_q : group_q;
    col_o           = col_q;
    read_table_o    = state_q == TableRead;
    read_clamp_o    = state_q == ClampRead && pbit_q < pbits_i;
    table_address_o = entry_q;
    cell_o          = cell_q;
    pbit_o          = pbit_q[15:0];
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q      <= Idle;
      group_q      <= '0;
      offset_q     <= '0;
      pbit_q       <= '0;
      block_q      <= '0;
      cell_pbit_q  <= '0;
      cell_valid_q <= 1'b0;
      col_q        <= '0;
      entry_q      <= '0;
      cell_q       <= '0;
      count_q      <= '0;
      last_q       <= 1'b0;
      tail_q       <= 1'b0;
      valid_o      <= 1'b0;
      proof_o      <= 1'b0;
      last_group_o <= '0;
      guard_o      <= '0;
    end else begin
      if (guard_o == '0) guard_o <= found;
      if (schedules) count_q <= count_q + 17'd1;
      if (take && !odd) begin
        cell_pbit_q  <= state_q == ListWord ? group_word_i[15:0] : word[15:0];
        cell_valid_q <= word[31];
      end
      case (state_q)
        Idle: begin
          if (start_i) begin
            state_q <= Clear;
            group_q <= '0;
            pbit_q  <= '0;
            entry_q <= '0;
            cell_q  <= '0;
            count_q <= '0;
            guard_o <= '0;
            valid_o <= 1'b0;
            proof_o <= 1'b0;
          end else begin
            if (invalidate_i) valid_o <= 1'b0;
            if (unprove_i) proof_o <= 1'b0;
          end
        end
        Clear: begin
          pbit_q <= pbit_q + 17'd1;
          if (pbit_q == PbitLast) begin
            state_q <= GroupRead;
            pbit_q  <= '0;
          end
        end
        GroupRead: begin
          state_q <= GroupWord;
          col_q   <= '0;
        end
        GroupWord: begin
          col_q <= col_q + 8'd1;
          if (col_q == 8'd1) begin
            last_q  <= last;
            tail_q  <= tail;
            block_q <= group_q == '0 ? '0 : block_q + 16'(first);
          end
          if (col_q == LastCol) begin
            group_q <= group_q + 16'd1;
            state_q <= ends || 32'(group_q) == Groups - 1 ? Count : GroupRead;
          end
        end
        Count: begin
          group_q      <= '0;
          last_group_o <= group_q - 16'd1;
          state_q      <= ends ? ListRead : TableRead;
        end
        ListRead: begin
          state_q  <= ListRow;
          offset_q <= '0;
        end
        ListRow: begin
          col_q <= 8'd2;
          if (offset_q == '0) block_q <= group_q == '0 ? '0 : block_q + 16'(first);
          if (read_row_o) begin
            state_q <= ListWord;
          end else begin
            group_q <= group_q + 16'd1;
            state_q <= ends ? TableRead : ListRead;
          end
        end
        ListWord: begin
          col_q <= col_q + 8'd1;
          if (col_q == LastCol) begin
            offset_q <= offset_q + 16'd1;
            state_q  <= ListRow;
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
        ClampRead: begin
          state_q <= ClampWord;
          if (pbit_q >= pbits_i) begin
            state_q <= Idle;
            valid_o <= 1'b1;
            proof_o <= guard_o == '0;
          end
        end
        default: begin  // ClampWord
          pbit_q  <= pbit_q + 17'd1;
          state_q <= ClampRead;
        end
      endcase
    end
  end

  `PBIT_ASSERT(proof_is_of_nothing_wrong_A, clk_i, rst_ni, !proof_o || guard_o == '0)
endmodule
`default_nettype wire

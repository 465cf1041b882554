`default_nettype none
// axil_slave against the rules of AXI4-Lite, for every master: none of its behaviour is assumed.
// Counts of accepted and answered accesses, and a copy of the access in progress, are the model.
`include "pbit_assert.svh"
module formal_axil_slave #(
    parameter int AddressBits = 4
) (
    input wire                   clk,
    input wire                   rst_n,
    input wire [AddressBits-1:0] awaddr,
    input wire                   awvalid,
    input wire [           31:0] wdata,
    input wire [            3:0] wstrb,
    input wire                   wvalid,
    input wire                   bready,
    input wire [AddressBits-1:0] araddr,
    input wire                   arvalid,
    input wire                   rready,
    input wire [           31:0] read_data,
    input wire                   refused
);
  wire awready, wready, bvalid, arready, rvalid, write, read;
  wire [1:0] bresp, rresp;
  wire [31:0] rdata, write_data;
  wire [AddressBits-1:0] address;

  axil_slave #(.AddressBits(AddressBits)) u_dut (
      .clk_i(clk), .rst_ni(rst_n), .s_axil_awaddr(awaddr), .s_axil_awvalid(awvalid),
      .s_axil_awready(awready), .s_axil_wdata(wdata), .s_axil_wstrb(wstrb),
      .s_axil_wvalid(wvalid), .s_axil_wready(wready), .s_axil_bresp(bresp),
      .s_axil_bvalid(bvalid), .s_axil_bready(bready), .s_axil_araddr(araddr),
      .s_axil_arvalid(arvalid), .s_axil_arready(arready), .s_axil_rdata(rdata),
      .s_axil_rresp(rresp), .s_axil_rvalid(rvalid), .s_axil_rready(rready), .write_o(write),
      .read_o(read), .address_o(address), .write_data_o(write_data), .read_data_i(read_data),
      .error_i(refused)
  );
  // inside, for the induction only
  (* hierconn *) wire [AddressBits-1:0] \u_dut.awaddr_q ;
  (* hierconn *) wire [AddressBits-1:0] \u_dut.araddr_q ;
  (* hierconn *) wire [31:0] \u_dut.wdata_q ;
  (* hierconn *) wire \u_dut.strobe_bad_q ;

  // ---- reset in the first clock, then never ----
  reg past = 1'b0;
  always @(posedge clk) past <= 1'b1;
  `PBIT_ASSUME(reset_first_M, clk, 1'b1, rst_n == past)

  // ---- model ----
  wire aw_taken = awvalid && awready, w_taken = wvalid && wready, ar_taken = arvalid && arready;
  wire b_taken = bvalid && bready, r_taken = rvalid && rready;
  reg [2:0] aw_open = '0, w_open = '0, ar_open = '0;  // accepted, response not yet taken
  reg [AddressBits-1:0] aw = '0, ar = '0;             // of the last accepted
  reg [31:0] w = '0;
  reg strobes_bad = 1'b0;
  reg [1:0] writes = '0, reads = '0;                  // strobes since the last response was taken
  reg [1:0] want_bresp = '0, want_rresp = '0;         // of the response that is out
  reg [31:0] want_rdata = '0;
  reg want_write = 1'b0, want_read = 1'b0;
  reg [3:0] write_age = '0, read_age = '0;  // clocks without a response, master not to blame
  reg was_held_b = 1'b0, was_held_r = 1'b0;
  reg [1:0] held_bresp = '0, held_rresp = '0;
  reg [31:0] held_rdata = '0;
  reg was_aw_free = 1'b0, was_w_free = 1'b0, was_ar_free = 1'b0;
  reg [3:0] n_b = '0, n_r = '0;
  reg [1:0] last_b = '0, last_r = '0;  // taken in the last two clocks
  wire bad_write = strobes_bad || aw[1:0] != 2'b00;
  wire bad_read = ar[1:0] != 2'b00;

  always @(posedge clk) begin
    if (rst_n) begin
      aw_open <= aw_open + 3'(aw_taken) - 3'(b_taken);
      w_open  <= w_open + 3'(w_taken) - 3'(b_taken);
      ar_open <= ar_open + 3'(ar_taken) - 3'(r_taken);
      if (aw_taken) aw <= awaddr;
      if (ar_taken) ar <= araddr;
      if (w_taken) begin
        w           <= wdata;
        strobes_bad <= wstrb != 4'hF;
      end
      writes <= (b_taken ? 2'd0 : writes) + 2'(write);
      reads  <= (r_taken ? 2'd0 : reads) + 2'(read);
      if (!awready && !wready && !bvalid) begin
        want_write <= !bad_write;
        want_bresp <= bad_write || refused ? 2'b10 : 2'b00;
      end
      if (!arready && !rvalid) begin
        want_read  <= !bad_read;
        want_rresp <= bad_read || refused ? 2'b10 : 2'b00;
        want_rdata <= bad_read || refused ? '0 : read_data;
      end
      write_age   <= awready || wready || bvalid ? '0 : write_age + 1'b1;
      read_age    <= arready || rvalid ? '0 : read_age + 1'b1;
      was_held_b  <= bvalid && !bready;
      was_held_r  <= rvalid && !rready;
      held_bresp  <= bresp;
      held_rresp  <= rresp;
      held_rdata  <= rdata;
      was_aw_free <= awready && !awvalid;
      was_w_free  <= wready && !wvalid;
      was_ar_free <= arready && !arvalid;
      n_b         <= n_b + 4'(b_taken && n_b != 4'hF);
      n_r         <= n_r + 4'(r_taken && n_r != 4'hF);
      last_b      <= {last_b[0], b_taken};
      last_r      <= {last_r[0], r_taken};
    end
  end

  // ---- the five channels ----
  `PBIT_ASSERT(aw_ready_stays_A, clk, rst_n, !was_aw_free || awready)
  `PBIT_ASSERT(w_ready_stays_A, clk, rst_n, !was_w_free || wready)
  `PBIT_ASSERT(ar_ready_stays_A, clk, rst_n, !was_ar_free || arready)
  `PBIT_ASSERT(b_stays_A, clk, rst_n, !was_held_b || (bvalid && bresp == held_bresp))
  `PBIT_ASSERT(r_stays_A, clk, rst_n,
               !was_held_r || (rvalid && rresp == held_rresp && rdata == held_rdata))
  // one response for one access, none without
  `PBIT_ASSERT(b_has_access_A, clk, rst_n, !bvalid || (aw_open != '0 && w_open != '0))
  `PBIT_ASSERT(r_has_access_A, clk, rst_n, !rvalid || ar_open != '0)
  `PBIT_ASSERT(aw_count_A, clk, rst_n, aw_open == 3'(!awready) + 3'(bvalid))
  `PBIT_ASSERT(w_count_A, clk, rst_n, w_open == 3'(!wready) + 3'(bvalid))
  `PBIT_ASSERT(ar_count_A, clk, rst_n, ar_open == 3'(!arready) + 3'(rvalid))
  // and what it says
  `PBIT_ASSERT(bresp_A, clk, rst_n, !bvalid || bresp == want_bresp)
  `PBIT_ASSERT(rresp_A, clk, rst_n, !rvalid || (rresp == want_rresp && rdata == want_rdata))
  // register file: one strobe for a sound access, none for another, with that access's values
  `PBIT_ASSERT(one_strobe_A, clk, rst_n, !(write && read))
  `PBIT_ASSERT(writes_A, clk, rst_n, writes == 2'(bvalid && want_write))
  `PBIT_ASSERT(reads_A, clk, rst_n, reads == 2'(rvalid && want_read))
  `PBIT_ASSERT(write_values_A, clk, rst_n,
               !write || (address == aw && write_data == w && !bad_write))
  `PBIT_ASSERT(read_values_A, clk, rst_n, !read || (address == ar && !bad_read))
  // a write is answered one clock after both parts are there, a read at most one later, if the
  // response before it has left
  `PBIT_ASSERT(write_in_time_A, clk, rst_n, write_age <= 4'd1)
  `PBIT_ASSERT(read_in_time_A, clk, rst_n, read_age <= 4'd2)

  // ---- invariants of the induction ----
  `PBIT_ASSERT(inside_aw_A, clk, rst_n, awready || \u_dut.awaddr_q == aw)
  `PBIT_ASSERT(inside_ar_A, clk, rst_n, arready || \u_dut.araddr_q == ar)
  `PBIT_ASSERT(inside_w_A, clk, rst_n,
               wready || (\u_dut.wdata_q == w && \u_dut.strobe_bad_q == strobes_bad))

  // ---- what it can do ----
  // responses of writes and reads every second clock, each the second at least
  `PBIT_COVER(writes_back_to_back_C, clk, rst_n, b_taken && last_b[1] && n_b >= 4'd2)
  `PBIT_COVER(reads_back_to_back_C, clk, rst_n, r_taken && last_r[1] && n_r >= 4'd2)
  `PBIT_COVER(write_then_read_C, clk, rst_n, r_taken && last_b[0] && rresp == 2'b00 && n_b >= 4'd2)
  `PBIT_COVER(refused_write_C, clk, rst_n, b_taken && bresp == 2'b10 && !want_write)
  `PBIT_COVER(refused_read_C, clk, rst_n, r_taken && rresp == 2'b10 && want_read)
  `PBIT_COVER(late_master_C, clk, rst_n, was_held_b && was_held_r && b_taken && r_taken)
endmodule
`default_nettype wire

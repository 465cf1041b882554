`default_nettype none
// AXI4-Lite slave: one access at a time, turned into one-clock strobes for the register file.
//
// A write takes 2 clocks after the later of AW and W, a read 2 clocks after AR; the response waits
// for the master. Write strobes other than 4'b1111 and unaligned addresses answer SLVERR without an
// access. Reset: idle, no response pending. Responses: OKAY 2'b00, SLVERR 2'b10.
module axil_slave #(
    parameter int AddressBits = 12
) (
    input  wire                    clk_i,
    input  wire                    rst_ni,
    input  wire  [AddressBits-1:0] s_axil_awaddr,
    input  wire                    s_axil_awvalid,
    output logic                   s_axil_awready,
    input  wire  [           31:0] s_axil_wdata,
    input  wire  [            3:0] s_axil_wstrb,
    input  wire                    s_axil_wvalid,
    output logic                   s_axil_wready,
    output logic [            1:0] s_axil_bresp,
    output logic                   s_axil_bvalid,
    input  wire                    s_axil_bready,
    input  wire  [AddressBits-1:0] s_axil_araddr,
    input  wire                    s_axil_arvalid,
    output logic                   s_axil_arready,
    output logic [           31:0] s_axil_rdata,
    output logic [            1:0] s_axil_rresp,
    output logic                   s_axil_rvalid,
    input  wire                    s_axil_rready,
    // register file: strobe with address (and data); error and read data in the same clock
    output logic                   write_o,
    output logic                   read_o,
    output logic [AddressBits-1:0] address_o,
    output logic [           31:0] write_data_o,
    input  wire  [           31:0] read_data_i,
    input  wire                    error_i
);
  logic aw_q, w_q, ar_q, strobe_bad_q;
  logic [AddressBits-1:0] awaddr_q, araddr_q;
  logic [31:0] wdata_q;
  logic do_write, do_read, bad_write, bad_read;

  always_comb begin
    s_axil_awready = !aw_q;
    s_axil_wready  = !w_q;
    s_axil_arready = !ar_q;
    do_write       = aw_q && w_q && !s_axil_bvalid;
    do_read        = ar_q && !s_axil_rvalid && !do_write;
    bad_write      = strobe_bad_q || awaddr_q[1:0] != 2'b00;
    bad_read       = araddr_q[1:0] != 2'b00;
    write_o        = do_write && !bad_write;
    read_o         = do_read && !bad_read;
    address_o      = do_write ? awaddr_q : araddr_q;
    write_data_o   = wdata_q;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      aw_q          <= 1'b0;
      w_q           <= 1'b0;
      ar_q          <= 1'b0;
      s_axil_bvalid <= 1'b0;
      s_axil_rvalid <= 1'b0;
      s_axil_bresp  <= 2'b00;
      s_axil_rresp  <= 2'b00;
      s_axil_rdata  <= '0;
      awaddr_q      <= '0;
      araddr_q      <= '0;
      wdata_q       <= '0;
      strobe_bad_q  <= 1'b0;
    end else begin
      if (s_axil_awvalid && s_axil_awready) begin
        aw_q     <= 1'b1;
        awaddr_q <= s_axil_awaddr;
      end
      if (s_axil_wvalid && s_axil_wready) begin
        w_q          <= 1'b1;
        wdata_q      <= s_axil_wdata;
        strobe_bad_q <= s_axil_wstrb != 4'b1111;
      end
      if (s_axil_arvalid && s_axil_arready) begin
        ar_q     <= 1'b1;
        araddr_q <= s_axil_araddr;
      end
      if (s_axil_bvalid && s_axil_bready) s_axil_bvalid <= 1'b0;
      if (s_axil_rvalid && s_axil_rready) s_axil_rvalid <= 1'b0;
      if (do_write) begin
        aw_q          <= 1'b0;
        w_q           <= 1'b0;
        s_axil_bvalid <= 1'b1;
        s_axil_bresp  <= (bad_write || error_i) ? 2'b10 : 2'b00;
      end
      if (do_read) begin
        ar_q          <= 1'b0;
        s_axil_rvalid <= 1'b1;
        s_axil_rresp  <= (bad_read || error_i) ? 2'b10 : 2'b00;
        s_axil_rdata  <= bad_read || error_i ? '0 : read_data_i;
      end
    end
  end
endmodule
`default_nettype wire

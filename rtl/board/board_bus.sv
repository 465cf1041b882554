`default_nettype none
// AXI4-Lite in front of two slaves, one access at a time: page 0 (address bit 12 clear) goes to
// m0_axil_*, page 1 to m1_axil_*. Every access is answered with OKAY, so that no processor takes a bus
// fault; error_o pulses where a slave answered otherwise, with the address, and reads give 0.
//
// An access to page 0 while hold_i (the device is in reset) is answered here, as an error. A read or
// write takes 4 clocks beside those of the slave. Reset: idle. Tested in tests/rtl/tb_pbit_board.sv.
module board_bus (
    input  wire         clk_i,
    input  wire         rst_ni,
    input  wire         hold_i,
    input  wire  [12:0] s_axil_awaddr,
    input  wire         s_axil_awvalid,
    output logic        s_axil_awready,
    input  wire  [31:0] s_axil_wdata,
    input  wire  [ 3:0] s_axil_wstrb,
    input  wire         s_axil_wvalid,
    output logic        s_axil_wready,
    output logic [ 1:0] s_axil_bresp,
    output logic        s_axil_bvalid,
    input  wire         s_axil_bready,
    input  wire  [12:0] s_axil_araddr,
    input  wire         s_axil_arvalid,
    output logic        s_axil_arready,
    output logic [31:0] s_axil_rdata,
    output logic [ 1:0] s_axil_rresp,
    output logic        s_axil_rvalid,
    input  wire         s_axil_rready,
    // to both slaves
    output logic [11:0] m_axil_awaddr,
    output logic [31:0] m_axil_wdata,
    output logic [ 3:0] m_axil_wstrb,
    output logic [11:0] m_axil_araddr,
    // [0] page 0, [1] page 1
    output logic [ 1:0] m_axil_awvalid,
    input  wire  [ 1:0] m_axil_awready,
    output logic [ 1:0] m_axil_wvalid,
    input  wire  [ 1:0] m_axil_wready,
    input  wire  [ 1:0] m_axil_bvalid,
    output logic [ 1:0] m_axil_bready,
    output logic [ 1:0] m_axil_arvalid,
    input  wire  [ 1:0] m_axil_arready,
    input  wire  [ 1:0] m_axil_rvalid,
    output logic [ 1:0] m_axil_rready,
    input  wire  [ 3:0] m_axil_bresp,  // two bits each
    input  wire  [ 3:0] m_axil_rresp,
    input  wire  [63:0] m_axil_rdata,  // 32 bits each
    // pulse
    output logic        error_o,
    output logic        error_write_o,
    output logic [12:0] error_address_o
);
  typedef enum logic [1:0] {
    Idle,
    Write,
    Read
  } state_e;
  state_e state_q;
  logic aw_q, w_q, ar_q, page_q, held_q;  // held: answered here
  logic aw_left_q, w_left_q, ar_left_q;   // not yet taken by the slave
  logic [12:0] awaddr_q, araddr_q;
  logic [31:0] wdata_q;
  logic [3:0] wstrb_q;
  logic begin_write, begin_read, written, read, bad;
  logic [1:0] bresp, rresp;

  always_comb begin
    s_axil_awready  = !aw_q;
    s_axil_wready   = !w_q;
    s_axil_arready  = !ar_q;
    s_axil_bresp    = 2'b00;
    s_axil_rresp    = 2'b00;
    m_axil_awaddr   = awaddr_q[11:0];
    m_axil_araddr   = araddr_q[11:0];
    m_axil_wdata    = wdata_q;
    m_axil_wstrb    = wstrb_q;
    begin_write     = state_q == Idle && aw_q && w_q && !s_axil_bvalid;
    begin_read      = state_q == Idle && ar_q && !s_axil_rvalid && !begin_write;
    m_axil_awvalid  = {page_q && aw_left_q, !page_q && aw_left_q};
    m_axil_wvalid   = {page_q && w_left_q, !page_q && w_left_q};
    m_axil_arvalid  = {page_q && ar_left_q, !page_q && ar_left_q};
    m_axil_bready   = {page_q && state_q == Write, !page_q && state_q == Write};
    m_axil_rready   = {page_q && state_q == Read, !page_q && state_q == Read};
    written         = state_q == Write && (held_q || (page_q ? m_axil_bvalid[1] : m_axil_bvalid[0]));
    read            = state_q == Read && (held_q || (page_q ? m_axil_rvalid[1] : m_axil_rvalid[0]));
    bresp           = page_q ? m_axil_bresp[3:2] : m_axil_bresp[1:0];
    rresp           = page_q ? m_axil_rresp[3:2] : m_axil_rresp[1:0];
    bad             = held_q || (state_q == Write ? bresp != 2'b00 : rresp != 2'b00);
    error_o         = (written || read) && bad;
    error_write_o   = state_q == Write;
    error_address_o = state_q == Write ? awaddr_q : araddr_q;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q       <= Idle;
      aw_q          <= 1'b0;
      w_q           <= 1'b0;
      ar_q          <= 1'b0;
      page_q        <= 1'b0;
      held_q        <= 1'b0;
      aw_left_q     <= 1'b0;
      w_left_q      <= 1'b0;
      ar_left_q     <= 1'b0;
      awaddr_q      <= '0;
      araddr_q      <= '0;
      wdata_q       <= '0;
      wstrb_q       <= '0;
      s_axil_bvalid <= 1'b0;
      s_axil_rvalid <= 1'b0;
      s_axil_rdata  <= '0;
    end else begin
      if (s_axil_awvalid && s_axil_awready) begin
        aw_q     <= 1'b1;
        awaddr_q <= s_axil_awaddr;
      end
      if (s_axil_wvalid && s_axil_wready) begin
        w_q     <= 1'b1;
        wdata_q <= s_axil_wdata;
        wstrb_q <= s_axil_wstrb;
      end
      if (s_axil_arvalid && s_axil_arready) begin
        ar_q     <= 1'b1;
        araddr_q <= s_axil_araddr;
      end
      if (s_axil_bvalid && s_axil_bready) s_axil_bvalid <= 1'b0;
      if (s_axil_rvalid && s_axil_rready) s_axil_rvalid <= 1'b0;
      if (begin_write) begin
        state_q   <= Write;
        page_q    <= awaddr_q[12];
        held_q    <= hold_i && !awaddr_q[12];
        aw_left_q <= !(hold_i && !awaddr_q[12]);
        w_left_q  <= !(hold_i && !awaddr_q[12]);
      end
      if (begin_read) begin
        state_q   <= Read;
        page_q    <= araddr_q[12];
        held_q    <= hold_i && !araddr_q[12];
        ar_left_q <= !(hold_i && !araddr_q[12]);
      end
      if ((m_axil_awvalid & m_axil_awready) != 2'b00) aw_left_q <= 1'b0;
      if ((m_axil_wvalid & m_axil_wready) != 2'b00) w_left_q <= 1'b0;
      if ((m_axil_arvalid & m_axil_arready) != 2'b00) ar_left_q <= 1'b0;
      if (written) begin
        state_q       <= Idle;
        aw_q          <= 1'b0;
        w_q           <= 1'b0;
        s_axil_bvalid <= 1'b1;
      end
      if (read) begin
        state_q       <= Idle;
        ar_q          <= 1'b0;
        s_axil_rvalid <= 1'b1;
        s_axil_rdata  <= bad ? 32'd0 : (page_q ? m_axil_rdata[63:32] : m_axil_rdata[31:0]);
      end
    end
  end
endmodule
`default_nettype wire

`default_nettype none
// What a waveform's window can be placed by (sim/pbl_waveform.h), bound into pbit_top as scope
// `triggers`: each is 1 after the rising edge on which the event took place. Only variants with
// waveforms have it. Bits of events_q, from 0: temperature, run, sweep, stall, FIFO full, exchange.
/* verilator lint_off UNUSEDSIGNAL */  // the shim reads events_q
module waveform_triggers #(
    parameter int Exchange = 0
) (
    input wire clk_i,
    input wire rst_ni
);
  logic temperature, run, sweep_done, stall, fifo_full, exchange, advances;
  logic [5:0] events_q;
  assign advances    = pbit_top.seq_busy && pbit_top.en;
  assign temperature = advances && pbit_top.at_pause_end && pbit_top.pause_window;
  assign run         = pbit_top.start;
  assign sweep_done  = advances && pbit_top.sweep_done;
  assign stall       = pbit_top.seq_busy && pbit_top.stall;
  assign fifo_full   = pbit_top.emit && !pbit_top.pack_ready;
  if (Exchange != 0) begin : g_exchange
    // the clock on which the head of a pass begins; labels are read later
    assign exchange = pbit_top.u_regulator.g_exchange.u_exchange.run &&
                      pbit_top.u_regulator.g_exchange.u_exchange.phase_q == 3'd3 &&
                      pbit_top.u_regulator.g_exchange.u_exchange.count_q == '0;
  end else begin : g_no_exchange
    assign exchange = 1'b0;
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) events_q <= '0;
    else events_q <= {exchange, fifo_full, stall, sweep_done, run, temperature};
  end
endmodule

bind pbit_top waveform_triggers #(.Exchange(Exchange)) triggers (.clk_i(clk_i), .rst_ni(rst_ni));
bind pbit_top waveform_registers #(
    .Exchange(Exchange), .Statistics(Statistics), .Trace(Trace)
) registers ();
`default_nettype wire

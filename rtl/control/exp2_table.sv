`default_nettype none
// Table of powers of two for the temperature: entry_o = round(2^24 * 2^(k/64)), k = 0..64, one
// clock after read_i. UQ2.24. No reset. Behaviour: docs/device.md, Temperature and beta. Every
// entry is tested against exact integers.
module exp2_table (
    input  wire         clk_i,
    input  wire         read_i,
    input  wire  [ 6:0] index_i,  // 0..64
    output logic [25:0] entry_o
);
  function automatic [25:0] lookup(input [6:0] k);
    logic [25:0] entry;
    case (k)
      7'd0:  entry = 26'd16777216;  7'd1:  entry = 26'd16959908;
      7'd2:  entry = 26'd17144589;  7'd3:  entry = 26'd17331282;
      7'd4:  entry = 26'd17520007;  7'd5:  entry = 26'd17710787;
      7'd6:  entry = 26'd17903645;  7'd7:  entry = 26'd18098603;
      7'd8:  entry = 26'd18295684;  7'd9:  entry = 26'd18494911;
      7'd10: entry = 26'd18696307;  7'd11: entry = 26'd18899897;
      7'd12: entry = 26'd19105703;  7'd13: entry = 26'd19313750;
      7'd14: entry = 26'd19524063;  7'd15: entry = 26'd19736666;
      7'd16: entry = 26'd19951585;  7'd17: entry = 26'd20168843;
      7'd18: entry = 26'd20388467;  7'd19: entry = 26'd20610483;
      7'd20: entry = 26'd20834917;  7'd21: entry = 26'd21061794;
      7'd22: entry = 26'd21291142;  7'd23: entry = 26'd21522987;
      7'd24: entry = 26'd21757357;  7'd25: entry = 26'd21994279;
      7'd26: entry = 26'd22233781;  7'd27: entry = 26'd22475891;
      7'd28: entry = 26'd22720638;  7'd29: entry = 26'd22968049;
      7'd30: entry = 26'd23218155;  7'd31: entry = 26'd23470984;
      7'd32: entry = 26'd23726566;  7'd33: entry = 26'd23984932;
      7'd34: entry = 26'd24246111;  7'd35: entry = 26'd24510133;
      7'd36: entry = 26'd24777031;  7'd37: entry = 26'd25046835;
      7'd38: entry = 26'd25319578;  7'd39: entry = 26'd25595290;
      7'd40: entry = 26'd25874004;  7'd41: entry = 26'd26155754;
      7'd42: entry = 26'd26440571;  7'd43: entry = 26'd26728490;
      7'd44: entry = 26'd27019544;  7'd45: entry = 26'd27313768;
      7'd46: entry = 26'd27611195;  7'd47: entry = 26'd27911861;
      7'd48: entry = 26'd28215802;  7'd49: entry = 26'd28523052;
      7'd50: entry = 26'd28833647;  7'd51: entry = 26'd29147625;
      7'd52: entry = 26'd29465022;  7'd53: entry = 26'd29785875;
      7'd54: entry = 26'd30110222;  7'd55: entry = 26'd30438101;
      7'd56: entry = 26'd30769550;  7'd57: entry = 26'd31104608;
      7'd58: entry = 26'd31443315;  7'd59: entry = 26'd31785710;
      7'd60: entry = 26'd32131834;  7'd61: entry = 26'd32481727;
      7'd62: entry = 26'd32835430;  7'd63: entry = 26'd33192984;
      default: entry = 26'd33554432;  // k = 64
    endcase
    lookup = entry;
  endfunction

  always_ff @(posedge clk_i) begin
    if (read_i) entry_o <= lookup(index_i);
  end
endmodule
`default_nettype wire

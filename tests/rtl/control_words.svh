// The control generator of a bench's model: `draw` puts the next word of xoshiro128++ into
// control_word. State control[0..3].
  reg [31:0] control[0:3], control_word;

  function [31:0] rotl(input [31:0] x, input integer by);
    rotl = (x << by) | (x >> (32 - by));
  endfunction

  task draw;  // xoshiro128++
    reg [31:0] t;
    begin
      control_word = rotl(control[0] + control[3], 7) + control[0];
      t = control[1] << 9;
      control[2] = control[2] ^ control[0];
      control[3] = control[3] ^ control[1];
      control[1] = control[1] ^ control[2];
      control[0] = control[0] ^ control[3];
      control[2] = control[2] ^ t;
      control[3] = rotl(control[3], 11);
    end
  endtask

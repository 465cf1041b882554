// What stands around the device on a board; paths relative to rtl/, after those of pbit.f.
board/stream_fifo.sv
board/board_bus.sv
board/board_registers.sv
board/pbit_board.sv

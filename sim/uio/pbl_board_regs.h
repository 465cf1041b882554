/* What pbit_board (rtl/pbit_board.sv) adds to the registers of the device: docs/board.md.
 *
 * The window is 8 KiB: page 0 the device's own registers (docs/registers.md), page 1 the board's.
 * All are 32 bits wide. The wrapper answers every access with OKAY, so that no processor takes a
 * bus fault; what the device answered with SLVERR is counted. */
#ifndef PBL_BOARD_REGS_H
#define PBL_BOARD_REGS_H

#define PBL_BOARD_WINDOW_BYTES 0x2000u

#define PBL_BOARD_ID 0x1000u       /* ro: "PBRD" */
#define PBL_BOARD_VERSION 0x1004u  /* ro: major in bits 31:16, minor in 15:0 */
#define PBL_BOARD_CLOCK_HZ 0x1008u /* ro: nominal; 0: simulated, no fixed relation to wall time */
/* Bit 0 written as 1: device, FIFOs, counters and this page as after power-up; reads 1 until done.
 */
#define PBL_BOARD_CONTROL 0x100Cu
#define PBL_BOARD_CYCLES_LO 0x1010u /* ro: clocks since reset; reading it latches CYCLES_HI */
#define PBL_BOARD_CYCLES_HI 0x1014u
#define PBL_BOARD_IRQ 0x1018u        /* ro: bit 0 the device's interrupt, 1 + k FIFO k half full */
#define PBL_BOARD_IRQ_ENABLE 0x101Cu /* rw: same bits; any of both raises the interrupt line */
#define PBL_BOARD_BUS_ERRORS 0x1020u /* accesses answered with SLVERR; a write clears both */
#define PBL_BOARD_BUS_ERROR_AT 0x1024u /* ro: the first: address, bit 31: it was a write */

#define PBL_BOARD_ID_VALUE 0x50425244u
#define PBL_BOARD_VERSION_VALUE 0x00010000u
#define PBL_BOARD_RESET_MASK 1u
#define PBL_BOARD_IRQ_DEVICE 1u
#define PBL_BOARD_IRQ_ALL 0xFu
#define PBL_BOARD_ERROR_WRITE 0x80000000u

/* Streams: 0 samples, 1 telemetry, 2 trace. */
#define PBL_BOARD_STREAMS 3u
#define PBL_BOARD_FIFO(k) (0x1100u + 0x40u * (k))
#define PBL_BOARD_FIFO_COUNT 0x0u /* ro: words that wait */
/* ro: bit j is TLAST of the word taken j words before the last one taken. */
#define PBL_BOARD_FIFO_LASTS 0x4u
#define PBL_BOARD_FIFO_DEPTH 0x8u /* ro: words that fit; 0: no such stream */
#define PBL_BOARD_FIFO_DATA 0xCu  /* ro: takes a word; 0, and nothing else, when there is none */

#endif

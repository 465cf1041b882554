/* How large a hardware variant is: Yosys on the RTL with the variant's parameters, cells counted
 * by kind. Memories become block RAM where the target has it. Nothing is placed or routed. */
#ifndef PBL_AREA_H
#define PBL_AREA_H

#include <stdbool.h>
#include <stdint.h>

#include "pbl_hw.h"
#include "pbl_progress.h"

typedef enum {
  PBL_TARGET_ICE40,   /* synth_ice40 (HX), no DSP */
  PBL_TARGET_ECP5,    /* synth_ecp5 */
  PBL_TARGET_XILINX,  /* synth_xilinx, 7 series */
  PBL_TARGET_GENERIC, /* LUTs of four inputs and flip-flops of no maker; memories stay bits */
  PBL_N_TARGETS
} pbl_target;

const char *pbl_target_name(pbl_target target); /* "ice40", "ecp5", "xilinx", "generic" */

/* Primitives of the target, named in docs/area.md. */
typedef struct {
  int64_t lut, ff;
  int64_t bram;        /* block RAMs; of xilinx RAMB36E1 count 2, unit RAMB18E1 */
  int64_t lutram;      /* primitives that make memory or shift registers of LUTs */
  int64_t dsp, carry;  /* hard multipliers; carry primitives: 1 bit ice40, 2 ecp5, 4 xilinx */
  int64_t mux;         /* hard multiplexers behind the LUTs */
  int64_t memory_bits; /* generic only: bits in memories */
  int64_t cells;       /* all of the above (memories of generic excluded) and everything else */
  int depth;           /* LUT, carry and mux primitives in the longest chain; -1: not told */
  double seconds;      /* the synthesis took, when it ran */
  bool cached;         /* it ran earlier */
  char description[384];
  char yosys[256]; /* version line */
} pbl_area;

typedef struct {
  pbl_target target;
  double timeout_seconds; /* of one synthesis, > 0 */
  const char *netlist;    /* path of a JSON netlist to write, NULL: none; then the cache is not
                             asked. Not for generic */
  const char *source_dir; /* NULL: as pbl_variant_options */
  const char *cache_dir;  /* NULL: as pbl_variant_options */
} pbl_area_options;

pbl_area_options pbl_area_options_default(void); /* ice40, 1800 s */

/* Counts the cells of `hw` as hardware (CAPS0.SIM 0), from the cache when RTL, parameters, target
 * and Yosys are those of an earlier call. CONFIG or INVALID on bad parameters, NOT_FOUND names the
 * package when there is no yosys, TIMEOUT, INTERRUPTED, TOOL with the end of its output. Calls from
 * several threads or processes are independent. */
pbl_status pbl_area_measure(pbl_area *out, const pbl_hw *hw, const pbl_area_options *options,
                            pbl_progress *progress, pbl_error *err);

#endif

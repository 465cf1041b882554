/* output_paths [CLOCKS]: no output of the Verilated device depends on an input within a clock, and
 * none moves at a falling edge. sim/rtl/pbl_rtl_clock.h rests on it, and so do masters that wait
 * for VALID before they raise READY. A run with samples, windows and a trace goes on while all
 * inputs change at random, between edges too. Exit code 0, 10 when an output moved (DIFFERS), 3 on
 * an error. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_regs.h"
#include "pbl_rtl_pins.h"
#include "pbl_variant.h"

static const char *const names[] = {
    "s_axil_awready",         "s_axil_wready",           "s_axil_bresp",
    "s_axil_bvalid",          "s_axil_arready",          "s_axil_rdata",
    "s_axil_rresp",           "s_axil_rvalid",           "irq_o",
    "m_axis_tdata",           "m_axis_tvalid",           "m_axis_tlast",
    "m_axis_telemetry_tdata", "m_axis_telemetry_tvalid", "m_axis_telemetry_tlast",
    "m_axis_trace_tdata",     "m_axis_trace_tvalid",     "m_axis_trace_tlast"};
enum { OUTPUTS = sizeof names / sizeof names[0] };
_Static_assert(sizeof(pbl_rtl_outputs) == OUTPUTS * sizeof(uint32_t), "one name for each output");

typedef struct {
  pbl_device *dev;
  pbl_rtl_inputs in;
  uint64_t random;
  unsigned long words[3]; /* of samples, telemetry, trace */
} bench;

/* xorshift64* */
static uint32_t draw(bench *b) {
  b->random ^= b->random >> 12;
  b->random ^= b->random << 25;
  b->random ^= b->random >> 27;
  return (uint32_t)((b->random * 0x2545F4914F6CDD1Du) >> 32);
}

/* Reads everywhere, writes where the run goes on all the same. */
static void change_inputs(bench *b) {
  static const uint32_t targets[] = {PBL_REG_SCRATCH, PBL_REG_BETA, 0xFFC};
  b->in = (pbl_rtl_inputs){.rst_n = 1,
                           .awaddr = targets[draw(b) % 3],
                           .awvalid = draw(b) & 1,
                           .wdata = draw(b),
                           .wstrb = 0xF,
                           .wvalid = draw(b) & 1,
                           .bready = draw(b) & 1,
                           .araddr = draw(b) & 0xFFC,
                           .arvalid = draw(b) & 1,
                           .rready = draw(b) & 1,
                           .tready = draw(b) & 1,
                           .telemetry_tready = draw(b) & 1,
                           .trace_tready = draw(b) & 1};
}

/* Changes inputs three times within a clock; *moved: the output that followed, or -1. */
static pbl_status hold_clock(int *moved, bench *b, const pbl_rtl_outputs *before, pbl_error *err) {
  pbl_rtl_outputs now;
  *moved = -1;
  for (int k = 0; k < 3; k++) {
    change_inputs(b);
    const pbl_status s = pbl_rtl_pins(b->dev, &now, &b->in, false, err);
    if (s != PBL_OK) return s;
    const char *x = (const char *)before, *y = (const char *)&now;
    for (int i = 0; i < OUTPUTS; i++) {
      if (memcmp(x + 4 * (size_t)i, y + 4 * (size_t)i, 4) != 0) *moved = i;
    }
  }
  return PBL_OK;
}

static pbl_status walk(int *moved, bench *b, unsigned long clocks, pbl_error *err) {
  pbl_rtl_outputs out;
  pbl_status s = PBL_OK;
  *moved = -1;
  change_inputs(b);
  for (unsigned long n = 0; s == PBL_OK && *moved < 0 && n < clocks; n++) {
    s = pbl_rtl_pins(b->dev, &out, &b->in, true, err);
    if (s != PBL_OK) return s;
    s = hold_clock(moved, b, &out, err);
    b->words[0] += out.tvalid & b->in.tready;
    b->words[1] += out.telemetry_tvalid & b->in.telemetry_tready;
    b->words[2] += out.trace_tvalid & b->in.trace_tready;
  }
  return s;
}

/* A run that never ends, by the vtable; from then on by the pins. */
static pbl_status start(bench *b, pbl_error *err) {
  static const uint32_t writes[][2] = {{PBL_REG_SWEEPS, 0xFFFFFFFFu},
                                       {PBL_REG_SAMPLE_EVERY, 1},
                                       {PBL_REG_WINDOW_SWEEPS, 2},
                                       {PBL_REG_TRACE_FIRST, 1},
                                       {PBL_REG_REG_CONFIG, PBL_REG_CONFIG_TELEMETRY_MASK},
                                       {PBL_REG_BETA, 4096},
                                       {PBL_REG_CTRL, 1}};
  char path[4096];
  pbl_hw hw = pbl_hw_default();
  hw.replicas = hw.lanes = 4;
  hw.trace = true;
  pbl_status s = pbl_variant_build(path, sizeof path, &hw, NULL, NULL, err);
  if (s == PBL_OK) s = pbl_rtl_open(&b->dev, path, 1, err);
  for (size_t i = 0; s == PBL_OK && i < sizeof writes / sizeof writes[0]; i++)
    s = b->dev->ops->write32(b->dev, writes[i][0], writes[i][1], err);
  return s;
}

int main(int argc, char **argv) {
  const unsigned long clocks = argc > 1 ? strtoul(argv[1], NULL, 10) : 20000;
  bench b = {.random = 1};
  pbl_error err = {.message = ""};
  int moved = -1;
  pbl_status s = start(&b, &err);
  if (s == PBL_OK) s = walk(&moved, &b, clocks, &err);
  if (b.dev != NULL) b.dev->ops->close(b.dev);
  if (s != PBL_OK) {
    fprintf(stderr, "%s\n", err.message);
    return pbl_status_exit_code(s);
  }
  if (moved >= 0) {
    printf("DIFFERS output %s: it depends on an input within the clock\n", names[moved]);
    return 10;
  }
  printf("EQUAL after %lu clocks: %lu words of samples, %lu of telemetry, %lu of the trace\n",
         clocks, b.words[0], b.words[1], b.words[2]);
  if (b.words[0] > 0 && b.words[1] > 0 && b.words[2] > 0) return 0;
  fputs("a stream never had a word\n", stderr);
  return 3;
}

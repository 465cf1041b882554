/* Interface between the program and a compiled RTL variant (a shared object). The object exports
 * one symbol, PBL_RTL_API_SYMBOL, a function that returns a const pbl_rtl_api *. Not thread-safe
 * per instance; instances are independent. */
#ifndef PBL_RTL_API_H
#define PBL_RTL_API_H

#include <stddef.h>
#include <stdint.h>

#include "pbl_waveform.h"

#define PBL_RTL_API_VERSION 5
#define PBL_RTL_API_SYMBOL "pbl_rtl_api_get"

/* Result of a bus access: AXI response, or no response within the shim's limit of clocks. */
enum { PBL_RTL_OKAY = 0, PBL_RTL_SLVERR = 2, PBL_RTL_NO_RESPONSE = -1 };

/* The pins of pbit_top but the clock, named as there. */
typedef struct {
  uint32_t rst_n, awaddr, awvalid, wdata, wstrb, wvalid, bready, araddr, arvalid, rready;
  uint32_t tready, telemetry_tready, trace_tready;
} pbl_rtl_inputs;
typedef struct {
  uint32_t awready, wready, bresp, bvalid, arready, rdata, rresp, rvalid, irq;
  uint32_t tdata, tvalid, tlast, telemetry_tdata, telemetry_tvalid, telemetry_tlast;
  uint32_t trace_tdata, trace_tvalid, trace_tlast; /* 0 without a trace port */
} pbl_rtl_outputs;

typedef struct {
  int version; /* PBL_RTL_API_VERSION */
  /* NULL when out of memory. reset_seed seeds the random initial values of all storage. */
  void *(*create)(uint64_t reset_seed);
  void (*destroy)(void *instance);
  int (*write32)(void *instance, uint32_t address, uint32_t value);
  int (*read32)(void *instance, uint32_t *value, uint32_t address);
  /* Up to max_cycles clocks; stops early when the interrupt line is high after a clock or when the
   * receive buffer of a stream is full. */
  void (*advance)(void *instance, uint64_t max_cycles);
  size_t (*stream_read)(void *instance, uint32_t *words, uint8_t *last, size_t max_words);
  size_t (*telemetry_read)(void *instance, uint32_t *words, uint8_t *last, size_t max_words);
  int (*has_trace)(const void *instance); /* 1: built with a trace port */
  size_t (*trace_read)(void *instance, uint32_t *words, uint8_t *last, size_t max_words);
  uint64_t (*cycles)(const void *instance);
  void (*stream_throttle)(void *instance, unsigned permille, uint64_t seed);
  int (*irq)(const void *instance); /* level of the interrupt line */
  /* For models that drive the pins themselves: applies the inputs; edge 1: one rising edge of the
   * clock with them. The outputs are those after it. Words of the streams then go to the pins, not
   * to the receivers; the other functions must not be mixed with it. */
  void (*pins)(void *instance, pbl_rtl_outputs *out, const pbl_rtl_inputs *in, int edge);
  /* Waveforms; both NULL in a variant that was not compiled for them. begin, directly after create
   * and once: 0, or an errno. end closes the file; nothing is recorded after it. */
  int (*waveform_begin)(void *instance, const pbl_waveform_window *window);
  void (*waveform_end)(void *instance, pbl_waveform_record *record);
  /* Complete state, receivers included; both NULL in a variant that was not compiled for it. save
   * hands it out piece by piece: 0, or what `take` returned. restore is for an instance of the very
   * same variant: 1, or 0 when the bytes are not such a state. Bytes are those of this machine. */
  int (*save)(void *instance, int (*take)(void *user, const void *bytes, size_t n), void *user);
  int (*restore)(void *instance, const void *bytes, size_t n);
} pbl_rtl_api;

typedef const pbl_rtl_api *(*pbl_rtl_api_get_fn)(void);

#endif

/* The one interface behind which every device plays: Verilated RTL, bit-exact twin, SystemC model,
 * sockets, and later boards. The driver (host/device) is written against this and nothing else.
 *
 * Time stands still except inside advance() and, by the few clocks a bus access takes, inside
 * read32/write32. Registers: docs/registers.md; behaviour: docs/device.md. Not thread-safe per
 * device; different devices are independent. */
#ifndef PBL_DEVICE_H
#define PBL_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pbl_bytes.h"
#include "pbl_error.h"
#include "pbl_hw.h"
#include "pbl_waveform.h"

typedef struct pbl_device pbl_device;

typedef struct {
  const char *name;               /* required: "rtl", "twin" */
  void (*close)(pbl_device *dev); /* required; frees dev */
  /* required. Byte addresses, multiples of 4. DEVICE on a bus error (unmapped address). */
  pbl_status (*read32)(pbl_device *dev, uint32_t *value, uint32_t address, pbl_error *err);
  pbl_status (*write32)(pbl_device *dev, uint32_t address, uint32_t value, pbl_error *err);
  /* required. Moves up to max_words 32-bit words of the sample stream that have already arrived
   * into dst; *n_words says how many. `last` (may be NULL) receives one byte per word, 1 where
   * TLAST was set. Never advances time. */
  pbl_status (*stream_read)(pbl_device *dev, uint32_t *dst, uint8_t *last, size_t max_words,
                            size_t *n_words, pbl_error *err);
  /* required. The same for the telemetry stream of the temperature regulator (16 words per window,
   * docs/device.md). */
  pbl_status (*telemetry_read)(pbl_device *dev, uint32_t *dst, uint8_t *last, size_t max_words,
                               size_t *n_words, pbl_error *err);
  /* optional. The same for the trace port (hardware key `trace`; four words per update of a p-bit,
   * docs/device-options.md), while DEVICE says that this device was built without one. NULL: the
   * back-end has none. Call pbl_device_trace_read. */
  pbl_status (*trace_read)(pbl_device *dev, uint32_t *dst, uint8_t *last, size_t max_words,
                           size_t *n_words, pbl_error *err);
  /* required. Runs up to max_cycles clocks, and may stop early when the device is idle or when
   * its receive buffer is full (back-pressure then stalls the device; nothing is lost). */
  pbl_status (*advance)(pbl_device *dev, uint64_t max_cycles, pbl_error *err);
  /* required. Clocks since open (simulated, never wall time). */
  uint64_t (*cycles)(const pbl_device *dev);
  /* optional. The receiver of each stream accepts a word on a clock with probability permille/1000,
   * drawn from `seed`; 1000 restores always-ready. For tests of back-pressure. */
  pbl_status (*stream_throttle)(pbl_device *dev, unsigned permille, uint64_t seed, pbl_error *err);
  /* optional. Level of the interrupt line; never advances time. */
  bool (*irq)(const pbl_device *dev);
  /* optional, both or none. begin, directly after open and once: the clocks of `w` go to its file.
   * Samples and cycles are the same with and without. INVALID when the device was not built for it,
   * IO when the file cannot be made. end closes the file and tells what is in it; IO when it is not
   * whole. Call pbl_device_waveform_begin and _end. */
  pbl_status (*waveform_begin)(pbl_device *dev, const pbl_waveform_window *w, pbl_error *err);
  pbl_status (*waveform_end)(pbl_device *dev, pbl_waveform_record *record, pbl_error *err);
  /* optional, both or none. save appends the complete state of the device, words that wait in its
   * receivers among it, to `out`; it never advances time and changes nothing. restore puts it into
   * a device of the same back-end, version and hardware, whatever that has done before: from there
   * on both do and answer the same, bit by bit, cycles() too. Sweeps and runs may be in progress.
   * FORMAT for bytes that are no such state (the device is then good for close only), NO_MEMORY.
   * Checksums and the question whose state it is belong to the caller (host/snapshot). */
  pbl_status (*save)(pbl_device *dev, pbl_bytes *out, pbl_error *err);
  pbl_status (*restore)(pbl_device *dev, const void *bytes, size_t n, pbl_error *err);
} pbl_device_ops;

struct pbl_device {
  const pbl_device_ops *ops;
};

/* trace_read of the back-end; DEVICE, with nothing read, where it has no trace port. */
static inline pbl_status pbl_device_trace_read(pbl_device *dev, uint32_t *dst, uint8_t *last,
                                               size_t max_words, size_t *n_words, pbl_error *err) {
  *n_words = 0;
  if (dev->ops->trace_read) return dev->ops->trace_read(dev, dst, last, max_words, n_words, err);
  return pbl_fail(err, PBL_DEVICE, "%s: this back-end has no trace port", dev->ops->name);
}

/* waveform_begin of the back-end; DEVICE where it has none. */
static inline pbl_status pbl_device_waveform_begin(pbl_device *dev, const pbl_waveform_window *w,
                                                   pbl_error *err) {
  if (dev->ops->waveform_begin) return dev->ops->waveform_begin(dev, w, err);
  return pbl_fail(err, PBL_DEVICE, "%s: this back-end has no waveforms; device rtl has",
                  dev->ops->name);
}

/* waveform_end of the back-end, which pbl_device_waveform_begin has accepted. */
static inline pbl_status pbl_device_waveform_end(pbl_device *dev, pbl_waveform_record *record,
                                                 pbl_error *err) {
  return dev->ops->waveform_end(dev, record, err);
}

/* Bit-exact C twin of the RTL with these parameters. */
pbl_status pbl_twin_open(pbl_device **out, const pbl_hw *hw, pbl_error *err);

/* A compiled RTL variant (shared object made by host/device/pbl_variant.h). reset_seed seeds the
 * random values that uninitialised registers and memories start with; samples never depend on it.
 */
pbl_status pbl_rtl_open(pbl_device **out, const char *shared_object, uint64_t reset_seed,
                        pbl_error *err);

#endif

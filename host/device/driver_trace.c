/* From the trace stream to whoever asked for it. */
#include "driver_internal.h"

#define READ_WORDS 4096

pbl_status pbl_driver_set_trace(pbl_driver *d, uint32_t first, uint32_t sweeps, pbl_trace_sink sink,
                                void *user, pbl_error *err) {
  if (!d->hw.trace)
    return pbl_fail(err, PBL_INVALID, "driver: the device was built without trace port (hw.trace)");
  if (first > 0 && sink == NULL) return pbl_fail(err, PBL_INVALID, "driver: a trace without sink");
  pbl_status s = PBL_WRITE(d, TRACE_FIRST, first, err);
  if (s == PBL_OK) s = PBL_WRITE(d, TRACE_SWEEPS, sweeps, err);
  if (s == PBL_OK) s = pbl_driver_status(d, NULL, "after the trace was set", err);
  if (s != PBL_OK) return s;
  d->trace_sink = first > 0 ? sink : NULL;
  d->trace_user = user;
  return PBL_OK;
}

static pbl_status read_words(pbl_driver *d, uint32_t *words, uint8_t *last, size_t *n,
                             pbl_error *err) {
  const pbl_status s = pbl_device_trace_read(d->dev, words, last, READ_WORDS, n, err);
  return s == PBL_OK ? PBL_OK : pbl_wrap(err, s, "%s device", d->dev->ops->name);
}

pbl_status pbl_trace_prepare(pbl_driver *d, pbl_error *err) {
  uint32_t words[READ_WORDS];
  uint8_t last[READ_WORDS];
  size_t n = 0, total = 0;
  if (!d->trace_sink) return PBL_OK;
  do {
    const pbl_status s = read_words(d, words, last, &n, err);
    if (s != PBL_OK) return s;
    total += n;
    if (total > PBL_DRIVER_MOST_WORDS) return pbl_driver_endless(d, "trace", err);
  } while (n > 0);
  d->trace_fill = 0;
  if (total == 0 || d->unclean) return PBL_OK;
  return pbl_fail(err, PBL_DEVICE, "%s device: %zu words were in the trace stream before START",
                  d->dev->ops->name, total);
}

/* Whole records go to the sink at once; the words of one that has not all arrived wait. */
pbl_status pbl_trace_drain(pbl_driver *d, uint64_t *n_words, pbl_error *err) {
  uint32_t words[PBL_TRACE_RECORD_WORDS + READ_WORDS];
  uint8_t last[READ_WORDS];
  size_t n = 0, total = 0;
  if (!d->trace_sink) return PBL_OK;
  do {
    const size_t waiting = d->trace_fill;
    for (size_t k = 0; k < waiting; k++) words[k] = d->trace_record[k];
    pbl_status s = read_words(d, words + waiting, last, &n, err);
    if (s != PBL_OK) return s;
    for (size_t k = 0; k < n; k++) {
      const bool ends = (waiting + k) % PBL_TRACE_RECORD_WORDS == PBL_TRACE_RECORD_WORDS - 1;
      if ((last[k] != 0) != ends)
        return pbl_fail(err, PBL_DEVICE,
                        "%s device: trace stream: TLAST is %d at word %zu of a record of %d: words "
                        "were lost or doubled",
                        d->dev->ops->name, last[k] != 0, (waiting + k) % PBL_TRACE_RECORD_WORDS + 1,
                        PBL_TRACE_RECORD_WORDS);
    }
    const size_t records = (waiting + n) / PBL_TRACE_RECORD_WORDS;
    d->trace_fill = (waiting + n) % PBL_TRACE_RECORD_WORDS;
    for (size_t k = 0; k < d->trace_fill; k++)
      d->trace_record[k] = words[records * PBL_TRACE_RECORD_WORDS + k];
    *n_words += n;
    total += n;
    if (total > PBL_DRIVER_MOST_WORDS) return pbl_driver_endless(d, "trace", err);
    if (records > 0) s = d->trace_sink(d->trace_user, words, records, err);
    if (s != PBL_OK) return s;
  } while (n > 0);
  return PBL_OK;
}

pbl_status pbl_trace_finish(pbl_driver *d, pbl_error *err) {
  if (!d->trace_sink || d->trace_fill == 0) return PBL_OK;
  return pbl_fail(err, PBL_DEVICE, "%s device: the run ended with %zu words of a trace record",
                  d->dev->ops->name, d->trace_fill);
}

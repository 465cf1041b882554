/* From the telemetry stream to the window log. */
#include "driver_internal.h"

#define READ_WORDS (16 * PBL_WINDOW_WORDS)

pbl_status pbl_windows_prepare(pbl_driver *d, pbl_error *err) {
  uint32_t words[READ_WORDS];
  size_t n, total = 0;
  do {
    const pbl_status s = d->dev->ops->telemetry_read(d->dev, words, NULL, READ_WORDS, &n, err);
    if (s != PBL_OK) return pbl_wrap(err, s, "%s device", d->dev->ops->name);
    total += n;
    if (total > PBL_DRIVER_MOST_WORDS) return pbl_driver_endless(d, "telemetry", err);
  } while (n > 0);
  if (total > 0 && !d->unclean)
    return pbl_fail(err, PBL_DEVICE,
                    "%s device: %zu words were in the telemetry stream before START",
                    d->dev->ops->name, total);
  d->record_fill = 0;
  return d->telemetry ? PBL_READ(d, &d->next_window, WINDOW_INDEX, err) : PBL_OK;
}

static pbl_status push_word(pbl_driver *d, uint32_t word, bool last, pbl_error *err) {
  d->record[d->record_fill++] = word;
  const bool full = d->record_fill == PBL_WINDOW_WORDS;
  if (last != full)
    return pbl_fail(err, PBL_DEVICE,
                    "telemetry stream: record of window %u: TLAST is %d at word %zu of %d: words "
                    "were lost or doubled",
                    d->next_window, last, d->record_fill, PBL_WINDOW_WORDS);
  if (!full) return PBL_OK;
  const pbl_window window = pbl_window_decode(d->record);
  d->record_fill = 0;
  if (window.index != d->next_window)
    return pbl_fail(err, PBL_DEVICE, "telemetry stream: record of window %u came, expected %u",
                    window.index, d->next_window);
  d->next_window++;
  return d->log ? pbl_window_log_append(d->log, &window, err) : PBL_OK;
}

pbl_status pbl_windows_drain(pbl_driver *d, pbl_error *err) {
  uint32_t words[READ_WORDS];
  uint8_t last[READ_WORDS];
  size_t n, total = 0;
  if (!d->telemetry) return PBL_OK;
  do {
    pbl_status s = d->dev->ops->telemetry_read(d->dev, words, last, READ_WORDS, &n, err);
    for (size_t i = 0; s == PBL_OK && i < n; i++) s = push_word(d, words[i], last[i] != 0, err);
    if (s != PBL_OK) return pbl_wrap(err, s, "%s device", d->dev->ops->name);
    total += n;
    if (total > PBL_DRIVER_MOST_WORDS) return pbl_driver_endless(d, "telemetry", err);
  } while (n > 0);
  return PBL_OK;
}

pbl_status pbl_windows_finish(pbl_driver *d, pbl_error *err) {
  uint32_t index = 0;
  if (!d->telemetry) return PBL_OK;
  const pbl_status s = PBL_READ(d, &index, WINDOW_INDEX, err);
  if (s != PBL_OK) return s;
  if (index == d->next_window && d->record_fill == 0) return PBL_OK;
  return pbl_fail(err, PBL_DEVICE,
                  "%s device: the run ended with %u windows, and the telemetry stream brought the "
                  "records of %u and %zu words",
                  d->dev->ops->name, index, d->next_window, d->record_fill);
}

void pbl_driver_set_window_log(pbl_driver *d, pbl_window_log *log) {
  d->log = log;
}

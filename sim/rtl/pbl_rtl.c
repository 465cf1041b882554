/* Back-end `rtl`: a compiled variant, loaded at run time, behind the device vtable. */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_device.h"
#include "pbl_rtl_pins.h"

typedef struct {
  pbl_device base;
  void *object; /* of dlopen */
  const pbl_rtl_api *api;
  void *instance;
} rtl_device;

static rtl_device *self(pbl_device *dev) {
  return (rtl_device *)dev;
}

static void rtl_close(pbl_device *dev) {
  rtl_device *d = self(dev);
  if (d->instance) d->api->destroy(d->instance);
  if (d->object) dlclose(d->object);
  free(d);
}

static pbl_status bus_result(int response, const char *what, uint32_t address, pbl_error *err) {
  if (response == PBL_RTL_OKAY) return PBL_OK;
  if (response == PBL_RTL_NO_RESPONSE) {
    return pbl_fail(err, PBL_TIMEOUT, "rtl: %s of register 0x%03x: no bus response", what, address);
  }
  return pbl_fail(err, PBL_DEVICE, "rtl: %s of register 0x%03x: bus error (SLVERR)", what, address);
}

static pbl_status rtl_read32(pbl_device *dev, uint32_t *value, uint32_t address, pbl_error *err) {
  return bus_result(self(dev)->api->read32(self(dev)->instance, value, address), "read", address,
                    err);
}

static pbl_status rtl_write32(pbl_device *dev, uint32_t address, uint32_t value, pbl_error *err) {
  return bus_result(self(dev)->api->write32(self(dev)->instance, address, value), "write", address,
                    err);
}

static pbl_status rtl_stream_read(pbl_device *dev, uint32_t *dst, uint8_t *last, size_t max_words,
                                  size_t *n_words, pbl_error *err) {
  (void)err;
  *n_words = self(dev)->api->stream_read(self(dev)->instance, dst, last, max_words);
  return PBL_OK;
}

static pbl_status rtl_telemetry_read(pbl_device *dev, uint32_t *dst, uint8_t *last,
                                     size_t max_words, size_t *n_words, pbl_error *err) {
  (void)err;
  *n_words = self(dev)->api->telemetry_read(self(dev)->instance, dst, last, max_words);
  return PBL_OK;
}

static pbl_status rtl_trace_read(pbl_device *dev, uint32_t *dst, uint8_t *last, size_t max_words,
                                 size_t *n_words, pbl_error *err) {
  rtl_device *d = self(dev);
  *n_words = 0;
  if (!d->api->has_trace(d->instance)) {
    return pbl_fail(err, PBL_DEVICE,
                    "rtl: this device was built without a trace port (trace: true)");
  }
  *n_words = d->api->trace_read(d->instance, dst, last, max_words);
  return PBL_OK;
}

static pbl_status rtl_advance(pbl_device *dev, uint64_t max_cycles, pbl_error *err) {
  (void)err;
  self(dev)->api->advance(self(dev)->instance, max_cycles);
  return PBL_OK;
}

static uint64_t rtl_cycles(const pbl_device *dev) {
  const rtl_device *d = (const rtl_device *)dev;
  return d->api->cycles(d->instance);
}

static pbl_status rtl_throttle(pbl_device *dev, unsigned permille, uint64_t seed, pbl_error *err) {
  (void)err;
  self(dev)->api->stream_throttle(self(dev)->instance, permille, seed);
  return PBL_OK;
}

static bool rtl_irq(const pbl_device *dev) {
  const rtl_device *d = (const rtl_device *)dev;
  return d->api->irq(d->instance) != 0;
}

static pbl_status rtl_waveform_begin(pbl_device *dev, const pbl_waveform_window *w,
                                     pbl_error *err) {
  rtl_device *d = self(dev);
  if (!d->api->waveform_begin)
    return pbl_fail(err, PBL_INVALID, "rtl: this variant was not compiled for waveforms");
  const bool behind = w->trigger != PBL_TRIGGER_START || w->from >= 0;
  if (w->trigger >= PBL_N_TRIGGERS || w->number < 1 || w->from >= w->to || !behind)
    return pbl_fail(err, PBL_INVALID, "rtl: no such window of a waveform");
  const int e = d->api->waveform_begin(d->instance, w);
  if (e != 0) return pbl_fail(err, PBL_NO_MEMORY, "rtl: waveform: %s", strerror(e));
  return PBL_OK;
}

static pbl_status rtl_waveform_end(pbl_device *dev, pbl_waveform_record *record, pbl_error *err) {
  rtl_device *d = self(dev);
  d->api->waveform_end(d->instance, record);
  if (record->error == 0) return PBL_OK;
  if (record->error > 0)
    return pbl_fail(err, PBL_IO, "rtl: waveform: cannot write it: %s", strerror(record->error));
  return pbl_fail(err, PBL_DEVICE,
                  "rtl: waveform: the second model left the path of the first; the file is void");
}

static int take_bytes(void *user, const void *bytes, size_t n) {
  return (int)pbl_bytes_append(user, bytes, n, NULL);
}

static pbl_status rtl_save(pbl_device *dev, pbl_bytes *out, pbl_error *err) {
  rtl_device *d = self(dev);
  if (!d->api->save)
    return pbl_fail(err, PBL_INVALID, "rtl: this variant was not compiled for snapshots");
  if (d->api->save(d->instance, take_bytes, out) == 0) return PBL_OK;
  return pbl_fail(err, PBL_NO_MEMORY, "rtl: no memory for the state of the device");
}

static pbl_status rtl_restore(pbl_device *dev, const void *bytes, size_t n, pbl_error *err) {
  rtl_device *d = self(dev);
  if (!d->api->restore)
    return pbl_fail(err, PBL_INVALID, "rtl: this variant was not compiled for snapshots");
  if (d->api->restore(d->instance, bytes, n)) return PBL_OK;
  return pbl_fail(err, PBL_FORMAT, "rtl device: state: its bytes are not those of this variant");
}

static const pbl_device_ops rtl_ops = {
    .name = "rtl",
    .close = rtl_close,
    .read32 = rtl_read32,
    .write32 = rtl_write32,
    .stream_read = rtl_stream_read,
    .telemetry_read = rtl_telemetry_read,
    .trace_read = rtl_trace_read,
    .advance = rtl_advance,
    .cycles = rtl_cycles,
    .stream_throttle = rtl_throttle,
    .irq = rtl_irq,
    .waveform_begin = rtl_waveform_begin,
    .waveform_end = rtl_waveform_end,
    .save = rtl_save,
    .restore = rtl_restore,
};

pbl_status pbl_rtl_pins(pbl_device *dev, pbl_rtl_outputs *out, const pbl_rtl_inputs *in, bool edge,
                        pbl_error *err) {
  if (!dev || dev->ops != &rtl_ops)
    return pbl_fail(err, PBL_INVALID, "pins: the device is not a compiled RTL variant");
  self(dev)->api->pins(self(dev)->instance, out, in, edge);
  return PBL_OK;
}

pbl_status pbl_rtl_open(pbl_device **out, const char *shared_object, uint64_t reset_seed,
                        pbl_error *err) {
  rtl_device *d = calloc(1, sizeof *d);
  if (!d) return pbl_fail(err, PBL_NO_MEMORY, "rtl: out of memory");
  d->base.ops = &rtl_ops;
  pbl_status st = PBL_OK;
  d->object = dlopen(shared_object, RTLD_NOW | RTLD_LOCAL);
  if (!d->object) {
    st = pbl_fail(err, PBL_DEVICE, "rtl: cannot load %s (remove it to have it built anew): %s",
                  shared_object, dlerror());
    goto fail;
  }
  pbl_rtl_api_get_fn get = NULL;
  *(void **)&get = dlsym(d->object, PBL_RTL_API_SYMBOL);
  d->api = get ? get() : NULL;
  if (!d->api || d->api->version != PBL_RTL_API_VERSION) {
    st = pbl_fail(
        err, PBL_DEVICE,
        "rtl: %s is not a compiled variant of this version; remove it to have it built anew",
        shared_object);
    goto fail;
  }
  d->instance = d->api->create(reset_seed);
  if (!d->instance) {
    st = pbl_fail(err, PBL_NO_MEMORY, "rtl: cannot create a model instance of %s", shared_object);
    goto fail;
  }
  *out = &d->base;
  return PBL_OK;
fail:
  rtl_close(&d->base);
  return st;
}

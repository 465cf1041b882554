/* Register access that fails the check in progress, and the list of registers. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "pbl_reg_list.h"
#include "selftest_internal.h"

const selftest_register selftest_registers[] = {
#define X(name, offset, access, has_reset, reset, keeps) \
  {#name, offset, SELFTEST_##access, has_reset, reset, keeps},
    PBL_REG_LIST(X)
#undef X
};
const size_t selftest_n_registers = sizeof selftest_registers / sizeof *selftest_registers;
_Static_assert(sizeof selftest_registers / sizeof *selftest_registers <= SELFTEST_MAX_REGISTERS,
               "room for what every register read at power-up");

const char *selftest_name(uint32_t address) {
  for (size_t k = 0; k < selftest_n_registers; k++) {
    if (selftest_registers[k].address == address) return selftest_registers[k].name;
  }
  return "?";
}

bool selftest_failed(const selftest *t) {
  return t->now->outcome == PBL_SELFTEST_FAIL;
}

static void set_text(selftest *t, pbl_selftest_outcome outcome, const char *format, va_list list) {
  if (selftest_failed(t)) return;
  t->now->outcome = outcome;
  vsnprintf(t->now->text, sizeof t->now->text, format, list);
}

void selftest_fail(selftest *t, const char *format, ...) {
  va_list list;
  va_start(list, format);
  set_text(t, PBL_SELFTEST_FAIL, format, list);
  va_end(list);
}

void selftest_fail_word(selftest *t, uint32_t address, uint32_t expected, uint32_t got,
                        const char *format, ...) {
  va_list list;
  if (selftest_failed(t)) return;
  va_start(list, format);
  set_text(t, PBL_SELFTEST_FAIL, format, list);
  va_end(list);
  t->now->has_words = true;
  t->now->address = address;
  t->now->expected = expected;
  t->now->got = got;
}

void selftest_skip(selftest *t, const char *format, ...) {
  va_list list;
  va_start(list, format);
  set_text(t, PBL_SELFTEST_SKIPPED, format, list);
  va_end(list);
}

void selftest_note(selftest *t, const char *format, ...) {
  va_list list;
  if (t->now->outcome != PBL_SELFTEST_PASS) return;
  va_start(list, format);
  set_text(t, PBL_SELFTEST_PASS, format, list);
  va_end(list);
}

bool selftest_ok(selftest *t, pbl_status st, const pbl_error *err) {
  if (st == PBL_OK) return true;
  selftest_fail(t, "%s", err->message);
  if (st != PBL_DEVICE && st != PBL_HASH && t->stopped == PBL_OK) {
    t->stopped = st;
    t->error = *err;
  }
  return false;
}

bool selftest_read_of(selftest *t, pbl_device *dev, uint32_t *value, uint32_t address) {
  pbl_error err = {0};
  const pbl_status st = dev->ops->read32(dev, value, address, &err);
  if (st != PBL_OK) pbl_wrap(&err, st, "reading %s (0x%03X)", selftest_name(address), address);
  return selftest_ok(t, st, &err);
}

bool selftest_write_of(selftest *t, pbl_device *dev, uint32_t address, uint32_t value) {
  pbl_error err = {0};
  const pbl_status st = dev->ops->write32(dev, address, value, &err);
  if (st != PBL_OK)
    pbl_wrap(&err, st, "writing 0x%08X to %s (0x%03X)", value, selftest_name(address), address);
  return selftest_ok(t, st, &err);
}

bool selftest_read64_of(selftest *t, pbl_device *dev, uint64_t *value, uint32_t address_lo) {
  uint32_t low = 0, high = 0;
  if (!selftest_read_of(t, dev, &low, address_lo) ||
      !selftest_read_of(t, dev, &high, address_lo + 4))
    return false;
  *value = (uint64_t)high << 32 | low;
  return true;
}

bool selftest_read(selftest *t, uint32_t *value, uint32_t address) {
  return selftest_read_of(t, t->dev, value, address);
}

bool selftest_write(selftest *t, uint32_t address, uint32_t value) {
  return selftest_write_of(t, t->dev, address, value);
}

bool selftest_write_both(selftest *t, uint32_t address, uint32_t value) {
  return selftest_write_of(t, t->dev, address, value) &&
         selftest_write_of(t, t->twin, address, value);
}

bool selftest_expect(selftest *t, uint32_t address, uint32_t expected, const char *what) {
  uint32_t value = 0;
  if (!selftest_read(t, &value, address)) return false;
  if (value != expected)
    selftest_fail_word(t, address, expected, value, "%s, %s", selftest_name(address), what);
  return value == expected;
}

bool selftest_like_twin(selftest *t, uint32_t address, const char *what) {
  uint32_t expected = 0;
  return selftest_read_of(t, t->twin, &expected, address) &&
         selftest_expect(t, address, expected, what);
}

/* DEVICE is the bus' refusal; all else ends the self-test. */
static bool judge(selftest *t, pbl_status st, const pbl_error *err, bool *refused) {
  if (st != PBL_OK && st != PBL_DEVICE) return selftest_ok(t, st, err);
  *refused = st == PBL_DEVICE;
  return true;
}

bool selftest_read_refused(selftest *t, bool *refused, uint32_t address) {
  pbl_error err = {0};
  uint32_t value;
  return judge(t, t->dev->ops->read32(t->dev, &value, address, &err), &err, refused);
}

bool selftest_write_refused(selftest *t, bool *refused, uint32_t address, uint32_t value) {
  pbl_error err = {0};
  uint32_t id;
  pbl_status st = t->dev->ops->write32(t->dev, address, value, &err);
  if (st == PBL_OK) st = t->dev->ops->read32(t->dev, &id, PBL_REG_ID, &err);
  return judge(t, st, &err, refused);
}

uint32_t selftest_mix(uint64_t index, uint64_t salt) {
  uint64_t x = index * 0x9E3779B97F4A7C15u + salt * 0xD1B54A32D192ED03u + 0x2545F4914F6CDD1Du;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return (uint32_t)((x ^ (x >> 31)) >> 16);
}

/* What the bus and the device refuse: addresses without a register, writes to read-only registers,
 * words that do not fit the image port. */
#include <stdio.h>

#include "selftest_internal.h"

#define WINDOW_BYTES 0x1000u

static bool is_mapped(uint32_t address) {
  for (size_t k = 0; k < selftest_n_registers; k++) {
    if (selftest_registers[k].address == address) return true;
  }
  return false;
}

/* Zeros do no harm when a faulty decoder passes them on. */
void selftest_check_unmapped(selftest *t) {
  uint32_t n = 0;
  if (t->opt.no_bus_errors) {
    selftest_skip(t, "accesses that the bus must refuse were not wanted");
    return;
  }
  for (uint32_t address = 0; address < WINDOW_BYTES; address += 4) {
    bool read = true, write = true;
    if (is_mapped(address)) continue;
    if (!selftest_read_refused(t, &read, address) || !selftest_write_refused(t, &write, address, 0))
      return;
    if (!read || !write) {
      selftest_fail(t, "0x%03X has no register, but its %s was answered without a bus error",
                    address, read ? "write" : "read");
      return;
    }
    n++;
  }
  selftest_note(t, "%u addresses below 0x%X, read and written", n, WINDOW_BYTES);
}

static bool check_read_only(selftest *t, const selftest_register *r) {
  uint32_t before = 0, after = 0;
  bool refused = true;
  if (!selftest_read(t, &before, r->address) ||
      !selftest_write_refused(t, &refused, r->address, ~before) ||
      !selftest_read(t, &after, r->address))
    return false;
  if (after != before) {
    selftest_fail_word(t, r->address, before, after, "%s is read-only and took a word", r->name);
  } else if (!refused) {
    selftest_fail(t, "%s (0x%03X) is read-only, but a write was answered without a bus error",
                  r->name, r->address);
  }
  return refused && after == before;
}

void selftest_check_read_only(selftest *t) {
  size_t n = 0;
  if (t->opt.no_bus_errors) {
    selftest_skip(t, "accesses that the bus must refuse were not wanted");
    return;
  }
  for (size_t k = 0; k < selftest_n_registers; k++) {
    if (selftest_registers[k].access != SELFTEST_RO) continue;
    if (!check_read_only(t, &selftest_registers[k])) return;
    n++;
  }
  selftest_note(t, "%zu registers", n);
}

/* ---- commands ---- */

static bool expect_error(selftest *t, bool set, const char *after) {
  uint32_t status = 0;
  if (!selftest_read(t, &status, PBL_REG_STATUS)) return false;
  const bool is_set = status & PBL_STATUS_ERROR_MASK;
  if (is_set != set)
    selftest_fail_word(t, PBL_REG_STATUS, status ^ PBL_STATUS_ERROR_MASK, status,
                       "STATUS.ERROR after %s", after);
  return is_set == set;
}

static bool clear(selftest *t) {
  return selftest_write(t, PBL_REG_CTRL, PBL_CTRL_CLEAR_MASK) &&
         expect_error(t, false, "CTRL.CLEAR");
}

static bool at(selftest *t, uint32_t select, uint32_t row, uint32_t col) {
  return selftest_write(t, PBL_REG_IMG_SELECT, select) &&
         selftest_write(t, PBL_REG_IMG_ADDRESS,
                        row << PBL_IMG_ADDRESS_ROW_SHIFT | (col & PBL_IMG_ADDRESS_COL_MASK));
}

void selftest_check_commands(selftest *t) {
  const uint32_t beyond = (uint32_t)t->hw.table_size;
  if (!clear(t) || !at(t, 1, 0, beyond) || !selftest_write(t, PBL_REG_IMG_DATA, 0) ||
      !expect_error(t, true, "a table entry beyond the last") || !clear(t))
    return;
  for (uint32_t a = PBL_REG_BUSY_CYCLES_LO; a <= PBL_REG_SAMPLES_HI; a += 4) {
    if (!selftest_expect(t, a, 0, "after CTRL.CLEAR")) return;
  }
  if (selftest_expect(t, PBL_REG_CTRL, 0, "which reads as zero") &&
      selftest_expect(t, PBL_REG_IMG_DATA, 0, "which reads as zero"))
    selftest_note(t, "a refused word sets STATUS.ERROR, CLEAR clears it and the counters");
}

/* ---- image port ---- */

typedef struct {
  const char *name;
  uint32_t select, row, col, data;
  bool accepted, counts; /* counts: COL is one higher then */
} port_case;

static bool check_port(selftest *t, const port_case *c) {
  char text[96];
  snprintf(text, sizeof text, "a word of %s at row %u, column %u", c->name, c->row, c->col);
  if (!clear(t) || !at(t, c->select, c->row, c->col) ||
      !selftest_write(t, PBL_REG_IMG_DATA, c->data) || !expect_error(t, !c->accepted, text))
    return false;
  return !c->counts ||
         selftest_expect(
             t, PBL_REG_IMG_ADDRESS,
             c->row << PBL_IMG_ADDRESS_ROW_SHIFT | ((c->col + 1) & PBL_IMG_ADDRESS_COL_MASK), text);
}

void selftest_check_image_port(selftest *t) {
  const pbl_hw *hw = &t->hw;
  const bool sparse = hw->fabric == PBL_FABRIC_SPARSE;
  const uint32_t pbits = (uint32_t)(sparse ? hw->sparse.pbits : pbl_hw_pbits(hw)),
                 table = (uint32_t)hw->table_size, words = 4 * ((uint32_t)pbl_hw_cells(hw) + 1),
                 rows = (uint32_t)pbl_hw_image_rows(hw), replicas = (uint32_t)hw->replicas;
  const bool expressible = pbits < 0x10000u, rows_expressible = rows < 0x10000u;
  const port_case cases[] = {
      {"the table", 1, 0, 0, 0, true, true},
      {"the table", 1, 0, table - 1, 0, true, true},
      {"the table", 1, 0, table, 0, false, false},
      {"the clamps", 2, 0, 0, 0, true, true},
      {"the clamps", 2, 0, pbits - 1, 0, true, true},
      {"the clamps", 2, 0, expressible ? pbits : 0, 0, !expressible, false},
      {"the generators", 4, 0, 0, 1, true, true},
      {"the generators", 4, 0, words - 1, 1, true, true},
      {"the generators", 4, 0, words, 1, false, false},
      {"the weights, out of order,", 0, 0, 1, 0, false, false},
      {"the weights", 0, 0, 0, 0, true, true},
      {"the weights", 0, rows_expressible ? rows : 0, 0, 0, !rows_expressible, false},
      {"the beta schedule", 6, 0, 127, 0, true, true},
      {"the beta schedule", 6, 0, 128, 0, false, false},
      {"the sparse schedule", 5, 0, 0, 0, sparse, sparse},
      {"the labels", 7, 0, 0, 0, hw->exchange != 0, hw->exchange != 0},
      {"the labels", 7, 0, replicas, 0, false, false},
  };
  const size_t n = sizeof cases / sizeof *cases;
  for (size_t k = 0; k < n; k++) {
    if (!check_port(t, &cases[k])) return;
  }
  if (clear(t)) selftest_note(t, "%zu words, inside and outside their memories", n);
}

#include "pbl_hil_frame.h"

#include <stdlib.h>
#include <string.h>

static void store(uint8_t *p, uint64_t x, size_t n) {
  for (size_t k = 0; k < n; k++) p[k] = (uint8_t)(x >> (8 * k));
}

static uint64_t load(const uint8_t *p, size_t n) {
  uint64_t x = 0;
  for (size_t k = 0; k < n; k++) x |= (uint64_t)p[k] << (8 * k);
  return x;
}

void pbl_hil_header_put(uint8_t bytes[PBL_HIL_HEADER_BYTES], const pbl_hil_header *h) {
  store(bytes, PBL_HIL_MAGIC, 4);
  store(bytes + 4, h->length, 4);
  store(bytes + 8, h->opcode, 2);
  store(bytes + 10, h->code, 2);
  store(bytes + 12, h->sequence, 4);
  store(bytes + 16, h->cycles, 8);
}

bool pbl_hil_header_get(pbl_hil_header *h, const uint8_t bytes[PBL_HIL_HEADER_BYTES]) {
  h->length = (uint32_t)load(bytes + 4, 4);
  h->opcode = (uint16_t)load(bytes + 8, 2);
  h->code = (uint16_t)load(bytes + 10, 2);
  h->sequence = (uint32_t)load(bytes + 12, 4);
  h->cycles = load(bytes + 16, 8);
  return load(bytes, 4) == PBL_HIL_MAGIC && h->length <= PBL_HIL_MAX_PAYLOAD;
}

const char *pbl_hil_opcode_name(unsigned opcode) {
  switch (opcode & ~PBL_HIL_REPLY) {
#define PBL_X(name, number) \
  case number:              \
    return #name;
    PBL_HIL_OPCODES(PBL_X)
#undef PBL_X
  }
  return "?";
}

const char *pbl_hil_code_text(unsigned code) {
  switch (code) {
#define PBL_X(name, number, text) \
  case number:                    \
    return text;
    PBL_HIL_CODES(PBL_X)
#undef PBL_X
  }
  return "unknown error";
}

/* ---- writing ---- */

void pbl_hil_buffer_free(pbl_hil_buffer *b) {
  free(b->data);
  *b = (pbl_hil_buffer){0};
}

uint8_t *pbl_hil_extend(pbl_hil_buffer *b, size_t n) {
  if (b->n + n > b->size) {
    size_t size = b->size ? b->size : 256;
    while (size < b->n + n) size *= 2;
    uint8_t *data = realloc(b->data, size);
    if (!data) {
      b->failed = true;
      return NULL;
    }
    b->data = data;
    b->size = size;
  }
  b->n += n;
  return b->data + b->n - n;
}

void pbl_hil_drop(pbl_hil_buffer *b, size_t n) {
  if (n == 0) return;
  b->n -= n;
  memmove(b->data, b->data + n, b->n);
}

static void put_number(pbl_hil_buffer *b, uint64_t x, size_t n) {
  uint8_t *p = pbl_hil_extend(b, n);
  if (p) store(p, x, n);
}

void pbl_hil_put8(pbl_hil_buffer *b, uint8_t x) {
  put_number(b, x, 1);
}
void pbl_hil_put16(pbl_hil_buffer *b, uint16_t x) {
  put_number(b, x, 2);
}
void pbl_hil_put32(pbl_hil_buffer *b, uint32_t x) {
  put_number(b, x, 4);
}
void pbl_hil_put64(pbl_hil_buffer *b, uint64_t x) {
  put_number(b, x, 8);
}

void pbl_hil_put(pbl_hil_buffer *b, const void *bytes, size_t n) {
  uint8_t *p = n > 0 ? pbl_hil_extend(b, n) : NULL;
  if (p) memcpy(p, bytes, n);
}

void pbl_hil_put_text(pbl_hil_buffer *b, const char *text) {
  const size_t n = strnlen(text, 4096);
  pbl_hil_put16(b, (uint16_t)n);
  pbl_hil_put(b, text, n);
}

void pbl_hil_patch32(pbl_hil_buffer *b, size_t at, uint32_t x) {
  if (!b->failed) store(b->data + at, x, 4);
}

/* ---- reading ---- */

const uint8_t *pbl_hil_get(pbl_hil_cursor *c, size_t n) {
  if (c->failed || c->n - c->at < n) {
    c->failed = true;
    return NULL;
  }
  c->at += n;
  return c->data + c->at - n;
}

static uint64_t get_number(pbl_hil_cursor *c, size_t n) {
  const uint8_t *p = pbl_hil_get(c, n);
  return p ? load(p, n) : 0;
}

uint8_t pbl_hil_get8(pbl_hil_cursor *c) {
  return (uint8_t)get_number(c, 1);
}
uint16_t pbl_hil_get16(pbl_hil_cursor *c) {
  return (uint16_t)get_number(c, 2);
}
uint32_t pbl_hil_get32(pbl_hil_cursor *c) {
  return (uint32_t)get_number(c, 4);
}
uint64_t pbl_hil_get64(pbl_hil_cursor *c) {
  return get_number(c, 8);
}

void pbl_hil_get_text(pbl_hil_cursor *c, char *text, size_t size) {
  const size_t length = pbl_hil_get16(c);
  const uint8_t *p = pbl_hil_get(c, length);
  size_t n = 0;
  for (; p && n < length && n + 1 < size; n++)
    text[n] = (p[n] >= 32 && p[n] < 127) || p[n] == '\n' ? (char)p[n] : '?';
  text[n] = '\0';
}

/* ---- parameters ---- */

/* In the order of the page; new ones are appended. */
static void hw_words(uint32_t w[PBL_HIL_HW_WORDS], const pbl_hw *hw) {
  const bool is_lattice = hw->fabric == PBL_FABRIC_LATTICE;
  const bool is_sparse = hw->fabric == PBL_FABRIC_SPARSE;
  const pbl_hw_lattice *lat = &hw->lattice;
  const pbl_hw_sparse *sp = &hw->sparse;
  size_t n = 0;
  const int plain[] = {
      (int)hw->fabric, hw->n_visible,      hw->n_hidden,         hw->replicas,
      hw->lanes,       hw->weight_int,     hw->weight_frac,      hw->beta_int,
      hw->beta_frac,   hw->table_size,     hw->table_range_log2, hw->threshold_bits,
      hw->rounding,    (int)hw->generator, hw->lfsr_steps,       hw->field_bits};
  for (size_t k = 0; k < sizeof plain / sizeof *plain; k++) w[n++] = (uint32_t)plain[k];
  w[n++] = is_lattice ? (uint32_t)lat->side : 0;
  w[n++] = is_lattice ? (uint32_t)lat->n_rules : 0;
  for (int k = 0; k < PBL_HW_MAX_RULES; k++) w[n++] = is_lattice ? (uint32_t)lat->rule_a[k] : 0;
  for (int k = 0; k < PBL_HW_MAX_RULES; k++) w[n++] = is_lattice ? (uint32_t)lat->rule_b[k] : 0;
  w[n++] = is_lattice ? (uint32_t)lat->sites : 0;
  const int others[] = {is_sparse ? sp->pbits : 0,
                        is_sparse ? sp->edge_rows : 0,
                        is_sparse ? sp->groups : 0,
                        is_sparse ? sp->sites : 0,
                        hw->exchange,
                        hw->statistics,
                        hw->stat_pairs,
                        hw->trace,
                        hw->no_regulator,
                        hw->cells_per_generator > 1 ? hw->cells_per_generator : 0};
  for (size_t k = 0; k < sizeof others / sizeof *others; k++) w[n++] = (uint32_t)others[k];
}

static void hw_of_words(pbl_hw *hw, const uint32_t w[PBL_HIL_HW_WORDS]) {
  size_t n = 0;
  memset(hw, 0, sizeof *hw);
  hw->fabric = (pbl_fabric)w[n++];
  int *plain[] = {&hw->n_visible,  &hw->n_hidden,         &hw->replicas,       &hw->lanes,
                  &hw->weight_int, &hw->weight_frac,      &hw->beta_int,       &hw->beta_frac,
                  &hw->table_size, &hw->table_range_log2, &hw->threshold_bits, &hw->rounding};
  for (size_t k = 0; k < sizeof plain / sizeof *plain; k++) *plain[k] = (int)w[n++];
  hw->generator = (pbl_generator)w[n++];
  hw->lfsr_steps = (int)w[n++];
  hw->field_bits = (int)w[n++];
  hw->lattice.side = (int)w[n++];
  hw->lattice.n_rules = (int)w[n++];
  for (int k = 0; k < PBL_HW_MAX_RULES; k++) hw->lattice.rule_a[k] = (int)w[n++];
  for (int k = 0; k < PBL_HW_MAX_RULES; k++) hw->lattice.rule_b[k] = (int)w[n++];
  int *others[] = {&hw->lattice.sites, &hw->sparse.pbits,       &hw->sparse.edge_rows,
                   &hw->sparse.groups, &hw->sparse.sites,       &hw->exchange,
                   &hw->statistics,    &hw->stat_pairs,         &hw->trace,
                   &hw->no_regulator,  &hw->cells_per_generator};
  for (size_t k = 0; k < sizeof others / sizeof *others; k++) *others[k] = (int)w[n++];
  if (hw->cells_per_generator == 0) hw->cells_per_generator = 1; /* 0: not said */
}

void pbl_hil_put_hw(pbl_hil_buffer *b, const pbl_hw *hw) {
  uint32_t w[PBL_HIL_HW_WORDS];
  hw_words(w, hw);
  pbl_hil_put16(b, PBL_HIL_HW_WORDS);
  for (size_t k = 0; k < PBL_HIL_HW_WORDS; k++) pbl_hil_put32(b, w[k]);
}

bool pbl_hil_get_hw(pbl_hil_cursor *c, pbl_hw *hw) {
  uint32_t w[PBL_HIL_HW_WORDS] = {0};
  bool known = true;
  const size_t n = pbl_hil_get16(c);
  for (size_t k = 0; k < n && !c->failed; k++) {
    const uint32_t word = pbl_hil_get32(c);
    if (k < PBL_HIL_HW_WORDS)
      w[k] = word;
    else
      known &= word == 0;
  }
  hw_of_words(hw, w);
  return known && !c->failed;
}

bool pbl_hil_hw_equal(const pbl_hw *a, const pbl_hw *b) {
  pbl_hw x = *a, y = *b;
  uint32_t u[PBL_HIL_HW_WORDS], v[PBL_HIL_HW_WORDS];
  if (x.field_bits == 0) x.field_bits = pbl_hw_min_field_bits(&x);
  if (y.field_bits == 0) y.field_bits = pbl_hw_min_field_bits(&y);
  if (x.fabric == PBL_FABRIC_SPARSE) x.n_visible = y.n_visible;
  /* Only the LFSR has steps. */
  if (x.generator != PBL_GEN_LFSR32) x.lfsr_steps = y.lfsr_steps;
  hw_words(u, &x);
  hw_words(v, &y);
  return memcmp(u, v, sizeof u) == 0;
}

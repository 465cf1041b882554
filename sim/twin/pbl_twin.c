#include "pbl_twin.h"

#include <stdlib.h>
#include <string.h>

#include "pbl_twin_internal.h"

static void block_free(pbl_twin_block *b) {
  free(b->bias);
  free(b->weights);
  free(b->wide_weights);
  free(b->states);
  free(b->bits);
}

static void twin_close(pbl_device *dev) {
  pbl_twin *t = (pbl_twin *)dev;
  if (!t) return;
  block_free(&t->visible);
  block_free(&t->hidden);
  free(t->words);
  free(t->row_buffer);
  free(t->table);
  free(t->clamp);
  free(t->clamp_mask);
  pbl_twin_lattice_close(t->lattice);
  pbl_twin_sparse_close(t->sparse);
  pbl_twin_statistics_close(t->statistics);
  free(t->generator);
  free(t->shared);
  free(t->fields);
  free(t->energy);
  free(t->cell_beta);
  free(t->stream.words);
  free(t->stream.last);
  free(t->telemetry.words);
  free(t->telemetry.last);
  free(t);
}

static uint64_t twin_cycles(const pbl_device *dev) {
  const pbl_twin *t = (const pbl_twin *)dev;
  return t->run_cycles + t->bus_cycles;
}

static bool twin_irq(const pbl_device *dev) {
  const pbl_twin *t = (const pbl_twin *)dev;
  return (t->irq_status & t->irq_enable) != 0;
}

static const pbl_device_ops twin_ops = {
    .name = "twin",
    .close = twin_close,
    .read32 = pbl_twin_read32,
    .write32 = pbl_twin_write32,
    .stream_read = pbl_twin_stream_read,
    .telemetry_read = pbl_twin_telemetry_read,
    .advance = pbl_twin_advance,
    .cycles = twin_cycles,
    .irq = twin_irq,
    .save = pbl_twin_save,
    .restore = pbl_twin_restore,
};

/* Zeroed and aligned to a cache line, so that vector loads never split one. */
void *pbl_twin_zeroed(size_t n, size_t size) {
  const size_t bytes = (n * size + 63) / 64 * 64;
  void *p = aligned_alloc(64, bytes ? bytes : 64);
  if (p) memset(p, 0, bytes ? bytes : 64);
  return p;
}

static bool block_allocate(pbl_twin *t, pbl_twin_block *b, int n, int n_other, int first_pbit) {
  const size_t slots = (size_t)pbl_hw_contexts(&t->hw) * (size_t)t->n_groups;
  const size_t other_pairs = ((size_t)n_other + 1) / 2;
  const bool wide = pbl_hw_weight_bits(&t->hw) > 16;
  b->n = n;
  b->n_tiles = (n + PBL_TWIN_TILE - 1) / PBL_TWIN_TILE;
  b->n_pairs = (n + 1) / 2;
  b->first_pbit = first_pbit;
  b->bias = pbl_twin_zeroed((size_t)b->n_tiles * PBL_TWIN_TILE, sizeof *b->bias);
  if (wide) {
    b->wide_weights = pbl_twin_zeroed((size_t)n * 2 * other_pairs, sizeof *b->wide_weights);
  } else {
    b->weights =
        pbl_twin_zeroed((size_t)b->n_tiles * other_pairs * PBL_TWIN_TILE, sizeof *b->weights);
  }
  b->states = pbl_twin_zeroed(slots * (size_t)b->n_pairs * PBL_TWIN_GROUP * 2, sizeof *b->states);
  b->bits = pbl_twin_zeroed(slots * (size_t)n, sizeof *b->bits);
  if (!b->bias || !b->states || !b->bits || !(wide ? (void *)b->wide_weights : (void *)b->weights))
    return false;
  /* Bits are zero, hence the states -1. The partner of a last odd p-bit stays 0. */
  const size_t row = (size_t)b->n_pairs * PBL_TWIN_GROUP * 2;
  for (size_t s = 0; s < slots; s++) {
    for (size_t p = 0; p < (size_t)n; p++) {
      for (size_t l = 0; l < PBL_TWIN_GROUP; l++)
        b->states[s * row + ((p >> 1) * PBL_TWIN_GROUP + l) * 2 + (p & 1)] = -1;
    }
  }
  return true;
}

static bool allocate(pbl_twin *t) {
  const pbl_hw *hw = &t->hw;
  const size_t v = (size_t)hw->n_visible, h = (size_t)hw->n_hidden;
  const size_t largest = ((v > h ? v : h) + PBL_TWIN_TILE - 1) / PBL_TWIN_TILE * PBL_TWIN_TILE;
  const bool sparse = hw->fabric == PBL_FABRIC_SPARSE;
  const size_t pbits = sparse ? (size_t)hw->sparse.pbits : v + h;
  const size_t rows = (size_t)pbl_hw_image_rows(hw), cols = (size_t)pbl_hw_image_cols(hw);
  t->words = pbl_twin_zeroed(rows * cols, sizeof *t->words);
  /* A row of the sparse fabric's schedule is longer than one of its edges. */
  t->row_buffer = pbl_twin_zeroed(cols + 2, sizeof *t->row_buffer);
  t->table = pbl_twin_zeroed((size_t)hw->table_size, sizeof *t->table);
  t->clamp = pbl_twin_zeroed(pbits, sizeof *t->clamp);
  t->clamp_mask = pbl_twin_zeroed(pbits, sizeof *t->clamp_mask);
  t->generator = pbl_twin_zeroed((size_t)t->n_groups * 4 * PBL_TWIN_GROUP, sizeof *t->generator);
  t->energy = pbl_twin_zeroed((size_t)hw->replicas, sizeof *t->energy);
  if (hw->exchange)
    t->cell_beta = pbl_twin_zeroed((size_t)t->n_groups * PBL_TWIN_GROUP, sizeof *t->cell_beta);
  if (hw->exchange && !t->cell_beta) return false;
  if (!t->words || !t->row_buffer || !t->table || !t->clamp || !t->clamp_mask || !t->generator ||
      !t->energy)
    return false;
  if (hw->statistics && !(t->statistics = pbl_twin_statistics_open(hw))) return false;
  if (hw->fabric == PBL_FABRIC_LATTICE) return pbl_twin_lattice_open(t);
  if (sparse) return pbl_twin_sparse_open(t);
  t->fields = pbl_twin_zeroed(largest * PBL_TWIN_GROUP, sizeof *t->fields);
  return t->fields && block_allocate(t, &t->visible, hw->n_visible, hw->n_hidden, 0) &&
         block_allocate(t, &t->hidden, hw->n_hidden, hw->n_visible, hw->n_visible);
}

static pbl_status choose_kernel(pbl_twin *t, pbl_error *err) {
  const char *forced = getenv("PBITLOOP_SIMD");
  const pbl_twin_kernel *kernel = NULL;
  if (!forced || !forced[0]) {
    kernel = pbl_twin_kernel_avx512();
    if (!kernel) kernel = pbl_twin_kernel_avx2();
    if (!kernel) kernel = pbl_twin_kernel_portable();
  } else if (strcmp(forced, "avx512") == 0) {
    kernel = pbl_twin_kernel_avx512();
  } else if (strcmp(forced, "avx2") == 0) {
    kernel = pbl_twin_kernel_avx2();
  } else if (strcmp(forced, "portable") == 0) {
    kernel = pbl_twin_kernel_portable();
  } else {
    return pbl_fail(err, PBL_CONFIG,
                    "environment variable PBITLOOP_SIMD is '%s'; known: portable, avx2, avx512",
                    forced);
  }
  if (!kernel)
    return pbl_fail(err, PBL_CONFIG,
                    "environment variable PBITLOOP_SIMD asks for %s, which this CPU or build does "
                    "not have; unset it or use portable",
                    forced);
  t->kernel = kernel;
  return PBL_OK;
}

pbl_status pbl_twin_open(pbl_device **out, const pbl_hw *hw, pbl_error *err) {
  if (!out || !hw) return pbl_fail(err, PBL_INVALID, "pbl_twin_open: NULL argument");
  *out = NULL;
  pbl_status status = pbl_hw_check(hw, err);
  if (status != PBL_OK) return status;
  pbl_twin *t = calloc(1, sizeof *t);
  if (!t) return pbl_fail(err, PBL_NO_MEMORY, "twin device: out of memory");
  t->base.ops = &twin_ops;
  t->hw = *hw;
  t->n_groups = (pbl_hw_cells(hw) + PBL_TWIN_GROUP - 1) / PBL_TWIN_GROUP;
  t->stream.frame_words = ((size_t)pbl_hw_pbits(hw) * (size_t)hw->lanes + 31) / 32;
  t->telemetry.frame_words = PBL_TWIN_RECORD_WORDS;
  t->control = (pbl_lane_rng){.generator = hw->generator, .lfsr_steps = hw->lfsr_steps};
  pbl_twin_regulator_reset(&t->regulator);
  if (hw->no_regulator) pbl_twin_regulator_remove(&t->regulator);
  pbl_twin_exchange_reset(&t->exchange, hw);
  status = choose_kernel(t, err);
  if (status == PBL_OK && !allocate(t))
    status = pbl_fail(err, PBL_NO_MEMORY, "twin device, %s, %d p-bits, %d replicas: out of memory",
                      pbl_fabric_name(hw->fabric), pbl_hw_pbits(hw), hw->replicas);
  if (status != PBL_OK) {
    twin_close(&t->base);
    return status;
  }
  *out = &t->base;
  return PBL_OK;
}

pbl_status pbl_twin_set_trace(pbl_device *dev, pbl_twin_trace trace, void *user, pbl_error *err) {
  if (!dev || dev->ops != &twin_ops)
    return pbl_fail(err, PBL_INVALID, "pbl_twin_set_trace: the device is not a twin");
  pbl_twin *t = (pbl_twin *)dev;
  t->trace = trace;
  t->trace_user = user;
  return PBL_OK;
}

const char *pbl_twin_simd(const pbl_device *dev) {
  if (!dev || dev->ops != &twin_ops) return NULL;
  return ((const pbl_twin *)dev)->kernel->name;
}

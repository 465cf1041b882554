/* A run: which clocks pass, when a sweep begins and ends, when a sample is due. */
#include "pbl_regs.h"
#include "pbl_twin_cycles.h"
#include "pbl_twin_internal.h"

static void finish(pbl_twin *t) {
  t->phase = PBL_TWIN_IDLE;
  t->done = true;
  t->irq_status = 1;
}

void pbl_twin_start(pbl_twin *t) {
  t->run_kernel = t->config & PBL_CONFIG_KERNEL_MASK ? PBL_KERNEL_PALINDROMIC : PBL_KERNEL_CYCLIC;
  t->run_coupled = (t->config & PBL_CONFIG_COUPLED_MASK) != 0;
  t->run_sweeps = t->sweeps;
  t->run_every = t->sample_every;
  t->run_done = 0;
  t->elapsed = 0;
  t->stop = false;
  t->done = false;
  t->beta_active = t->beta;
  pbl_twin_image_pack(t);
  if (t->run_sweeps > 0) {
    t->phase = PBL_TWIN_SWEEPING;
  } else if (t->run_every > 0) {
    t->phase = PBL_TWIN_READOUT;
  } else {
    finish(t);
  }
}

static bool sample_due(const pbl_twin *t, uint32_t sweep) {
  return t->run_every > 0 && sweep % t->run_every == 0;
}

/* Decided before the first clock of a sweep or pass: a sample that it may bring must find room. */
bool pbl_twin_stalled(const pbl_twin *t) {
  if (t->phase == PBL_TWIN_IDLE || t->elapsed > 0) return false;
  if (t->phase == PBL_TWIN_SWEEPING && !sample_due(t, t->run_done + 1)) return false;
  return pbl_twin_stream_free(&t->stream) < t->stream.frame_words * (size_t)pbl_hw_contexts(&t->hw);
}

static pbl_status end_sweep(pbl_twin *t, pbl_error *err) {
  pbl_twin_sweep(t);
  t->run_done++;
  const bool last = t->stop || t->run_done == t->run_sweeps;
  const bool due = sample_due(t, t->run_done);
  if (last && due) {
    t->phase = PBL_TWIN_READOUT;
  } else if (last) {
    finish(t);
  } else if (due) {
    return pbl_twin_emit_sample(t, err);
  }
  return PBL_OK;
}

static pbl_status end_readout(pbl_twin *t, pbl_error *err) {
  const pbl_status status = pbl_twin_emit_sample(t, err);
  finish(t);
  return status;
}

pbl_status pbl_twin_advance(pbl_device *dev, uint64_t max_cycles, pbl_error *err) {
  pbl_twin *t = (pbl_twin *)dev;
  pbl_status status = PBL_OK;
  while (status == PBL_OK && max_cycles > 0 && t->phase != PBL_TWIN_IDLE && !pbl_twin_stalled(t)) {
    const bool sweeping = t->phase == PBL_TWIN_SWEEPING;
    const uint64_t cost =
        sweeping ? pbl_twin_cycles_sweep(&t->hw, t->run_kernel) : pbl_twin_cycles_readout(&t->hw);
    if (sweeping && t->elapsed == 0) t->beta_active = t->beta;
    const uint64_t left = cost - t->elapsed;
    const uint64_t step = max_cycles < left ? max_cycles : left;
    t->elapsed += step;
    t->run_cycles += step;
    t->counters[PBL_TWIN_BUSY].value += step;
    max_cycles -= step;
    if (t->elapsed < cost) continue;
    t->elapsed = 0;
    status = sweeping ? end_sweep(t, err) : end_readout(t, err);
  }
  return status;
}

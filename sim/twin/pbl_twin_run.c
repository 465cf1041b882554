/* A run: which clocks pass, when a sweep begins and ends, when a sample is due. */
#include "pbl_regs.h"
#include "pbl_twin_cycles.h"
#include "pbl_twin_internal.h"
#include "pbl_twin_sparse.h"

static void finish(pbl_twin *t) {
  t->phase = PBL_TWIN_IDLE;
  t->done = true;
  t->irq_status |= PBL_IRQ_STATUS_DONE_MASK;
}

static pbl_kernel kernel_of(uint32_t config) {
  if (config & PBL_CONFIG_COIN_MASK) return PBL_KERNEL_COIN;
  return config & PBL_CONFIG_KERNEL_MASK ? PBL_KERNEL_PALINDROMIC : PBL_KERNEL_CYCLIC;
}

void pbl_twin_start(pbl_twin *t) {
  t->run_kernel = kernel_of(t->config);
  t->run_coupled = (t->config & PBL_CONFIG_COUPLED_MASK) != 0;
  t->run_sweeps = t->sweeps;
  t->run_every = t->sample_every;
  t->run_done = 0;
  t->elapsed = 0;
  t->stop = false;
  t->done = false;
  const bool regulated =
      pbl_twin_regulator_acts(&t->regulator) || pbl_twin_regulator_is_scheduled(&t->regulator);
  if (!regulated) t->beta_active = t->beta;
  pbl_twin_image_pack(t);
  if (t->run_sweeps > 0) {
    t->phase = regulated ? PBL_TWIN_START_PAUSE : PBL_TWIN_SWEEPING;
  } else if (t->run_every > 0) {
    t->phase = PBL_TWIN_READOUT;
  } else {
    finish(t);
  }
}

static bool sample_due(const pbl_twin *t, uint32_t sweep) {
  return t->run_every > 0 && sweep % t->run_every == 0;
}

static bool counted(const pbl_twin *t, uint32_t sweep) {
  const pbl_twin_statistics *s = t->statistics;
  return s && s->every > 0 && sweep % s->every == 0;
}

/* For the stream, for the statistics unit, or for both. */
static bool frame_due(const pbl_twin *t, uint32_t sweep) {
  return sample_due(t, sweep) || counted(t, sweep);
}

static void count_sample(pbl_twin *t) {
  pbl_twin_statistics *s = t->statistics;
  const int n = t->sparse ? (int)t->sparse->pbits : pbl_hw_pbits(&t->hw);
  if (!pbl_twin_statistics_begin(s)) return;
  for (int c = 0; c < pbl_hw_contexts(&t->hw); c++) {
    pbl_twin_frame(t, c, s->frame);
    pbl_twin_statistics_frame(s, c, n);
  }
  pbl_twin_statistics_end(s, t->energy);
}

/* Decided before the first clock of a sweep, pass or pause: what it may bring must find room. */
bool pbl_twin_stalled(const pbl_twin *t) {
  if (t->elapsed > 0) return false;
  switch (t->phase) {
    case PBL_TWIN_SWEEPING:
      if (!sample_due(t, t->run_done + 1)) return false;
      break;
    case PBL_TWIN_READOUT:
      if (t->run_sweeps > 0 && !sample_due(t, t->run_done)) return false;
      break;
    case PBL_TWIN_WINDOW_PAUSE:
      return (t->regulator.config & PBL_REG_CONFIG_TELEMETRY_MASK) &&
             pbl_twin_stream_free(&t->telemetry) < PBL_TWIN_RECORD_WORDS;
    default:
      return false;
  }
  return pbl_twin_stream_free(&t->stream) < t->stream.frame_words * (size_t)pbl_hw_contexts(&t->hw);
}

static void enter(pbl_twin *t, pbl_twin_phase phase) {
  t->phase = phase;
  if (phase == PBL_TWIN_IDLE) finish(t);
}

/* After a sweep, in mode schedule. */
static void move_schedule(pbl_twin *t) {
  pbl_twin_regulator *r = &t->regulator;
  if (!pbl_twin_regulator_is_scheduled(r) || pbl_twin_regulator_is_frozen(r)) return;
  pbl_twin_schedule_sweep(&r->schedule);
  t->beta_active = pbl_twin_schedule_beta(&r->schedule);
}

static pbl_status end_sweep(pbl_twin *t, pbl_error *err) {
  pbl_twin_sweep(t);
  t->run_done++;
  if (counted(t, t->run_done)) count_sample(t);
  t->sweep_beta = t->beta_active;
  move_schedule(t);
  const bool last = t->stop || t->run_done == t->run_sweeps;
  const bool due = sample_due(t, t->run_done);
  /* The dense fabric sends with the next sweep, or in a pass of its own; the others at once. */
  const bool pass = frame_due(t, t->run_done) && last && !t->lattice && !t->sparse;
  const pbl_twin_phase next = !last ? PBL_TWIN_SWEEPING : pass ? PBL_TWIN_READOUT : PBL_TWIN_IDLE;
  const bool window = pbl_twin_regulator_sweep(&t->regulator, t->sweep_flips_v, t->sweep_flips_h,
                                               t->energy, t->hw.replicas);
  t->after_window = next;
  enter(t, window ? PBL_TWIN_WINDOW_PAUSE : next);
  return due && !pass ? pbl_twin_emit_sample(t, err) : PBL_OK;
}

static void end_start_pause(pbl_twin *t) {
  pbl_twin_regulator *r = &t->regulator;
  uint32_t no_flags = 0;
  t->beta_active =
      pbl_twin_regulator_is_scheduled(r)
          ? pbl_twin_schedule_beta(&r->schedule)
          : pbl_twin_regulator_beta(r, pbl_hw_beta_bits(&t->hw), t->hw.beta_frac, &no_flags);
  t->phase = PBL_TWIN_SWEEPING;
}

static pbl_status end_window(pbl_twin *t, pbl_error *err) {
  uint32_t record[PBL_TWIN_RECORD_WORDS];
  t->beta_active = pbl_twin_regulator_window_end(&t->regulator, t->beta_active,
                                                 pbl_hw_beta_bits(&t->hw), t->hw.beta_frac, record);
  record[1] = (uint32_t)t->counters[PBL_TWIN_SWEEPS].value;
  record[14] = t->sweep_beta;
  t->irq_status |= PBL_IRQ_STATUS_WINDOW_MASK;
  enter(t, t->after_window);
  if (!(t->regulator.config & PBL_REG_CONFIG_TELEMETRY_MASK)) return PBL_OK;
  return pbl_twin_emit_record(t, record, err);
}

static pbl_status end_readout(pbl_twin *t, pbl_error *err) {
  const bool wanted = t->run_sweeps == 0 || sample_due(t, t->run_done);
  const pbl_status status = wanted ? pbl_twin_emit_sample(t, err) : PBL_OK;
  finish(t);
  return status;
}

static uint64_t phase_cycles(const pbl_twin *t) {
  switch (t->phase) {
    case PBL_TWIN_SWEEPING:
      if (t->sparse) return pbl_twin_sparse_cycles_sweep(t, frame_due(t, t->run_done + 1));
      return pbl_twin_cycles_sweep(&t->hw, t->run_kernel, frame_due(t, t->run_done + 1));
    case PBL_TWIN_READOUT:
      if (t->sparse) return pbl_twin_sparse_cycles_readout(t);
      return pbl_twin_cycles_readout(&t->hw);
    default:
      return PBL_TWIN_PAUSE_CYCLES;
  }
}

static pbl_status end_phase(pbl_twin *t, pbl_error *err) {
  switch (t->phase) {
    case PBL_TWIN_SWEEPING:
      return end_sweep(t, err);
    case PBL_TWIN_READOUT:
      return end_readout(t, err);
    case PBL_TWIN_WINDOW_PAUSE:
      return end_window(t, err);
    default:
      end_start_pause(t);
      return PBL_OK;
  }
}

/* A host that asked for the interrupt of a window gets control back there. */
static bool interrupts(const pbl_twin *t, pbl_twin_phase ended) {
  return ended == PBL_TWIN_WINDOW_PAUSE && (t->irq_enable & PBL_IRQ_ENABLE_WINDOW_MASK);
}

pbl_status pbl_twin_advance(pbl_device *dev, uint64_t max_cycles, pbl_error *err) {
  pbl_twin *t = (pbl_twin *)dev;
  pbl_status status = PBL_OK;
  while (status == PBL_OK && max_cycles > 0 && t->phase != PBL_TWIN_IDLE && !pbl_twin_stalled(t)) {
    const pbl_twin_phase phase = t->phase;
    const uint64_t cost = phase_cycles(t);
    if (phase == PBL_TWIN_SWEEPING && t->elapsed == 0 &&
        pbl_twin_regulator_follows_host(&t->regulator))
      t->beta_active = t->beta;
    const uint64_t left = cost - t->elapsed;
    const uint64_t step = max_cycles < left ? max_cycles : left;
    t->elapsed += step;
    t->run_cycles += step;
    t->counters[PBL_TWIN_BUSY].value += step;
    max_cycles -= step;
    if (t->elapsed < cost) continue;
    t->elapsed = 0;
    status = end_phase(t, err);
    if (interrupts(t, phase)) break;
  }
  return status;
}

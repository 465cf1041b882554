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
  if (config & PBL_CONFIG_RANDOM_MASK) return PBL_KERNEL_RANDOM_SITE;
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
  const bool regulated = pbl_twin_regulator_acts(&t->regulator) ||
                         pbl_twin_regulator_is_scheduled(&t->regulator) || pbl_twin_has_ladder(t);
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

static size_t sample_words(const pbl_twin *t) {
  const size_t frames = t->stream.frame_words * (size_t)pbl_hw_contexts(&t->hw);
  return frames + (pbl_twin_has_ladder(t) ? pbl_twin_exchange_words(&t->exchange) : 0);
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
  return pbl_twin_stream_free(&t->stream) < sample_words(t);
}

/* In mode 6: is there a pass? Its parity is drawn with its beginning. */
static bool begin_pass(pbl_twin *t) {
  if (!pbl_twin_has_ladder(t) || pbl_twin_regulator_is_frozen(&t->regulator) ||
      !pbl_twin_exchange_sweep(&t->exchange))
    return false;
  pbl_twin_exchange_begin(&t->exchange, &t->control);
  return true;
}

/* After a sweep or a pause: the pauses in their order, then what follows them. */
static void go_on(pbl_twin *t) {
  if (t->window_ended) {
    t->window_ended = false;
    t->phase = PBL_TWIN_WINDOW_PAUSE;
  } else if (t->labels_due) {
    t->labels_due = false;
    t->phase = PBL_TWIN_LABEL_PAUSE;
  } else if (t->phase != PBL_TWIN_EXCHANGE_PASS && begin_pass(t)) {
    t->phase = PBL_TWIN_EXCHANGE_PASS;
  } else {
    t->phase = t->after_pauses;
    if (t->phase == PBL_TWIN_IDLE) finish(t);
  }
}

/* After a sweep, in mode schedule. */
static void move_schedule(pbl_twin *t) {
  pbl_twin_regulator *r = &t->regulator;
  if (!pbl_twin_regulator_is_scheduled(r) || pbl_twin_regulator_is_frozen(r)) return;
  pbl_twin_schedule_sweep(&r->schedule);
  t->beta_active = pbl_twin_schedule_beta(&r->schedule);
}

/* The sample of a sweep; its label frame goes before the states in the dense fabric, else behind.
 */
static pbl_status emit(pbl_twin *t, bool states, pbl_error *err) {
  const bool dense = !t->lattice && !t->sparse, labels = pbl_twin_has_ladder(t);
  pbl_status status = PBL_OK;
  if (labels && dense) status = pbl_twin_emit_labels(t, err);
  if (status == PBL_OK && states) status = pbl_twin_emit_sample(t, err);
  if (status == PBL_OK && labels && !dense) status = pbl_twin_emit_labels(t, err);
  return status;
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
  const pbl_status status = due ? emit(t, !pass, err) : PBL_OK;
  t->after_pauses = !last ? PBL_TWIN_SWEEPING : pass ? PBL_TWIN_READOUT : PBL_TWIN_IDLE;
  t->window_ended = pbl_twin_regulator_sweep(&t->regulator, t->sweep_flips_v, t->sweep_flips_h,
                                             t->energy, t->hw.replicas);
  t->labels_due = due && pbl_twin_has_ladder(t);
  go_on(t);
  return status;
}

static void end_start_pause(pbl_twin *t) {
  pbl_twin_regulator *r = &t->regulator;
  uint32_t no_flags = 0;
  if (pbl_twin_has_ladder(t)) {
    t->beta_active = r->schedule.beta[0];
  } else if (pbl_twin_regulator_is_scheduled(r)) {
    t->beta_active = pbl_twin_schedule_beta(&r->schedule);
  } else {
    t->beta_active =
        pbl_twin_regulator_beta(r, pbl_hw_beta_bits(&t->hw), t->hw.beta_frac, &no_flags);
  }
  t->phase = PBL_TWIN_SWEEPING;
}

static pbl_status end_window(pbl_twin *t, pbl_error *err) {
  uint32_t record[PBL_TWIN_RECORD_WORDS];
  t->beta_active = pbl_twin_regulator_window_end(&t->regulator, t->beta_active,
                                                 pbl_hw_beta_bits(&t->hw), t->hw.beta_frac, record);
  record[1] = (uint32_t)t->counters[PBL_TWIN_SWEEPS].value;
  record[14] = t->sweep_beta;
  t->irq_status |= PBL_IRQ_STATUS_WINDOW_MASK;
  go_on(t);
  if (!(t->regulator.config & PBL_REG_CONFIG_TELEMETRY_MASK)) return PBL_OK;
  return pbl_twin_emit_record(t, record, err);
}

static void end_pass(pbl_twin *t) {
  pbl_twin_exchange_pass(&t->exchange, &t->control, t->energy, t->regulator.schedule.beta,
                         t->hw.weight_frac + t->hw.beta_frac);
  go_on(t);
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
    case PBL_TWIN_START_PAUSE:
      return PBL_TWIN_PAUSE_CYCLES + (pbl_twin_has_ladder(t) ? pbl_twin_cycles_ladder(&t->hw) : 0);
    case PBL_TWIN_LABEL_PAUSE:
      return pbl_twin_exchange_words(&t->exchange) + PBL_TWIN_LABEL_CYCLES;
    case PBL_TWIN_EXCHANGE_PASS:
      return pbl_twin_exchange_cycles(&t->exchange);
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
    case PBL_TWIN_LABEL_PAUSE:
      go_on(t);
      return PBL_OK;
    case PBL_TWIN_EXCHANGE_PASS:
      end_pass(t);
      return PBL_OK;
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
    if (t->elapsed == 0) t->cost = phase_cycles(t);
    if (phase == PBL_TWIN_SWEEPING && t->elapsed == 0 &&
        pbl_twin_regulator_follows_host(&t->regulator))
      t->beta_active = t->beta;
    const uint64_t left = t->cost - t->elapsed;
    const uint64_t step = max_cycles < left ? max_cycles : left;
    t->elapsed += step;
    t->run_cycles += step;
    t->counters[PBL_TWIN_BUSY].value += step;
    max_cycles -= step;
    if (t->elapsed < t->cost) continue;
    t->elapsed = 0;
    status = end_phase(t, err);
    if (interrupts(t, phase)) break;
  }
  return status;
}

/* The array: half-sweeps of all lanes, context after context. */
#include <string.h>

#include "pbl_twin_internal.h"

pbl_twin_activation pbl_twin_activation_now(const pbl_twin *t) {
  const int shift = pbl_hw_index_shift(&t->hw);
  return (pbl_twin_activation){
      .table = t->table,
      .beta = t->beta_active,
      .cell_beta = pbl_twin_has_ladder(t) ? t->cell_beta : NULL,
      .last_index = (uint32_t)t->hw.table_size - 1,
      .threshold_mask = 0xFFFFFFFFu >> (32 - t->hw.threshold_bits),
      .round_addend = t->hw.rounding ? (uint64_t)1 << (shift - 1) : 0,
      .shift = shift,
      .word_shift = 32 - t->hw.threshold_bits,
      .generator = t->hw.generator,
      .lfsr_steps = t->hw.lfsr_steps,
      .coupled = t->run_coupled,
  };
}

void pbl_twin_set_betas(const pbl_twin *t, int context) {
  const int lanes = t->hw.lanes;
  const uint8_t *label = t->exchange.label + context * lanes;
  if (!pbl_twin_has_ladder(t)) return;
  for (int g = 0, lane = 0; g < t->n_groups * PBL_TWIN_GROUP; g++) {
    t->cell_beta[g] = t->regulator.schedule.beta[label[lane]];
    if (++lane == lanes) lane = 0;
  }
}

static void fill_job(const pbl_twin *t, pbl_twin_job *job, const pbl_twin_block *target,
                     const pbl_twin_block *source, int context, int group,
                     const pbl_twin_activation *act) {
  const int lanes_left = t->hw.lanes - group * PBL_TWIN_GROUP;
  const int lanes = lanes_left < PBL_TWIN_GROUP ? lanes_left : PBL_TWIN_GROUP;
  *job = (pbl_twin_job){
      .n_targets = target->n,
      .n_sources = source->n,
      .n_tiles = target->n_tiles,
      .n_pairs = source->n_pairs,
      .weights = target->weights,
      .wide_weights = target->wide_weights,
      .bias = target->bias,
      .sources = pbl_twin_states(t, source, context, group),
      .clamp = t->clamp_mask + target->first_pbit,
      .activation = act,
      .betas = pbl_twin_betas(act, group),
      .lane_mask = (uint16_t)((1u << lanes) - 1),
      .watch = -1,
      .targets = pbl_twin_states(t, target, context, group),
      .bits = pbl_twin_bits(t, target, context, group),
      .generator = t->generator + (size_t)group * 4 * PBL_TWIN_GROUP,
      .fields = t->fields,
      .field_stride = PBL_TWIN_GROUP,
  };
}

void pbl_twin_record_probe(pbl_twin *t, const pbl_twin_job *job, int lane) {
  const pbl_twin_capture *c = &job->capture;
  const uint32_t new_state = (uint32_t)(c->new_bits >> lane & 1);
  const uint32_t old_state = (uint32_t)(c->old_bits >> lane & 1);
  t->probe_field = (uint32_t)c->field[lane];
  t->probe_random = c->random_word[lane];
  t->probe_threshold = c->threshold[lane];
  t->probe_state = new_state | old_state << 1 | (uint32_t)(job->clamp[job->watch] >> lane & 1) << 2;
}

/* Lane of the group that the probe watches in this context, or -1. */
static int probe_lane(const pbl_twin *t, int context, int group) {
  const uint32_t replica = t->probe_select >> 16;
  if (replica >= (uint32_t)t->hw.replicas) return -1;
  const int lane = (int)replica % t->hw.lanes;
  if ((int)replica / t->hw.lanes != context || lane / PBL_TWIN_GROUP != group) return -1;
  return lane % PBL_TWIN_GROUP;
}

void pbl_twin_trace_update(pbl_twin *t, const pbl_twin_job *job, int within, pbl_twin_update u) {
  const pbl_twin_capture *c = &job->capture;
  u.sweep = t->counters[PBL_TWIN_SWEEPS].value;
  u.field = c->field[within];
  u.random_word = c->random_word[within];
  u.threshold = c->threshold[within];
  u.old_state = c->old_bits >> within & 1;
  u.new_state = c->new_bits >> within & 1;
  u.clamped = job->clamp[job->watch] >> within & 1;
  t->trace(t->trace_user, &u);
}

static void trace_group(pbl_twin *t, const pbl_twin_job *job, const pbl_twin_block *target,
                        int context, int group, int half) {
  for (int l = 0; l < PBL_TWIN_GROUP; l++) {
    if (!(job->lane_mask >> l & 1)) continue;
    const pbl_twin_update u = {.half = half,
                               .context = context,
                               .lane = group * PBL_TWIN_GROUP + l,
                               .pbit = target->first_pbit + job->watch};
    pbl_twin_trace_update(t, job, l, u);
  }
}

void pbl_twin_collect(pbl_twin *t, const pbl_twin_job *job, bool visible) {
  *(visible ? &t->sweep_flips_v : &t->sweep_flips_h) += job->flips;
  t->counters[PBL_TWIN_FLIPS].value += job->flips;
  t->counters[PBL_TWIN_SATURATIONS].value += job->saturations;
  t->counters[PBL_TWIN_FREEZES].value += job->freezes;
}

/* E = -(sum of field * state over the block updated last + sum of bias * state over the other). */
static void store_energy(pbl_twin *t, const pbl_twin_job *job, const pbl_twin_block *source,
                         int context, int group) {
  int64_t sum[PBL_TWIN_GROUP];
  memcpy(sum, job->energy, sizeof sum);
  for (int s = 0; s < source->n; s++) {
    const int16_t *states = job->sources + (s >> 1) * PBL_TWIN_GROUP * 2 + (s & 1);
    for (int l = 0; l < PBL_TWIN_GROUP; l++) sum[l] += (int64_t)source->bias[s] * states[l * 2];
  }
  int64_t *energy = t->energy + context * t->hw.lanes + group * PBL_TWIN_GROUP;
  for (int l = 0; l < PBL_TWIN_GROUP; l++) {
    if (job->lane_mask >> l & 1) energy[l] = -sum[l];
  }
}

static void compute_fields(const pbl_twin *t, pbl_twin_job *job) {
  if (job->wide_weights) {
    pbl_twin_fields_wide(job);
  } else {
    t->kernel->fields(job);
  }
}

/* Lanes are independent, so a whole group goes before the next. */
static void half_sweep(pbl_twin *t, const pbl_twin_activation *act, int context, int half,
                       bool last) {
  const pbl_twin_block *target = half == 1 ? &t->visible : &t->hidden;
  const pbl_twin_block *source = half == 1 ? &t->hidden : &t->visible;
  const int probed = (int)(t->probe_select & 0xFFFFu) - target->first_pbit;
  for (int g = 0; g < t->n_groups; g++) {
    pbl_twin_job job;
    fill_job(t, &job, target, source, context, g, act);
    const int lane = probe_lane(t, context, g);
    if (lane >= 0 && probed >= 0 && probed < target->n) job.watch = probed;
    compute_fields(t, &job);
    t->kernel->update(&job, 0, target->n);
    if (job.watch >= 0) pbl_twin_record_probe(t, &job, lane);
    pbl_twin_collect(t, &job, target == &t->visible);
    if (last) store_energy(t, &job, source, context, g);
  }
}

/* The same with every update reported: p-bit by p-bit, and lanes in order across the groups. */
static void half_sweep_traced(pbl_twin *t, const pbl_twin_activation *act, int context, int half,
                              bool last) {
  const pbl_twin_block *target = half == 1 ? &t->visible : &t->hidden;
  const pbl_twin_block *source = half == 1 ? &t->hidden : &t->visible;
  const int probed = (int)(t->probe_select & 0xFFFFu) - target->first_pbit;
  pbl_twin_job jobs[PBL_TWIN_MAX_GROUPS];
  for (int g = 0; g < t->n_groups; g++) fill_job(t, &jobs[g], target, source, context, g, act);
  for (int p = 0; p < target->n; p++) {
    for (int g = 0; g < t->n_groups; g++) {
      /* The groups share the scratch fields, and fields do not depend on this block's states. */
      if (p == 0 || t->n_groups > 1) compute_fields(t, &jobs[g]);
      jobs[g].watch = p;
      t->kernel->update(&jobs[g], p, p + 1);
      const int lane = probe_lane(t, context, g);
      if (lane >= 0 && p == probed) pbl_twin_record_probe(t, &jobs[g], lane);
      trace_group(t, &jobs[g], target, context, g, half);
    }
  }
  for (int g = 0; g < t->n_groups; g++) {
    pbl_twin_collect(t, &jobs[g], target == &t->visible);
    if (last) store_energy(t, &jobs[g], source, context, g);
  }
}

void pbl_twin_sweep(pbl_twin *t) {
  const pbl_twin_activation act = pbl_twin_activation_now(t);
  t->sweep_flips_v = t->sweep_flips_h = 0;
  if (t->sparse) pbl_twin_sparse_sweep(t, &act);
  for (int c = 0; !t->sparse && c < pbl_hw_contexts(&t->hw); c++) {
    pbl_twin_set_betas(t, c);
    const bool reversed = t->run_kernel == PBL_KERNEL_COIN && pbl_lane_rng_next(&t->control) >> 31;
    const int first = reversed ? 1 : 0;
    const int last = reversed || t->run_kernel == PBL_KERNEL_PALINDROMIC ? 2 : 1;
    for (int half = first; half <= last; half++) {
      if (t->lattice) {
        pbl_twin_lattice_half_sweep(t, &act, c, half, half == last);
      } else if (t->trace) {
        half_sweep_traced(t, &act, c, half, half == last);
      } else {
        half_sweep(t, &act, c, half, half == last);
      }
    }
  }
  t->counters[PBL_TWIN_SWEEPS].value++;
}

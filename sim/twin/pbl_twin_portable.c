/* The kernels in plain C. */
#include "pbl_twin_kernel.h"

static void fields_narrow(pbl_twin_job *job) {
  for (int tile = 0; tile < job->n_tiles; tile++) {
    const uint32_t *w = job->weights + (size_t)tile * (size_t)job->n_pairs * PBL_TWIN_TILE;
    for (int p = 0; p < PBL_TWIN_TILE; p++) {
      const int target = tile * PBL_TWIN_TILE + p;
      int32_t sum[PBL_TWIN_GROUP];
      for (int l = 0; l < PBL_TWIN_GROUP; l++) sum[l] = job->bias[target];
      for (int k = 0; k < job->n_pairs; k++) {
        const int16_t *s = job->sources + k * PBL_TWIN_GROUP * 2;
        const int32_t even = (int16_t)w[k * PBL_TWIN_TILE + p];
        const int32_t odd = (int16_t)(w[k * PBL_TWIN_TILE + p] >> 16);
        for (int l = 0; l < PBL_TWIN_GROUP; l++) sum[l] += even * s[2 * l] + odd * s[2 * l + 1];
      }
      for (int l = 0; l < PBL_TWIN_GROUP; l++) job->fields[target * PBL_TWIN_GROUP + l] = sum[l];
    }
  }
}

void pbl_twin_fields_wide(pbl_twin_job *job) {
  for (int target = 0; target < job->n_targets; target++) {
    const int32_t *w = job->wide_weights + (size_t)target * (size_t)job->n_pairs * 2;
    int32_t sum[PBL_TWIN_GROUP];
    for (int l = 0; l < PBL_TWIN_GROUP; l++) sum[l] = job->bias[target];
    for (int k = 0; k < job->n_pairs; k++) {
      const int16_t *s = job->sources + k * PBL_TWIN_GROUP * 2;
      for (int l = 0; l < PBL_TWIN_GROUP; l++)
        sum[l] += w[2 * k] * s[2 * l] + w[2 * k + 1] * s[2 * l + 1];
    }
    for (int l = 0; l < PBL_TWIN_GROUP; l++) job->fields[target * PBL_TWIN_GROUP + l] = sum[l];
  }
}

static uint32_t draw(pbl_twin_job *job, int target, int lane) {
  if (job->words) return job->words[(size_t)target * job->words_stride + (size_t)lane];
  return pbl_twin_next_word(job->generator + lane, job->activation->generator,
                            job->activation->lfsr_steps);
}

/* Returns the drawn state; says which table entry it met and whether the index was clipped. */
static uint32_t activate(const pbl_twin_activation *act, uint32_t beta, int64_t field,
                         uint32_t word, uint32_t *threshold, uint32_t *saturated) {
  const uint64_t mag = (uint64_t)(field < 0 ? -field : field) * beta;
  uint64_t index = (mag + act->round_addend) >> act->shift;
  *saturated = index > act->last_index;
  if (*saturated) index = act->last_index;
  *threshold = act->table[index];
  const uint32_t u = word >> act->word_shift;
  return field > 0 ? !((u ^ act->threshold_mask) < *threshold) : (u < *threshold);
}

static void update_one(pbl_twin_job *job, int target) {
  const uint32_t old_bits = job->bits[target];
  uint32_t new_bits = 0, even_word = 0;
  for (int l = 0; l < PBL_TWIN_GROUP; l++) {
    if (!(job->lane_mask >> l & 1)) continue;
    const int64_t field = job->fields[(size_t)target * job->field_stride + (size_t)l];
    const uint32_t own_word = draw(job, target, l);
    const uint32_t word = job->activation->coupled && (l & 1) ? even_word : own_word;
    even_word = word;
    uint32_t threshold, saturated;
    const uint32_t beta = job->betas ? job->betas[l] : job->activation->beta;
    uint32_t state = activate(job->activation, beta, field, word, &threshold, &saturated);
    const uint32_t old_state = old_bits >> l & 1;
    if (job->clamp[target] >> l & 1) {
      state = old_state;
    } else {
      job->flips += state ^ old_state;
      job->saturations += saturated;
      job->freezes += threshold == 0;
    }
    new_bits |= state << l;
    job->energy[l] += state ? field : -field;
    if (job->targets)
      job->targets[((target >> 1) * PBL_TWIN_GROUP + l) * 2 + (target & 1)] =
          (int16_t)(state ? 1 : -1);
    if (target == job->watch) {
      job->capture.field[l] = field;
      job->capture.random_word[l] = word;
      job->capture.threshold[l] = threshold;
    }
  }
  job->bits[target] = (uint16_t)new_bits;
  if (target == job->watch) {
    job->capture.old_bits = (uint16_t)old_bits;
    job->capture.new_bits = (uint16_t)new_bits;
  }
}

static void update(pbl_twin_job *job, int first, int end) {
  for (int target = first; target < end; target++) update_one(job, target);
}

const pbl_twin_kernel *pbl_twin_kernel_portable(void) {
  static const pbl_twin_kernel kernel = {"portable", fields_narrow, update};
  return &kernel;
}

#include <math.h>
#include <stdlib.h>

#include "pbl_innovation_half.h"

typedef struct {
  double sum, variance, third; /* sum of w r, of v w^2, of E[(w r)^3] */
  double effective;            /* (sum v w^2)^2 / sum v w^4 */
  double terms;                /* of the sum */
} member;

double pbl_skew_corrected_z(double sum, double variance, double third) {
  const double z = sum / sqrt(variance), g = third / (variance * sqrt(variance));
  const double y = fmax(z * g, -1.0);
  if (fabs(y) < 1e-4) return z * (1.0 - y / 6.0);
  const double entropy = y > -1.0 ? (1.0 + y) * log1p(y) - y : 1.0;
  return copysign(sqrt(2.0 * entropy) / fabs(g), z);
}

static double add_member(pbl_innovation_result *family, member m, size_t a, size_t b) {
  if (!(m.effective >= PBL_MIN_EFFECTIVE)) {
    ++family->n_skipped;
    return NAN;
  }
  const double z = pbl_skew_corrected_z(m.sum, m.variance, m.third);
  ++family->n_tests;
  if (fabs(z) > family->max_abs_z || family->n_tests == 1) {
    family->max_abs_z = fabs(z);
    family->effect = fabs(z) / sqrt(m.terms);
    family->worst_a = a;
    family->worst_b = b;
  }
  return z;
}

static double effective(double variance, double fourth) {
  return fourth > 0.0 ? variance * variance / fourth : 0.0;
}

/* |E (r r')^3| <= 4 v v' since |E r^3| <= 2 v: the sign that lowers |z| is taken. */
static member product_member(double sum, double variance, double terms) {
  return (member){sum, variance, copysign(4.0 * variance, sum), variance, terms};
}

static void judge_pbits(pbl_innovation_report *out, const pbl_half *half) {
  const size_t n = half->n_target;
  const double *sums = half->sums, terms = half->terms;
  for (size_t j = 0; j < n; ++j) {
    if (half->mask[j] == 0.0) continue;
    const size_t p = half->pbit[j];
    const double v = sums[PBL_SUM_V * n + j];
    (void)add_member(&out->family[PBL_TEST_BIAS],
                     (member){sums[PBL_SUM_R * n + j], v, sums[PBL_SUM_K * n + j], v, terms}, p,
                     SIZE_MAX);
    const double gain_v = sums[PBL_SUM_GAIN_V * n + j];
    (void)add_member(&out->family[PBL_TEST_GAIN_EACH],
                     (member){sums[PBL_SUM_GAIN_R * n + j], gain_v, sums[PBL_SUM_GAIN_K * n + j],
                              effective(gain_v, sums[PBL_SUM_GAIN_V4 * n + j]), terms},
                     p, SIZE_MAX);
    const double serial_v = sums[PBL_SUM_SERIAL_V * n + j];
    (void)add_member(
        &out->family[PBL_TEST_SERIAL],
        (member){sums[PBL_SUM_SERIAL_R * n + j], serial_v, sums[PBL_SUM_SERIAL_K * n + j],
                 effective(serial_v, sums[PBL_SUM_SERIAL_V4 * n + j]), terms},
        p, SIZE_MAX);
  }
}

static void judge_cross(pbl_innovation_report *out, const pbl_half *half) {
  const size_t n = half->n_target;
  pbl_innovation_result *family = &out->family[PBL_TEST_CROSS];
  const bool all_pairs = n <= PBL_CROSS_ALL_PAIRS;
  const double terms = half->terms;
  for (size_t j = 0; j < n; ++j) {
    for (size_t i = j + 1; i < n && (all_pairs || i <= j + PBL_CROSS_REACH); ++i) {
      if (half->mask[i] == 0.0 || half->mask[j] == 0.0) continue;
      const size_t d = i - j - 1;
      const double sum =
          all_pairs ? half->pair_r[i * n + j] : half->sums[(PBL_SUM_CROSS_R + d) * n + j];
      const double variance =
          all_pairs ? half->pair_v[i * n + j] : half->sums[(PBL_SUM_CROSS_V + d) * n + j];
      (void)add_member(family, product_member(sum, variance, terms), half->pbit[j], half->pbit[i]);
    }
  }
}

static void judge_replicas(pbl_innovation_report *out, const pbl_joint_sums *joint, size_t n_chains,
                           double updates) {
  const double terms = updates / (double)n_chains;
  for (size_t c = 1; c < n_chains; ++c) {
    for (size_t d = 0; d < c; ++d) {
      (void)add_member(&out->family[PBL_TEST_REPLICA],
                       product_member(joint->replica_r[c * n_chains + d],
                                      joint->replica_v[c * n_chains + d], terms),
                       d, c);
    }
  }
}

/* An error of w_ij moves the updates of both its ends the same way; with weights +-1 the variance
 * of the joint score is the same for all partners. */
static void judge_edges(pbl_innovation_report *out, const pbl_half *halves, size_t n_halves,
                        const double *edge) {
  const size_t n_visible = (size_t)halves[0].image->hw.n_visible;
  const size_t n_hidden = (size_t)halves[0].image->hw.n_hidden;
  const bool sparse = pbl_half_is_sparse(halves[0].image);
  for (size_t i = 0; i < n_visible; ++i) {
    for (size_t j = 0; j < n_hidden; ++j) {
      if (sparse && pbl_image_law(halves[0].image)[i * (n_hidden + 1) + j] == 0) continue;
      member m = {.sum = edge[i * n_hidden + j]};
      double live = 0.0;
      for (size_t h = 0; h < n_halves; ++h) {
        const size_t at = halves[h].to_hidden ? j : i, n = halves[h].n_target;
        m.variance += halves[h].sums[PBL_SUM_V * n + at];
        m.third += halves[h].sums[PBL_SUM_KABS * n + at];
        m.terms += halves[h].terms;
        live += halves[h].mask[at];
      }
      if (live == 0.0) continue;
      m.third = copysign(m.third, m.sum);
      m.effective = m.variance;
      (void)add_member(&out->family[PBL_TEST_EDGE], m, i, n_visible + j);
    }
  }
}

/* The same for the edges of a graph, of which both ends, one or none have been updated. */
static void judge_graph_edges(pbl_innovation_report *out, const pbl_half *halves, size_t n_halves,
                              const double *edge) {
  for (size_t k = 0; k < halves[0].image->sparse->n_edges; ++k) {
    const uint32_t *ends = halves[0].ends[k];
    member m = {.sum = edge[k]};
    double live = 0.0;
    for (size_t i = 0; i < 2 * n_halves; ++i) {
      const pbl_half *half = &halves[i / 2];
      const size_t at = half->place[ends[i % 2]], n = half->n_target;
      if (at == UINT32_MAX) continue;
      m.variance += half->sums[PBL_SUM_V * n + at];
      m.third += half->sums[PBL_SUM_KABS * n + at];
      m.terms += half->terms;
      live += half->mask[at];
    }
    if (live == 0.0) continue;
    m.third = copysign(m.third, m.sum);
    m.effective = m.variance;
    (void)add_member(&out->family[PBL_TEST_EDGE], m, ends[0], ends[1]);
  }
}

static void judge_gain(pbl_innovation_report *out, const pbl_half *halves, size_t n_halves) {
  member m = {0};
  double fourth = 0.0;
  for (size_t h = 0; h < n_halves; ++h) {
    const size_t n = halves[h].n_target;
    const double *sums = halves[h].sums + PBL_SUM_GAIN_R * n;
    for (size_t j = 0; j < n; ++j) {
      m.sum += sums[j];
      m.variance += sums[n + j];
      fourth += sums[2 * n + j];
      m.third += sums[3 * n + j];
    }
  }
  m.effective = effective(m.variance, fourth);
  m.terms = (double)out->n_updates;
  (void)add_member(&out->family[PBL_TEST_GAIN], m, SIZE_MAX, SIZE_MAX);
  const double reach = pbl_normal_quantile(0.975) / sqrt(m.variance);
  const bool known = m.effective >= PBL_MIN_EFFECTIVE;
  out->implied_beta_error = known ? m.sum / m.variance : NAN;
  out->implied_beta_error_low = out->implied_beta_error - reach;
  out->implied_beta_error_high = out->implied_beta_error + reach;
}

static uint64_t count_updates(const pbl_half *halves, size_t n_halves) {
  double n = 0.0;
  for (size_t h = 0; h < n_halves; ++h) {
    for (size_t b = 0; b < PBL_INNOVATION_BINS; ++b) {
      n += halves[h].bins[b * PBL_BIN_SUMS + PBL_BIN_N];
    }
  }
  return (uint64_t)n;
}

static void judge_bins(pbl_innovation_report *out, const pbl_half *halves, size_t n_halves) {
  out->n_bins = PBL_INNOVATION_BINS;
  out->n_updates = count_updates(halves, n_halves);
  for (size_t b = 0; b < PBL_INNOVATION_BINS; ++b) {
    double sum[PBL_BIN_SUMS] = {0};
    for (size_t h = 0; h < n_halves; ++h) {
      for (size_t i = 0; i < PBL_BIN_SUMS; ++i) sum[i] += halves[h].bins[b * PBL_BIN_SUMS + i];
    }
    const double n = sum[PBL_BIN_N];
    out->bin_count[b] = n;
    out->bin_x[b] = n > 0.0 ? sum[PBL_BIN_X] / n : NAN;
    out->bin_expected[b] = n > 0.0 ? sum[PBL_BIN_M] / n : NAN;
    out->bin_observed[b] = n > 0.0 ? (sum[PBL_BIN_M] + sum[PBL_BIN_R]) / n : NAN;
    const member m = {sum[PBL_BIN_R], sum[PBL_BIN_V], sum[PBL_BIN_K], sum[PBL_BIN_V],
                      (double)out->n_updates};
    out->bin_z[b] = n > 0.0 ? add_member(&out->family[PBL_TEST_BINS], m, b, SIZE_MAX) : NAN;
  }
}

/* An outcome of probability zero refutes the law at once, whatever the sums say. */
static void judge_impossible(pbl_innovation_report *out, const pbl_half *half) {
  pbl_innovation_result *family = &out->family[PBL_TEST_BIAS];
  uint64_t worst = 0;
  for (size_t j = 0; j < half->n_target; ++j) {
    out->n_impossible += half->impossible[j];
    if (half->impossible[j] <= worst) continue;
    worst = half->impossible[j];
    family->max_abs_z = INFINITY;
    family->worst_a = half->pbit[j];
    if (family->n_tests == 0) family->n_tests = 1;
  }
}

void pbl_innovation_judge(pbl_innovation_report *out, const pbl_half *halves, size_t n_halves,
                          const pbl_joint_sums *joint, size_t n_chains) {
  static const char *const names[PBL_TEST_COUNT] = {"bias",  "gain",    "gain each", "serial",
                                                    "cross", "replica", "edge",      "bins"};
  for (size_t t = 0; t < PBL_TEST_COUNT; ++t) {
    out->family[t].name = names[t];
    out->family[t].worst_a = out->family[t].worst_b = SIZE_MAX;
  }
  for (size_t h = 0; h < n_halves; ++h) {
    judge_pbits(out, &halves[h]);
    judge_cross(out, &halves[h]);
  }
  out->in_turn = halves[0].blocks > 0;
  judge_bins(out, halves, n_halves); /* counts the updates */
  judge_gain(out, halves, n_halves);
  judge_replicas(out, joint, n_chains, (double)out->n_updates);
  if (halves[0].blocks > 0) {
    judge_graph_edges(out, halves, n_halves, joint->edge);
  } else {
    judge_edges(out, halves, n_halves, joint->edge);
  }
  pbl_innovation_weigh(out, halves, n_halves, joint, n_chains);
  for (size_t h = 0; h < n_halves; ++h) judge_impossible(out, &halves[h]);

  double least = 1.0, tested = 0.0;
  for (size_t t = 0; t < PBL_TEST_COUNT; ++t) {
    pbl_innovation_result *family = &out->family[t];
    const size_t n = family->n_tests + family->n_pools;
    family->p_value = 1.0;
    if (n == 0) continue;
    tested += 1.0;
    if (isinf(family->max_abs_z)) family->z = INFINITY; /* impossible outcomes */
    family->p_value = fmin(1.0, (double)n * pbl_normal_two_sided_p(family->z));
    least = fmin(least, family->p_value);
  }
  /* where nothing could be tested, nothing is refuted */
  out->p_value = tested > 0.0 ? fmin(1.0, tested * least) : 1.0;
}

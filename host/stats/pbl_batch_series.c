#include "pbl_batch_series.h"

#include <math.h>
#include <stdlib.h>

#include "estimator_internal.h"

#define LEVELS PBL_SERIES_LEVELS
#define MIN_SAMPLES 16
#define MIN_BATCHES 8      /* of a chain */
#define MIN_ALL_BATCHES 32 /* of all chains */
#define FIRST_LEVEL 2      /* a window of 4 lags costs white noise nothing that matters */
#define TAU_PER_BATCH 5.0  /* flat part of the window, in tau */
#define SLOWEST_PER_BATCH 2.0
#define TAU_PER_LARGEST 10.0
#define REST_RISE 1.0 /* s.d. by which sigma2 may still rise: what rises more has a slow part */
#define REST_FALL 2.5
#define JACKKNIFE_CHAINS 8
#define MIN_CHAINS 4 /* for the chain means */

/* One chain about a common whole number, so that nothing large is left to cancel. */
typedef struct {
  double s;
  double a[LEVELS], c[LEVELS];      /* sums of B^2 and B B_before */
  double sum[LEVELS], ends[LEVELS]; /* of all B; of the first and the last */
} chain;

typedef struct {
  const chain *chains;
  size_t n_chains;
  double n_samples;
  uint64_t n_blocks[LEVELS];
  bool known[LEVELS], neighbours[LEVELS];
  double slowest;
} set;

/* sigma2 and variance of all chains but one. */
typedef struct {
  double mean, variance, sigma2;
} moments;

static chain about(const pbl_series_sums *sums, const pbl_series_blocks *blocks, uint64_t n,
                   int64_t origin) {
  chain out;
  out.s = (double)((pbl_int128)sums->s - (pbl_int128)origin * (pbl_int128)n);
  for (int b = 0; b < LEVELS; b++) {
    const pbl_int128 o = (pbl_int128)origin * ((pbl_int128)1 << b), m = (pbl_int128)(n >> b);
    const pbl_int128 sum = blocks[b].sum, ends = (pbl_int128)blocks[b].first + blocks[b].last;
    out.a[b] = (double)(sums->a[b] - 2 * o * sum + m * o * o);
    out.c[b] = (double)(sums->c[b] - o * (2 * sum - ends) + (m - 1) * o * o);
    out.sum[b] = (double)(sum - m * o);
    out.ends[b] = (double)(ends - 2 * o);
  }
  return out;
}

static double pooled_mean(const set *s, size_t omitted) {
  double sum = 0;
  size_t n = 0;
  for (size_t c = 0; c < s->n_chains; c++) {
    if (c == omitted) continue;
    sum += s->chains[c].s;
    n++;
  }
  return sum / ((double)n * s->n_samples);
}

/* Mean over batches of (B - M)^2, M = 2^b mean. */
static double mean_square(const set *s, int b, size_t omitted, double mean) {
  const double m = ldexp(mean, b), n = (double)s->n_blocks[b];
  double sum = 0, count = 0;
  for (size_t c = 0; c < s->n_chains; c++) {
    if (c == omitted) continue;
    sum += s->chains[c].a[b] - 2 * m * s->chains[c].sum[b] + n * m * m;
    count += n;
  }
  return sum / count;
}

/* The same of (B - M)(B_before - M). */
static double mean_product(const set *s, int b, size_t omitted, double mean) {
  const double m = ldexp(mean, b), n = (double)s->n_blocks[b];
  double sum = 0, count = 0;
  for (size_t c = 0; c < s->n_chains; c++) {
    if (c == omitted) continue;
    sum +=
        s->chains[c].c[b] - m * (2 * s->chains[c].sum[b] - s->chains[c].ends[b]) + (n - 1) * m * m;
    count += n - 1;
  }
  return sum / count;
}

/* Autocovariances under a window that is 1 up to lag 2^b and falls to 0 at twice that. Taking the
 * mean off costs sigma2/N at every lag of it. */
static moments moments_of(const set *s, int b, size_t omitted) {
  const double total = s->n_samples * (double)(s->n_chains - (omitted < s->n_chains));
  moments m = {.mean = pooled_mean(s, omitted)};
  const double square = mean_square(s, b, omitted, m.mean);
  if (s->neighbours[b]) {
    m.sigma2 = ldexp(square + 2 * mean_product(s, b, omitted, m.mean), -b);
  } else {
    m.sigma2 = ldexp(2 * mean_square(s, b + 1, omitted, m.mean), -b - 1) - ldexp(square, -b);
  }
  m.sigma2 /= 1 - ldexp(3, b) / total;
  m.variance = mean_square(s, 0, omitted, m.mean) + m.sigma2 / total;
  return m;
}

static double tau_of(const moments *m) {
  return 0.5 * m->sigma2 / m->variance;
}

/* ---- which level ---- */

static bool usable(const set *s, int b) {
  return b < LEVELS && s->known[b] && s->n_blocks[b] >= MIN_BATCHES &&
         s->n_blocks[b] * s->n_chains >= MIN_ALL_BATCHES;
}

/* Relative variances of sigma2 and of its change to the next level, when batches are independent:
 * sums of n squares (2 each) and n or n/2 products, weighted. */
static double relative_variance(const set *s, int b) {
  const double n = ldexp(s->n_samples * (double)s->n_chains, -b);
  return (s->neighbours[b] ? 6 : 10) / n;
}

static double change_variance(const set *s, int b) {
  const double n = ldexp(s->n_samples * (double)s->n_chains, -b);
  return (s->neighbours[b] ? 6 : 18) / n;
}

static double change_to_next(const set *s, int b, double sigma2) {
  const moments next = moments_of(s, b + 1, SIZE_MAX);
  return next.sigma2 / sigma2 - 1;
}

/* sigma2 moves on by what lies between the windows, give or take. */
static bool at_rest(const set *s, int b, double change) {
  const double se = sqrt(change_variance(s, b));
  return change <= REST_RISE * se && change >= -REST_FALL * se;
}

/* A chain that alternates decays as slowly as one with 1/(4 tau) in place of tau. */
static bool long_enough(const set *s, int b, double tau) {
  return tau > 0 && ldexp(1, b) >= TAU_PER_BATCH * fmax(tau, 0.25 / tau) &&
         ldexp(1, b) >= SLOWEST_PER_BATCH * s->slowest;
}

/* The first level with batches of 5 tau from which sigma2 does not move on; else the largest. */
static void choose_level(pbl_batch_series_report *out, const set *s, bool *rests) {
  *rests = false;
  for (int b = FIRST_LEVEL; b <= out->largest; b++) {
    const moments m = moments_of(s, b, SIZE_MAX);
    out->level = b;
    out->change = b < out->largest ? change_to_next(s, b, m.sigma2) : NAN;
    if (!long_enough(s, b, tau_of(&m)) || b == out->largest) continue;
    *rests = at_rest(s, b, out->change);
    if (*rests) return;
  }
}

/* ---- interval ---- */

static double jackknife_log_error(const set *s, int b) {
  const double n = (double)s->n_chains, n_total = (n - 1) * s->n_samples;
  double mean = 0, squares = 0;
  for (size_t c = 0; c < s->n_chains; c++) {
    const moments m = moments_of(s, b, c);
    const double value = log(pbl_bounded_tau(tau_of(&m), n_total)), delta = value - mean;
    mean += delta / (double)(c + 1);
    squares += delta * (value - mean);
  }
  return sqrt(squares * (n - 1) / n);
}

/* What sigma2 still rises to the next level may be a slow part: it widens the interval. */
static double log_reach(const set *s, int b, double change) {
  const double rise = change > 0 ? change : 0;
  const double implied = pbl_normal_quantile(0.975) * sqrt(relative_variance(s, b) + rise * rise);
  if (s->n_chains < JACKKNIFE_CHAINS) return implied;
  return fmax(implied,
              jackknife_log_error(s, b) * pbl_student_t_quantile(0.975, (double)(s->n_chains - 1)));
}

static void fill(pbl_batch_series_report *out, const set *s, int64_t origin) {
  const double total = s->n_samples * (double)s->n_chains;
  const moments m = moments_of(s, out->level, SIZE_MAX);
  pbl_fill_interval(&out->tau, &out->ess, tau_of(&m), log_reach(s, out->level, out->change), total);
  const double tau = out->tau.value, w = ldexp(1, out->level) / tau;
  out->mean = (double)origin + m.mean;
  out->variance = m.variance;
  out->neighbours = s->neighbours[out->level];
  out->mcse = sqrt(2 * tau * m.variance / total);
  out->left_out = exp(-w) * (1 - exp(-w)) / w;
}

/* ---- verdict ---- */

static void compare_chain_means(pbl_batch_series_report *out, const set *s) {
  const double n = (double)s->n_chains, mean = pooled_mean(s, SIZE_MAX);
  double squares = 0;
  if (s->n_chains < MIN_CHAINS) return;
  for (size_t c = 0; c < s->n_chains; c++) {
    const double d = s->chains[c].s / s->n_samples - mean;
    squares += d * d;
  }
  out->chain_means_ratio = s->n_samples * squares / (n - 1) / (2 * out->tau.value * out->variance);
  out->chain_means_bound = pbl_chi2_quantile(0.99, n - 1) / (n - 1);
}

static void judge(pbl_batch_series_report *out, bool rests) {
  out->resolution = PBL_UNRESOLVED;
  if (!(ldexp(1, out->largest) > TAU_PER_LARGEST * out->tau.value)) {
    out->gate = "no usable batch of more than 10 tau";
  } else if (!rests) {
    out->gate = "sigma2 has not come to rest";
  } else if (out->chain_means_ratio > out->chain_means_bound) {
    out->gate = "chain means spread more than tau explains";
  } else {
    out->resolution = PBL_RESOLVED;
    out->gate = "all gates passed";
  }
}

/* All samples equal, exactly. */
static bool is_constant(const pbl_series_sums *sums, uint64_t n) {
  return sums->a[0] * (pbl_int128)n == (pbl_int128)sums->s * sums->s;
}

static void find_levels(set *s, const pbl_series_blocks *blocks, uint64_t n_samples) {
  for (int b = 0; b < LEVELS; b++) {
    s->n_blocks[b] = n_samples >> b;
    s->neighbours[b] = s->n_blocks[b] > 1;
    s->known[b] = true;
    for (size_t c = 0; c < s->n_chains; c++) {
      s->known[b] = s->known[b] && blocks[c * LEVELS + (size_t)b].has_sum;
      s->neighbours[b] = s->neighbours[b] && blocks[c * LEVELS + (size_t)b].has_ends;
    }
  }
  for (int b = 0; b < LEVELS; b++)
    s->known[b] = s->known[b] && (s->neighbours[b] || (b + 1 < LEVELS && s->known[b + 1]));
}

static void estimate(pbl_batch_series_report *out, const set *s, int64_t origin) {
  bool rests;
  for (int b = FIRST_LEVEL; b < LEVELS; b++)
    if (usable(s, b)) out->largest = b;
  if (out->largest < FIRST_LEVEL) {
    out->gate = "too few samples for 8 batches of 4 in a chain and 32 in all";
    return;
  }
  choose_level(out, s, &rests);
  fill(out, s, origin);
  compare_chain_means(out, s);
  judge(out, rests);
}

static int64_t common_origin(const pbl_series_sums *sums, size_t n_chains, uint64_t n_samples) {
  double sum = 0;
  for (size_t c = 0; c < n_chains; c++) sum += (double)sums[c].s;
  return llround(sum / ((double)n_chains * (double)n_samples));
}

pbl_status pbl_batch_series(pbl_batch_series_report *out, const pbl_series_sums *sums,
                            const pbl_series_blocks *blocks, size_t n_chains, uint64_t n_samples,
                            double slowest, pbl_error *err) {
  const pbl_estimate none = {NAN, NAN, NAN};
  *out = (pbl_batch_series_report){.resolution = PBL_SHORT,
                                   .gate = "fewer than 16 samples",
                                   .mean = NAN,
                                   .variance = NAN,
                                   .tau = none,
                                   .ess = none,
                                   .mcse = NAN,
                                   .level = -1,
                                   .largest = -1,
                                   .left_out = NAN,
                                   .change = NAN,
                                   .chain_means_ratio = NAN,
                                   .chain_means_bound = NAN};
  if (n_chains == 0) return pbl_fail(err, PBL_INVALID, "batch sums of no chain");
  if (n_samples < MIN_SAMPLES) return PBL_OK;
  size_t constant = 0;
  for (size_t c = 0; c < n_chains; c++) constant += is_constant(&sums[c], n_samples);
  const int64_t origin = common_origin(sums, n_chains, n_samples);
  chain *chains = malloc(n_chains * sizeof *chains);
  if (chains == NULL) return pbl_fail(err, PBL_NO_MEMORY, "batch sums: out of memory");
  for (size_t c = 0; c < n_chains; c++)
    chains[c] = about(&sums[c], blocks + c * LEVELS, n_samples, origin);
  set s = {
      .chains = chains, .n_chains = n_chains, .n_samples = (double)n_samples, .slowest = slowest};
  find_levels(&s, blocks, n_samples);
  out->mean = (double)origin + pooled_mean(&s, SIZE_MAX);
  if (constant == 0) {
    estimate(out, &s, origin);
  } else {
    out->resolution = constant == n_chains ? PBL_FROZEN : PBL_PARTIAL;
    out->gate = constant == n_chains ? "every chain is constant" : "some chains are constant";
  }
  free(chains);
  return PBL_OK;
}

pbl_status pbl_series_sums_of(pbl_series_sums *sums, pbl_series_blocks blocks[PBL_SERIES_LEVELS],
                              const int64_t *x, size_t n, pbl_error *err) {
  int64_t *v = malloc((n + 1) * sizeof *v);
  if (v == NULL) return pbl_fail(err, PBL_NO_MEMORY, "batch sums of %zu samples: no memory", n);
  *sums = (pbl_series_sums){.s = 0};
  for (size_t t = 0; t < n; t++) sums->s += v[t] = x[t];
  for (int b = 0; b < LEVELS; b++) {
    pbl_series_blocks *k = &blocks[b];
    *k = (pbl_series_blocks){.has_sum = true, .has_ends = n > 0};
    for (size_t j = 0; j < n; j++) {
      sums->a[b] += (pbl_int128)v[j] * v[j];
      if (j > 0) sums->c[b] += (pbl_int128)v[j] * v[j - 1];
      k->sum += v[j];
    }
    if (n > 0) k->first = v[0], k->last = v[n - 1];
    n /= 2;
    for (size_t j = 0; j < n; j++) v[j] = v[2 * j] + v[2 * j + 1];
  }
  free(v);
  return PBL_OK;
}

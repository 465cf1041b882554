/* Which class of fault explains what the innovation tests saw. */
#include <math.h>
#include <stdio.h>

#include "pbl_innovation_half.h"

/* A shift also moves E(r r') by itself where the field depends on the word before: the correlation
 * of both tests' weights, seen up to .24 of the law's z. */
#define OF_LAW 0.5
/* A wrong weight between p-bits updated in turn shows in their cross pair with at most 1/sqrt(2) of
 * its z in the edge test, correlated words with at least sqrt(2) times that. */
#define OF_LAW_IN_TURN 1.0
/* Correlations above this multiple of the squared shift of the law are the random words'. */
#define BEYOND_LAW 4.0
/* The curve's shape is named when it has this many times the evidence of bias and gain. */
#define BEYOND_SIMPLE 2.0

double pbl_normal_evidence(double z) {
  const double x = fabs(z);
  if (x < 30.0) return -log(pbl_normal_two_sided_p(x));
  return 0.5 * x * x + log(x) + 0.5 * log(0.5 * M_PI); /* Mills ratio 1/x */
}

typedef struct {
  double z, terms;
  size_t n; /* sums it is the strongest of */
} pool;

static void add_pool(pool *p, double sum, double variance, double third, double effective,
                     double terms) {
  if (!(effective >= PBL_MIN_EFFECTIVE)) return;
  const double z = pbl_skew_corrected_z(sum, variance, third);
  p->n++;
  if (p->n > 1 && fabs(z) <= fabs(p->z)) return;
  p->z = z;
  p->terms = terms;
}

/* Sum of one row over all p-bits. */
static double row_sum(const pbl_half *halves, size_t n_halves, size_t row) {
  double sum = 0.0;
  for (size_t h = 0; h < n_halves; ++h) {
    const size_t n = halves[h].n_target;
    for (size_t j = 0; j < n; ++j) sum += halves[h].sums[row * n + j];
  }
  return sum;
}

static pool pool_bias(const pbl_half *halves, size_t n_halves, double updates) {
  const double v = row_sum(halves, n_halves, PBL_SUM_V);
  pool p = {.z = NAN};
  add_pool(&p, row_sum(halves, n_halves, PBL_SUM_R), v, row_sum(halves, n_halves, PBL_SUM_K), v,
           updates);
  return p;
}

static pool pool_serial(const pbl_half *halves, size_t n_halves, double updates) {
  const double v = row_sum(halves, n_halves, PBL_SUM_SERIAL_V);
  const double v4 = row_sum(halves, n_halves, PBL_SUM_SERIAL_V4);
  pool p = {.z = NAN};
  add_pool(&p, row_sum(halves, n_halves, PBL_SUM_SERIAL_R), v,
           row_sum(halves, n_halves, PBL_SUM_SERIAL_K), v4 > 0.0 ? v * v / v4 : 0.0, updates);
  return p;
}

/* |E (r r')^3| <= 4 v v', as in the verdict. */
static void add_products(pool *p, double sum, double variance, double terms) {
  add_pool(p, sum, variance, copysign(4.0 * variance, sum), variance, terms);
}

typedef struct {
  double r, v, pairs;
} products;

/* Products of all p-bits of a block that are d updates apart. */
static products at_distance(const pbl_half *half, size_t d) {
  const size_t n = half->n_target;
  const bool all = n <= PBL_CROSS_ALL_PAIRS;
  products sum = {0.0, 0.0, 0.0};
  for (size_t j = 0; j + d < n; ++j) {
    const size_t pair = (j + d) * n + j, row = (d - 1) * n + j;
    sum.r += all ? half->pair_r[pair] : half->sums[PBL_SUM_CROSS_R * n + row];
    sum.v += all ? half->pair_v[pair] : half->sums[PBL_SUM_CROSS_V * n + row];
    sum.pairs += half->mask[j] * half->mask[j + d];
  }
  return sum;
}

static pool pool_cross(const pbl_half *halves, size_t n_halves) {
  products sum[PBL_CROSS_REACH + 1] = {{0.0, 0.0, 0.0}}; /* [0]: all that are tested */
  for (size_t h = 0; h < n_halves; ++h) {
    const size_t n = halves[h].n_target;
    const double draws = halves[h].terms;
    const size_t reach = n <= PBL_CROSS_ALL_PAIRS ? n : PBL_CROSS_REACH + 1;
    for (size_t d = 1; d < reach && d < n; ++d) {
      const products p = at_distance(&halves[h], d);
      /* products that end in one update depend on each other through its law: no sum of all */
      for (size_t to = halves[h].blocks > 0 ? 1 : 0; to <= PBL_CROSS_REACH; ++to) {
        if (to != 0 && to != d) continue;
        sum[to].r += p.r;
        sum[to].v += p.v;
        sum[to].pairs += p.pairs * draws;
      }
    }
  }
  pool p = {.z = NAN};
  for (size_t d = 0; d <= PBL_CROSS_REACH; ++d) {
    add_products(&p, sum[d].r, sum[d].v, sum[d].pairs);
  }
  return p;
}

static pool pool_replicas(const pbl_joint_sums *joint, size_t n_chains, double updates) {
  double r = 0.0, v = 0.0;
  for (size_t c = 1; c < n_chains; ++c) {
    for (size_t d = 0; d < c; ++d) {
      r += joint->replica_r[c * n_chains + d];
      v += joint->replica_v[c * n_chains + d];
    }
  }
  pool p = {.z = NAN};
  add_products(&p, r, v, 0.5 * updates * ((double)n_chains - 1.0));
  return p;
}

static void weigh(pbl_innovation_result *family, const pool *p) {
  family->n_pools = p->n;
  family->pooled_z = p->n > 0 ? p->z : NAN;
  family->z = family->max_abs_z;
  if (p->n > 0 && !(fabs(p->z) <= family->max_abs_z && family->n_tests > 0)) {
    family->everywhere = true;
    family->z = fabs(p->z);
    family->effect = fabs(p->z) / sqrt(p->terms);
  }
  const size_t n = family->n_tests + p->n;
  if (n > 0) family->evidence = pbl_normal_evidence(family->z) - log((double)n);
}

void pbl_innovation_weigh(pbl_innovation_report *out, const pbl_half *halves, size_t n_halves,
                          const pbl_joint_sums *joint, size_t n_chains) {
  const double updates = (double)out->n_updates;
  pool pools[PBL_TEST_COUNT] = {{0}};
  pools[PBL_TEST_BIAS] = pool_bias(halves, n_halves, updates);
  pools[PBL_TEST_SERIAL] = pool_serial(halves, n_halves, updates);
  pools[PBL_TEST_CROSS] = pool_cross(halves, n_halves);
  if (n_chains > 1) pools[PBL_TEST_REPLICA] = pool_replicas(joint, n_chains, updates);
  for (size_t t = 0; t < PBL_TEST_COUNT; ++t) weigh(&out->family[t], &pools[t]);
}

const pbl_innovation_result *pbl_innovation_worst(const pbl_innovation_report *report) {
  const pbl_innovation_result *worst = &report->family[0];
  for (size_t t = 1; t < PBL_TEST_COUNT; ++t) {
    const pbl_innovation_result *f = &report->family[t];
    if (f->p_value > worst->p_value || isinf(worst->z)) continue;
    if (f->p_value < worst->p_value || f->evidence > worst->evidence) worst = f;
  }
  return worst;
}

static const struct {
  const char *name;
  bool words; /* of the random source, not of the law */
  pbl_innovation_fault fault;
} families[PBL_TEST_COUNT] = {[PBL_TEST_BIAS] = {"bias", false, PBL_FAULT_BIAS},
                              [PBL_TEST_GAIN] = {"gain", false, PBL_FAULT_GAIN},
                              [PBL_TEST_GAIN_EACH] = {"activation", false, PBL_FAULT_ACTIVATION},
                              [PBL_TEST_SERIAL] = {"serial", true, PBL_FAULT_SERIAL},
                              [PBL_TEST_CROSS] = {"cross", true, PBL_FAULT_CROSS},
                              [PBL_TEST_REPLICA] = {"replica", true, PBL_FAULT_REPLICA},
                              [PBL_TEST_EDGE] = {"weight", false, PBL_FAULT_WEIGHT},
                              [PBL_TEST_BINS] = {"activation", false, PBL_FAULT_ACTIVATION}};

/* The stronger of two families, either of which may be PBL_TEST_COUNT: none. */
static size_t stronger(const pbl_innovation_report *r, size_t a, size_t b) {
  if (a == PBL_TEST_COUNT || b == PBL_TEST_COUNT) return a == PBL_TEST_COUNT ? b : a;
  const double times = b == PBL_TEST_BINS && a != PBL_TEST_EDGE ? BEYOND_SIMPLE : 1.0;
  return r->family[b].evidence > times * r->family[a].evidence ? b : a;
}

/* Family that explains the report, PBL_TEST_COUNT where none is significant. */
static size_t explain(const pbl_innovation_report *r, double alpha) {
  static const pbl_innovation_family order[PBL_TEST_COUNT] = {
      PBL_TEST_SERIAL, PBL_TEST_CROSS,     PBL_TEST_REPLICA, PBL_TEST_BIAS,
      PBL_TEST_GAIN,   PBL_TEST_GAIN_EACH, PBL_TEST_BINS,    PBL_TEST_EDGE};
  size_t law = PBL_TEST_COUNT, words = PBL_TEST_COUNT;
  double tested = 0.0, shift = 0.0; /* of the law, in s.d. of one update */
  for (size_t t = 0; t < PBL_TEST_COUNT; ++t) {
    tested += r->family[t].n_tests + r->family[t].n_pools > 0;
  }
  for (size_t k = 0; k < PBL_TEST_COUNT; ++k) {
    const size_t t = order[k];
    if (!(r->family[t].evidence > log(tested / alpha))) continue;
    if (families[t].words) {
      words = stronger(r, words, t);
    } else {
      law = stronger(r, law, t);
      shift = fmax(shift, r->family[t].effect);
    }
  }
  if (words == PBL_TEST_COUNT || law == PBL_TEST_COUNT)
    return words == PBL_TEST_COUNT ? law : words;
  const double of_law = r->in_turn ? OF_LAW_IN_TURN : OF_LAW;
  const bool correlated = r->family[words].effect > BEYOND_LAW * shift * shift &&
                          r->family[words].z > of_law * r->family[law].z;
  return correlated ? words : law;
}

pbl_innovation_fault pbl_innovation_name_fault(const pbl_innovation_report *report, double alpha) {
  if (!(report->p_value < alpha)) return PBL_FAULT_NONE;
  const size_t t = explain(report, alpha);
  if (t < PBL_TEST_COUNT) return families[t].fault;
  return report->n_impossible > 0 ? PBL_FAULT_IMPOSSIBLE : PBL_FAULT_NONE;
}

const char *pbl_innovation_fault_name(pbl_innovation_fault fault) {
  if (fault == PBL_FAULT_IMPOSSIBLE) return "impossible";
  for (size_t t = 0; t < PBL_TEST_COUNT; ++t) {
    if (families[t].fault == fault) return families[t].name;
  }
  return "none";
}

void pbl_innovation_fault_text(char *text, size_t size, const pbl_innovation_report *report,
                               double alpha) {
  const pbl_innovation_fault fault = pbl_innovation_name_fault(report, alpha);
  text[0] = '\0';
  if (fault == PBL_FAULT_NONE) return;
  if (fault == PBL_FAULT_IMPOSSIBLE) {
    snprintf(text, size, "outcomes of probability zero");
    return;
  }
  const size_t t = explain(report, alpha);
  const pbl_innovation_result *f = &report->family[t];
  char one[48] = "", two[80] = "";
  snprintf(one, sizeof one, " %zu", f->worst_a);
  snprintf(two, sizeof two, "s %zu and %zu", f->worst_a, f->worst_b);
  const bool all = f->everywhere;
  switch ((pbl_innovation_family)t) {
    case PBL_TEST_BIAS:
      snprintf(text, size, "bias of %s%s", all ? "all p-bits" : "p-bit", all ? "" : one);
      break;
    case PBL_TEST_GAIN:
      snprintf(text, size, "temperature wrong");
      break;
    case PBL_TEST_GAIN_EACH:
      snprintf(text, size, "gain of p-bit%s wrong", one);
      break;
    case PBL_TEST_SERIAL:
      snprintf(text, size, "random words correlated in time%s%s", all ? "" : ", p-bit",
               all ? "" : one);
      break;
    case PBL_TEST_CROSS:
      snprintf(text, size, "random words correlated between p-bit%s", all ? "s" : two);
      break;
    case PBL_TEST_REPLICA:
      snprintf(text, size, "random words correlated between chain%s", all ? "s" : two);
      break;
    case PBL_TEST_EDGE:
      snprintf(text, size, "weight between p-bit%s wrong", two);
      break;
    case PBL_TEST_BINS:
      snprintf(text, size, "activation curve wrong, field bin%s", one);
      break;
    default:
      break;
  }
}

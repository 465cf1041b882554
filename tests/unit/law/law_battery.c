#include "law_battery.h"

#include <stdlib.h>
#include <string.h>

#include "pbl_law.h"
#include "pbl_stats.h"

#define PERMUTATIONS 999
#define KEEP 8
#define REFERENCE_SEEDS 1000000u

const char *const law_test_names[LAW_TESTS] = {"chi-square, exact covariance",
                                               "one-sweep kernel",
                                               "moments, exact",
                                               "moments, two samples",
                                               "energy slope",
                                               "energy distance, p-bit means",
                                               "MMD",
                                               "energy distance, mean energy",
                                               "KL with null law",
                                               "innovation score"};

static void check(pbl_status status) {
  if (status != PBL_OK) abort();
}

typedef struct {
  pbl_dense *dense;
  double first[8], second[64], edges[16];
  pbl_rbm *model;
  double *energy_a, *energy_b;
} fixture;

static void chain_means(double *mean, const double *energy) {
  for (size_t c = 0; c < LAW_CHAINS; c++) {
    mean[c] = 0.0;
    for (size_t t = 0; t < LAW_DRAWS; t++) mean[c] += energy[c * LAW_DRAWS + t] / LAW_DRAWS;
  }
}

static void run(double p[LAW_TESTS], law_rates *rates, const fixture *f, double factor,
                uint64_t seed) {
  pbl_chains *a = law_sample(LAW_BETA * factor, LAW_CHAINS, LAW_DRAWS, seed);
  pbl_chains *b = law_sample(LAW_BETA, LAW_CHAINS, LAW_DRAWS, seed + REFERENCE_SEEDS);
  pbl_chains *hot = law_sample(0.8 * LAW_BETA, LAW_CHAINS, LAW_DRAWS, seed + 2 * REFERENCE_SEEDS);
  pbl_law_test t;
  pbl_law_slope slope;
  pbl_law_divergences d;
  size_t n_updates;
  check(pbl_law_chi2(&t, a, f->dense, .01, NULL));
  p[LAW_CHI2] = t.p_value;
  check(pbl_law_kernel_chi2(&t, a, f->dense, NULL));
  p[LAW_KERNEL] = t.p_value;
  check(pbl_law_moments(&t, NULL, .05, a, 4, f->first, f->edges, NULL));
  p[LAW_MOMENTS] = t.p_value;
  check(pbl_law_moments_between(&t, NULL, .05, a, b, 4, NULL));
  p[LAW_BETWEEN] = t.p_value;
  check(pbl_law_energies(f->energy_a, a, f->model, NULL));
  check(pbl_law_energies(f->energy_b, hot, f->model, NULL));
  check(pbl_law_energy_slope(&slope, f->energy_a, LAW_CHAINS, LAW_DRAWS, LAW_BETA, f->energy_b,
                             LAW_CHAINS, LAW_DRAWS, 0.8 * LAW_BETA, NULL));
  p[LAW_SLOPE] = slope.test.p_value;
  check(pbl_law_two_sample(&t, a, b, PBL_LAW_ENERGY_DISTANCE, 1, PERMUTATIONS, seed, NULL));
  p[LAW_DISTANCE] = t.p_value;
  check(pbl_law_two_sample(&t, a, b, PBL_LAW_MMD, KEEP, PERMUTATIONS, seed, NULL));
  p[LAW_MMD_TEST] = t.p_value;
  double mean[2 * LAW_CHAINS];
  check(pbl_law_energies(f->energy_b, b, f->model, NULL));
  chain_means(mean, f->energy_a);
  chain_means(mean + LAW_CHAINS, f->energy_b);
  check(pbl_law_summary_test(&t, mean, LAW_CHAINS, mean + LAW_CHAINS, LAW_CHAINS, 1, PERMUTATIONS,
                             seed, NULL));
  p[LAW_SUMMARY] = t.p_value;
  check(pbl_law_divergence(&d, a, f->dense, NULL));
  p[LAW_KL] = d.p_value;
  p[LAW_SCORE] = pbl_normal_two_sided_p(law_innovation_z(a, &n_updates));
  rates->tv_value += d.tv.value;
  rates->tv_null += d.tv.null_mean;
  rates->kl_value += d.kl.value;
  rates->kl_null += d.kl.null_mean;
  pbl_chains_destroy(a);
  pbl_chains_destroy(b);
  pbl_chains_destroy(hot);
}

law_rates law_battery(double factor, size_t n_runs, uint64_t first_seed) {
  law_rates rates;
  fixture f;
  memset(&rates, 0, sizeof rates);
  pbl_oracle *o = law_oracle();
  f.dense = law_dense(o);
  f.model = law_model();
  pbl_oracle_moments(o, f.first, f.second);
  for (int i = 0; i < 4; i++)
    for (int j = 0; j < 4; j++) f.edges[i * 4 + j] = f.second[i * 8 + 4 + j];
  f.energy_a = malloc(2 * LAW_CHAINS * LAW_DRAWS * sizeof *f.energy_a);
  if (f.energy_a == NULL) abort();
  f.energy_b = f.energy_a + LAW_CHAINS * LAW_DRAWS;
  for (size_t k = 0; k < n_runs; k++) {
    double p[LAW_TESTS];
    run(p, &rates, &f, factor, first_seed + k);
    for (int t = 0; t < LAW_TESTS; t++) {
      rates.rejected_5[t] += (double)(p[t] < .05) / (double)n_runs;
      rates.rejected_1[t] += (double)(p[t] < .01) / (double)n_runs;
    }
  }
  rates.tv_value /= (double)n_runs;
  rates.tv_null /= (double)n_runs;
  rates.kl_value /= (double)n_runs;
  rates.kl_null /= (double)n_runs;
  free(f.energy_a);
  pbl_rbm_destroy(f.model);
  pbl_dense_destroy(f.dense);
  pbl_oracle_destroy(o);
  return rates;
}

/* The two faces of the A/B of random sources: one table, one JSON file. */
#include <math.h>
#include <string.h>

#include "pbl_json.h"
#include "pbl_rng_ab.h"

static void source_text(char *text, size_t size, const pbl_hw *hw) {
  char steps[16] = "", shared[16] = "";
  if (hw->generator == PBL_GEN_LFSR32) snprintf(steps, sizeof steps, " x %d", hw->lfsr_steps);
  if (hw->cells_per_generator > 1)
    snprintf(shared, sizeof shared, " / %d", hw->cells_per_generator);
  snprintf(text, size, "%s%s%s", pbl_generator_name(hw->generator), steps, shared);
}

static void tau_text(char *text, size_t size, const pbl_estimate *e) {
  if (isnan(e->value)) {
    snprintf(text, size, "unresolved");
  } else {
    snprintf(text, size, "%.3f [%.3f,%.3f]", e->value, e->low, e->high);
  }
}

static void beta_text(char *text, size_t size, const pbl_estimate *e) {
  snprintf(text, size, "%+.3f [%+.3f,%+.3f]", 100 * e->value, 100 * e->low, 100 * e->high);
}

void pbl_rng_ab_print(FILE *out, const pbl_rng_ab_row *rows, size_t n) {
  fprintf(out, "%-20s %-16s %5s %4s %-5s | %7s %7s %7s %7s | %-20s %-20s\n", "case", "source",
          "table", "bits", "round", "TV", "null", "+-", "ideal", "tau E / exact",
          "tau slowest / exact");
  for (size_t k = 0; k < n; k++) {
    const pbl_rng_ab_row *r = &rows[k];
    char source[32], energy[64], slowest[64];
    source_text(source, sizeof source, &r->hw);
    tau_text(energy, sizeof energy, &r->tau_energy);
    tau_text(slowest, sizeof slowest, &r->tau_slowest);
    fprintf(out, "%-20s %-16s %5d %4d %-5s | %7.5f %7.5f %7.5f %7.5f | %-20s %-20s\n", r->name,
            source, r->hw.table_size, r->hw.threshold_bits, r->hw.rounding ? "round" : "trunc",
            r->tv, r->tv_null, r->tv_error, r->tv_ideal, energy, slowest);
  }
  fprintf(out, "\n%-20s %-25s %-25s %9s | %7s %7s %7s %7s | %s\n", "case", "beta error %, own law",
          "beta error %, sigmoid", "p", "bias", "gain", "serial", "cross", "fault");
  for (size_t k = 0; k < n; k++) {
    const pbl_rng_ab_row *r = &rows[k];
    char own[64], ideal[64];
    beta_text(own, sizeof own, &r->beta_error);
    beta_text(ideal, sizeof ideal, &r->beta_error_ideal);
    fprintf(out, "%-20s %-25s %-25s %9.2e | %7.1f %7.1f %7.1f %7.1f | %s\n", r->name, own, ideal,
            r->innovation_p, r->worst[PBL_TEST_BIAS], r->worst[PBL_TEST_GAIN],
            r->worst[PBL_TEST_SERIAL], r->worst[PBL_TEST_CROSS],
            r->fault == PBL_FAULT_NONE ? "-" : r->fault_text);
  }
  if (n > 0)
    fprintf(out,
            "\nTV: sampled histogram to the exact law of the quantised kernel, %.3g sweeps; null: "
            "its mean for a\nsound device; ideal: quantised law to the ideal law. p: innovation "
            "tests against the quantised kernel;\nbias, gain, serial, cross: largest |z| of that "
            "family; fault: what\nexplains them, when p is below alpha.\n",
            rows[0].n_sweeps);
}

static void write_estimate(pbl_json *j, const char *key, const pbl_estimate *e) {
  pbl_json_object(j, key);
  pbl_json_double(j, "value", e->value);
  pbl_json_double(j, "low", e->low);
  pbl_json_double(j, "high", e->high);
  pbl_json_end(j);
}

static void write_row(pbl_json *j, const pbl_rng_ab_row *r) {
  static const char *const families[PBL_TEST_COUNT] = {
      [PBL_TEST_BIAS] = "bias",     [PBL_TEST_GAIN] = "gain",   [PBL_TEST_GAIN_EACH] = "gain_each",
      [PBL_TEST_SERIAL] = "serial", [PBL_TEST_CROSS] = "cross", [PBL_TEST_REPLICA] = "replica",
      [PBL_TEST_EDGE] = "edge",     [PBL_TEST_BINS] = "bins"};
  pbl_json_object(j, NULL);
  pbl_json_string(j, "name", r->name);
  pbl_json_string(j, "fabric", pbl_fabric_name(r->hw.fabric));
  pbl_json_int(j, "pbits", pbl_hw_pbits(&r->hw));
  pbl_json_int(j, "generators_per_replica", pbl_hw_generators(&r->hw));
  pbl_json_string(j, "generator", pbl_generator_name(r->hw.generator));
  pbl_json_int(j, "lfsr_steps", r->hw.lfsr_steps);
  pbl_json_int(j, "cells_per_generator", r->hw.cells_per_generator);
  pbl_json_int(j, "table_size", r->hw.table_size);
  pbl_json_int(j, "threshold_bits", r->hw.threshold_bits);
  pbl_json_string(j, "rounding", r->hw.rounding ? "round" : "truncate");
  pbl_json_double(j, "sweeps", r->n_sweeps);
  pbl_json_double(j, "total_variation", r->tv);
  pbl_json_double(j, "total_variation_null_mean", r->tv_null);
  pbl_json_double(j, "total_variation_error", r->tv_error);
  pbl_json_double(j, "total_variation_quantised_ideal", r->tv_ideal);
  write_estimate(j, "tau_energy_ratio", &r->tau_energy);
  pbl_json_double(j, "tau_energy_exact_sweeps", r->exact_tau_energy);
  write_estimate(j, "tau_slowest_ratio", &r->tau_slowest);
  pbl_json_double(j, "tau_slowest_exact_sweeps", r->exact_tau_slowest);
  pbl_json_int(j, "slowest_pbit", r->slowest);
  write_estimate(j, "beta_error", &r->beta_error);
  write_estimate(j, "beta_error_against_sigmoid", &r->beta_error_ideal);
  pbl_json_double(j, "innovation_p", r->innovation_p);
  pbl_json_string(j, "fault", pbl_innovation_fault_name(r->fault));
  pbl_json_string(j, "fault_text", r->fault_text);
  pbl_json_object(j, "innovation_max_abs_z");
  for (int k = 0; k < PBL_TEST_COUNT; k++) pbl_json_double(j, families[k], r->worst[k]);
  pbl_json_end(j);
  pbl_json_end(j);
}

pbl_status pbl_rng_ab_write(const char *path, const pbl_rng_ab_row *rows, size_t n,
                            const pbl_compare_config *config, pbl_error *err) {
  pbl_json *j = NULL;
  const pbl_status st = pbl_json_create_file(&j, path, err);
  if (st) return st;
  char seed[24]; /* JSON numbers need not hold 64 bits */
  snprintf(seed, sizeof seed, "%llu", (unsigned long long)config->seed);
  pbl_json_object(j, NULL);
  pbl_json_int(j, "schema", 1);
  pbl_json_string(j, "kind", "rng_ab");
  pbl_json_string(j, "config", config->path);
  pbl_json_string(j, "seed", seed);
  pbl_json_string(j, "backend", "twin");
  pbl_json_array(j, "cases");
  for (size_t k = 0; k < n; k++) write_row(j, &rows[k]);
  pbl_json_end(j);
  pbl_json_end(j);
  return pbl_json_close(j, NULL, err);
}

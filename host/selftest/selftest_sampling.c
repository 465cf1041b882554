/* Short runs of every kernel, bit for bit beside the twin, and what the device tells of them. */
#include <stdio.h>

#include "selftest_internal.h"

enum { SWEEPS = 24, EVERY = 2, MAX_PBITS = 16384 }; /* lattice: 128^2 */

static void check_kernel(selftest *t, uint32_t config) {
  if (selftest_prepare(t, config) && selftest_run_both(t, SWEEPS, EVERY))
    selftest_note(t, "%d samples of %d sweeps equal the twin's", SWEEPS / EVERY, SWEEPS);
  if (!t->stopped) selftest_write_both(t, PBL_REG_CONFIG, 0);
}

void selftest_check_cyclic(selftest *t) {
  check_kernel(t, 0);
}

void selftest_check_palindromic(selftest *t) {
  check_kernel(t, PBL_CONFIG_KERNEL_MASK);
}

void selftest_check_coin(selftest *t) {
  check_kernel(t, PBL_CONFIG_COIN_MASK);
}

void selftest_check_random_site(selftest *t) {
  if (t->hw.fabric == PBL_FABRIC_SPARSE) {
    check_kernel(t, PBL_CONFIG_RANDOM_MASK);
  } else {
    selftest_skip(t, "a kernel of the sparse fabric, this is another one");
  }
}

void selftest_check_coupled(selftest *t) {
  if (t->hw.lanes % 2 == 0) {
    check_kernel(t, PBL_CONFIG_COUPLED_MASK);
  } else {
    selftest_skip(t, "needs an even number of lanes, the device has %d", t->hw.lanes);
  }
}

static bool set_clamps(selftest *t, const uint8_t *clamp) {
  pbl_error err = {0};
  return selftest_ok(t, pbl_driver_set_clamp(t->twin_driver, clamp, &err), &err) &&
         selftest_ok(t, pbl_driver_set_clamp(t->driver, clamp, &err), &err);
}

void selftest_check_clamped(selftest *t) {
  static uint8_t const none[MAX_PBITS];
  uint8_t some[MAX_PBITS] = {0};
  for (int p = 0; p < pbl_hw_pbits(&t->hw); p += 3) some[p] = 1;
  const bool same =
      set_clamps(t, some) && selftest_prepare(t, 0) && selftest_run_both(t, SWEEPS, EVERY);
  if (!t->stopped && set_clamps(t, none) && same)
    selftest_note(t, "every third p-bit clamped, %d sweeps", SWEEPS);
}

/* ---- what is told of a run ---- */

static bool same_counter(selftest *t, uint32_t address_lo) {
  uint64_t expected = 0, got = 0;
  if (!selftest_read64_of(t, t->twin, &expected, address_lo) ||
      !selftest_read64_of(t, t->dev, &got, address_lo))
    return false;
  if (got != expected)
    selftest_fail_word(t, address_lo, (uint32_t)expected, (uint32_t)got,
                       "%s: expected %llu, got %llu, after %d sweeps", selftest_name(address_lo),
                       (unsigned long long)expected, (unsigned long long)got, SWEEPS);
  return got == expected;
}

/* Cold enough that some updates are certain and some clip the table. */
static bool cool(selftest *t) {
  const uint32_t most = (1u << pbl_hw_beta_bits(&t->hw)) - 1, beta = t->image->beta;
  return selftest_write_both(t, PBL_REG_BETA, beta > most / 8 ? most : 8 * beta);
}

/* STALL_CYCLES depends on who takes the words. */
void selftest_check_counters(selftest *t) {
  static const uint32_t list[] = {PBL_REG_SWEEP_COUNT_LO, PBL_REG_FLIPS_LO,
                                  PBL_REG_SATURATIONS_LO, PBL_REG_FREEZES_LO,
                                  PBL_REG_SAMPLES_LO,     PBL_REG_BUSY_CYCLES_LO};
  uint64_t flips = 0, clipped = 0, certain = 0, stalls = 0;
  if (!selftest_prepare(t, 0) || !cool(t) || !selftest_run_both(t, SWEEPS, EVERY)) return;
  for (size_t k = 0; k < sizeof list / sizeof *list; k++) {
    if (!same_counter(t, list[k])) return;
  }
  if (selftest_like_twin(t, PBL_REG_BETA_ACTIVE, "after a run") &&
      selftest_read64_of(t, t->dev, &flips, PBL_REG_FLIPS_LO) &&
      selftest_read64_of(t, t->dev, &clipped, PBL_REG_SATURATIONS_LO) &&
      selftest_read64_of(t, t->dev, &certain, PBL_REG_FREEZES_LO) &&
      selftest_read64_of(t, t->dev, &stalls, PBL_REG_STALL_CYCLES_LO))
    selftest_note(t,
                  "%d sweeps, %llu flips, %llu saturations, %llu freezes; %llu clocks stalled, "
                  "not compared",
                  SWEEPS, (unsigned long long)flips, (unsigned long long)clipped,
                  (unsigned long long)certain, (unsigned long long)stalls);
}

void selftest_check_energy(selftest *t) {
  if (!selftest_prepare(t, 0) || !selftest_run_both(t, SWEEPS, 0)) return;
  for (int r = 0; r < t->hw.replicas; r++) {
    char text[48];
    snprintf(text, sizeof text, "of replica %d", r);
    if (!selftest_write_both(t, PBL_REG_REPLICA_SELECT, (uint32_t)r) ||
        !selftest_like_twin(t, PBL_REG_ENERGY_LO, text) ||
        !selftest_like_twin(t, PBL_REG_ENERGY_HI, text))
      return;
  }
  selftest_note(t, "%d replicas after %d sweeps", t->hw.replicas, SWEEPS);
}

void selftest_check_probe(selftest *t) {
  static const uint32_t list[] = {PBL_REG_PROBE_FIELD, PBL_REG_PROBE_RANDOM,
                                  PBL_REG_PROBE_THRESHOLD, PBL_REG_PROBE_STATE};
  enum { PICKS = 12 };
  if (!selftest_prepare(t, 0)) return;
  for (uint32_t k = 0; k < PICKS; k++) {
    const uint32_t p = selftest_mix(k, 21) % (uint32_t)pbl_hw_pbits(&t->hw),
                   r = selftest_mix(k, 22) % (uint32_t)t->hw.replicas;
    char text[64];
    snprintf(text, sizeof text, "p-bit %u of replica %u", p, r);
    if (!selftest_write_both(
            t, PBL_REG_PROBE_SELECT,
            p << PBL_PROBE_SELECT_PBIT_SHIFT | r << PBL_PROBE_SELECT_REPLICA_SHIFT) ||
        !selftest_run_both(t, 1, 0))
      return;
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
      if (!selftest_like_twin(t, list[i], text)) return;
    }
  }
  selftest_note(t, "%d p-bits in any replica, one sweep each", PICKS);
}

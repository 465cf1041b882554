/* Lattice models and their images. */
/* cmocka.h needs the four before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_image.h"
#include "pbl_lattice_model.h"

static pbl_hw hardware(int side, const char *name, int sites) {
  pbl_hw hw = pbl_hw_default();
  assert_true(pbl_lattice_apply(&hw.lattice, name));
  pbl_hw_set_lattice(&hw, side, sites);
  return hw;
}

static pbl_rbm *make_model(const pbl_hw *hw, const pbl_lattice_law *law) {
  pbl_rbm *m = NULL;
  pbl_error err = {0};
  if (pbl_lattice_model(&m, &hw->lattice, law, &err) != PBL_OK) fail_msg("%s", err.message);
  return m;
}

static long count_weights(const pbl_rbm *m) {
  long n = 0;
  for (size_t i = 0; i < (size_t)m->n_visible * (size_t)m->n_hidden; i++) n += m->w[i] != 0;
  return n;
}

static void weights_stand_on_the_edges_and_nowhere_else(void **state) {
  (void)state;
  const pbl_hw hw = hardware(12, "g12", 0);
  pbl_lattice_law law = {.couplings = PBL_GAUSSIAN, .scale = 0.5, .field_scale = 0.1, .seed = 3};
  pbl_rbm *torus = make_model(&hw, &law);
  assert_int_equal(torus->n_visible, 72);
  assert_int_equal(count_weights(torus), 72 * 12);
  law.open = true;
  pbl_rbm *open = make_model(&hw, &law);
  assert_int_equal(count_weights(open), pbl_lattice_edges(&hw.lattice, true));
  for (size_t i = 0; i < 72 * 72; i++) assert_true(open->w[i] == 0 || open->w[i] == torus->w[i]);
  assert_memory_equal(open->b, torus->b, 72 * sizeof *open->b);
  pbl_rbm_destroy(torus);
  pbl_rbm_destroy(open);
}

/* 72 x 12 draws: the bounds are five standard errors. */
static void couplings_follow_their_law(void **state) {
  (void)state;
  const pbl_hw hw = hardware(12, "g12", 0);
  const int n = 72 * 12;
  pbl_lattice_law law = {.couplings = PBL_GAUSSIAN, .scale = 0.5, .seed = 3};
  pbl_rbm *m = make_model(&hw, &law);
  double sum = 0, squares = 0;
  for (int i = 0; i < 72 * 72; i++) {
    sum += (double)m->w[i];
    squares += (double)m->w[i] * (double)m->w[i];
  }
  assert_true(fabs(sum / n) < 5 * 0.5 / sqrt(n));
  assert_true(fabs(squares / n - 0.25) < 5 * 0.25 * sqrt(2.0 / n));
  for (int i = 0; i < 72; i++) assert_true(m->b[i] == 0 && m->c[i] == 0);
  pbl_rbm_destroy(m);
  law.couplings = PBL_PM1;
  m = make_model(&hw, &law);
  int ups = 0;
  for (int i = 0; i < 72 * 72; i++) {
    assert_true(m->w[i] == 0 || fabs((double)m->w[i]) == 0.5);
    ups += m->w[i] > 0;
  }
  assert_true(fabs(ups - n / 2.0) < 5 * sqrt(n) / 2);
  pbl_rbm_destroy(m);
  law.couplings = PBL_FERROMAGNET;
  law.scale = -0.25;
  m = make_model(&hw, &law);
  for (int i = 0; i < 72 * 72; i++) assert_true(m->w[i] == 0 || m->w[i] == -0.25f);
  pbl_rbm_destroy(m);
}

/* Side 4, rule (0, 1), two sites a row of the memory. Word 100 + k on the edges of even site k, in
 * every slot another; checked where docs/device.md puts them. */
static void a_weight_stands_at_both_of_its_ends(void **state) {
  (void)state;
  const pbl_hw hw = hardware(4, "g4", 2);
  const int turns[4][2] = {{0, 1}, {-1, 0}, {0, -1}, {1, 0}};
  pbl_rbm *m = NULL;
  pbl_image *im = NULL;
  assert_int_equal(pbl_rbm_create(&m, 8, 8, NULL), PBL_OK);
  for (int y = 0; y < 4; y++) {
    for (int x = y % 2; x < 4; x += 2) {
      for (int slot = 0; slot < 4; slot++) {
        const int nx = (x + turns[slot][0] + 4) % 4, ny = (y + turns[slot][1] + 4) % 4;
        m->w[(y * 2 + x / 2) * 8 + ny * 2 + nx / 2] =
            (float)(100 + 10 * (y * 2 + x / 2) + slot) / 64;
      }
    }
  }
  for (int k = 0; k < 8; k++) {
    m->b[k] = (float)k / 64;
    m->c[k] = (float)-k / 64;
  }
  assert_int_equal(pbl_image_create(&im, NULL, m, &hw, 1.0, NULL), PBL_OK);
  for (int y = 0; y < 4; y++) {
    for (int x = 0; x < 4; x++) {
      const int odd = (x + y) % 2, k = y * 2 + x / 2;
      const int32_t *site = im->words + (odd * 4 + k / 2) * 10 + k % 2 * 5;
      assert_int_equal(site[4], odd ? -k : k);
      for (int slot = 0; slot < 4; slot++) {
        const int nx = (x + turns[slot][0] + 4) % 4, ny = (y + turns[slot][1] + 4) % 4;
        const int other = ny * 2 + nx / 2;
        assert_int_equal(site[slot], odd ? 100 + 10 * other + (slot + 2) % 4 : 100 + 10 * k + slot);
      }
    }
  }
  pbl_image_destroy(im);
  pbl_rbm_destroy(m);
}

static void dequantising_gives_what_the_words_hold(void **state) {
  (void)state;
  const pbl_hw hw = hardware(12, "g12", 24);
  const pbl_lattice_law law = {
      .scale = 0.5, .field_scale = 0.3, .couplings = PBL_GAUSSIAN, .seed = 5};
  pbl_rbm *m = make_model(&hw, &law), *back = NULL;
  pbl_image *im = NULL;
  pbl_quantisation q;
  assert_int_equal(pbl_image_create(&im, &q, m, &hw, 0.75, NULL), PBL_OK);
  assert_int_equal(q.n_parameters, 72 * 12 + 144);
  assert_int_equal(pbl_image_dequantise(&back, im, m, NULL), PBL_OK);
  for (int i = 0; i < 72 * 72; i++) {
    assert_true((back->w[i] == 0) >= (m->w[i] == 0));
    assert_true(fabs((double)(back->w[i] - m->w[i])) <= 0x1p-7);
  }
  for (int i = 0; i < 72; i++) {
    assert_true(fabs((double)(back->b[i] - m->b[i])) <= 0x1p-7);
    assert_true(fabs((double)(back->c[i] - m->c[i])) <= 0x1p-7);
  }
  assert_true(back->beta == 0.75);
  /* What was dequantised is held exactly. */
  pbl_image *again = NULL;
  assert_int_equal(pbl_image_create(&again, &q, back, &hw, 0.75, NULL), PBL_OK);
  assert_true(q.max_abs_error == 0);
  assert_int_equal(pbl_image_hash(again), pbl_image_hash(im));
  pbl_image_destroy(im);
  pbl_image_destroy(again);
  pbl_rbm_destroy(m);
  pbl_rbm_destroy(back);
}

/* Both ends of an edge round the same way, and the mean over seeds is the value. */
static void stochastic_rounding_keeps_the_ends_equal(void **state) {
  (void)state;
  const pbl_hw hw = hardware(4, "g4", 8);
  pbl_lattice_law law = {.couplings = PBL_FERROMAGNET, .scale = 0.3 / 64, .seed = 5};
  pbl_rbm *m = make_model(&hw, &law);
  int ups = 0;
  enum { SEEDS = 200 };
  for (uint64_t seed = 0; seed < SEEDS; seed++) {
    pbl_image *im = NULL;
    assert_int_equal(pbl_image_create_stochastic(&im, NULL, m, &hw, 1.0, seed, NULL), PBL_OK);
    for (int k = 0; k < 8; k++) {
      for (int slot = 0; slot < 4; slot++) {
        const int other = pbl_lattice_neighbour(&hw.lattice, 0, k, slot);
        const int32_t here = im->words[k * 5 + slot];
        assert_int_equal(here, im->words[40 + other * 5 + (slot ^ 2)]);
        assert_int_equal(here, im->law[k * 9 + other]);
        ups += here;
      }
    }
    pbl_image_destroy(im);
  }
  const double n = SEEDS * 32;
  assert_true(fabs(ups - 0.3 * n) < 5 * sqrt(n * 0.21));
  pbl_rbm_destroy(m);
}

static void a_weight_off_the_graph_is_refused_with_both_sites(void **state) {
  (void)state;
  const pbl_hw hw = hardware(8, "g4", 4);
  const pbl_lattice_law law = {.couplings = PBL_FERROMAGNET, .scale = 0.5};
  pbl_rbm *m = make_model(&hw, &law);
  pbl_image *im = NULL;
  pbl_error err = {0};
  m->w[9 * 32 + 30] = 0.125f; /* even site 9 = (2, 2), odd site 30 = (4, 7) */
  assert_int_equal(pbl_image_create(&im, NULL, m, &hw, 1.0, &err), PBL_CONFIG);
  assert_non_null(strstr(err.message, "does not fit"));
  assert_non_null(strstr(err.message, "0.125"));
  assert_non_null(strstr(err.message, "(2, 2) and (4, 7)"));
  pbl_rbm_destroy(m);
}

static void laws_and_graphs_out_of_range_are_refused(void **state) {
  (void)state;
  pbl_hw hw = hardware(8, "g4", 4);
  pbl_rbm *m = NULL;
  pbl_lattice_law law = {.couplings = PBL_GAUSSIAN, .scale = NAN};
  assert_int_equal(pbl_lattice_model(&m, &hw.lattice, &law, NULL), PBL_INVALID);
  law = (pbl_lattice_law){.couplings = PBL_GAUSSIAN, .scale = 1, .field_scale = -1};
  assert_int_equal(pbl_lattice_model(&m, &hw.lattice, &law, NULL), PBL_INVALID);
  law = (pbl_lattice_law){.couplings = (pbl_couplings)7, .scale = 1};
  assert_int_equal(pbl_lattice_model(&m, &hw.lattice, &law, NULL), PBL_INVALID);
  law = (pbl_lattice_law){.couplings = PBL_GAUSSIAN, .scale = 1};
  hw.lattice.side = 9;
  assert_int_equal(pbl_lattice_model(&m, &hw.lattice, &law, NULL), PBL_CONFIG);
  assert_null(m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(weights_stand_on_the_edges_and_nowhere_else),
      cmocka_unit_test(couplings_follow_their_law),
      cmocka_unit_test(a_weight_stands_at_both_of_its_ends),
      cmocka_unit_test(dequantising_gives_what_the_words_hold),
      cmocka_unit_test(stochastic_rounding_keeps_the_ends_equal),
      cmocka_unit_test(a_weight_off_the_graph_is_refused_with_both_sites),
      cmocka_unit_test(laws_and_graphs_out_of_range_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

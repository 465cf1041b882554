/* The driver with a sparse fabric: upload, the guard in words, what is refused, frames by p-bit. */
#include <string.h>

#include "pbl_cmocka.h"
#include "pbl_driver.h"
#include "pbl_graph_make.h"
#include "pbl_sparse_image.h"
#include "pbl_twin.h"

typedef struct {
  pbl_graph *g;
  pbl_colouring *c;
  pbl_hw hw;
  pbl_image *im;
  pbl_driver *d;
  pbl_error err;
} bench;

static bench the;

static int set_up(void **state) {
  (void)state;
  pbl_graph_recipe r;
  pbl_device *dev = NULL;
  the = (bench){.hw = pbl_hw_default()};
  the.hw.lanes = 2;
  the.hw.replicas = 4;
  pbl_hw_set_sparse(&the.hw, &(pbl_hw_sparse){.sites = 4, .pbits = 32});
  assert_int_equal(pbl_graph_recipe_parse(&r, "king:5x4", &the.err), PBL_OK);
  assert_int_equal(pbl_graph_make(&the.g, &r, &the.err), PBL_OK);
  assert_int_equal(pbl_colouring_create(&the.c, the.g, PBL_COLOUR_DSATUR, &the.err), PBL_OK);
  assert_int_equal(pbl_sparse_fit(&the.hw, the.g, the.c, &the.err), PBL_OK);
  assert_int_equal(pbl_sparse_image_create(&the.im, NULL, the.g, the.c, &the.hw, 0.5, &the.err),
                   PBL_OK);
  assert_int_equal(pbl_twin_open(&dev, &the.hw, &the.err), PBL_OK);
  assert_int_equal(pbl_driver_create(&the.d, dev, &the.hw, NULL, &the.err), PBL_OK);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  pbl_driver_destroy(the.d);
  pbl_image_destroy(the.im);
  pbl_colouring_destroy(the.c);
  pbl_graph_destroy(the.g);
  return 0;
}

static void assert_says(const char *text) {
  if (!strstr(the.err.message, text)) fail_msg("no '%s' in: %s", text, the.err.message);
}

static void prepare(void) {
  signed char states[4 * 20];
  for (int i = 0; i < 80; i++) states[i] = i % 3 ? 1 : -1;
  if (pbl_driver_upload(the.d, the.im, NULL, &the.err) != PBL_OK) fail_msg("%s", the.err.message);
  assert_int_equal(pbl_driver_seed(the.d, 5, &the.err), PBL_OK);
  assert_int_equal(pbl_driver_set_state(the.d, states, &the.err), PBL_OK);
}

static void draws_come_by_pbit(void **state) {
  (void)state;
  pbl_chains *chains = NULL;
  prepare();
  assert_int_equal(pbl_chains_create(&chains, 4, 3, 20, &the.err), PBL_OK);
  assert_int_equal(pbl_driver_run(the.d, chains, 1, 0, NULL, &the.err), PBL_OK);
  for (size_t r = 0; r < 4; r++) {
    for (size_t p = 0; p < 20; p++)
      assert_int_equal(pbl_chains_spin(chains, r, 0, p), (r * 20 + p) % 3 ? 1 : -1);
  }
  assert_int_equal(pbl_driver_run(the.d, chains, 2, 1, NULL, &the.err), PBL_OK);
  assert_int_equal(chains->n_recorded, 3);
  pbl_chains_destroy(chains);
}

/* The energy register is that of the state that was sent. */
static void energies_are_those_of_the_states(void **state) {
  (void)state;
  pbl_chains *chains = NULL;
  int64_t energy[4];
  prepare();
  assert_int_equal(pbl_chains_create(&chains, 4, 5, 20, &the.err), PBL_OK);
  assert_int_equal(pbl_driver_run(the.d, chains, 5, 1, NULL, &the.err), PBL_OK);
  assert_int_equal(pbl_driver_energy(the.d, energy, &the.err), PBL_OK);
  for (size_t r = 0; r < 4; r++) {
    signed char s[20];
    for (size_t p = 0; p < 20; p++) s[p] = (signed char)pbl_chains_spin(chains, r, 4, p);
    assert_true((double)energy[r] == 64 * pbl_graph_energy(the.g, s)); /* couplings of 1 */
  }
  pbl_chains_destroy(chains);
}

static void a_graph_whose_blocks_have_edges_is_refused(void **state) {
  (void)state;
  /* the first p-bit of the schedule gets the second one as neighbour */
  const uint32_t first = the.im->sparse->order[0], second = the.im->sparse->order[1];
  the.im->words[0] = (int32_t)(0x80000000u | second);
  assert_int_equal(pbl_driver_upload(the.d, the.im, NULL, &the.err), PBL_DEVICE);
  char text[128];
  snprintf(text, sizeof text,
           "(code 7): two neighbours are in one block, so they would be updated "
           "together; one is p-bit %u",
           first);
  assert_says(text);
  assert_int_equal(pbl_driver_run(the.d, NULL, 1, 1, NULL, &the.err), PBL_INVALID);
}

static void too_few_pbits_are_refused(void **state) {
  (void)state;
  the.im->schedule[2] &= 0x7FFFFFFF;
  assert_int_equal(pbl_driver_upload(the.d, the.im, NULL, &the.err), PBL_DEVICE);
  assert_says("code 8");
  assert_says("it names 19");
}

/* Other hosts may write, too: then the device would refuse to start. */
static void a_run_without_the_guard_is_refused(void **state) {
  (void)state;
  prepare();
  pbl_device *dev = pbl_driver_device(the.d);
  assert_int_equal(dev->ops->write32(dev, 0x0D0, 20, &the.err), PBL_OK);
  assert_int_equal(pbl_driver_run(the.d, NULL, 1, 1, NULL, &the.err), PBL_DEVICE);
  assert_says("changed since the last CHECK");
  assert_int_equal(pbl_driver_verify(the.d, &the.err), PBL_OK);
  assert_int_equal(pbl_driver_run(the.d, NULL, 1, 1, NULL, &the.err), PBL_OK);
}

/* A poked weight is sampled with; the hash tells when it is asked. */
static void a_poked_row_can_run(void **state) {
  (void)state;
  int32_t row[8];
  prepare();
  memcpy(row, the.im->words, sizeof row);
  row[1] += 3;
  assert_int_equal(pbl_driver_poke_row(the.d, 0, row, &the.err), PBL_OK);
  assert_int_equal(pbl_driver_run(the.d, NULL, 2, 1, NULL, &the.err), PBL_OK);
  assert_int_equal(pbl_driver_verify(the.d, &the.err), PBL_HASH);
  row[0] = (int32_t)(0x80000000u | the.im->sparse->order[0]); /* its own neighbour */
  assert_int_equal(pbl_driver_poke_row(the.d, 0, row, &the.err), PBL_DEVICE);
  assert_says("code 7");
}

static void clamps_may_change_between_runs(void **state) {
  (void)state;
  uint8_t clamp[20] = {0};
  prepare();
  clamp[3] = 1;
  assert_int_equal(pbl_driver_set_clamp(the.d, clamp, &the.err), PBL_OK);
  assert_int_equal(pbl_driver_run(the.d, NULL, 2, 1, NULL, &the.err), PBL_OK);
}

static void another_capacity_is_refused(void **state) {
  (void)state;
  pbl_hw other = the.hw;
  pbl_device *dev = NULL;
  pbl_driver *d = NULL;
  other.sparse.groups *= 2;
  assert_int_equal(pbl_twin_open(&dev, &other, &the.err), PBL_OK);
  assert_int_equal(pbl_driver_create(&d, dev, &the.hw, NULL, &the.err), PBL_DEVICE);
  assert_says("CAPS_GROUPS");
  the.im->hw.sparse.edge_rows *= 2;
  assert_int_equal(pbl_driver_upload(the.d, the.im, NULL, &the.err), PBL_INVALID);
  the.im->hw.sparse.edge_rows /= 2;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(draws_come_by_pbit),
      TEST(energies_are_those_of_the_states),
      TEST(a_graph_whose_blocks_have_edges_is_refused),
      TEST(too_few_pbits_are_refused),
      TEST(a_run_without_the_guard_is_refused),
      TEST(a_poked_row_can_run),
      TEST(clamps_may_change_between_runs),
      TEST(another_capacity_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

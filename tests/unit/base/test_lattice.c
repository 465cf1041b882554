/* The graph of the lattice fabric, and what hardware parameters it allows. */
/* cmocka.h needs the four before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <string.h>

#include "pbl_lattice.h"

static pbl_hw_lattice graph(int side, const char *name) {
  pbl_hw_lattice lat = {.side = side};
  assert_true(pbl_lattice_apply(&lat, name));
  return lat;
}

static pbl_hw lattice_hw(int side, const char *rules, int sites) {
  pbl_hw hw = pbl_hw_default();
  assert_true(pbl_rules_parse(&hw.lattice, rules));
  pbl_hw_set_lattice(&hw, side, sites);
  return hw;
}

/* Torus: 4,900 sites x degree / 2. Open boundaries: counts of the DTM paper's replication. */
static void edge_counts_are_those_known_for_70_x_70(void **state) {
  (void)state;
  static const struct {
    const char *name;
    long torus, open;
  } known[] = {{"g8", 19600, 18768},
               {"g12", 29400, 26088},
               {"g16", 39200, 33412},
               {"g20", 49000, 41988},
               {"g24", 58800, 51372}};
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
    const pbl_hw_lattice lat = graph(70, known[i].name);
    assert_int_equal(pbl_lattice_edges(&lat, false), known[i].torus);
    assert_int_equal(pbl_lattice_edges(&lat, true), known[i].open);
  }
  const pbl_hw_lattice small = graph(44, "g12"), middle = graph(60, "g12");
  assert_int_equal(pbl_lattice_edges(&small, true), 9604);
  assert_int_equal(pbl_lattice_edges(&middle, true), 18788);
}

static void sites_and_coordinates_belong_to_each_other(void **state) {
  (void)state;
  const pbl_hw_lattice lat = graph(10, "g8");
  int next[2] = {0, 0};
  for (int y = 0; y < 10; y++) {
    for (int x = 0; x < 10; x++) {
      const int colour = (x + y) % 2, k = next[colour]++;
      assert_int_equal(pbl_lattice_site(&lat, x, y), k);
      assert_int_equal(pbl_lattice_x(&lat, colour, k), x);
      assert_int_equal(pbl_lattice_y(&lat, k), y);
    }
  }
}

/* Of every graph that a side of 70 holds: back over the reverse slot, and D different neighbours.
 */
static void the_reverse_slot_leads_back(void **state) {
  (void)state;
  for (const pbl_lattice_graph *g = pbl_lattice_graphs; g->name; g++) {
    const pbl_hw_lattice lat = graph(70, g->name);
    for (int colour = 0; colour < 2; colour++) {
      for (int k = 0; k < 2450; k += 7) {
        for (int slot = 0; slot < 4 * lat.n_rules; slot++) {
          const int other = pbl_lattice_neighbour(&lat, colour, k, slot);
          const int back = pbl_lattice_reverse(slot);
          assert_int_equal(pbl_lattice_neighbour(&lat, 1 - colour, other, back), k);
          assert_int_equal(pbl_lattice_crosses(&lat, 1 - colour, other, back),
                           pbl_lattice_crosses(&lat, colour, k, slot));
          for (int d = 0; d < slot; d++)
            assert_int_not_equal(pbl_lattice_neighbour(&lat, colour, k, d), other);
        }
      }
    }
  }
}

/* Side 6, site (1, 0): k = 0 of the odd colour; rule (2, 1). */
static void slots_are_the_rule_turned_by_right_angles(void **state) {
  (void)state;
  pbl_hw_lattice lat = {.side = 6};
  assert_true(pbl_rules_parse(&lat, "2,1"));
  /* (3, 1), (0, 2), (5, 5), (2, 4) */
  assert_int_equal(pbl_lattice_neighbour(&lat, 1, 0, 0), 1 * 3 + 1);
  assert_int_equal(pbl_lattice_neighbour(&lat, 1, 0, 1), 2 * 3 + 0);
  assert_int_equal(pbl_lattice_neighbour(&lat, 1, 0, 2), 5 * 3 + 2);
  assert_int_equal(pbl_lattice_neighbour(&lat, 1, 0, 3), 4 * 3 + 1);
  assert_false(pbl_lattice_crosses(&lat, 1, 0, 0));
  assert_false(pbl_lattice_crosses(&lat, 1, 0, 1));
  assert_true(pbl_lattice_crosses(&lat, 1, 0, 2));
  assert_true(pbl_lattice_crosses(&lat, 1, 0, 3));
}

static void rules_are_read_and_written_as_text(void **state) {
  (void)state;
  pbl_hw_lattice lat = {.side = 70};
  char text[64];
  assert_true(pbl_rules_parse(&lat, " 0,1  4,1 9,10 "));
  assert_string_equal(pbl_lattice_name(&lat), "g12");
  pbl_rules_print(text, sizeof text, &lat);
  assert_string_equal(text, "0,1 4,1 9,10");
  static const char *const bad[] = {"",
                                    "1",
                                    "1,",
                                    ",1",
                                    "1;2",
                                    "-1,2",
                                    "1,2x",
                                    "1,2,3",
                                    "0,128",
                                    "1, 2",
                                    "0,1 0,3 0,5 0,7 0,9 0,11 0,13"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    assert_false(pbl_rules_parse(&lat, bad[i]));
    assert_int_equal(lat.n_rules, 3);
  }
  assert_true(pbl_rules_parse(&lat, "0,3"));
  assert_string_equal(pbl_lattice_name(&lat), "custom");
}

static void sizes_follow_from_side_rules_and_sites(void **state) {
  (void)state;
  pbl_hw hw = lattice_hw(70, "0,1 4,1 9,10", 0);
  assert_int_equal(pbl_hw_check(&hw, NULL), PBL_OK);
  assert_int_equal(hw.lattice.sites, 35);
  assert_int_equal(hw.n_visible, 2450);
  assert_int_equal(pbl_hw_pbits(&hw), 4900);
  assert_int_equal(pbl_hw_degree(&hw), 12);
  assert_int_equal(pbl_hw_image_rows(&hw), 140);
  assert_int_equal(pbl_hw_image_cols(&hw), 35 * 13);
  /* 12-bit words, 12 neighbours and the field: 13 x 2^11 < 2^15 */
  assert_int_equal(pbl_hw_min_field_bits(&hw), 17);
  hw.lanes = hw.replicas = 16;
  assert_int_equal(pbl_hw_cells(&hw), 560);
  hw = pbl_hw_default();
  assert_int_equal(pbl_hw_cells(&hw), 1);
  assert_int_equal(pbl_hw_image_rows(&hw), 7);
  assert_int_equal(pbl_hw_image_cols(&hw), 7);
}

static void every_division_of_a_side_of_12_is_allowed_and_no_other(void **state) {
  (void)state;
  static const int allowed[] = {1, 2, 3, 6, 12, 18, 24, 36, 72};
  size_t next = 0;
  for (int sites = 1; sites <= 80; sites++) {
    pbl_hw hw = lattice_hw(12, "0,1", 1);
    hw.lattice.sites = sites;
    const int expected = next < 9 && sites == allowed[next];
    next += (size_t)expected;
    assert_int_equal(pbl_hw_check(&hw, NULL), expected ? PBL_OK : PBL_CONFIG);
  }
}

static void assert_refused(const pbl_hw *hw, const char *what, const char *value) {
  pbl_error err = {0};
  assert_int_equal(pbl_hw_check(hw, &err), PBL_CONFIG);
  if (strstr(err.message, what) == NULL || strstr(err.message, value) == NULL)
    fail_msg("no '%s' or '%s' in: %s", what, value, err.message);
}

static void lattices_that_cannot_be_built_are_refused_by_name(void **state) {
  (void)state;
  pbl_hw hw = lattice_hw(7, "0,1", 1);
  assert_refused(&hw, "side is 7", "even");
  hw = lattice_hw(2, "0,1", 1);
  assert_refused(&hw, "side is 2", "4..128");
  hw = lattice_hw(130, "0,1", 1);
  assert_refused(&hw, "side is 130", "4..128");
  hw = lattice_hw(8, "0,1 1,1", 1);
  assert_refused(&hw, "rule 1 is (1, 1)", "odd");
  hw = lattice_hw(8, "8,1", 1);
  assert_refused(&hw, "rule 0 is (8, 1)", "0..7");
  hw = lattice_hw(8, "0,1 7,0", 1);
  assert_refused(&hw, "rules 0 (0, 1) and 1 (7, 0)", "same neighbour");
  hw = lattice_hw(6, "3,0", 1); /* its own reverse */
  assert_refused(&hw, "same neighbour", "side of 6");
  hw = lattice_hw(8, "0,1", 12);
  assert_refused(&hw, "sites_per_clock is 12", "divisor of 8");
  hw = lattice_hw(128, "0,1", 4096);
  assert_int_equal(pbl_hw_check(&hw, NULL), PBL_OK);
  hw.lanes = hw.replicas = 2;
  assert_refused(&hw, "8192 cells", "4096");
  hw = lattice_hw(128, "0,1 4,1 9,10 8,7", 4096); /* 4096 x 17 */
  assert_refused(&hw, "4096 x 17", "65535");
  hw = lattice_hw(8, "0,1", 4);
  hw.n_hidden = 31;
  assert_refused(&hw, "32 visible and 32 hidden", "31");
  hw = lattice_hw(8, "0,1", 4);
  hw.lattice.n_rules = 0;
  assert_refused(&hw, "number of rules is 0", "1..6");
  hw = lattice_hw(8, "0,1", 4);
  hw.fabric = (pbl_fabric)4;
  assert_refused(&hw, "fabric is 4", "3 (sparse)");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(edge_counts_are_those_known_for_70_x_70),
      cmocka_unit_test(sites_and_coordinates_belong_to_each_other),
      cmocka_unit_test(the_reverse_slot_leads_back),
      cmocka_unit_test(slots_are_the_rule_turned_by_right_angles),
      cmocka_unit_test(rules_are_read_and_written_as_text),
      cmocka_unit_test(sizes_follow_from_side_rules_and_sites),
      cmocka_unit_test(every_division_of_a_side_of_12_is_allowed_and_no_other),
      cmocka_unit_test(lattices_that_cannot_be_built_are_refused_by_name),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Graphs: energies, cuts, rows, statistics, refusals. */
/* cmocka.h needs the four before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <math.h>
#include <string.h>

#include "graph_samples.h"
#include "pbl_graph.h"
#include "pbl_model.h"

#define assert_near(a, b, tolerance) assert_true(fabs((a) - (b)) <= (tolerance))

/* The quadratic form over a full matrix, which knows nothing of rows of neighbours. */
static double plain_energy(const double *J, const double *h, size_t n, const signed char *s) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) {
    sum += h[i] * s[i];
    for (size_t j = i + 1; j < n; j++) sum += J[i * n + j] * s[i] * s[j];
  }
  return -sum;
}

static void energy_is_the_quadratic_form_in_every_state(void **state) {
  enum { N = 9 };
  (void)state;
  double J[N * N] = {0}, h[N];
  pbl_edge edges[N * N];
  size_t n_edges = 0;
  signed char s[N];
  for (uint32_t i = 0; i < N; i++) {
    h[i] = 0.3 * i - 1;
    for (uint32_t j = i + 1; j < N; j++) {
      if ((i * 7 + j * 3) % 5 == 0) continue;
      J[i * N + j] = sin(1.0 + i + 10 * j);
      edges[n_edges] = (pbl_edge){i, j, J[i * N + j]};
      if (n_edges % 2) edges[n_edges] = (pbl_edge){j, i, J[i * N + j]};
      n_edges++;
    }
  }
  pbl_graph *g = sample_of_edges(N, edges, n_edges, h);
  for (unsigned bits = 0; bits < 1u << N; bits++) {
    sample_state(s, N, bits);
    assert_near(pbl_graph_energy(g, s), plain_energy(J, h, N, s), 1e-12);
  }
  pbl_graph_destroy(g);
}

/* E(s_i -> -s_i) - E = 2 s_i I_i. */
static void local_field_is_half_the_energy_of_a_flip(void **state) {
  enum { N = 8 };
  (void)state;
  signed char s[N];
  pbl_graph *g = sample_random(N, 0.6, 11);
  for (unsigned bits = 0; bits < 1u << N; bits++) {
    for (size_t i = 0; i < N; i++) {
      sample_state(s, N, bits);
      const double expected = 2 * s[i] * pbl_graph_local_field(g, s, i);
      const double before = pbl_graph_energy(g, s);
      s[i] = (signed char)-s[i];
      assert_near(pbl_graph_energy(g, s) - before, expected, 1e-12);
    }
  }
  pbl_graph_destroy(g);
}

/* Largest cut with weights 1, that is couplings -1, by trying every state; on the way E = W - 2
 * cut.
 */
static double max_cut(pbl_graph *g) {
  signed char s[16];
  double best = 0;
  for (size_t k = 0; k < 2 * g->n_edges; k++) g->coupling[k] = -1;
  for (unsigned bits = 0; bits < 1u << g->n; bits++) {
    sample_state(s, g->n, bits);
    const double cut = pbl_graph_cut(g, s);
    assert_near(pbl_graph_energy(g, s), (double)g->n_edges - 2 * cut, 1e-12);
    best = fmax(best, cut);
  }
  pbl_graph_destroy(g);
  return best;
}

/* K_n: floor(n^2 / 4). Cycles: n or, when odd, n - 1. Petersen: 12 of 15. */
static void largest_cuts_of_known_graphs_are_found(void **state) {
  (void)state;
  assert_near(max_cut(sample_complete(5)), 6, 0);
  assert_near(max_cut(sample_complete(6)), 9, 0);
  assert_near(max_cut(sample_cycle(7)), 6, 0);
  assert_near(max_cut(sample_cycle(8)), 8, 0);
  assert_near(max_cut(sample_petersen()), 12, 0);
}

static void rows_are_ascending_and_hold_every_edge_in_both(void **state) {
  (void)state;
  pbl_graph *g = sample_random(60, 0.3, 5);
  assert_int_equal(g->start[g->n], 2 * g->n_edges);
  for (size_t i = 0; i < g->n; i++) {
    for (size_t k = g->start[i]; k < g->start[i + 1]; k++) {
      const size_t j = g->neighbour[k];
      assert_true(k == g->start[i] || g->neighbour[k - 1] < j);
      assert_true(j != i);
      assert_true(sample_coupling(g, j, i) == g->coupling[k]);
    }
  }
  pbl_graph_destroy(g);
}

static void assert_refused(size_t n, const pbl_edge *edges, size_t n_edges, const double *fields,
                           const char *words) {
  pbl_graph *g = (pbl_graph *)1;
  pbl_error err = {0};
  assert_int_equal(pbl_graph_create(&g, n, edges, n_edges, fields, &err), PBL_INVALID);
  assert_null(g);
  if (!strstr(err.message, words)) fail_msg("no '%s' in: %s", words, err.message);
}

static void bad_edges_and_fields_are_refused_by_name(void **state) {
  (void)state;
  const double fields[3] = {0, INFINITY, 0};
  assert_refused(3, (pbl_edge[]){{1, 1, 1}}, 1, NULL, "node 1 is coupled to itself");
  assert_refused(3, (pbl_edge[]){{0, 1, 1}, {0, 2, 1}, {1, 0, 1}}, 3, NULL,
                 "edge 0 - 1 is given twice");
  assert_refused(3, (pbl_edge[]){{0, 3, 1}}, 1, NULL, "edge 0 - 3: the last of 3 nodes is 2");
  assert_refused(3, (pbl_edge[]){{0, 2, NAN}}, 1, NULL, "coupling nan of 0 and 2");
  assert_refused(3, NULL, 0, fields, "field inf of node 1");
  assert_refused(0, NULL, 0, NULL, "allowed are 1..65536");
  assert_refused(65537, NULL, 0, NULL, "a graph of 65537 nodes");
  assert_refused(3, NULL, (size_t)1 << 25, NULL, "a graph of 33554432 edges");
}

/* 0-1-2, 4-5, 3 alone. */
static void description_counts_degrees_components_and_values(void **state) {
  (void)state;
  const pbl_edge edges[] = {{4, 5, 0}, {2, 1, -3}, {0, 1, 2}};
  const double fields[6] = {0, 0, -0.5, 0, 4, 0};
  pbl_graph_stats s;
  pbl_graph *g = sample_of_edges(6, edges, 3, fields);
  uint32_t label[6];
  size_t n_components;
  assert_int_equal(pbl_graph_describe(&s, g, NULL), PBL_OK);
  assert_int_equal(s.min_degree, 0);
  assert_int_equal(s.max_degree, 2);
  assert_near(s.mean_degree, 1, 0);
  assert_int_equal(s.n_isolated, 1);
  assert_int_equal(s.n_components, 3);
  assert_int_equal(s.largest_component, 3);
  assert_int_equal(s.n_zero_couplings, 1);
  assert_int_equal(s.n_fields, 2);
  assert_true(s.min_coupling == -3 && s.max_coupling == 2);
  assert_true(s.min_field == -0.5 && s.max_field == 4);
  assert_int_equal(pbl_graph_components(label, &n_components, g, NULL), PBL_OK);
  assert_memory_equal(label, ((uint32_t[]){0, 0, 0, 1, 2, 2}), sizeof label);
  pbl_graph_destroy(g);
  pbl_graph_destroy(NULL);
}

static void boltzmann_machine_keeps_its_energy_as_a_graph(void **state) {
  (void)state;
  pbl_rbm *m;
  pbl_graph *g;
  signed char s[7];
  assert_int_equal(pbl_rbm_random(&m, 4, 3, 0.8, 0.5, 3, NULL), PBL_OK);
  assert_int_equal(pbl_graph_from_rbm(&g, m, NULL), PBL_OK);
  assert_int_equal(g->n, 7);
  assert_int_equal(g->n_edges, 12);
  for (unsigned bits = 0; bits < 1u << 7; bits++) {
    sample_state(s, 7, bits);
    assert_near(pbl_graph_energy(g, s), pbl_rbm_energy(m, s, s + 4), 1e-12);
  }
  pbl_graph_destroy(g);
  pbl_rbm_destroy(m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(energy_is_the_quadratic_form_in_every_state),
      cmocka_unit_test(local_field_is_half_the_energy_of_a_flip),
      cmocka_unit_test(largest_cuts_of_known_graphs_are_found),
      cmocka_unit_test(rows_are_ascending_and_hold_every_edge_in_both),
      cmocka_unit_test(bad_edges_and_fields_are_refused_by_name),
      cmocka_unit_test(description_counts_degrees_components_and_values),
      cmocka_unit_test(boltzmann_machine_keeps_its_energy_as_a_graph),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

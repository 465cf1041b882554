#include "graph_output.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "pbl_json.h"

static const char *const k_scales[] = {"none", "global", "row"};

static void print_source(const graph_result *r) {
  const pbl_graph *g = r->graph;
  printf("graph         %s\n", g->name);
  if (r->source.format == PBL_GRAPH_DETECT) {
    printf("made          %s\n", g->provenance);
  } else {
    printf("format        %s, nodes from %d\n", pbl_graph_format_name(r->source.format),
           r->source.base);
  }
}

static void print_range(const char *what, double low, double high, size_t n, const char *note) {
  printf("%-13s %.6g to %.6g", what, low, high);
  if (n > 0) printf(", %zu %s", n, note);
  putchar('\n');
}

static void print_stats(const graph_result *r) {
  const pbl_graph_stats *s = &r->stats;
  printf("nodes         %zu\nedges         %zu\n", r->graph->n, r->graph->n_edges);
  printf("degree        %zu to %zu, mean %.4g\n", s->min_degree, s->max_degree, s->mean_degree);
  printf("components    %zu", s->n_components);
  if (s->n_components > 1) printf(", the largest of %zu nodes", s->largest_component);
  if (s->n_isolated > 0) printf(", %zu isolated nodes", s->n_isolated);
  putchar('\n');
  if (r->graph->n_edges > 0) {
    print_range("couplings", s->min_coupling, s->max_coupling, s->n_zero_couplings, "of them 0");
  }
  if (s->n_fields == 0) {
    puts("fields        none");
  } else {
    print_range("fields", s->min_field, s->max_field, s->n_fields, "not 0");
  }
}

static void print_colours(const graph_result *r) {
  enum { SHOWN = 12 };
  const pbl_colouring *c = r->colouring;
  printf("colours       %zu (%s), blocks of", c->n_colours, pbl_colour_rule_name(r->rule));
  for (size_t k = 0; k < c->n_colours && k < SHOWN; k++) printf(" %zu", c->block[k]);
  if (c->n_colours > SHOWN) printf(" ... (%zu more)", c->n_colours - SHOWN);
  printf("\nbipartite     %s\n", r->two_colours ? "yes" : "no");
  if (r->dense[0] == '\0') {
    printf("dense fabric  fits as %zu x %zu\n", r->dense_blocks[0], r->dense_blocks[1]);
  } else {
    printf("dense fabric  does not fit: %s\n", r->dense);
  }
  if (r->sparse[0] == '\0') {
    printf("sparse fabric %zu groups, %zu edge rows, %zu clocks a sweep at %d sites per clock\n",
           r->need.groups, r->need.edge_rows, r->need.clocks, r->sparse_sites);
  } else {
    printf("sparse fabric does not fit: %s\n", r->sparse);
  }
}

static void print_quantisation(const graph_result *r) {
  const pbl_graph_quantisation *q = &r->quantisation;
  printf("words         s[%d][%d], scale %s, 2^%d", r->words.weight_int, r->words.weight_frac,
         k_scales[r->words.scale], q->min_exponent);
  if (q->max_exponent != q->min_exponent) printf(" to 2^%d", q->max_exponent);
  printf("\nerror         %.4g at most (", q->max_abs_error);
  if (q->worst_i == q->worst_j) printf("field of %zu", q->worst_i);
  if (q->worst_i != q->worst_j) printf("%zu - %zu", q->worst_i, q->worst_j);
  printf("), rms %.4g\n", q->rms_error);
  printf("saturated     %zu of %zu words\n", q->n_saturated, r->graph->n + 2 * r->graph->n_edges);
  printf("rounded to 0  %zu of %zu couplings and fields\n", q->n_zeroed, q->n_parameters);
  if (r->words.scale == PBL_SCALE_ROW) printf("asymmetry     %.4g at most\n", q->max_asymmetry);
  printf("hash          %08" PRIx32 "\n", r->hash);
}

void graph_print(const graph_result *r) {
  print_source(r);
  print_stats(r);
  print_colours(r);
  if (r->quantised) print_quantisation(r);
}

static void json_stats(pbl_json *j, const graph_result *r) {
  const pbl_graph_stats *s = &r->stats;
  pbl_json_int(j, "nodes", (int64_t)r->graph->n);
  pbl_json_int(j, "edges", (int64_t)r->graph->n_edges);
  pbl_json_int(j, "min_degree", (int64_t)s->min_degree);
  pbl_json_double(j, "mean_degree", s->mean_degree);
  pbl_json_int(j, "max_degree", (int64_t)s->max_degree);
  pbl_json_int(j, "components", (int64_t)s->n_components);
  pbl_json_int(j, "largest_component", (int64_t)s->largest_component);
  pbl_json_int(j, "isolated", (int64_t)s->n_isolated);
  pbl_json_double(j, "min_coupling", s->min_coupling);
  pbl_json_double(j, "max_coupling", s->max_coupling);
  pbl_json_int(j, "zero_couplings", (int64_t)s->n_zero_couplings);
  pbl_json_double(j, "min_field", s->min_field);
  pbl_json_double(j, "max_field", s->max_field);
  pbl_json_int(j, "fields", (int64_t)s->n_fields);
}

static void json_colours(pbl_json *j, const graph_result *r) {
  const pbl_colouring *c = r->colouring;
  pbl_json_string(j, "colouring", pbl_colour_rule_name(r->rule));
  pbl_json_int(j, "colours", (int64_t)c->n_colours);
  pbl_json_array(j, "blocks");
  for (size_t k = 0; k < c->n_colours; k++) pbl_json_int(j, NULL, (int64_t)c->block[k]);
  pbl_json_end(j);
  pbl_json_bool(j, "bipartite", r->two_colours);
  pbl_json_bool(j, "fits_dense_fabric", r->dense[0] == '\0');
  pbl_json_string(j, "dense_fabric", r->dense[0] == '\0' ? NULL : r->dense);
  pbl_json_bool(j, "fits_sparse_fabric", r->sparse[0] == '\0');
  pbl_json_string(j, "sparse_fabric", r->sparse[0] == '\0' ? NULL : r->sparse);
  pbl_json_int(j, "sites_per_clock", r->sparse_sites);
  pbl_json_int(j, "groups", (int64_t)r->need.groups);
  pbl_json_int(j, "edge_rows", (int64_t)r->need.edge_rows);
  pbl_json_int(j, "clocks_per_sweep", (int64_t)r->need.clocks);
}

static void json_quantisation(pbl_json *j, const graph_result *r) {
  const pbl_graph_quantisation *q = &r->quantisation;
  pbl_json_object(j, "words");
  pbl_json_int(j, "weight_int", r->words.weight_int);
  pbl_json_int(j, "weight_frac", r->words.weight_frac);
  pbl_json_string(j, "scale", k_scales[r->words.scale]);
  pbl_json_int(j, "min_exponent", q->min_exponent);
  pbl_json_int(j, "max_exponent", q->max_exponent);
  pbl_json_double(j, "max_abs_error", q->max_abs_error);
  pbl_json_double(j, "rms_error", q->rms_error);
  pbl_json_int(j, "saturated", (int64_t)q->n_saturated);
  pbl_json_int(j, "rounded_to_zero", (int64_t)q->n_zeroed);
  pbl_json_double(j, "max_asymmetry", q->max_asymmetry);
  pbl_json_int(j, "hash", (int64_t)r->hash);
  pbl_json_end(j);
}

pbl_status graph_print_json(const graph_result *r, pbl_error *err) {
  pbl_json *j = NULL;
  char *text = NULL;
  pbl_status status = pbl_json_create_memory(&j, err);
  if (status != PBL_OK) return status;
  pbl_json_object(j, NULL);
  pbl_json_string(j, "name", r->graph->name);
  pbl_json_string(j, "provenance", r->graph->provenance);
  pbl_json_string(j, "format", pbl_graph_format_name(r->source.format));
  json_stats(j, r);
  json_colours(j, r);
  if (r->quantised) json_quantisation(j, r);
  pbl_json_end(j);
  status = pbl_json_close(j, &text, err);
  if (status == PBL_OK) puts(text);
  free(text);
  return status;
}

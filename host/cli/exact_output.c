#include "exact_output.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_json.h"

const exact_kernel_name exact_kernels[PBL_EXACT_MAX_KERNELS] = {
    {"cyclic", PBL_SCAN_CYCLIC},
    {"palindromic", PBL_SCAN_PALINDROMIC},
    {"coin", PBL_SCAN_COIN},
    {"random", PBL_SCAN_RANDOM_BLOCK},
    {"site", PBL_SCAN_RANDOM_SITE}};

static const char *kernel_name(pbl_scan scan) {
  for (int k = 0; k < PBL_EXACT_MAX_KERNELS; k++) {
    if (exact_kernels[k].scan == scan) return exact_kernels[k].name;
  }
  return "unknown";
}

static void print_number(double x, int width) {
  if (isnan(x)) {
    printf(" %*s", width, "-");
  } else {
    printf(" %*.7g", width, x);
  }
}

static void print_kernels(const pbl_exact *e, const pbl_exact_request *r) {
  bool with_q = false;
  for (size_t k = 0; k < r->n_kernels; k++) with_q = with_q || !isnan(e->kernels[k].q_op);
  printf("\n%-12s %11s %11s %11s", "kernel", "eigenvalue", "gap", "relaxation");
  for (size_t f = 0; f < r->n_observables; f++) {
    char head[PBL_EXACT_NAME + 8];
    snprintf(head, sizeof head, "tau %s", r->observables[f]);
    printf(" %15s", head);
  }
  printf(with_q ? " %11s\n" : "\n", "Q_op");
  for (size_t k = 0; k < r->n_kernels; k++) {
    const pbl_exact_kernel *x = &e->kernels[k];
    printf("%-12s", kernel_name(x->scan));
    print_number(x->eigenvalue, 11);
    print_number(1.0 - x->eigenvalue, 11);
    print_number(x->relaxation, 11);
    for (size_t f = 0; f < r->n_observables; f++) print_number(x->tau[f], 15);
    if (with_q) print_number(x->q_op, 11);
    putchar('\n');
  }
  printf("\ntau half-Sokal, times in steps of the kernel");
  if (with_q) printf("; Q_op of %zu x %zu stationary steps", r->chains, r->window);
  putchar('\n');
}

void exact_print_table(const pbl_exact *e, const pbl_exact_request *r) {
  const int V = r->model->n_visible, H = r->model->n_hidden;
  printf("%d visible x %d hidden p-bits, beta %g\n\n", V, H, r->beta);
  printf("%-12s %15.10g\n", "log Z", e->log_z);
  printf("%-12s %15s %15s\n", "", "mean", "variance");
  printf("%-12s %15.10g %15.10g\n", "energy", e->energy, e->energy_variance);
  if (r->n_kernels == 0) return;
  for (size_t f = 0; f < r->n_observables; f++) {
    if (strcmp(r->observables[f], "energy") == 0) continue; /* stands above */
    printf("%-12s %15.10g %15.10g\n", r->observables[f], e->mean[f], e->variance[f]);
  }
  print_kernels(e, r);
}

static void json_kernel(pbl_json *j, const pbl_exact_kernel *x, const pbl_exact_request *r) {
  pbl_json_object(j, NULL);
  pbl_json_string(j, "kernel", kernel_name(x->scan));
  pbl_json_double(j, "eigenvalue", x->eigenvalue);
  pbl_json_double(j, "gap", 1.0 - x->eigenvalue);
  pbl_json_double(j, "relaxation_steps", x->relaxation);
  pbl_json_array(j, "tau");
  for (size_t f = 0; f < r->n_observables; f++) {
    pbl_json_object(j, NULL);
    pbl_json_string(j, "observable", r->observables[f]);
    pbl_json_double(j, "tau_steps", x->tau[f]);
    pbl_json_double(j, "solution_error", x->tau_error[f]);
    pbl_json_end(j);
  }
  pbl_json_end(j);
  pbl_json_double(j, "q_op", x->q_op);
  pbl_json_double(j, "signal", x->signal);
  pbl_json_double(j, "noise", x->noise);
  pbl_json_end(j);
}

pbl_status exact_print_json(const pbl_exact *e, const pbl_exact_request *r, pbl_error *err) {
  pbl_json *j = NULL;
  char *text = NULL;
  pbl_status status = pbl_json_create_memory(&j, err);
  if (status != PBL_OK) return status;
  pbl_json_object(j, NULL);
  pbl_json_int(j, "n_visible", r->model->n_visible);
  pbl_json_int(j, "n_hidden", r->model->n_hidden);
  pbl_json_double(j, "beta", r->beta);
  pbl_json_double(j, "log_z", e->log_z);
  pbl_json_double(j, "energy", e->energy);
  pbl_json_double(j, "energy_variance", e->energy_variance);
  pbl_json_int(j, "window", (int64_t)r->window);
  pbl_json_int(j, "chains", (int64_t)r->chains);
  pbl_json_array(j, "observables");
  for (size_t f = 0; f < r->n_observables && r->n_kernels > 0; f++) {
    pbl_json_object(j, NULL);
    pbl_json_string(j, "name", r->observables[f]);
    pbl_json_double(j, "mean", e->mean[f]);
    pbl_json_double(j, "variance", e->variance[f]);
    pbl_json_end(j);
  }
  pbl_json_end(j);
  pbl_json_array(j, "kernels");
  for (size_t k = 0; k < r->n_kernels; k++) json_kernel(j, &e->kernels[k], r);
  pbl_json_end(j);
  pbl_json_end(j);
  status = pbl_json_close(j, &text, err);
  if (status == PBL_OK) puts(text);
  free(text);
  return status;
}

pbl_status exact_write_moments(const char *path, const pbl_exact *e, const pbl_exact_request *r,
                               pbl_error *err) {
  const size_t V = (size_t)r->model->n_visible, H = (size_t)r->model->n_hidden;
  pbl_json *j = NULL;
  const pbl_status status = pbl_json_create_file(&j, path, err);
  if (status != PBL_OK) return status;
  pbl_json_object(j, NULL);
  pbl_json_double(j, "beta", r->beta);
  pbl_json_doubles(j, "visible", e->first, V);
  pbl_json_doubles(j, "hidden", e->first + V, H);
  pbl_json_array(j, "visible_hidden");
  for (size_t i = 0; i < V; i++) pbl_json_doubles(j, NULL, e->edges + i * H, H);
  pbl_json_end(j);
  pbl_json_end(j);
  return pbl_json_close(j, NULL, err);
}

/* Ladders of models and images, and the dense certificate. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "oracle_internal.h"
#include "oracle_ladder_internal.h"
#include "pbl_exchange.h"

#define IMAGE_MAX_PBITS 12

void pbl_ladder_accept_ideal(double *accept, const double *energy, size_t n, double beta_x,
                             double beta_y) {
  for (size_t x = 0; x < n; x++)
    for (size_t y = 0; y < n; y++)
      accept[x * n + y] = pbl_exchange_ideal(energy[x], energy[y], beta_x, beta_y);
}

void pbl_ladder_accept_device(double *accept, const int64_t *energy, size_t n, uint32_t beta_x,
                              uint32_t beta_y, int fraction_bits) {
  const int32_t slope = (int32_t)beta_x - (int32_t)beta_y;
  for (size_t x = 0; x < n; x++)
    for (size_t y = 0; y < n; y++)
      accept[x * n + y] = pbl_exchange_probability(energy[x] - energy[y], slope, fraction_bits);
}

static int64_t sparse_energy(const pbl_sparse_law *s, size_t x) {
  int64_t twice = 0;
  for (size_t i = 0; i < s->n; i++) {
    int64_t field = 2 * (int64_t)s->bias[i];
    for (size_t e = s->start[i]; e < s->start[i + 1]; e++)
      field += s->weight[e] * pbl_oracle_spin(x, (int)s->neighbour[e]);
    twice -= pbl_oracle_spin(x, (int)i) * field;
  }
  return twice / 2;
}

void pbl_image_state_energies(int64_t *energy, const pbl_image *image) {
  const int nv = image->hw.n_visible, nh = image->hw.n_hidden;
  const size_t states = (size_t)1 << (nv + nh), stride = (size_t)nh + 1;
  for (size_t x = 0; x < states; x++) {
    if (image->sparse != NULL) {
      energy[x] = sparse_energy(image->sparse, x);
      continue;
    }
    const int32_t *law = pbl_image_law(image);
    int64_t sum = 0;
    for (int i = 0; i <= nv; i++) {
      const int64_t s = i < nv ? pbl_oracle_spin(x, i) : 1;
      for (int j = 0; j < nh; j++)
        sum += s * law[(size_t)i * stride + (size_t)j] * pbl_oracle_spin(x, nv + j);
      if (i < nv) sum += s * law[(size_t)i * stride + (size_t)nh];
    }
    energy[x] = -sum;
  }
}

/* kernel (n x n) <- one step of the oracle, row by row. */
static pbl_status dense_kernel(double *kernel, const pbl_oracle *o, pbl_error *err) {
  const size_t n = pbl_oracle_states(o), scratch = pbl_oracle_scratch(o);
  double *work = malloc((scratch > 0 ? scratch : 1) * sizeof *work);
  if (work == NULL) return pbl_fail(err, PBL_NO_MEMORY, "ladder: out of memory");
  memset(kernel, 0, n * n * sizeof *kernel);
  for (size_t x = 0; x < n; x++) {
    kernel[x * n + x] = 1.0;
    pbl_oracle_forward_in(o, kernel + x * n, work);
  }
  free(work);
  return PBL_OK;
}

pbl_status pbl_oracle_ladder_oracles(pbl_oracle_ladder **out, const pbl_oracle *const *rung,
                                     size_t rungs, const int64_t *energy, const uint32_t *beta,
                                     int fraction_bits, pbl_error *err) {
  *out = NULL;
  const size_t n = pbl_oracle_states(rung[0]), square = n * n;
  if (n > (size_t)1 << IMAGE_MAX_PBITS)
    return pbl_fail(err, PBL_INVALID, "exact ladder: %zu states; at most 2^%d", n, IMAGE_MAX_PBITS);
  double *kernel = malloc(2 * rungs * square * sizeof *kernel), *accept = kernel + rungs * square;
  if (kernel == NULL) return pbl_fail(err, PBL_NO_MEMORY, "exact ladder: out of memory");
  pbl_status status = PBL_OK;
  for (size_t k = 0; status == PBL_OK && k < rungs; k++) {
    status = dense_kernel(kernel + k * square, rung[k], err);
    if (k + 1 < rungs)
      pbl_ladder_accept_device(accept + k * square, energy, n, beta[k], beta[k + 1], fraction_bits);
  }
  if (status == PBL_OK) status = pbl_oracle_ladder_create(out, rungs, n, kernel, accept, err);
  free(kernel);
  return status;
}

/* Rung k of a ladder: its kernel and, where wanted, its law. */
static pbl_status add_rung(double *kernel, double *law, size_t k, pbl_oracle *o, pbl_error *err) {
  const size_t n = pbl_oracle_states(o);
  if (law != NULL) memcpy(law + k * n, pbl_oracle_law(o), n * sizeof *law);
  const pbl_status status = dense_kernel(kernel + k * n * n, o, err);
  pbl_oracle_destroy(o);
  return status;
}

static pbl_status check_size(int pbits, size_t rungs, pbl_error *err) {
  if (pbits >= 2 && pbits <= IMAGE_MAX_PBITS && rungs >= 1 && rungs <= 24) return PBL_OK;
  return pbl_fail(err, PBL_INVALID, "exact ladder: %d p-bits in %zu rungs; at most %d p-bits",
                  pbits, rungs, IMAGE_MAX_PBITS);
}

/* E = - sum of the oracle's weights, in all states. */
static void weight_energies(double *energy, int nv, int nh, const double *w) {
  const size_t stride = (size_t)nh + 1;
  for (size_t x = 0; x < (size_t)1 << (nv + nh); x++) {
    energy[x] = 0.0;
    for (int i = 0; i <= nv; i++) {
      const double s = i < nv ? pbl_oracle_spin(x, i) : 1.0;
      for (int j = 0; j < nh; j++)
        energy[x] -= s * w[(size_t)i * stride + (size_t)j] * pbl_oracle_spin(x, nv + j);
      if (i < nv) energy[x] -= s * w[(size_t)i * stride + (size_t)nh];
    }
  }
}

pbl_status pbl_oracle_ladder_ideal(pbl_oracle_ladder **out, double *law, int n_visible,
                                   int n_hidden, const double *weights, const double *beta,
                                   size_t rungs, pbl_scan scan, pbl_error *err) {
  *out = NULL;
  pbl_status status = check_size(n_visible + n_hidden, rungs, err);
  if (status != PBL_OK) return status;
  const size_t n = (size_t)1 << (n_visible + n_hidden), square = n * n;
  double *kernel = malloc((2 * rungs * square + n) * sizeof *kernel);
  if (kernel == NULL) return pbl_fail(err, PBL_NO_MEMORY, "exact ladder: out of memory");
  double *accept = kernel + rungs * square, *energy = accept + rungs * square;
  weight_energies(energy, n_visible, n_hidden, weights);
  for (size_t k = 0; status == PBL_OK && k < rungs; k++) {
    pbl_oracle *o = NULL;
    status = pbl_oracle_create_weights_scan(&o, n_visible, n_hidden, weights, beta[k], scan, err);
    if (status == PBL_OK) status = add_rung(kernel, law, k, o, err);
    if (k + 1 < rungs)
      pbl_ladder_accept_ideal(accept + k * square, energy, n, beta[k], beta[k + 1]);
  }
  if (status == PBL_OK) status = pbl_oracle_ladder_create(out, rungs, n, kernel, accept, err);
  free(kernel);
  return status;
}

pbl_status pbl_oracle_ladder_image(pbl_oracle_ladder **out, double *law, const pbl_image *image,
                                   const uint32_t *beta, size_t rungs, pbl_scan scan,
                                   pbl_error *err) {
  *out = NULL;
  const int pbits = pbl_hw_pbits(&image->hw);
  pbl_status status = check_size(pbits, rungs, err);
  if (status != PBL_OK) return status;
  const size_t n = (size_t)1 << pbits, square = n * n;
  double *kernel = malloc(2 * rungs * square * sizeof *kernel);
  int64_t *energy = malloc(n * sizeof *energy);
  if (kernel == NULL || energy == NULL) {
    status = pbl_fail(err, PBL_NO_MEMORY, "exact ladder: out of memory");
    goto done;
  }
  double *accept = kernel + rungs * square;
  const int fraction = image->hw.weight_frac + image->hw.beta_frac;
  pbl_image_state_energies(energy, image);
  for (size_t k = 0; status == PBL_OK && k < rungs; k++) {
    pbl_oracle *o = NULL;
    status = pbl_oracle_create_image_scan(&o, image, beta[k], scan, err);
    if (status == PBL_OK) status = add_rung(kernel, law, k, o, err);
    if (k + 1 < rungs)
      pbl_ladder_accept_device(accept + k * square, energy, n, beta[k], beta[k + 1], fraction);
  }
  if (status == PBL_OK) status = pbl_oracle_ladder_create(out, rungs, n, kernel, accept, err);
done:
  free(kernel);
  free(energy);
  return status;
}

pbl_status pbl_oracle_ladder_certify(pbl_ladder_certificate *out, const pbl_oracle_ladder *l,
                                     const char *scheme, const double *law, pbl_error *err) {
  const size_t n = l->states;
  *out = (pbl_ladder_certificate){0};
  if (n > PBL_ORACLE_LADDER_DENSE)
    return pbl_fail(err, PBL_INVALID, "certificate of a ladder: %zu states, at most %d", n,
                    PBL_ORACLE_LADDER_DENSE);
  double *work, *dense = calloc(n * n, sizeof *dense);
  pbl_status status = pbl_ladder_work(&work, l, scheme, 0, err);
  if (status == PBL_OK && dense == NULL)
    status = pbl_fail(err, PBL_NO_MEMORY, "certificate of a ladder: out of memory");
  for (size_t x = 0; status == PBL_OK && x < n; x++) {
    dense[x * n + x] = 1.0;
    pbl_ladder_step(l, scheme, dense + x * n, work, true);
    for (size_t y = 0; y < n; y++) dense[x * n + y] *= law[x];
  }
  for (size_t y = 0; status == PBL_OK && y < n; y++) {
    double column = 0.0;
    for (size_t x = 0; x < n; x++) {
      column += dense[x * n + y];
      out->asymmetry = fmax(out->asymmetry, fabs(dense[x * n + y] - dense[y * n + x]));
    }
    out->stationarity = fmax(out->stationarity, fabs(column - law[y]));
  }
  free(work);
  free(dense);
  return status;
}

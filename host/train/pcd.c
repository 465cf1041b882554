#include "pcd.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "binary.h"
#include "pbl_parallel.h"
#include "pbl_rng.h"
#include "spectral.h"

#define LANES PBL_GIBBS_LANES

static float *floats(size_t n) {
  return calloc(n ? n : 1, sizeof(float));
}

static pbl_status allocate(pbl_pcd *t, pbl_error *err) {
  const size_t v = t->n_visible, h = t->n_hidden, batch = (size_t)t->opt.batch_size;
  t->order = calloc(t->n_images, sizeof *t->order);
  t->batch = floats(batch * v);
  t->batch_mean = floats(batch * h);
  t->chain_mean = floats(h * LANES);
  if (t->opt.units == PBL_UNITS_BINARY) {
    t->batch_field = floats(batch * h);
    t->block_mean = floats(t->n_blocks * h * LANES);
    if (!t->batch_field || !t->block_mean)
      return pbl_fail(err, PBL_NO_MEMORY, "no memory to train a model of %zu x %zu p-bits", v, h);
  }
  t->mean_v = floats(v);
  t->data_w = floats(v * h);
  t->data_b = floats(v);
  t->data_c = floats(h);
  t->model_w = floats(v * h);
  t->model_b = floats(v);
  t->model_c = floats(h);
  if (!t->order || !t->batch || !t->batch_mean || !t->chain_mean || !t->mean_v || !t->data_w ||
      !t->data_b || !t->data_c || !t->model_w || !t->model_b || !t->model_c)
    return pbl_fail(err, PBL_NO_MEMORY, "no memory to train a model of %zu x %zu p-bits", v, h);
  return PBL_OK;
}

pbl_status pbl_pcd_product_bias(float **bias, const pbl_pcd *t, pbl_error *err) {
  const double n = (double)t->n_images;
  float *b = floats(t->n_visible);
  size_t *on = calloc(t->n_visible, sizeof *on);
  if (!b || !on) {
    free(b);
    free(on);
    return pbl_fail(err, PBL_NO_MEMORY, "no memory for %zu biases", t->n_visible);
  }
  for (size_t k = 0; k < t->n_images; k++)
    for (size_t i = 0; i < t->n_visible; i++) on[i] += t->images[k * t->n_visible + i] > 0;
  for (size_t i = 0; i < t->n_visible; i++) {
    const double p = ((double)on[i] + 1.0) / (n + 2.0);
    b[i] = (float)(0.5 * log(p / (1.0 - p)) / t->opt.beta);
  }
  free(on);
  *bias = b;
  return PBL_OK;
}

pbl_gibbs_law pbl_pcd_law(const pbl_pcd *t) {
  return (pbl_gibbs_law){.w = t->model->w,
                         .bias_v = t->model->b,
                         .bias_h = t->model->c,
                         .coupling = 1.0f,
                         .two_beta = (float)(2.0 * t->model->beta)};
}

/* Biases and chains of the start, then the {0,1} parameters: with h = 0 the chains' first
 * half-sweep draws from the visible biases alone. */
static pbl_status start(pbl_pcd *t, pbl_error *err) {
  float *bias = NULL;
  pbl_status status = pbl_pcd_product_bias(&bias, t, err);
  if (status) return status;
  for (size_t i = 0; i < t->n_visible; i++) t->mean_v[i] = tanhf((float)t->opt.beta * bias[i]);
  if (t->opt.start == PBL_START_DATA) memcpy(t->model->b, bias, t->n_visible * sizeof *bias);
  free(bias);
  const pbl_gibbs_law law = pbl_pcd_law(t);
  for (size_t k = 0; k < t->n_blocks; k++) pbl_gibbs_half_visible(&t->blocks[k], &law);
  return t->opt.units == PBL_UNITS_BINARY ? pbl_binary_create(t, err) : PBL_OK;
}

pbl_status pbl_pcd_create(pbl_pcd **out, const signed char *images, size_t n_images, int n_visible,
                          const pbl_train_options *opt, pbl_error *err) {
  *out = NULL;
  pbl_pcd *t = calloc(1, sizeof *t);
  if (!t) return pbl_fail(err, PBL_NO_MEMORY, "no memory for training");
  t->opt = *opt;
  t->images = images;
  t->n_images = n_images;
  t->n_visible = (size_t)n_visible;
  t->n_hidden = (size_t)opt->n_hidden;
  if ((size_t)opt->batch_size > n_images) t->opt.batch_size = (int)n_images;
  t->n_blocks = ((size_t)opt->n_chains + LANES - 1) / LANES;
  pbl_status status = allocate(t, err);
  if (status) goto fail;
  status =
      pbl_rbm_random(&t->model, n_visible, opt->n_hidden, opt->initial_scale, 0.0, opt->seed, err);
  if (status) goto fail;
  status = pbl_gibbs_create(&t->blocks, t->n_blocks, t->n_visible, t->n_hidden, opt->seed, err);
  if (status) goto fail;
  t->model->beta = opt->beta;
  status = start(t, err);
  if (status) goto fail;
  *out = t;
  return PBL_OK;
fail:
  pbl_pcd_destroy(t);
  return status;
}

void pbl_pcd_destroy(pbl_pcd *t) {
  if (!t) return;
  pbl_binary_destroy(t);
  free(t->block_mean);
  free(t->batch_field);
  pbl_gibbs_destroy(t->blocks, t->n_blocks);
  pbl_rbm_destroy(t->model);
  free(t->order);
  free(t->batch);
  free(t->batch_mean);
  free(t->chain_mean);
  free(t->mean_v);
  free(t->data_w);
  free(t->data_b);
  free(t->data_c);
  free(t->model_w);
  free(t->model_b);
  free(t->model_c);
  free(t);
}

void pbl_pcd_shuffle(pbl_pcd *t, int epoch) {
  uint64_t state = t->opt.seed ^ (UINT64_C(0x9e3779b97f4a7c15) * ((uint64_t)epoch + 1));
  for (size_t i = 0; i < t->n_images; i++) t->order[i] = (uint32_t)i;
  for (size_t i = t->n_images; i > 1; i--) {
    /* the modulo's bias is below n/2^64 */
    const size_t k = (size_t)(pbl_splitmix64(&state) % i);
    const uint32_t swap = t->order[i - 1];
    t->order[i - 1] = t->order[k];
    t->order[k] = swap;
  }
}

/* Mean over n rows of sum_j ln 2cosh(x_j / 2), x being n x H: |x|/2 - ln sigma(|x|). */
static double mean_log_cosh(const float *x, const float *p, size_t n, size_t n_hidden) {
  double sum = 0.0;
  for (size_t k = 0; k < n; k++) {
    double half = 0.0, product = 1.0;
    for (size_t j = 0; j < n_hidden; j++) {
      const double q = (double)p[k * n_hidden + j];
      half += 0.5 * fabs((double)x[k * n_hidden + j]);
      product *= q > 0.5 ? q : 1.0 - q;
      if (product < 1e-280) { /* more than 930 factors of 1/2 */
        half -= log(product);
        product = 1.0;
      }
    }
    sum += half - log(product);
  }
  return sum / (double)n;
}

/* batch_mean = tanh(beta (c + batch W)), n x H. */
static void batch_hidden_mean(pbl_pcd *t, size_t n) {
  const int n_v = (int)t->n_visible, n_h = (int)t->n_hidden;
  float *m = t->batch_mean;
  for (size_t k = 0; k < n; k++) memcpy(m + k * t->n_hidden, t->model->c, t->n_hidden * sizeof *m);
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)n, n_h, n_v, 1.0f, t->batch, n_v,
              t->model->w, n_h, 1.0f, m, n_h);
  const float two_beta = (float)(2.0 * t->model->beta);
  for (size_t i = 0; i < n * t->n_hidden; i++) m[i] *= two_beta;
  if (t->batch_field) memcpy(t->batch_field, m, n * t->n_hidden * sizeof *m);
  pbl_gibbs_sigmoid(m, n * t->n_hidden);
  if (t->batch_field) t->batch_log_cosh = mean_log_cosh(t->batch_field, m, n, t->n_hidden);
  for (size_t i = 0; i < n * t->n_hidden; i++) m[i] = 2.0f * m[i] - 1.0f;
}

static void gather(pbl_pcd *t, size_t first, size_t n) {
  for (size_t k = 0; k < n; k++) {
    const signed char *image = t->images + (size_t)t->order[first + k] * t->n_visible;
    for (size_t i = 0; i < t->n_visible; i++) t->batch[k * t->n_visible + i] = (float)image[i];
  }
}

static void column_means(float *mean, const float *x, size_t rows, size_t cols) {
  memset(mean, 0, cols * sizeof *mean);
  for (size_t k = 0; k < rows; k++)
    for (size_t i = 0; i < cols; i++) mean[i] += x[k * cols + i];
  for (size_t i = 0; i < cols; i++) mean[i] /= (float)rows;
}

void pbl_pcd_batch(pbl_pcd *t, size_t first, size_t n) {
  gather(t, first, n);
  batch_hidden_mean(t, n);
  column_means(t->data_b, t->batch, n, t->n_visible);
  column_means(t->data_c, t->batch_mean, n, t->n_hidden);
}

static void data_statistics(pbl_pcd *t, size_t first, size_t n) {
  const int n_v = (int)t->n_visible, n_h = (int)t->n_hidden;
  pbl_pcd_batch(t, first, n);
  cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, n_v, n_h, (int)n, 1.0f / (float)n, t->batch,
              n_v, t->batch_mean, n_h, 0.0f, t->data_w, n_h);
}

static float lane_sum(const float *unit, size_t lanes) {
  float sum = 0.0f;
  for (size_t l = 0; l < lanes; l++) sum += unit[l];
  return sum;
}

/* Blocks are added in order, so that the sum does not depend on the threads. */
static void chain_statistics(pbl_pcd *t) {
  const int n_v = (int)t->n_visible, n_h = (int)t->n_hidden;
  const size_t n_chains = (size_t)t->opt.n_chains;
  const float weight = 1.0f / (float)n_chains;
  const pbl_gibbs_law law = pbl_pcd_law(t);
  memset(t->model_b, 0, t->n_visible * sizeof *t->model_b);
  memset(t->model_c, 0, t->n_hidden * sizeof *t->model_c);
  for (size_t k = 0; k < t->n_blocks; k++) {
    pbl_gibbs_block *b = &t->blocks[k];
    const size_t lanes = n_chains - k * LANES < LANES ? n_chains - k * LANES : LANES;
    float *m = t->chain_mean;
    pbl_gibbs_hidden_mean(m, b, &law);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, n_v, n_h, (int)lanes, weight, b->v, LANES,
                m, LANES, k ? 1.0f : 0.0f, t->model_w, n_h);
    for (size_t i = 0; i < t->n_visible; i++)
      t->model_b[i] += weight * lane_sum(b->v + i * LANES, lanes);
    for (size_t j = 0; j < t->n_hidden; j++)
      t->model_c[j] += weight * lane_sum(m + j * LANES, lanes);
  }
}

typedef struct {
  pbl_pcd *t;
  size_t first, n;
} update;

static void update_job(void *context, size_t job) {
  const update *u = context;
  pbl_pcd *t = u->t;
  if (job == 0) {
    data_statistics(t, u->first, u->n);
    return;
  }
  const pbl_gibbs_law law = pbl_pcd_law(t);
  for (int k = 0; k < t->opt.sweeps_per_update; k++) {
    pbl_gibbs_half_hidden(&t->blocks[job - 1], &law);
    pbl_gibbs_half_visible(&t->blocks[job - 1], &law);
  }
}

void pbl_pcd_statistics(pbl_pcd *t, size_t first, size_t n, bool sweep) {
  if (t->binary) {
    pbl_binary_statistics(t, first, n, sweep);
    return;
  }
  update u = {.t = t, .first = first, .n = n};
  pbl_parallel_for(sweep ? t->n_blocks + 1 : 1, t->opt.threads, update_job, &u);
  chain_statistics(t);
}

void pbl_pcd_step(pbl_pcd *t) {
  if (t->binary) {
    pbl_binary_step(t);
    return;
  }
  const float rate = (float)t->opt.learning_rate, beta = (float)t->model->beta;
  const float decay = (float)t->opt.weight_decay;
  pbl_rbm *m = t->model;
  for (size_t k = 0; k < t->n_visible * t->n_hidden; k++)
    m->w[k] += rate * (beta * (t->data_w[k] - t->model_w[k]) - decay * m->w[k]);
  for (size_t i = 0; i < t->n_visible; i++) m->b[i] += rate * beta * (t->data_b[i] - t->model_b[i]);
  for (size_t j = 0; j < t->n_hidden; j++) m->c[j] += rate * beta * (t->data_c[j] - t->model_c[j]);
}

pbl_status pbl_pcd_limit(pbl_pcd *t, pbl_error *err) {
  if (t->opt.spectral_limit <= 0.0) return PBL_OK;
  return pbl_spectral_clip(t->model, t->mean_v, t->model_c, t->opt.spectral_limit, NULL, err);
}

double pbl_pcd_reconstruction(double *accuracy, pbl_pcd *t, const signed char *images,
                              size_t n_images) {
  const size_t v = t->n_visible, batch = (size_t)t->opt.batch_size;
  const float two_beta = (float)(2.0 * t->model->beta);
  double sum = 0.0;
  size_t right = 0;
  for (size_t first = 0; first < n_images; first += batch) {
    const size_t n = n_images - first < batch ? n_images - first : batch;
    for (size_t k = 0; k < n * v; k++) t->batch[k] = (float)images[first * v + k];
    batch_hidden_mean(t, n);
    for (size_t k = 0; k < n; k++) memcpy(t->batch + k * v, t->model->b, v * sizeof *t->batch);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)n, (int)v, (int)t->n_hidden, 1.0f,
                t->batch_mean, (int)t->n_hidden, t->model->w, (int)t->n_hidden, 1.0f, t->batch,
                (int)v);
    for (size_t k = 0; k < n * v; k++) t->batch[k] *= two_beta;
    pbl_gibbs_sigmoid(t->batch, n * v);
    for (size_t k = 0; k < n * v; k++) {
      const bool on = images[first * v + k] > 0;
      const double error = (double)t->batch[k] - (on ? 1.0 : 0.0);
      sum += error * error;
      right += (t->batch[k] > 0.5f) == on;
    }
  }
  const double pixels = (double)n_images * (double)v;
  if (accuracy) *accuracy = (double)right / pixels;
  return sum / pixels;
}

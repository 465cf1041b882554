#include "binary.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_parallel.h"

#define LANES PBL_GIBBS_LANES
#define ROWS 56 /* visible p-bits of one job: 14 jobs for 784 */

struct pbl_binary {
  float *w, *b, *a;         /* V x H, V, H */
  float *chain_v, *chain_m; /* V x C and H x C, C = 16 n_blocks */
  float *column_sum;        /* jobs x H: columns of W of each job's rows */
  double *log_cosh;         /* of each chain block: sum of ln 2cosh over its chains */
  uint64_t *flips;          /* of each chain block */
  size_t n_jobs, n_columns;
};

/* sum over the n <= 16 chains of ln 2cosh(x / 2) with m = tanh(x / 2): |x|/2 - ln((1 + |m|)/2). */
static double log_cosh_sum(const float *x, const float *m, size_t n) {
  double product = 1.0, half = 0.0;
  for (size_t i = 0; i < n; i++) {
    half += 0.5 * fabs((double)x[i]);
    product *= 0.5 + 0.5 * fabs((double)m[i]);
  }
  return half - log(product);
}

pbl_status pbl_binary_create(pbl_pcd *t, pbl_error *err) {
  struct pbl_binary *z = calloc(1, sizeof *z);
  if (!z) return pbl_fail(err, PBL_NO_MEMORY, "no memory for training");
  t->binary = z;
  const size_t v = t->n_visible, h = t->n_hidden;
  z->n_jobs = (v + ROWS - 1) / ROWS;
  z->n_columns = t->n_blocks * LANES;
  z->w = calloc(v * h, sizeof *z->w);
  z->b = calloc(v, sizeof *z->b);
  z->a = calloc(h, sizeof *z->a);
  z->chain_v = calloc(v * z->n_columns, sizeof *z->chain_v);
  z->chain_m = calloc(h * z->n_columns, sizeof *z->chain_m);
  z->column_sum = calloc(z->n_jobs * h, sizeof *z->column_sum);
  z->log_cosh = calloc(t->n_blocks, sizeof *z->log_cosh);
  z->flips = calloc(t->n_blocks, sizeof *z->flips);
  if (!z->w || !z->b || !z->a || !z->chain_v || !z->chain_m || !z->column_sum || !z->log_cosh ||
      !z->flips) {
    return pbl_fail(err, PBL_NO_MEMORY, "no memory to train a model of %zu x %zu p-bits", v, h);
  }
  memcpy(z->w, t->model->w, v * h * sizeof *z->w); /* drawn as if they were +-1 weights */
  for (size_t i = 0; i < v; i++) z->b[i] = 2.0f * t->model->b[i];
  pbl_binary_refresh(t);
  return PBL_OK;
}

void pbl_binary_destroy(pbl_pcd *t) {
  struct pbl_binary *z = t->binary;
  if (!z) return;
  free(z->w);
  free(z->b);
  free(z->a);
  free(z->chain_v);
  free(z->chain_m);
  free(z->column_sum);
  free(z->log_cosh);
  free(z->flips);
  free(z);
  t->binary = NULL;
}

pbl_binary_parameters pbl_binary_get(const pbl_pcd *t) {
  return (pbl_binary_parameters){.w = t->binary->w, .b = t->binary->b, .a = t->binary->a};
}

/* Rows [first, end) of the view; their column sums of W. */
static void view_rows(pbl_pcd *t, size_t first, size_t end, float *column_sum) {
  const struct pbl_binary *z = t->binary;
  const size_t h = t->n_hidden;
  memset(column_sum, 0, h * sizeof *column_sum);
  for (size_t i = first; i < end; i++) {
    const float *w = z->w + i * h;
    float *j = t->model->w + i * h;
    float row[16] = {0}; /* partial sums: a fixed order that vectorises */
    size_t k = 0;
    for (; k + 16 <= h; k += 16)
      for (size_t l = 0; l < 16; l++) row[l] += w[k + l];
    for (; k < h; k++) row[0] += w[k];
    for (size_t c = 0; c < h; c++) {
      j[c] = 0.25f * w[c];
      column_sum[c] += w[c];
    }
    float sum = 0.0f;
    for (size_t l = 0; l < 16; l++) sum += row[l];
    t->model->b[i] = 0.5f * z->b[i] + 0.25f * sum;
  }
}

static void view_hidden(pbl_pcd *t) {
  const struct pbl_binary *z = t->binary;
  const size_t h = t->n_hidden;
  for (size_t j = 0; j < h; j++) {
    float sum = 0.0f;
    for (size_t k = 0; k < z->n_jobs; k++) sum += z->column_sum[k * h + j];
    t->model->c[j] = 0.5f * z->a[j] + 0.25f * sum;
  }
}

static size_t rows_end(const pbl_pcd *t, size_t job) {
  return (job + 1) * ROWS < t->n_visible ? (job + 1) * ROWS : t->n_visible;
}

static void view_job(void *context, size_t job) {
  pbl_pcd *t = context;
  view_rows(t, job * ROWS, rows_end(t, job), t->binary->column_sum + job * t->n_hidden);
}

void pbl_binary_view(pbl_pcd *t) {
  pbl_parallel_for(t->binary->n_jobs, t->opt.threads, view_job, t);
  view_hidden(t);
}

void pbl_binary_refresh(pbl_pcd *t) {
  struct pbl_binary *z = t->binary;
  for (size_t i = 0; i < t->n_visible; i++)
    for (size_t k = 0; k < t->n_blocks; k++)
      memcpy(z->chain_v + i * z->n_columns + k * LANES, t->blocks[k].v + i * LANES,
             LANES * sizeof *z->chain_v);
  pbl_binary_view(t);
}

typedef struct {
  pbl_pcd *t;
  size_t first, n;
  bool sweep;
} update;

/* Sweeps of one block, its hidden means, and both packed for one product over all chains. */
static void chain_job(pbl_pcd *t, size_t block, bool sweep) {
  struct pbl_binary *z = t->binary;
  pbl_gibbs_block *b = &t->blocks[block];
  const size_t h = t->n_hidden, c = z->n_columns, n_chains = (size_t)t->opt.n_chains;
  const size_t lanes = n_chains - block * LANES < LANES ? n_chains - block * LANES : LANES;
  const pbl_gibbs_law law = pbl_pcd_law(t);
  if (sweep) {
    for (int k = 0; k < t->opt.sweeps_per_update; k++) {
      pbl_gibbs_half_hidden(b, &law);
      pbl_gibbs_half_visible(b, &law);
    }
  }
  float *m = t->block_mean + block * h * LANES;
  pbl_gibbs_hidden_mean(m, b, &law);
  z->log_cosh[block] = 0.0;
  for (size_t j = 0; j < h; j++) {
    float x[LANES];
    for (size_t l = 0; l < LANES; l++)
      x[l] = law.two_beta * (b->field[j * LANES + l] + law.bias_h[j]);
    z->log_cosh[block] += log_cosh_sum(x, m + j * LANES, lanes);
    memcpy(z->chain_m + j * c + block * LANES, m + j * LANES, LANES * sizeof *m);
  }
  uint64_t flips = 0;
  for (size_t i = 0; i < t->n_visible; i++) {
    float *old = z->chain_v + i * c + block * LANES;
    for (size_t l = 0; l < lanes; l++) flips += old[l] * b->v[i * LANES + l] < 0.0f;
    memcpy(old, b->v + i * LANES, LANES * sizeof *old);
  }
  z->flips[block] = flips;
}

static void first_job(void *context, size_t job) {
  const update *u = context;
  if (job == 0) {
    pbl_pcd_batch(u->t, u->first, u->n);
  } else {
    chain_job(u->t, job - 1, u->sweep);
  }
}

static float row_mean(const float *x, size_t n) {
  double sum = 0.0;
  for (size_t k = 0; k < n; k++) sum += (double)x[k];
  return (float)(sum / (double)n);
}

/* <v m> of some rows, on both sides. */
static void product_job(void *context, size_t job) {
  const update *u = context;
  pbl_pcd *t = u->t;
  const struct pbl_binary *z = t->binary;
  const size_t first = job * ROWS, rows = rows_end(t, job) - first;
  const size_t v = t->n_visible, h = t->n_hidden, c = z->n_columns;
  const int n_chains = t->opt.n_chains;
  cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)rows, (int)h, (int)u->n,
              1.0f / (float)u->n, t->batch + first, (int)v, t->batch_mean, (int)h, 0.0f,
              t->data_w + first * h, (int)h);
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)rows, (int)h, n_chains,
              1.0f / (float)n_chains, z->chain_v + first * c, (int)c, z->chain_m, (int)c, 0.0f,
              t->model_w + first * h, (int)h);
  for (size_t i = first; i < first + rows; i++)
    t->model_b[i] = row_mean(z->chain_v + i * c, (size_t)n_chains);
}

static double dot(const float *x, const float *y, size_t n) {
  double sum = 0.0;
  for (size_t i = 0; i < n; i++) sum += (double)x[i] * (double)y[i];
  return sum;
}

double pbl_binary_offset(const pbl_pcd *t) {
  const struct pbl_binary *z = t->binary;
  double sum = 0.0;
  for (size_t k = 0; k < z->n_jobs * t->n_hidden; k++) sum += 0.25 * (double)z->column_sum[k];
  for (size_t i = 0; i < t->n_visible; i++) sum += 0.5 * (double)z->b[i];
  for (size_t j = 0; j < t->n_hidden; j++) sum += 0.5 * (double)z->a[j];
  return sum;
}

void pbl_binary_statistics(pbl_pcd *t, size_t first, size_t n, bool sweep) {
  const struct pbl_binary *z = t->binary;
  update u = {.t = t, .first = first, .n = n, .sweep = sweep};
  const size_t h = t->n_hidden, n_chains = (size_t)t->opt.n_chains;
  pbl_parallel_for(t->n_blocks + 1, t->opt.threads, first_job, &u);
  pbl_parallel_for(z->n_jobs, t->opt.threads, product_job, &u);
  for (size_t j = 0; j < h; j++) t->model_c[j] = row_mean(z->chain_m + j * z->n_columns, n_chains);
  uint64_t flips = 0;
  double log_cosh = 0.0;
  for (size_t k = 0; k < t->n_blocks; k++) {
    flips += z->flips[k];
    log_cosh += z->log_cosh[k];
  }
  const double beta = t->model->beta, shift = beta * pbl_binary_offset(t);
  t->flip_rate = (double)flips / ((double)n_chains * (double)t->n_visible);
  t->free_data = -beta * dot(t->model->b, t->data_b, t->n_visible) - t->batch_log_cosh - shift;
  t->free_model =
      -beta * dot(t->model->b, t->model_b, t->n_visible) - log_cosh / (double)n_chains - shift;
}

static void step_job(void *context, size_t job) {
  pbl_pcd *t = context;
  struct pbl_binary *z = t->binary;
  const size_t h = t->n_hidden, first = job * ROWS, end = rows_end(t, job);
  const float rate = (float)t->opt.learning_rate;
  const float decay = (float)(t->opt.learning_rate * t->opt.weight_decay);
  const float bias_decay = (float)(t->opt.learning_rate * t->opt.bias_decay);
  for (size_t i = first; i < end; i++) {
    float *w = z->w + i * h;
    const float *data = t->data_w + i * h, *model = t->model_w + i * h;
    const float dv = t->data_b[i] - t->model_b[i];
    for (size_t j = 0; j < h; j++) {
      const float dm = t->data_c[j] - t->model_c[j];
      w[j] += rate * 0.25f * ((data[j] - model[j]) + dv + dm) - decay * w[j];
    }
    z->b[i] += rate * 0.5f * dv - bias_decay * z->b[i];
  }
  view_rows(t, first, end, z->column_sum + job * h);
}

void pbl_binary_step(pbl_pcd *t) {
  struct pbl_binary *z = t->binary;
  const float rate = (float)t->opt.learning_rate;
  const float bias_decay = (float)(t->opt.learning_rate * t->opt.bias_decay);
  for (size_t j = 0; j < t->n_hidden; j++)
    z->a[j] += rate * 0.5f * (t->data_c[j] - t->model_c[j]) - bias_decay * z->a[j];
  pbl_parallel_for(z->n_jobs, t->opt.threads, step_job, t);
  view_hidden(t);
}

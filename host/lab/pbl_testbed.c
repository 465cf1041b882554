#include "pbl_testbed.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_rng.h"

#define N PBL_TESTBED_UNITS
#define MAX_CHAINS 4096

/* Of one visible state at the present weights and temperature. */
typedef struct {
  uint64_t version; /* of the weights it was computed from */
  double hidden[N]; /* P(h_j = 1 | v) */
  double free_energy;
} visible_row;

typedef struct {
  uint64_t version;
  double visible[N]; /* P(v_i = 1 | h) */
} hidden_row;

/* Chains share few states, so that conditionals are computed once per state and update. */
struct pbl_testbed {
  pbl_testbed_options options;
  pbl_testbed_model model;
  double first[N][N];
  double transposed[N][N];
  uint64_t generator[4];
  uint64_t version;
  visible_row of_visible[PBL_TESTBED_STATES];
  hidden_row of_hidden[PBL_TESTBED_STATES];
  uint16_t chain[MAX_CHAINS];
};

static uint64_t rotate(uint64_t x, int k) {
  return (x << k) | (x >> (64 - k));
}

static uint64_t next_word(uint64_t s[4]) {
  const uint64_t result = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= t;
  s[3] = rotate(s[3], 45);
  return result;
}

static double uniform(uint64_t s[4]) {
  return (double)(next_word(s) >> 11) * 0x1p-53;
}

static double normal(uint64_t s[4]) {
  const double u1 = uniform(s), u2 = uniform(s);
  return sqrt(-2.0 * log(u1 + 1e-300)) * cos(2.0 * M_PI * u2);
}

unsigned pbl_testbed_pattern(int k) {
  unsigned state = 0;
  for (unsigned pixel = 0; pixel < N; pixel++) {
    const unsigned mask = k < 8 ? (unsigned)k : (unsigned)(k - 7);
    const unsigned line = k < 8 ? pixel % 3 : pixel / 3;
    state |= ((mask >> line) & 1u) << pixel;
  }
  return state;
}

pbl_testbed_options pbl_testbed_default(void) {
  return (pbl_testbed_options){
      .chains = 64, .learning_rate = 0.02, .weight_decay = 1e-4, .initial_scale = 0.05, .seed = 1};
}

static pbl_status check(const pbl_testbed_options *o, pbl_error *err) {
  if (o->chains < 1 || o->chains > MAX_CHAINS)
    return pbl_fail(err, PBL_INVALID, "test bed: %d chains, possible are 1 to %d", o->chains,
                    MAX_CHAINS);
  if (!(o->learning_rate >= 0.0) || !isfinite(o->learning_rate))
    return pbl_fail(err, PBL_INVALID, "test bed: learning rate %g must not be negative",
                    o->learning_rate);
  if (!(o->weight_decay >= 0.0) || !(o->initial_scale >= 0.0) || !isfinite(o->weight_decay) ||
      !isfinite(o->initial_scale))
    return pbl_fail(err, PBL_INVALID,
                    "test bed: weight decay %g and initial scale %g must not be negative",
                    o->weight_decay, o->initial_scale);
  return PBL_OK;
}

pbl_status pbl_testbed_create(pbl_testbed **out, const pbl_testbed_options *options,
                              pbl_error *err) {
  *out = NULL;
  const pbl_status status = check(options, err);
  if (status != PBL_OK) return status;
  pbl_testbed *t = calloc(1, sizeof *t);
  if (t == NULL) return pbl_fail(err, PBL_NO_MEMORY, "out of memory");
  t->options = *options;
  uint64_t seed = options->seed;
  for (int k = 0; k < 4; k++) t->generator[k] = pbl_splitmix64(&seed);
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) t->model.w[i][j] = options->initial_scale * normal(t->generator);
  memcpy(t->first, t->model.w, sizeof t->first);
  for (int c = 0; c < options->chains; c++)
    for (int i = 0; i < N; i++)
      t->chain[c] = (uint16_t)(t->chain[c] | ((uniform(t->generator) < 0.5 ? 1u : 0u) << i));
  *out = t;
  return PBL_OK;
}

void pbl_testbed_destroy(pbl_testbed *t) {
  free(t);
}

double pbl_testbed_normal(pbl_testbed *t) {
  return normal(t->generator);
}

/* x[j] = bias[j] + sum of the rows w[i] with bit i of state. */
static void fields(double x[N], const double bias[N], double (*w)[N], unsigned state) {
  for (int j = 0; j < N; j++) x[j] = bias[j];
  for (unsigned rest = state; rest != 0; rest &= rest - 1) {
    const double *row = w[__builtin_ctz(rest)];
    for (int j = 0; j < N; j++) x[j] += row[j];
  }
}

/* e = exp(-|x|) serves sigmoid and softplus; neither can overflow. */
static const visible_row *row_of_visible(pbl_testbed *t, double temperature, unsigned v) {
  visible_row *row = &t->of_visible[v];
  if (row->version == t->version) return row;
  double x[N], product = 1.0, sum = 0.0;
  fields(x, t->model.a, t->model.w, v);
  for (int j = 0; j < N; j++) {
    const double y = x[j] / temperature, e = exp(-fabs(y));
    row->hidden[j] = y >= 0.0 ? 1.0 / (1.0 + e) : e / (1.0 + e);
    product *= 1.0 + e;
    sum += y > 0.0 ? y : 0.0;
  }
  for (int i = 0; i < N; i++) sum += (v >> i & 1u) != 0 ? t->model.b[i] / temperature : 0.0;
  row->free_energy = -(sum + log(product));
  row->version = t->version;
  return row;
}

static const hidden_row *row_of_hidden(pbl_testbed *t, double temperature, unsigned h) {
  hidden_row *row = &t->of_hidden[h];
  if (row->version == t->version) return row;
  double x[N];
  fields(x, t->model.b, t->transposed, h);
  for (int i = 0; i < N; i++) {
    const double y = x[i] / temperature, e = exp(-fabs(y));
    row->visible[i] = y >= 0.0 ? 1.0 / (1.0 + e) : e / (1.0 + e);
  }
  row->version = t->version;
  return row;
}

static unsigned draw(uint64_t generator[4], const double p[N]) {
  unsigned state = 0;
  for (unsigned i = 0; i < N; i++) state |= (uniform(generator) < p[i] ? 1u : 0u) << i;
  return state;
}

/* One sweep of every chain; returns the number of visible flips. */
static uint64_t sweep(pbl_testbed *t, double temperature) {
  uint64_t flips = 0;
  for (int c = 0; c < t->options.chains; c++) {
    const unsigned old = t->chain[c];
    const unsigned h = draw(t->generator, row_of_visible(t, temperature, old)->hidden);
    const unsigned v = draw(t->generator, row_of_hidden(t, temperature, h)->visible);
    flips += (uint64_t)__builtin_popcount(old ^ v);
    t->chain[c] = (uint16_t)v;
  }
  return flips;
}

typedef struct {
  pbl_testbed_model sums; /* <v p>, <v>, <p> */
  double free_energy;
} phase;

static void add_state(phase *p, pbl_testbed *t, double temperature, unsigned v, double weight) {
  const visible_row *row = row_of_visible(t, temperature, v);
  double p_weighted[N];
  for (int j = 0; j < N; j++) p_weighted[j] = weight * row->hidden[j];
  for (int j = 0; j < N; j++) p->sums.a[j] += p_weighted[j];
  for (unsigned rest = v; rest != 0; rest &= rest - 1) {
    const int i = __builtin_ctz(rest);
    p->sums.b[i] += weight;
    for (int j = 0; j < N; j++) p->sums.w[i][j] += p_weighted[j];
  }
  p->free_energy += weight * row->free_energy;
}

/* One step on the parameters; returns the norm of the gradient of W. */
static double learn(pbl_testbed *t, const phase *data, const phase *chains) {
  const double rate = t->options.learning_rate, decay = t->options.weight_decay;
  double squares = 0.0;
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) {
      const double g = data->sums.w[i][j] - chains->sums.w[i][j];
      t->model.w[i][j] += rate * (g - decay * t->model.w[i][j]);
      squares += g * g;
    }
  for (int i = 0; i < N; i++) t->model.b[i] += rate * (data->sums.b[i] - chains->sums.b[i]);
  for (int j = 0; j < N; j++) t->model.a[j] += rate * (data->sums.a[j] - chains->sums.a[j]);
  return sqrt(squares);
}

static void begin_update(pbl_testbed *t) {
  t->version++;
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) t->transposed[j][i] = t->model.w[i][j];
}

void pbl_testbed_sweep(pbl_testbed *t, double temperature, int n_sweeps) {
  begin_update(t);
  for (int k = 0; k < n_sweeps; k++) (void)sweep(t, temperature);
}

pbl_testbed_window pbl_testbed_train(pbl_testbed *t, double temperature, int n_updates) {
  pbl_testbed_window window = {0};
  uint64_t flips = 0;
  const int n_chains = t->options.chains;
  for (int k = 0; k < n_updates; k++) {
    phase data = {0}, chains = {0};
    begin_update(t);
    if (!t->options.clamped) flips += sweep(t, temperature);
    for (int p = 0; p < PBL_TESTBED_PATTERNS; p++)
      add_state(&data, t, temperature, pbl_testbed_pattern(p), 1.0 / PBL_TESTBED_PATTERNS);
    for (int c = 0; c < n_chains; c++)
      add_state(&chains, t, temperature, t->chain[c], 1.0 / n_chains);
    window.free_energy_gap += (data.free_energy - chains.free_energy) / n_updates;
    window.gradient = learn(t, &data, &chains);
    window.gradient_largest = fmax(window.gradient_largest, window.gradient);
  }
  window.flip_rate = (double)flips / ((double)n_updates * n_chains * N);
  return window;
}

const pbl_testbed_model *pbl_testbed_weights(const pbl_testbed *t) {
  return &t->model;
}

double pbl_testbed_norm(const pbl_testbed *t) {
  double squares = 0.0;
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) squares += t->model.w[i][j] * t->model.w[i][j];
  return sqrt(squares);
}

double pbl_testbed_drift(const pbl_testbed *t) {
  double squares = 0.0;
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) {
      const double d = t->model.w[i][j] - t->first[i][j];
      squares += d * d;
    }
  return sqrt(squares);
}

void pbl_testbed_scale(pbl_testbed *t, double factor) {
  for (int i = 0; i < N; i++) {
    for (int j = 0; j < N; j++) t->model.w[i][j] *= factor;
    t->model.b[i] *= factor;
    t->model.a[i] *= factor;
  }
}

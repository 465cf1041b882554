/* Time of one exact backward step of every two-block scan and of the random site, against the
 * textbook loop over sites and against one plain pass over the vector. Called by scripts/bench
 * oracle, which documents the options. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pbl_oracle_scan.h"

enum { MAX_ROUNDS = 99 };

typedef struct {
  pbl_rbm *model;
  int V, H;
  size_t n;
  double *f, *g, *h; /* 2^N each */
  double *p_hidden;  /* H x 2^V */
  double *p_visible; /* V x 2^H */
} peer;

static double now_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double spin(size_t state, int k) {
  return (state >> k) & 1 ? 1.0 : -1.0;
}

static int peer_create(peer *p, int n_pbits) {
  p->V = n_pbits / 2;
  p->H = n_pbits - p->V;
  p->n = (size_t)1 << n_pbits;
  const size_t nv = (size_t)1 << p->V, nh = (size_t)1 << p->H, H = (size_t)p->H;
  if (pbl_rbm_random(&p->model, p->V, p->H, 0.2, 0.2, 3, NULL) != PBL_OK) return 0;
  p->f = malloc(3 * p->n * sizeof(double));
  p->p_hidden = malloc(H * nv * sizeof(double));
  p->p_visible = malloc((size_t)p->V * nh * sizeof(double));
  if (!p->f || !p->p_hidden || !p->p_visible) return 0;
  p->g = p->f + p->n;
  p->h = p->g + p->n;
  for (size_t j = 0; j < H; j++) {
    for (size_t v = 0; v < nv; v++) {
      double field = (double)p->model->c[j];
      for (int i = 0; i < p->V; i++) field += (double)p->model->w[(size_t)i * H + j] * spin(v, i);
      p->p_hidden[j * nv + v] = 1.0 / (1.0 + exp(-2.0 * field));
    }
  }
  for (size_t i = 0; i < (size_t)p->V; i++) {
    for (size_t h = 0; h < nh; h++) {
      double field = (double)p->model->b[i];
      for (int j = 0; j < p->H; j++) field += (double)p->model->w[i * H + (size_t)j] * spin(h, j);
      p->p_visible[i * nh + h] = 1.0 / (1.0 + exp(-2.0 * field));
    }
  }
  return 1;
}

static void peer_release(peer *p) {
  pbl_rbm_destroy(p->model);
  free(p->f);
  free(p->p_hidden);
  free(p->p_visible);
}

/* One site: both states of every pair get the conditional mean. */
static void site(const peer *p, double *f, int s) {
  const size_t bit = (size_t)1 << s, nv = (size_t)1 << p->V, nh = (size_t)1 << p->H;
  for (size_t x = 0; x < p->n; x++) {
    if (x & bit) continue;
    const double q = s < p->V ? p->p_visible[(size_t)s * nh + (x >> p->V)]
                              : p->p_hidden[(size_t)(s - p->V) * nv + (x & (nv - 1))];
    f[x] = f[x | bit] = q * f[x | bit] + (1.0 - q) * f[x];
  }
}

static void block(const peer *p, double *f, int hidden) {
  const int first = hidden ? p->V : 0, last = hidden ? p->V + p->H : p->V;
  for (int s = last - 1; s >= first; s--) site(p, f, s);
}

/* The last update comes first. */
static void peer_step(const peer *p, double *f, double *g, pbl_scan scan) {
  const size_t bytes = p->n * sizeof *f;
  const int palindrome = scan == PBL_SCAN_PALINDROMIC, mixture = scan == PBL_SCAN_COIN;
  if (scan == PBL_SCAN_RANDOM_BLOCK || mixture) memcpy(g, f, bytes);
  if (scan == PBL_SCAN_RANDOM_BLOCK) {
    block(p, f, 1);
    block(p, g, 0);
  } else {
    if (palindrome) block(p, f, 1);
    block(p, f, 0);
    block(p, f, 1);
    if (mixture) block(p, g, 1);
    if (mixture) block(p, g, 0);
  }
  if (scan == PBL_SCAN_RANDOM_BLOCK || mixture)
    for (size_t x = 0; x < p->n; x++) f[x] = 0.5 * (f[x] + g[x]);
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(double *x, int n) {
  qsort(x, (size_t)n, sizeof *x, ascending);
  return x[n / 2];
}

static void fill(double *f, size_t n) {
  for (size_t x = 0; x < n; x++) f[x] = (double)(x % 7) - 2.5;
}

/* Rounds interleave the three; returns 0 when ours and the peer's vectors differ. */
static int measure(peer *p, pbl_scan scan, int rounds) {
  double ours[MAX_ROUNDS], theirs[MAX_ROUNDS], pass[MAX_ROUNDS], worst = 0.0;
  const int has_peer = scan != PBL_SCAN_RANDOM_SITE;
  pbl_oracle *o = NULL;
  if (pbl_oracle_create_model_scan(&o, p->model, 1.0, scan, NULL) != PBL_OK) return 0;
  for (int k = 0; k < rounds; k++) {
    fill(p->f, p->n);
    memcpy(p->g, p->f, p->n * sizeof *p->f);
    double t = now_seconds();
    pbl_oracle_backward(o, p->f);
    ours[k] = now_seconds() - t;
    t = now_seconds();
    if (has_peer) peer_step(p, p->g, p->h, scan);
    theirs[k] = now_seconds() - t;
    for (size_t x = 0; has_peer && x < p->n; x++) worst = fmax(worst, fabs(p->f[x] - p->g[x]));
    t = now_seconds();
    for (size_t x = 0; x < p->n; x++) p->g[x] = 0.5 * p->g[x] + 1.0;
    pass[k] = now_seconds() - t;
  }
  pbl_oracle_destroy(o);
  const double mine = median(ours, rounds), one = median(pass, rounds);
  printf("%-14s %9.2f ms", pbl_scan_name(scan), 1e3 * mine);
  if (has_peer) {
    const double other = median(theirs, rounds);
    printf(" %9.2f ms %7.1fx", 1e3 * other, other / mine);
  } else {
    printf(" %12s %8s", "-", "-");
  }
  printf(" %9.1f\n", mine / one);
  return worst < 1e-12;
}

int main(int argc, char **argv) {
  static const pbl_scan scans[] = {PBL_SCAN_CYCLIC, PBL_SCAN_PALINDROMIC, PBL_SCAN_COIN,
                                   PBL_SCAN_RANDOM_BLOCK, PBL_SCAN_RANDOM_SITE};
  int n_pbits = 22, rounds = 5;
  for (int k = 1; k + 1 < argc; k += 2) {
    if (strcmp(argv[k], "--pbits") == 0) n_pbits = atoi(argv[k + 1]);
    if (strcmp(argv[k], "--rounds") == 0) rounds = atoi(argv[k + 1]);
  }
  if (n_pbits < 2 || n_pbits > PBL_ORACLE_SCAN_MAX_PBITS || rounds < 1 || rounds > MAX_ROUNDS) {
    fputs("bench: --pbits 2 to 24, --rounds 1 to 99\n", stderr);
    return 2;
  }
  peer p = {0};
  int equal = peer_create(&p, n_pbits);
  printf("one backward step at %d p-bits, processor time of one thread, median of %d\n\n", n_pbits,
         rounds);
  printf("%-14s %12s %12s %8s %9s\n", "scan", "oracle", "site loop", "ratio", "passes");
  for (size_t k = 0; k < sizeof scans / sizeof *scans && equal; k++)
    equal = measure(&p, scans[k], rounds);
  peer_release(&p);
  puts("\npasses: in units of one read and write of the vector, f = f/2 + 1");
  if (!equal) fputs("bench: the two do not agree, or no memory\n", stderr);
  return equal ? 0 : 1;
}

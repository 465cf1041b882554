/* p-bit updates per second of Verilated devices: the lattice at several sizes, the dense and the
 * sparse fabric, each with gcc and clang, interleaved, one thread. Called by scripts/bench rtl,
 * which documents the options. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pbl_colouring.h"
#include "pbl_device.h"
#include "pbl_driver.h"
#include "pbl_graph_make.h"
#include "pbl_image.h"
#include "pbl_json.h"
#include "pbl_lattice_model.h"
#include "pbl_sparse_image.h"
#include "pbl_variant.h"

enum { MAX_ROUNDS = 99, MAX_ROWS = 40 };

/* What the project promises of the lattice, single replica, with the better compiler. */
static const double target_rate = 6e7, target_build_s = 20;
static const char target_name[] = "lattice_70x70_g12";

typedef struct {
  const char *name;
  int side, sites, replicas; /* side 0: dense, 784 x 64 in 16 lanes */
  const char *graph;         /* sparse */
  int lfsr_steps;            /* 0: xoshiro128++ */
  enum { PLAIN, STATISTICS, STATISTICS_OFF, TRACE, TRACE_OFF } option; /* OFF: built, at rest */
} design;

static const design designs[] = {
    {"lattice_70x70_g12", 70, 35, 1, NULL, 0, PLAIN},
    {"lattice_70x70_g12_16_replicas", 70, 35, 16, NULL, 0, PLAIN},
    {"lattice_16x16_g12", 16, 64, 1, NULL, 0, PLAIN},
    {"lattice_32x32_g12", 32, 64, 1, NULL, 0, PLAIN},
    {"lattice_128x128_g12", 128, 64, 1, NULL, 0, PLAIN},
    {"lattice_70x70_lfsr32_1", 70, 35, 1, NULL, 1, PLAIN},
    {"lattice_70x70_lfsr32_8", 70, 35, 1, NULL, 8, PLAIN},
    {"lattice_70x70_lfsr32_32", 70, 35, 1, NULL, 32, PLAIN},
    {"lattice_70x70_statistics", 70, 35, 1, NULL, 0, STATISTICS},
    {"lattice_70x70_statistics_at_rest", 70, 35, 1, NULL, 0, STATISTICS_OFF},
    {"lattice_70x70_trace", 70, 35, 1, NULL, 0, TRACE},
    {"lattice_70x70_trace_at_rest", 70, 35, 1, NULL, 0, TRACE_OFF},
    {"dense_784x64_16_replicas", 0, 0, 16, NULL, 0, PLAIN},
    {"sparse_1024_d6_16_replicas", 0, 16, 16, "regular:1024,6", 0, PLAIN},
    {"sparse_1024_d6", 0, 16, 1, "regular:1024,6", 0, PLAIN},
};
static const char *const compilers[] = {"g++", "clang++"};

typedef struct {
  const design *what;
  const char *compiler;
  pbl_hw hw;
  pbl_driver *driver;
  size_t n_sweeps;
  double build_s; /* Verilator and compiler, as noted when the variant was built */
  double wall[MAX_ROUNDS], cpu[MAX_ROUNDS]; /* updates per second */
} row;

typedef struct {
  bool json;
  int n_rounds;
  double seconds;
  const char *only, *cxx, *commit;
  const char *icarus; /* script that measures the lattice under Icarus */
  row rows[MAX_ROWS];
  int n_rows;
  char skipped[1024];
} bench;

static double now_seconds(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- devices ---- */

static pbl_status make_model(pbl_rbm **model, row *r, pbl_error *err) {
  r->hw = pbl_hw_default();
  r->hw.replicas = r->what->replicas;
  if (r->what->side == 0) {
    r->hw.n_visible = 784;
    r->hw.n_hidden = 64;
    r->hw.lanes = r->what->replicas;
    return pbl_rbm_random(model, 784, 64, 0.05, 0.2, 1, err);
  }
  /* (4, 1), (9, 10) and (0, 1) modulo the side: twelve neighbours at every size */
  static const int a[3] = {0, 4, 9}, b[3] = {1, 1, 10};
  r->hw.lattice.n_rules = 3;
  for (int k = 0; k < 3; k++) {
    r->hw.lattice.rule_a[k] = a[k];
    r->hw.lattice.rule_b[k] = b[k];
  }
  pbl_hw_set_lattice(&r->hw, r->what->side, r->what->sites);
  if (r->what->lfsr_steps > 0) {
    r->hw.generator = PBL_GEN_LFSR32;
    r->hw.lfsr_steps = r->what->lfsr_steps;
  }
  r->hw.statistics = r->what->option == STATISTICS || r->what->option == STATISTICS_OFF;
  r->hw.trace = r->what->option == TRACE || r->what->option == TRACE_OFF;
  const pbl_lattice_law law = {
      .couplings = PBL_GAUSSIAN, .scale = 0.2, .field_scale = 0.1, .seed = 1};
  return pbl_lattice_model(model, &r->hw.lattice, &law, err);
}

static pbl_status make_image(pbl_image **image, row *r, pbl_error *err) {
  pbl_rbm *model = NULL;
  pbl_status s = make_model(&model, r, err);
  if (s == PBL_OK) s = pbl_image_create(image, NULL, model, &r->hw, 1.0, err);
  pbl_rbm_destroy(model);
  return s;
}

static pbl_status make_sparse_image(pbl_image **image, row *r, pbl_error *err) {
  pbl_graph_recipe recipe;
  pbl_graph *graph = NULL;
  pbl_colouring *colours = NULL;
  r->hw = pbl_hw_default();
  r->hw.fabric = PBL_FABRIC_SPARSE;
  r->hw.sparse.sites = r->what->sites;
  r->hw.replicas = r->hw.lanes = r->what->replicas;
  pbl_status s = pbl_graph_recipe_parse(&recipe, r->what->graph, err);
  recipe.couplings = (pbl_value_law){PBL_LAW_NORMAL, 0.3};
  if (s == PBL_OK) s = pbl_graph_make(&graph, &recipe, err);
  if (s == PBL_OK) s = pbl_colouring_create(&colours, graph, PBL_COLOUR_DSATUR, err);
  if (s == PBL_OK) s = pbl_colouring_balance(colours, graph, err);
  if (s == PBL_OK) s = pbl_sparse_fit(&r->hw, graph, colours, err);
  if (s == PBL_OK) s = pbl_sparse_image_create(image, NULL, graph, colours, &r->hw, 1.0, err);
  pbl_colouring_destroy(colours);
  pbl_graph_destroy(graph);
  return s;
}

/* "built in: 12.3 s" of the description beside the shared object. */
static double read_build_seconds(const char *object) {
  char path[PATH_MAX + 16], line[512];
  double seconds = 0;
  snprintf(path, sizeof path, "%s", object);
  char *slash = strrchr(path, '/');
  if (slash == NULL) return 0;
  snprintf(slash, sizeof path - (size_t)(slash - path), "/variant.txt");
  FILE *f = fopen(path, "r");
  if (f == NULL) return 0;
  while (fgets(line, sizeof line, f) != NULL) (void)sscanf(line, "built in: %lf s", &seconds);
  fclose(f);
  return seconds;
}

static pbl_status load(row *r, const pbl_image *image, pbl_error *err) {
  const size_t n = (size_t)pbl_hw_pbits(&r->hw) * (size_t)r->hw.replicas;
  signed char *states = malloc(n);
  if (states == NULL) return pbl_fail(err, PBL_NO_MEMORY, "no memory");
  for (size_t i = 0; i < n; i++) states[i] = i * 2654435761u >> 16 & 1 ? 1 : -1;
  pbl_status s = pbl_driver_upload(r->driver, image, NULL, err);
  if (s == PBL_OK) s = pbl_driver_seed(r->driver, 1, err);
  if (s == PBL_OK) s = pbl_driver_set_state(r->driver, states, err);
  free(states);
  return s;
}

static pbl_status drop_records(void *user, const uint32_t *records, size_t n, pbl_error *err) {
  (void)user, (void)records, (void)n, (void)err;
  return PBL_OK;
}

/* Statistics of every sweep with the magnetisation, or every update traced. */
static pbl_status start_option(row *r, pbl_error *err) {
  if (r->what->option == TRACE)
    return pbl_driver_set_trace(r->driver, 1, 0, drop_records, NULL, err);
  if (r->what->option != STATISTICS) return PBL_OK;
  const size_t n = (size_t)pbl_hw_pbits(&r->hw);
  signed char *projections = calloc(4 * n, 1);
  if (projections == NULL) return pbl_fail(err, PBL_NO_MEMORY, "no memory");
  memset(projections, 1, n);
  const pbl_statistics_setup setup = {.every = 1, .projections = projections};
  const pbl_status s = pbl_driver_statistics_setup(r->driver, &setup, err);
  free(projections);
  return s;
}

static pbl_status open_row(row *r, pbl_progress *progress, pbl_error *err) {
  char path[PATH_MAX];
  pbl_image *image = NULL;
  pbl_device *dev = NULL;
  setenv("PBITLOOP_CXX", r->compiler, 1);
  pbl_status s =
      r->what->graph != NULL ? make_sparse_image(&image, r, err) : make_image(&image, r, err);
  if (s == PBL_OK) s = pbl_variant_build(path, sizeof path, &r->hw, NULL, progress, err);
  if (s == PBL_OK) r->build_s = read_build_seconds(path);
  if (s == PBL_OK) s = pbl_rtl_open(&dev, path, 1, err);
  if (s == PBL_OK) s = pbl_driver_create(&r->driver, dev, &r->hw, NULL, err);
  if (s == PBL_OK) s = load(r, image, err);
  if (s == PBL_OK) s = start_option(r, err);
  pbl_image_destroy(image);
  return s;
}

/* A compiler that this machine does not have is named and left out. */
static pbl_status open_all(bench *b, pbl_progress *progress, pbl_error *err) {
  for (size_t d = 0; d < sizeof designs / sizeof designs[0]; d++) {
    if (b->only != NULL && strcmp(b->only, designs[d].name) != 0) continue;
    for (size_t c = 0; c < sizeof compilers / sizeof compilers[0]; c++) {
      if (b->cxx != NULL && strcmp(b->cxx, compilers[c]) != 0) continue;
      row *r = &b->rows[b->n_rows];
      *r = (row){.what = &designs[d], .compiler = compilers[c]};
      const pbl_status s = open_row(r, progress, err);
      if (s == PBL_NOT_FOUND) {
        const size_t used = strlen(b->skipped);
        snprintf(b->skipped + used, sizeof b->skipped - used, "skipped: %s, %s: %s\n",
                 designs[d].name, compilers[c], err->message);
        continue;
      }
      b->n_rows++; /* also after a failure: it is closed at the end */
      if (s != PBL_OK) return pbl_wrap(err, s, "%s, %s", designs[d].name, compilers[c]);
    }
  }
  return PBL_OK;
}

/* ---- measuring ---- */

static pbl_status measure(row *r, double *wall, double *cpu, pbl_error *err) {
  const double updates = (double)r->n_sweeps * r->hw.replicas * (double)pbl_hw_pbits(&r->hw);
  const double c = now_seconds(CLOCK_PROCESS_CPUTIME_ID), w = now_seconds(CLOCK_MONOTONIC);
  const pbl_status s = pbl_driver_run(r->driver, NULL, 1, r->n_sweeps, NULL, err);
  *wall = updates / (now_seconds(CLOCK_MONOTONIC) - w);
  *cpu = updates / (now_seconds(CLOCK_PROCESS_CPUTIME_ID) - c);
  return s;
}

static pbl_status measure_all(bench *b, pbl_error *err) {
  pbl_status s = PBL_OK;
  for (int i = 0; s == PBL_OK && i < b->n_rows; i++) {
    row *r = &b->rows[i];
    double wall, cpu;
    r->n_sweeps = 20;
    s = measure(r, &wall, &cpu, err);
    r->n_sweeps = 1 + (size_t)(b->seconds * cpu / (r->hw.replicas * (double)pbl_hw_pbits(&r->hw)));
  }
  for (int round = 0; round < b->n_rounds; round++) {
    for (int i = 0; s == PBL_OK && i < b->n_rows; i++)
      s = measure(&b->rows[i], &b->rows[i].wall[round], &b->rows[i].cpu[round], err);
  }
  return s;
}

static int by_value(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(double *values, int n) {
  qsort(values, (size_t)n, sizeof values[0], by_value);
  return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

/* The same lattice under Icarus, as one more row: "updates/s clocks/s build seconds" of the script. */
static void measure_icarus(bench *b) {
  static const design what = {"lattice_16x16_g12_icarus", 16, 64, 1, NULL, 0, PLAIN};
  char line[256] = "";
  double rate = 0, clocks = 0, build = 0;
  if (b->icarus == NULL || b->n_rows == MAX_ROWS) return;
  if (b->only != NULL && strcmp(b->only, what.name) != 0) return;
  FILE *f = popen(b->icarus, "r");
  if (f != NULL && fgets(line, sizeof line, f) == NULL) line[0] = '\0';
  const int status = f != NULL ? pclose(f) : -1;
  if (status != 0 || sscanf(line, "%lf %lf %lf", &rate, &clocks, &build) != 3) {
    const size_t used = strlen(b->skipped);
    snprintf(b->skipped + used, sizeof b->skipped - used, "skipped: %s: %s\n", what.name,
             status >> 8 == 77 ? "iverilog is not installed" : "the bench failed");
    return;
  }
  row *r = &b->rows[b->n_rows++];
  *r = (row){.what = &what, .compiler = "iverilog", .hw = pbl_hw_default(), .build_s = build};
  for (int round = 0; round < b->n_rounds; round++) r->wall[round] = r->cpu[round] = rate;
}

/* ---- printing ---- */

static void print_table(bench *b) {
  double best = 0, build = 0;
  printf("%-32s %-8s %13s %17s %8s\n", "", "", "updates/s", "per CPU second", "built in");
  for (int i = 0; i < b->n_rows; i++) {
    row *r = &b->rows[i];
    const double wall = median(r->wall, b->n_rounds), cpu = median(r->cpu, b->n_rounds);
    printf("%-32s %-8s %13.3e %17.3e %6.1f s\n", r->what->name, r->compiler, wall, cpu, r->build_s);
    if (strcmp(r->what->name, target_name) == 0 && cpu > best) {
      best = cpu;
      build = r->build_s;
    }
  }
  printf("\n%scommit: %s\n", b->skipped, b->commit);
  if (best > 0) {
    printf("target: %s, updates per CPU second at least %.3g: %.3g, %s\n", target_name, target_rate,
           best, best >= target_rate ? "met" : "MISSED");
    printf("target: %s, built in at most %.3g s: %.1f s, %s\n", target_name, target_build_s, build,
           build <= target_build_s ? "met" : "MISSED");
  }
}

static pbl_status print_json(bench *b, pbl_error *err) {
  pbl_json *j = NULL;
  char *text = NULL;
  pbl_status s = pbl_json_create_memory(&j, err);
  if (s != PBL_OK) return s;
  pbl_json_object(j, NULL);
  pbl_json_int(j, "rounds", b->n_rounds);
  pbl_json_string(j, "commit", b->commit);
  pbl_json_string(j, "skipped", b->skipped);
  pbl_json_array(j, "rows");
  for (int i = 0; i < b->n_rows; i++) {
    row *r = &b->rows[i];
    pbl_json_object(j, NULL);
    pbl_json_string(j, "name", r->what->name);
    pbl_json_string(j, "compiler", r->compiler);
    pbl_json_string(j, "generator", pbl_generator_name(r->hw.generator));
    pbl_json_int(j, "replicas", r->hw.replicas);
    pbl_json_double(j, "updates_per_s", median(r->wall, b->n_rounds));
    pbl_json_double(j, "updates_per_cpu_s", median(r->cpu, b->n_rounds));
    pbl_json_double(j, "verilate_and_compile_s", r->build_s);
    pbl_json_end(j);
  }
  pbl_json_end(j);
  pbl_json_end(j);
  s = pbl_json_close(j, &text, err);
  if (s == PBL_OK) puts(text);
  free(text);
  return s;
}

static bool parse(bench *b, int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    const char *value = i + 1 < argc ? argv[i + 1] : "";
    if (strcmp(argv[i], "--json") == 0) {
      b->json = true;
      continue;
    }
    if (strcmp(argv[i], "--rounds") == 0)
      b->n_rounds = atoi(value);
    else if (strcmp(argv[i], "--seconds") == 0)
      b->seconds = atof(value);
    else if (strcmp(argv[i], "--only") == 0)
      b->only = value;
    else if (strcmp(argv[i], "--cxx") == 0)
      b->cxx = value;
    else if (strcmp(argv[i], "--commit") == 0)
      b->commit = value;
    else if (strcmp(argv[i], "--icarus") == 0)
      b->icarus = value;
    else
      return false;
    i++;
  }
  return b->n_rounds >= 1 && b->n_rounds <= MAX_ROUNDS && b->seconds > 0;
}

int main(int argc, char **argv) {
  static bench b = {.n_rounds = 5, .seconds = 0.5, .commit = "unknown"};
  pbl_error err = {.message = ""};
  if (!parse(&b, argc, argv)) {
    fputs(
        "usage: scripts/bench rtl [--json] [--rounds N] [--seconds S] [--only ROW] [--cxx "
        "g++|clang++]\n",
        stderr);
    return 2;
  }
  pbl_progress *progress = pbl_progress_stderr_create(false);
  pbl_status s = open_all(&b, progress, &err);
  if (s == PBL_OK) s = measure_all(&b, &err);
  if (s == PBL_OK) measure_icarus(&b);
  if (s == PBL_OK && b.json) s = print_json(&b, &err);
  if (s == PBL_OK && !b.json) print_table(&b);
  for (int i = 0; i < b.n_rows; i++) pbl_driver_destroy(b.rows[i].driver);
  pbl_progress_stderr_destroy(progress);
  if (s != PBL_OK) fprintf(stderr, "bench: %s\n", err.message);
  return pbl_status_exit_code(s);
}

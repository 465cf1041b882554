#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "area_internal.h"
#include "pbl_variant.h"
#include "variant_internal.h"

#define SCRIPT_SIZE 8192
#define STATISTICS "cells.txt"
#define NETLIST "netlist.json"

static const char *const target_names[PBL_N_TARGETS] = {"ice40", "ecp5", "xilinx", "generic"};

/* Flat, so that one module holds every cell. Pads and clock buffers belong to a whole chip. The
 * generic one keeps memories: the rule of Yosys's `synth` is to make flip-flops of them. */
static const char *const synthesis[PBL_N_TARGETS] = {
    "synth_ice40 -top pbit_top", "synth_ecp5 -top pbit_top",
    "synth_xilinx -flatten -noiopad -noclkbuf -top pbit_top",
    "synth -flatten -top pbit_top -run begin:fine\n"
    "opt -fast -full\nopt -undriven -fine\ntechmap\nopt -fast\nabc -lut 4\nopt -fast\n"
    "memory_unpack\nclean"};

const char *pbl_target_name(pbl_target target) {
  return target_names[target];
}

pbl_area_options pbl_area_options_default(void) {
  return (pbl_area_options){.target = PBL_TARGET_ICE40, .timeout_seconds = 1800};
}

typedef struct {
  pbl_variant_id id;
  pbl_hw hw; /* checked */
  const pbl_area_options *options;
  pbl_progress *progress;
  char source_dir[PATH_MAX];
  char cache_dir[PATH_MAX];
  char result[PATH_MAX];   /* the stored statistics */
  char work_dir[PATH_MAX]; /* private; everything of one synthesis */
  char yosys[PBL_TEXT_SIZE];
} job;

static double now_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* A watch that ends the tool: asked by pbl_tools_run some thirty times a second. */
typedef struct {
  pbl_progress base; /* first: the public pointer is cast back */
  pbl_progress *outer;
  const char *what;
  double started, limit;
  bool expired;
} watch;

static bool watch_report(pbl_progress *self, const char *what, uint64_t done, uint64_t total) {
  watch *w = (watch *)self;
  const double seconds = now_seconds() - w->started;
  (void)what;
  (void)done;
  (void)total;
  if (!pbl_progress_report(w->outer, w->what, (uint64_t)seconds, 0)) return false;
  w->expired = seconds > w->limit;
  return !w->expired;
}

static pbl_status find_yosys(char version[PBL_TEXT_SIZE], pbl_error *err) {
  const char *const argv[] = {"yosys", "-V", NULL};
  const pbl_status s = pbl_tool_line(version, PBL_TEXT_SIZE, argv, err);
  if (s == PBL_NOT_FOUND)
    return pbl_fail(err, PBL_NOT_FOUND,
                    "yosys: program not found; it synthesises the RTL: apt-get install yosys");
  return s;
}

static pbl_status find_folders(job *j, pbl_error *err) {
  char folder[PATH_MAX];
  const pbl_variant_options where = {.source_dir = j->options->source_dir,
                                     .cache_dir = j->options->cache_dir};
  pbl_status s = pbl_variant_source_dir(j->source_dir, &where, err);
  if (s == PBL_OK) s = pbl_variant_open_cache(folder, &where, err);
  if (s == PBL_OK) s = pbl_variant_path(j->cache_dir, err, "%s/area", folder);
  return s == PBL_OK ? pbl_variant_make_folders(j->cache_dir, err) : s;
}

/* The key: sources, parameters, version of Yosys, and the very commands. */
static pbl_status identify(job *j, pbl_error *err) {
  char what[PBL_TEXT_SIZE + 1024];
  const pbl_target t = j->options->target;
  snprintf(what, sizeof what, "%s\n%s\n%s", j->yosys, synthesis[t], area_path_selection(t));
  j->id.source_dir = j->source_dir;
  j->id.hw = &j->hw;
  pbl_status s = pbl_variant_identify_rtl(&j->id, what, err);
  if (s == PBL_OK) s = pbl_variant_path(j->result, err, "%s/%s.txt", j->cache_dir, j->id.key);
  if (s == PBL_OK)
    s = pbl_variant_path(j->work_dir, err, "%s/%s.tmp.%ld", j->cache_dir, j->id.key,
                         (long)getpid());
  return s;
}

/* ---- the script ---- */

typedef struct {
  char text[SCRIPT_SIZE];
  size_t used;
} script;

__attribute__((format(printf, 2, 3))) static void say(script *y, const char *format, ...) {
  va_list args;
  if (y->used >= sizeof y->text) return;
  va_start(args, format);
  const int n = vsnprintf(y->text + y->used, sizeof y->text - y->used, format, args);
  va_end(args);
  y->used += n > 0 ? (size_t)n : 0;
}

/* pbit.f as one read_verilog, seen from the private folder, where `rtl` is a link: Yosys splits its
 * lines at blanks, so that the true path must not stand in them. */
static pbl_status say_sources(script *y, const char *source_dir, pbl_error *err) {
  char path[PATH_MAX], line[512], word[256];
  const pbl_status s = pbl_variant_path(path, err, "%s/rtl/pbit.f", source_dir);
  if (s != PBL_OK) return s;
  FILE *f = fopen(path, "r");
  if (f == NULL) return pbl_fail(err, PBL_NOT_FOUND, "%s: %s", path, strerror(errno));
  say(y, "read_verilog -sv");
  while (fgets(line, sizeof line, f) != NULL) {
    if (sscanf(line, " +incdir+%255s", word) == 1) {
      say(y, " -Irtl/%s", word);
    } else if (strncmp(line, "//", 2) != 0 && sscanf(line, "%255s", word) == 1) {
      say(y, " rtl/%s", word);
    }
  }
  fclose(f);
  say(y, "\n");
  return PBL_OK;
}

static pbl_status write_script(const job *j, pbl_error *err) {
  script y = {.used = 0};
  char path[PATH_MAX], parameters[PBL_N_PARAMETERS][PBL_PARAMETER_SIZE];
  pbl_status s = say_sources(&y, j->source_dir, err);
  if (s != PBL_OK) return s;
  pbl_variant_parameters(parameters, &j->hw);
  say(&y, "chparam");
  for (size_t i = 0; i < PBL_N_PARAMETERS; i++) { /* "-GVisible=6" */
    const char *name = parameters[i] + 2, *value = strchr(name, '=') + 1;
    if (strncmp(name, "IsSim=", 6) == 0) value = "0"; /* hardware: CAPS0.SIM reads 0 */
    say(&y, " -set %.*s %s", (int)strcspn(name, "="), name, value);
  }
  say(&y, " pbit_top\n%s\n", synthesis[j->options->target]);
  say(&y, "tee -q -o " STATISTICS " stat\ntee -q -a " STATISTICS " ltp -noff %s\n",
      area_path_selection(j->options->target));
  if (j->options->netlist != NULL) say(&y, "write_json " NETLIST "\n");
  if (y.used >= sizeof y.text)
    return pbl_fail(err, PBL_INVALID, "rtl/pbit.f: too long a list of sources");
  s = pbl_variant_path(path, err, "%s/area.ys", j->work_dir);
  if (s != PBL_OK) return s;
  FILE *f = fopen(path, "w");
  if (f == NULL) return pbl_fail(err, PBL_IO, "%s: cannot create: %s", path, strerror(errno));
  const bool written = fputs(y.text, f) >= 0;
  if (fclose(f) != 0 || !written) return pbl_fail(err, PBL_IO, "%s: cannot write", path);
  return PBL_OK;
}

/* ---- one synthesis ---- */

static pbl_status make_work_dir(const job *j, pbl_error *err) {
  char rtl[PATH_MAX], link[PATH_MAX];
  pbl_status s = pbl_variant_path(rtl, err, "%s/rtl", j->source_dir);
  if (s == PBL_OK) s = pbl_variant_path(link, err, "%s/rtl", j->work_dir);
  if (s != PBL_OK) return s;
  pbl_remove_tree(j->work_dir);
  if (mkdir(j->work_dir, 0777) != 0 || symlink(rtl, link) != 0)
    return pbl_fail(err, PBL_IO, "%s: cannot create: %s", j->work_dir, strerror(errno));
  return write_script(j, err);
}

static pbl_status run_yosys(const job *j, double *seconds, pbl_error *err) {
  char log[PATH_MAX], what[64];
  const char *const argv[] = {"yosys", "-q", "-s", "area.ys", NULL};
  const pbl_tool tool = {.argv = argv, .cwd = j->work_dir, .label = "yosys"};
  snprintf(what, sizeof what, "synthesising for %s, seconds", pbl_target_name(j->options->target));
  watch w = {.base = {.report = watch_report},
             .outer = j->progress,
             .what = what,
             .started = now_seconds(),
             .limit = j->options->timeout_seconds};
  pbl_status s = pbl_variant_path(log, err, "%s/yosys.log", j->work_dir);
  if (s == PBL_OK) s = pbl_tools_run(&tool, 1, log, what, &w.base, err);
  *seconds = now_seconds() - w.started;
  if (s != PBL_OK && w.expired)
    return pbl_fail(err, PBL_TIMEOUT,
                    "the synthesis for %s took more than %g s and was ended: give more with "
                    "--timeout, or take a smaller variant (this one: %s)",
                    pbl_target_name(j->options->target), w.limit, j->id.description);
  return s;
}

/* Adds head and tail, and renames: whoever sees the name sees it whole. */
static pbl_status store(const job *j, double seconds, pbl_error *err) {
  char from[PATH_MAX], to[PATH_MAX], line[1024];
  pbl_status s = pbl_variant_path(from, err, "%s/" STATISTICS, j->work_dir);
  if (s == PBL_OK) s = pbl_variant_path(to, err, "%s/result.txt", j->work_dir);
  if (s != PBL_OK) return s;
  FILE *in = fopen(from, "r");
  if (in == NULL) return pbl_fail(err, PBL_TOOL, "yosys: wrote no statistics");
  FILE *out = fopen(to, "w");
  if (out == NULL) {
    fclose(in);
    return pbl_fail(err, PBL_IO, "%s: cannot create: %s", to, strerror(errno));
  }
  fprintf(out, AREA_HEAD " %.1f\n%s\n%s\n", seconds, j->yosys, j->id.description);
  while (fgets(line, sizeof line, in) != NULL) fputs(line, out);
  fputs(AREA_TAIL "\n", out);
  const bool failed = ferror(in) || ferror(out);
  fclose(in);
  if (fclose(out) != 0 || failed) return pbl_fail(err, PBL_IO, "%s: cannot write", to);
  if (rename(to, j->result) != 0)
    return pbl_fail(err, PBL_IO, "%s: cannot rename to %s: %s", to, j->result, strerror(errno));
  return PBL_OK;
}

/* The user's folder may be on another file system, where a rename does not reach. */
static pbl_status copy_netlist(const job *j, pbl_error *err) {
  char from[PATH_MAX], buffer[65536];
  const char *to = j->options->netlist;
  pbl_status s = pbl_variant_path(from, err, "%s/" NETLIST, j->work_dir);
  if (s != PBL_OK) return s;
  FILE *in = fopen(from, "rb");
  if (in == NULL) return pbl_fail(err, PBL_TOOL, "yosys: wrote no netlist");
  FILE *out = fopen(to, "wb");
  if (out == NULL) s = pbl_fail(err, PBL_IO, "%s: cannot create: %s", to, strerror(errno));
  for (size_t n; s == PBL_OK && (n = fread(buffer, 1, sizeof buffer, in)) > 0;) {
    if (fwrite(buffer, 1, n, out) != n)
      s = pbl_fail(err, PBL_IO, "%s: cannot write: %s", to, strerror(errno));
  }
  fclose(in);
  if (out != NULL && fclose(out) != 0 && s == PBL_OK)
    s = pbl_fail(err, PBL_IO, "%s: cannot write: %s", to, strerror(errno));
  return s;
}

static pbl_status synthesise(const job *j, pbl_error *err) {
  double seconds = 0;
  pbl_progress_note(j->progress, "%s: %s", pbl_target_name(j->options->target), j->id.description);
  pbl_status s = make_work_dir(j, err);
  if (s == PBL_OK) s = run_yosys(j, &seconds, err);
  if (s == PBL_OK) s = store(j, seconds, err);
  if (s == PBL_OK && j->options->netlist != NULL) s = copy_netlist(j, err);
  pbl_remove_tree(j->work_dir);
  return s;
}

static pbl_status measure(pbl_area *out, job *j, pbl_error *err) {
  const pbl_area_options *o = j->options;
  pbl_status s = pbl_hw_check(&j->hw, err);
  if (s == PBL_OK) s = find_yosys(j->yosys, err);
  if (s == PBL_OK) s = find_folders(j, err);
  if (s == PBL_OK) s = identify(j, err);
  if (s != PBL_OK) return s;
  out->cached = o->netlist == NULL && area_counts_read(out, o->target, j->result, NULL) == PBL_OK;
  if (!out->cached) {
    s = synthesise(j, err);
    if (s == PBL_OK) s = area_counts_read(out, o->target, j->result, err);
  }
  snprintf(out->description, sizeof out->description, "%s", j->id.description);
  snprintf(out->yosys, sizeof out->yosys, "%s", j->yosys);
  return s;
}

pbl_status pbl_area_measure(pbl_area *out, const pbl_hw *hw, const pbl_area_options *options,
                            pbl_progress *progress, pbl_error *err) {
  memset(out, 0, sizeof *out);
  if ((unsigned)options->target >= PBL_N_TARGETS || !(options->timeout_seconds > 0))
    return pbl_fail(err, PBL_INVALID, "area: unknown target, or no time");
  if (options->netlist != NULL && options->target == PBL_TARGET_GENERIC)
    return pbl_fail(err, PBL_INVALID, "area: no netlist of the generic target can be placed");
  job *j = calloc(1, sizeof *j);
  if (j == NULL) return pbl_fail(err, PBL_NO_MEMORY, "area: no memory");
  j->options = options;
  j->progress = progress;
  j->hw = *hw;
  const pbl_status s = measure(out, j, err);
  free(j);
  return s;
}

#include "pbl_variant.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "pbl_lock.h"
#include "variant_internal.h"

#define MAX_OBJECTS 512
#define MAX_ARGUMENTS 64

static bool exists(const char *path) {
  return access(path, F_OK) == 0;
}

typedef struct {
  pbl_variant_id id;
  pbl_progress *progress;
  char source_dir[PATH_MAX], cache_dir[PATH_MAX];
  char final_dir[PATH_MAX], temporary_dir[PATH_MAX];
  char log[PATH_MAX];
} builder;

static pbl_status verilate(const builder *b, pbl_error *err) {
  char parameters[PBL_N_PARAMETERS][PBL_PARAMETER_SIZE], rtl[PATH_MAX], mdir[PATH_MAX];
  char waivers[PATH_MAX];
  pbl_status s = pbl_variant_path(rtl, err, "%s/rtl", b->source_dir);
  if (s == PBL_OK) s = pbl_variant_path(waivers, err, "%s/rtl/pbit.vlt", b->source_dir);
  if (s == PBL_OK) s = pbl_variant_path(mdir, err, "%s/obj", b->temporary_dir);
  if (s != PBL_OK) return s;
  pbl_variant_parameters(parameters, b->id.hw);
  static const char *const waveform[] = {"-f", "../sim/rtl/waveform/waveform.flags",
                                         "../sim/rtl/waveform/waveform_registers.sv",
                                         "../sim/rtl/waveform/waveform_triggers.sv"};
  const char *argv[MAX_ARGUMENTS] = {
      pbl_tool_verilator(), "--cc",  "-f",           "verilator.flags", "-Mdir", mdir,
      "--prefix",           "Vpbit", "--top-module", "pbit_top"};
  size_t n = 10;
  for (size_t i = 0; i < PBL_N_PARAMETERS; i++) argv[n++] = parameters[i];
  if (b->id.hw->fabric != PBL_FABRIC_DENSE) {
    argv[n++] = "-f";
    argv[n++] = b->id.hw->fabric == PBL_FABRIC_SPARSE ? "sparse.flags" : "lattice.flags";
  }
  if (b->id.savable) argv[n++] = "--savable";
  if (exists(waivers)) argv[n++] = "pbit.vlt";
  argv[n++] = "-f";
  argv[n++] = "pbit.f";
  for (size_t i = 0; b->id.waveform && i < sizeof waveform / sizeof *waveform; i++)
    argv[n++] = waveform[i];
  /* pbit.f lists paths relative to rtl/. */
  const pbl_tool tool = {.argv = argv, .cwd = rtl, .label = "verilator"};
  return pbl_tools_run(&tool, 1, b->log, "verilating the RTL", b->progress, err);
}

/* One compiler call; the strings are owned by the unit. */
typedef struct {
  char source[PATH_MAX], object[PATH_MAX];
  const char *argv[MAX_ARGUMENTS];
} unit;

typedef struct {
  char verilator_include[PATH_MAX], verilator_std[PATH_MAX]; /* -I options */
  char model[PATH_MAX], sim[PATH_MAX], base[PATH_MAX], waveform[PATH_MAX];
  const char *const *flags;
  bool savable;
} includes;

static void plan_unit(unit *u, const includes *inc, bool is_runtime) {
  size_t n = 0;
  u->argv[n++] = pbl_tool_cxx();
  for (size_t i = 0; inc->flags[i] != NULL; i++) u->argv[n++] = inc->flags[i];
  if (inc->savable) u->argv[n++] = "-DPBL_SAVABLE";
  /* Verilator's own runtime is long to compile and hardly runs: start-up and messages. */
  if (is_runtime) u->argv[n++] = "-O1";
  u->argv[n++] = inc->model;
  u->argv[n++] = inc->verilator_include;
  u->argv[n++] = inc->verilator_std;
  u->argv[n++] = inc->sim;
  u->argv[n++] = inc->base;
  u->argv[n++] = inc->waveform;
  u->argv[n++] = "-c";
  u->argv[n++] = "-o";
  u->argv[n++] = u->object;
  u->argv[n++] = u->source;
  u->argv[n] = NULL;
}

static int is_generated_source(const struct dirent *e) {
  const char *dot = strrchr(e->d_name, '.');
  return dot != NULL && strcmp(dot, ".cpp") == 0;
}

static pbl_status plan_includes(includes *inc, char root[PATH_MAX], const builder *b,
                                pbl_error *err) {
  const char *const argv[] = {pbl_tool_verilator(), "--getenv", "VERILATOR_ROOT", NULL};
  pbl_status s = pbl_tool_line(root, PATH_MAX, argv, err);
  inc->savable = b->id.savable;
  if (s == PBL_OK) s = pbl_variant_path(inc->verilator_include, err, "-I%s/include", root);
  if (s == PBL_OK) s = pbl_variant_path(inc->verilator_std, err, "-I%s/include/vltstd", root);
  if (s == PBL_OK) s = pbl_variant_path(inc->model, err, "-I%s/obj", b->temporary_dir);
  if (s == PBL_OK) s = pbl_variant_path(inc->sim, err, "-I%s/sim", b->source_dir);
  if (s == PBL_OK) s = pbl_variant_path(inc->base, err, "-I%s/host/base", b->source_dir);
  if (s == PBL_OK) s = pbl_variant_path(inc->waveform, err, "-I%s/sim/rtl/waveform", b->source_dir);
  inc->flags = pbl_variant_cxx_flags(b->id.waveform);
  return s;
}

/* Which parts of Verilator's runtime the model needs, as the generated make file lists them, one
 * name a line: "VM_GLOBAL_FAST += \\", "\tverilated \\", ..., and an empty line. */
static pbl_status plan_runtime(unit *units, size_t *n, const char *obj, const char *root,
                               pbl_error *err) {
  char path[PATH_MAX], line[PBL_TEXT_SIZE], name[64];
  pbl_status s = pbl_variant_path(path, err, "%s/Vpbit_classes.mk", obj);
  if (s != PBL_OK) return s;
  FILE *f = fopen(path, "r");
  if (f == NULL) return pbl_fail(err, PBL_TOOL, "%s: not written by verilator", path);
  bool in_list = false;
  while (s == PBL_OK && fgets(line, sizeof line, f) != NULL) {
    if (strncmp(line, "VM_GLOBAL_", 10) == 0) {
      in_list = true;
    } else if (in_list && sscanf(line, " %63[A-Za-z0-9_]", name) == 1 && *n < MAX_OBJECTS) {
      s = pbl_variant_path(units[(*n)++].source, err, "%s/include/%s.cpp", root, name);
    } else {
      in_list = false;
    }
  }
  fclose(f);
  if (s == PBL_OK && *n == 0) s = pbl_fail(err, PBL_TOOL, "%s: names no runtime file", path);
  return s;
}

static pbl_status plan_model(unit *units, size_t *n, const char *obj, pbl_error *err) {
  struct dirent **entries = NULL;
  const int n_entries = scandir(obj, &entries, is_generated_source, alphasort);
  pbl_status s = PBL_OK;
  if (n_entries <= 0 || *n + (size_t)n_entries > MAX_OBJECTS)
    s = pbl_fail(err, PBL_TOOL, "%s: verilator wrote %d source files (1..%zu expected)", obj,
                 n_entries, MAX_OBJECTS - *n);
  for (int i = 0; i < n_entries; i++) {
    if (s == PBL_OK)
      s = pbl_variant_path(units[(*n)++].source, err, "%s/%s", obj, entries[i]->d_name);
    free(entries[i]);
  }
  free(entries);
  return s;
}

/* One file for all that begin at `first`: most of the time that its small ones take to compile goes
 * to Verilator's headers. Used where few clocks will be run. */
static pbl_status plan_one_file(unit *units, size_t *n, size_t first, const char *obj,
                                pbl_error *err) {
  char path[PATH_MAX];
  const pbl_status s = pbl_variant_path(path, err, "%s/model_in_one.cpp", obj);
  if (s != PBL_OK) return s;
  FILE *f = fopen(path, "w");
  if (f == NULL) return pbl_fail(err, PBL_IO, "%s: cannot create: %s", path, strerror(errno));
  for (size_t i = first; i < *n; i++) fprintf(f, "#include \"%s\"\n", units[i].source);
  if (fclose(f) != 0) return pbl_fail(err, PBL_IO, "%s: cannot write", path);
  memcpy(units[first].source, path, sizeof path);
  *n = first + 1;
  return PBL_OK;
}

/* Runtime and shim first: they take longest. */
static pbl_status plan_units(unit *units, size_t *n_units, const builder *b, const includes *inc,
                             const char *root, pbl_error *err) {
  char obj[PATH_MAX];
  size_t n = 0;
  pbl_status s = pbl_variant_path(obj, err, "%s/obj", b->temporary_dir);
  if (s == PBL_OK) s = plan_runtime(units, &n, obj, root, err);
  const size_t n_runtime = n;
  if (s == PBL_OK && n < MAX_OBJECTS)
    s = pbl_variant_path(units[n++].source, err, "%s/sim/rtl/pbl_rtl_shim.cpp", b->source_dir);
  if (s == PBL_OK) s = plan_model(units, &n, obj, err);
  if (s == PBL_OK && b->id.waveform) s = plan_one_file(units, &n, n_runtime, obj, err);
  for (size_t i = 0; s == PBL_OK && i < n; i++) {
    s = pbl_variant_path(units[i].object, err, "%s/%zu.o", obj, i);
    plan_unit(&units[i], inc, i < n_runtime);
  }
  *n_units = n;
  return s;
}

static pbl_status write_text(const char *path, const char *text, pbl_error *err) {
  FILE *f = fopen(path, "w");
  if (f == NULL) return pbl_fail(err, PBL_IO, "%s: cannot create: %s", path, strerror(errno));
  const bool written = fputs(text, f) >= 0;
  if (fclose(f) != 0 || !written) return pbl_fail(err, PBL_IO, "%s: cannot write", path);
  return PBL_OK;
}

static pbl_status link_object(const builder *b, const unit *units, size_t n_units, pbl_error *err) {
  char output[PATH_MAX], map[PATH_MAX], map_option[PATH_MAX];
  const char *argv[MAX_OBJECTS + 16] = {pbl_tool_cxx(), "-shared", "-o", output, map_option};
  size_t n = 5;
  pbl_status s = pbl_variant_path(output, err, "%s/pbit.so", b->temporary_dir);
  if (s == PBL_OK) s = pbl_variant_path(map, err, "%s/obj/exports.map", b->temporary_dir);
  if (s == PBL_OK) s = pbl_variant_path(map_option, err, "-Wl,--version-script=%s", map);
  /* All else stays local: two variants in one process must not share Verilator's statics. */
  if (s == PBL_OK) s = write_text(map, "{ global: pbl_rtl_api_get; local: *; };\n", err);
  if (s != PBL_OK) return s;
  for (size_t i = 0; i < n_units; i++) argv[n++] = units[i].object;
  argv[n++] = "-pthread";
  argv[n++] = "-Wl,-z,defs"; /* a missing symbol shows here, not when the variant is opened */
  argv[n++] = "-Wl,--as-needed";
  argv[n++] = "-latomic"; /* clang++ calls what g++ writes out */
  if (b->id.waveform) argv[n++] = "-lz";
  argv[n] = NULL;
  const pbl_tool tool = {.argv = argv, .label = "linker"};
  return pbl_tools_run(&tool, 1, b->log, "linking the variant", b->progress, err);
}

static pbl_status compile(const builder *b, pbl_error *err) {
  char root[PATH_MAX];
  includes *inc = calloc(1, sizeof *inc);
  unit *units = calloc(MAX_OBJECTS, sizeof *units);
  pbl_tool *tools = calloc(MAX_OBJECTS, sizeof *tools);
  size_t n = 0;
  pbl_status s = PBL_OK;
  if (inc == NULL || units == NULL || tools == NULL)
    s = pbl_fail(err, PBL_NO_MEMORY, "variant: no memory");
  if (s == PBL_OK) s = plan_includes(inc, root, b, err);
  if (s == PBL_OK) s = plan_units(units, &n, b, inc, root, err);
  for (size_t i = 0; s == PBL_OK && i < n; i++)
    tools[i] = (pbl_tool){.argv = units[i].argv, .label = "C++ compiler"};
  if (s == PBL_OK) s = pbl_tools_run(tools, n, b->log, "compiling the variant", b->progress, err);
  if (s == PBL_OK) s = link_object(b, units, n, err);
  free(tools);
  free(units);
  free(inc);
  return s;
}

static pbl_status write_description(const builder *b, double seconds, pbl_error *err) {
  char path[PATH_MAX], object[PATH_MAX], text[2048];
  struct stat st;
  pbl_status s = pbl_variant_path(path, err, "%s/variant.txt", b->temporary_dir);
  if (s == PBL_OK) s = pbl_variant_path(object, err, "%s/pbit.so", b->temporary_dir);
  if (s != PBL_OK) return s;
  if (stat(object, &st) != 0)
    return pbl_fail(err, PBL_TOOL, "%s: not written by the linker: %s", object, strerror(errno));
  snprintf(text, sizeof text,
           "%s\nkey: %s\nverilator: %s\ncompiler: %s\ncpu: %s\nbuilt in: %.1f s\n"
           "object: %lld bytes\n",
           b->id.description, b->id.key, b->id.verilator_version, b->id.cxx_version, b->id.cpu,
           seconds, (long long)st.st_size);
  return write_text(path, text, err);
}

/* Finished: the object has the size that its description notes. A machine that went down can leave
 * half a file under a good name, and loading half a shared object kills the program. */
static bool is_finished(const builder *b, const char *object) {
  char path[PATH_MAX], line[PBL_TEXT_SIZE];
  struct stat st;
  long long size = -1;
  if (stat(object, &st) != 0 || !S_ISREG(st.st_mode)) return false;
  if (pbl_variant_path(path, NULL, "%s/variant.txt", b->final_dir) != PBL_OK) return false;
  FILE *f = fopen(path, "r");
  if (f == NULL) return false;
  while (fgets(line, sizeof line, f) != NULL) (void)sscanf(line, "object: %lld bytes", &size);
  fclose(f);
  return size == (long long)st.st_size;
}

static double now_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* The lock is ours, so a folder KEY.tmp.PID belongs to a process that was killed. */
static void remove_stale_folders(const builder *b) {
  DIR *dir = opendir(b->cache_dir);
  if (dir == NULL) return;
  char prefix[PBL_KEY_SIZE + 8], path[PATH_MAX];
  snprintf(prefix, sizeof prefix, "%s.tmp.", b->id.key);
  for (const struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
    if (strncmp(e->d_name, prefix, strlen(prefix)) != 0) continue;
    if (pbl_variant_path(path, NULL, "%s/%s", b->cache_dir, e->d_name) == PBL_OK)
      pbl_remove_tree(path);
  }
  closedir(dir);
}

static pbl_status build_in_private_folder(builder *b, pbl_error *err) {
  char obj[PATH_MAX];
  const double started = now_seconds();
  pbl_progress_note(b->progress, "building hardware variant %.12s: %s", b->id.key,
                    b->id.description);
  pbl_status s = pbl_variant_path(obj, err, "%s/obj", b->temporary_dir);
  if (s == PBL_OK) s = pbl_variant_make_folders(obj, err);
  if (s == PBL_OK) s = verilate(b, err);
  if (s == PBL_OK) s = compile(b, err);
  if (s == PBL_OK) s = write_description(b, now_seconds() - started, err);
  if (s != PBL_OK) return pbl_wrap(err, s, "hardware variant %.12s", b->id.key);
  pbl_remove_tree(obj);
  /* Whatever has the name is not a finished variant, or we would not be here. */
  pbl_remove_tree(b->final_dir);
  if (rename(b->temporary_dir, b->final_dir) != 0)
    return pbl_fail(err, PBL_IO, "%s: cannot rename to %s: %s", b->temporary_dir, b->final_dir,
                    strerror(errno));
  pbl_progress_note(b->progress, "hardware variant %.12s built in %.1f s", b->id.key,
                    now_seconds() - started);
  return PBL_OK;
}

static pbl_status take_lock(pbl_lock *lock, const builder *b, pbl_error *err) {
  char path[PATH_MAX];
  const struct timespec nap = {.tv_nsec = 100000000};
  const double started = now_seconds();
  pbl_status s = pbl_variant_path(path, err, "%s.lock", b->final_dir);
  while (s == PBL_OK) {
    s = pbl_lock_try(lock, path, err);
    if (s != PBL_OK || lock->state != PBL_LOCK_BUSY) break;
    if (!pbl_progress_report(b->progress, "waiting for another build of this variant (s)",
                             (uint64_t)(now_seconds() - started), 0))
      return pbl_fail(err, PBL_INTERRUPTED, "stopped while %s built the variant", lock->holder);
    nanosleep(&nap, NULL);
  }
  if (s == PBL_OK && lock->state == PBL_LOCK_UNKNOWN) {
    close(lock->fd);
    s = pbl_fail(err, PBL_IO, "%s: cannot lock: %s", path, lock->holder);
  }
  return s ? pbl_wrap(err, s, "cache of variants (PBITLOOP_CACHE names another folder)") : s;
}

static pbl_status build_under_lock(builder *b, const char *object, pbl_error *err) {
  pbl_lock lock;
  pbl_status s = take_lock(&lock, b, err);
  if (s != PBL_OK) return s;
  if (!is_finished(b, object)) { /* else another process was faster */
    remove_stale_folders(b);
    s = build_in_private_folder(b, err);
    if (s != PBL_OK) pbl_remove_tree(b->temporary_dir);
  }
  close(lock.fd); /* the file stays: older programs look at its name alone */
  return s;
}

pbl_status pbl_variant_build(char *path, size_t path_size, const pbl_hw *hw,
                             const pbl_variant_options *opt, pbl_progress *p, pbl_error *err) {
  char object[PATH_MAX];
  builder *b = calloc(1, sizeof *b);
  if (b == NULL) return pbl_fail(err, PBL_NO_MEMORY, "variant: no memory");
  b->progress = p;
  b->id.source_dir = b->source_dir;
  b->id.hw = hw;
  b->id.waveform = opt != NULL && opt->waveform;
  b->id.savable = opt != NULL && opt->savable;
  pbl_status s = pbl_hw_check(hw, err);
  if (s == PBL_OK) s = pbl_variant_source_dir(b->source_dir, opt, err);
  if (s == PBL_OK) s = pbl_variant_open_cache(b->cache_dir, opt, err);
  if (s == PBL_OK) s = pbl_variant_identify(&b->id, err);
  if (s == PBL_OK) s = pbl_variant_path(b->final_dir, err, "%s/%s", b->cache_dir, b->id.key);
  if (s == PBL_OK)
    s = pbl_variant_path(b->temporary_dir, err, "%s.tmp.%ld", b->final_dir, (long)getpid());
  if (s == PBL_OK) s = pbl_variant_path(b->log, err, "%s/build.log", b->temporary_dir);
  if (s == PBL_OK) s = pbl_variant_path(object, err, "%s/pbit.so", b->final_dir);
  if (s == PBL_OK && !is_finished(b, object)) s = build_under_lock(b, object, err);
  if (s == PBL_OK && snprintf(path, path_size, "%s", object) >= (int)path_size)
    s = pbl_fail(err, PBL_INVALID, "variant: the path %s does not fit %zu bytes", object,
                 path_size);
  free(b);
  return s;
}

static int is_key(const struct dirent *e) {
  return strlen(e->d_name) == PBL_KEY_SIZE - 1 &&
         strspn(e->d_name, "0123456789abcdef") == PBL_KEY_SIZE - 1;
}

static uint64_t folder_bytes(const char *folder) {
  static const char *const files[] = {"pbit.so", "variant.txt", "build.log"};
  uint64_t total = 0;
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
    char path[PATH_MAX];
    struct stat st;
    if (pbl_variant_path(path, NULL, "%s/%s", folder, files[i]) == PBL_OK && stat(path, &st) == 0)
      total += (uint64_t)st.st_size;
  }
  return total;
}

static void visit_folder(const char *cache_dir, const char *key,
                         void (*visit)(void *, const char *, const char *, uint64_t), void *ctx) {
  char folder[PATH_MAX], path[PATH_MAX], text[PBL_TEXT_SIZE] = "";
  if (pbl_variant_path(folder, NULL, "%s/%s", cache_dir, key) != PBL_OK) return;
  if (pbl_variant_path(path, NULL, "%s/variant.txt", folder) != PBL_OK) return;
  FILE *f = fopen(path, "r");
  if (f == NULL) return;
  if (fgets(text, sizeof text, f) != NULL) text[strcspn(text, "\n")] = '\0';
  fclose(f);
  visit(ctx, key, text, folder_bytes(folder));
}

pbl_status pbl_variant_list(const pbl_variant_options *opt,
                            void (*visit)(void *ctx, const char *key, const char *text,
                                          uint64_t bytes),
                            void *ctx, pbl_error *err) {
  char cache_dir[PATH_MAX];
  const pbl_status s = pbl_variant_cache_dir(cache_dir, sizeof cache_dir, opt, err);
  if (s != PBL_OK) return s;
  struct dirent **entries = NULL;
  const int n = scandir(cache_dir, &entries, is_key, alphasort);
  if (n < 0 && errno == ENOENT) return PBL_OK; /* nothing was built yet */
  if (n < 0) return pbl_fail(err, PBL_IO, "%s: cannot list: %s", cache_dir, strerror(errno));
  for (int i = 0; i < n; i++) {
    visit_folder(cache_dir, entries[i]->d_name, visit, ctx);
    free(entries[i]);
  }
  free(entries);
  return PBL_OK;
}

/* What a variant is made of, as parameters, as a sentence, and as the key of the cache. */
#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "variant_internal.h"

const char *const *pbl_variant_cxx_flags(bool waveform) {
  static const char *const plain[] = {"-std=c++17",      "-O3",       "-march=native", "-fPIC",
                                      "-DVM_COVERAGE=0", "-DVM_SC=0", "-DVM_TRACE=0",  NULL};
  /* Few clocks are run in it, and it is compiled on use. */
  static const char *const traced[] = {
      "-std=c++17",       "-O1",       "-fPIC",        "-DPBL_WAVEFORM",
      "-DVM_COVERAGE=0",  "-DVM_SC=0", "-DVM_TRACE=1", "-DVM_TRACE_FST=1",
      "-DVM_TRACE_VCD=0", NULL};
  return waveform ? traced : plain;
}

/* Two passes that share no constant: 64-bit FNV-1a and a multiply-xorshift. The key guards against
 * stale files, not against an adversary. */
typedef struct {
  uint64_t fnv, mix;
} hasher;

static void hash_bytes(hasher *h, const void *data, size_t n) {
  const unsigned char *p = data;
  for (size_t i = 0; i < n; i++) {
    h->fnv = (h->fnv ^ p[i]) * 0x100000001b3u;
    h->mix = (h->mix ^ p[i]) * 0x9e3779b97f4a7c15u;
    h->mix ^= h->mix >> 29;
  }
}

/* Name and length in front: no two lists of items run together to the same bytes. */
static void hash_item(hasher *h, const char *name, const void *data, size_t n) {
  const uint64_t length = n;
  hash_bytes(h, name, strlen(name) + 1);
  hash_bytes(h, &length, sizeof length);
  hash_bytes(h, data, n);
}

static void hash_text(hasher *h, const char *name, const char *text) {
  hash_item(h, name, text, strlen(text));
}

static pbl_status hash_file(hasher *h, const char *name, const char *path, pbl_error *err) {
  FILE *f = fopen(path, "rb");
  if (f == NULL) return pbl_fail(err, PBL_IO, "%s: cannot open: %s", path, strerror(errno));
  hasher content = {.fnv = 0xcbf29ce484222325u, .mix = 0};
  char buffer[8192];
  size_t n;
  while ((n = fread(buffer, 1, sizeof buffer, f)) > 0) hash_bytes(&content, buffer, n);
  const bool failed = ferror(f);
  fclose(f);
  if (failed) return pbl_fail(err, PBL_IO, "%s: cannot read", path);
  hash_item(h, name, &content, sizeof content);
  return PBL_OK;
}

static bool has_suffix(const char *name, const char *const *suffixes) {
  const char *dot = strrchr(name, '.');
  for (size_t i = 0; dot != NULL && suffixes[i] != NULL; i++) {
    if (strcmp(dot, suffixes[i]) == 0) return true;
  }
  return false;
}

static int by_name(const FTSENT **a, const FTSENT **b) {
  return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* Every file below `folder` with one of the suffixes, in the order of names, to `depth` levels. */
static pbl_status hash_folder(hasher *h, const char *source_dir, const char *folder, int depth,
                              const char *const *suffixes, pbl_error *err) {
  char root[PATH_MAX];
  if (snprintf(root, sizeof root, "%s/%s", source_dir, folder) >= (int)sizeof root)
    return pbl_fail(err, PBL_INVALID, "%s/%s: the path is too long", source_dir, folder);
  char *roots[] = {root, NULL};
  FTS *tree = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, by_name);
  if (tree == NULL) return pbl_fail(err, PBL_IO, "%s: cannot list: %s", root, strerror(errno));
  pbl_status s = PBL_OK;
  size_t n_files = 0;
  FTSENT *e;
  while (s == PBL_OK && (e = fts_read(tree)) != NULL) {
    /* rtl/board stands around a device and is no part of a variant. */
    const bool around = e->fts_level == 1 && strcmp(e->fts_name, "board") == 0;
    if (e->fts_info == FTS_D && (e->fts_level >= depth || around)) {
      fts_set(tree, e, FTS_SKIP);
    } else if (e->fts_info == FTS_F && has_suffix(e->fts_name, suffixes)) {
      s = hash_file(h, e->fts_path + strlen(source_dir), e->fts_path, err);
      n_files++;
    }
  }
  fts_close(tree);
  if (s == PBL_OK && n_files == 0)
    s = pbl_fail(err, PBL_NOT_FOUND,
                 "%s: no RTL sources here; set PBITLOOP_SOURCE_DIR to the project's folder", root);
  return s;
}

static int log2_of(int power) {
  int n = 0;
  while ((1 << n) < power) n++;
  return n;
}

static int field_bits(const pbl_hw *hw) {
  return hw->field_bits != 0 ? hw->field_bits : pbl_hw_min_field_bits(hw);
}

/* "48'h...": byte k is the number of rule k; decimals above 31 bits are not portable. */
static void print_rules(char *out, const char *name, const int *rules, int n) {
  unsigned long long packed = 0;
  for (int k = 0; k < n; k++) packed |= (unsigned long long)(rules[k] & 0xff) << (8 * k);
  snprintf(out, PBL_PARAMETER_SIZE, "-G%s=48'h%012llx", name, packed);
}

void pbl_variant_parameters(char out[PBL_N_PARAMETERS][PBL_PARAMETER_SIZE], const pbl_hw *hw) {
  /* What a variant says of another fabric has no meaning and must not make another variant. */
  const pbl_hw_lattice none = {0};
  const pbl_hw_lattice *lattice = hw->fabric == PBL_FABRIC_LATTICE ? &hw->lattice : &none;
  const bool is_sparse = hw->fabric == PBL_FABRIC_SPARSE;
  const pbl_hw_sparse no_sparse = {0}, *sparse = is_sparse ? &hw->sparse : &no_sparse;
  const struct {
    const char *name;
    int value;
  } parameters[PBL_N_PARAMETERS - 2] = {
      {"Visible", is_sparse ? 0 : hw->n_visible}, /* its p-bits are run-time data */
      {"Hidden", is_sparse ? 0 : hw->n_hidden},
      {"Replicas", hw->replicas},
      {"Lanes", hw->lanes},
      {"WeightBits", pbl_hw_weight_bits(hw)},
      {"WeightFrac", hw->weight_frac},
      {"BetaBits", pbl_hw_beta_bits(hw)},
      {"BetaFrac", hw->beta_frac},
      {"TableLog2", log2_of(hw->table_size)},
      {"RangeLog2", hw->table_range_log2},
      {"ThresholdBits", hw->threshold_bits},
      {"Rounding", hw->rounding},
      {"Generator", (int)hw->generator},
      {"LfsrSteps", hw->lfsr_steps},
      {"CellsPerGenerator", hw->cells_per_generator},
      {"FieldBits", field_bits(hw)},
      {"IsSim", 1},
      {"Fabric", (int)hw->fabric},
      {"Side", lattice->side},
      {"Sites", is_sparse ? sparse->sites : lattice->sites},
      {"NRules", lattice->n_rules},
      {"Pbits", sparse->pbits},
      {"EdgeRows", sparse->edge_rows},
      {"Groups", sparse->groups},
      {"Regulator", !hw->no_regulator},
      {"Exchange", hw->exchange},
      {"Statistics", hw->statistics},
      {"StatPairs", hw->stat_pairs},
      {"Trace", hw->trace},
  };
  size_t n = 0;
  for (; n < PBL_N_PARAMETERS - 2; n++)
    snprintf(out[n], PBL_PARAMETER_SIZE, "-G%s=%d", parameters[n].name, parameters[n].value);
  print_rules(out[n++], "RuleA", lattice->rule_a, lattice->n_rules);
  print_rules(out[n], "RuleB", lattice->rule_b, lattice->n_rules);
}

/* "dense 784 x 64", or "lattice 70 x 70 of degree 12, 35 sites a clock" */
static void describe_array(char *text, size_t size, const pbl_hw *hw) {
  if (hw->fabric == PBL_FABRIC_LATTICE)
    snprintf(text, size, "lattice %d x %d of degree %d, %d sites a clock", hw->lattice.side,
             hw->lattice.side, pbl_hw_degree(hw), hw->lattice.sites);
  else if (hw->fabric == PBL_FABRIC_SPARSE)
    snprintf(text, size, "sparse, %d p-bits, %d edge rows, %d groups, %d sites a clock",
             hw->sparse.pbits, hw->sparse.edge_rows, hw->sparse.groups, hw->sparse.sites);
  else
    snprintf(text, size, "dense %d x %d", hw->n_visible, hw->n_hidden);
}

static void describe(pbl_variant_id *id) {
  const pbl_hw *hw = id->hw;
  char steps[32] = "", shared[32] = "", array[96], options[128];
  describe_array(array, sizeof array, hw);
  if (hw->generator == PBL_GEN_LFSR32) snprintf(steps, sizeof steps, " (%d steps)", hw->lfsr_steps);
  if (hw->cells_per_generator > 1)
    snprintf(shared, sizeof shared, " for %d cells", hw->cells_per_generator);
  snprintf(id->description, sizeof id->description,
           "%s, %d replicas in %d lanes, weights s[%d][%d], beta UQ%d.%d, table %d over "
           "%d, thresholds %d bits, fields %d bits, %s, %s%s%s%s%s%s",
           array, hw->replicas, hw->lanes, hw->weight_int, hw->weight_frac, hw->beta_int,
           hw->beta_frac, hw->table_size, 1 << hw->table_range_log2, hw->threshold_bits,
           field_bits(hw), hw->rounding ? "rounding" : "truncating",
           pbl_generator_name(hw->generator), steps, shared,
           pbl_hw_options_text(options, sizeof options, hw), id->waveform ? ", waveforms" : "",
           id->savable ? ", savable" : "");
}

/* -march=native compiles for the instructions of this CPU, so model and flags belong to the key.
 * Without /proc/cpuinfo the cache must simply not be shared between machines. */
static void hash_cpu(hasher *h, char *model, size_t size) {
  snprintf(model, size, "unknown");
  FILE *f = fopen("/proc/cpuinfo", "r");
  if (f == NULL) return;
  char *line = NULL;
  size_t capacity = 0;
  bool has_model = false, has_flags = false;
  while (!(has_model && has_flags) && getline(&line, &capacity, f) > 0) {
    const char *value = strchr(line, ':');
    if (value == NULL) continue;
    line[strcspn(line, "\n")] = '\0';
    if (!has_model && strncmp(line, "model name", 10) == 0) {
      snprintf(model, size, "%s", value + 1 + strspn(value + 1, " "));
      has_model = true;
    } else if (!has_flags &&
               (strncmp(line, "flags", 5) == 0 || strncmp(line, "Features", 8) == 0)) {
      hash_text(h, "cpu flags", value);
      has_flags = true;
    }
  }
  free(line);
  fclose(f);
  hash_text(h, "cpu", model);
}

static hasher hash_start(void) {
  return (hasher){.fnv = 0xcbf29ce484222325u, .mix = 0x243f6a8885a308d3u};
}

static void hash_parameters(hasher *h, const pbl_hw *hw) {
  char parameters[PBL_N_PARAMETERS][PBL_PARAMETER_SIZE];
  pbl_variant_parameters(parameters, hw);
  for (size_t i = 0; i < PBL_N_PARAMETERS; i++) hash_text(h, "parameter", parameters[i]);
}

static void finish(pbl_variant_id *id, const hasher *h) {
  snprintf(id->key, sizeof id->key, "%016llx%016llx", (unsigned long long)h->fnv,
           (unsigned long long)h->mix);
  describe(id);
}

pbl_status pbl_variant_identify_rtl(pbl_variant_id *id, const char *what, pbl_error *err) {
  static const char *const suffixes[] = {".sv", ".svh", ".f", NULL};
  hasher h = hash_start();
  const pbl_status s = hash_folder(&h, id->source_dir, "rtl", INT_MAX, suffixes, err);
  if (s != PBL_OK) return s;
  hash_parameters(&h, id->hw);
  hash_text(&h, "made by", what);
  finish(id, &h);
  return PBL_OK;
}

pbl_status pbl_variant_identify(pbl_variant_id *id, pbl_error *err) {
  static const char *const rtl_suffixes[] = {".sv", ".svh", ".vlt", ".f", ".flags", NULL};
  static const char *const shim_suffixes[] = {".cpp", ".h", NULL};
  static const char *const waveform_suffixes[] = {".sv", ".h", ".flags", NULL};
  const char *const verilator[] = {pbl_tool_verilator(), "--version", NULL};
  const char *const cxx[] = {pbl_tool_cxx(), "--version", NULL};
  hasher h = hash_start();
  pbl_status s = pbl_tool_line(id->verilator_version, sizeof id->verilator_version, verilator, err);
  if (s == PBL_OK) s = pbl_tool_line(id->cxx_version, sizeof id->cxx_version, cxx, err);
  if (s == PBL_OK) s = hash_folder(&h, id->source_dir, "rtl", INT_MAX, rtl_suffixes, err);
  if (s == PBL_OK) s = hash_folder(&h, id->source_dir, "sim/rtl", 1, shim_suffixes, err);
  if (s == PBL_OK) s = hash_folder(&h, id->source_dir, "sim", 1, shim_suffixes, err);
  if (s == PBL_OK && id->waveform)
    s = hash_folder(&h, id->source_dir, "sim/rtl/waveform", 1, waveform_suffixes, err);
  if (s != PBL_OK) return s;
  hash_parameters(&h, id->hw);
  const char *const *flags = pbl_variant_cxx_flags(id->waveform);
  for (size_t i = 0; flags[i] != NULL; i++) hash_text(&h, "flag", flags[i]);
  if (id->savable) hash_text(&h, "flag", "savable");
  hash_text(&h, "verilator", id->verilator_version);
  hash_text(&h, "cxx", id->cxx_version);
  hash_cpu(&h, id->cpu, sizeof id->cpu);
  finish(id, &h);
  return PBL_OK;
}

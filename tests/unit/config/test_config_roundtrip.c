/* --set, written configurations, the reference page and the project's own configurations. */
#include <sys/stat.h>

#include "config_test.h"
#include "pbl_schema.h"

static const char two_cases[] =
    "schema: 1\ncases:\n- name: one\n  random: {visible: 3, hidden: 2}\n"
    "- name: two\n  random: {visible: 3, hidden: 2}\n  hw: {table_size: 64}\n";

static void set_changes_a_key_by_index_and_by_name(void **state) {
  static const char *const sets[] = {"cases[0].draws=123", "cases.two.draws=0x10", "seed=1e3",
                                     "cases.two.random.hidden=1", "out="};
  loaded l;
  (void)state;
  load_bytes(&l, false, two_cases, strlen(two_cases), sets, 5);
  assert_loaded(&l);
  assert_int_equal(l.config.cases[0].draws, 123);
  assert_int_equal(l.config.cases[1].draws, 16);
  assert_int_equal(l.config.cases[1].random_hidden, 1);
  assert_true(l.config.seed == 1000);
}

static void set_makes_missing_sections_and_leaves_the_cases_own_keys(void **state) {
  loaded l;
  (void)state;
  load_set(&l, two_cases, "hw.table_size=256");
  assert_loaded(&l);
  assert_int_equal(l.config.cases[0].hw.table_size, 256);
  assert_int_equal(l.config.cases[1].hw.table_size, 64);
  load_set(&l, two_cases, "cases.one.faults.weight.offset=4");
  assert_loaded(&l);
  assert_int_equal(l.config.cases[0].faults.weight_offset, 4);
}

static void the_last_set_of_a_key_counts(void **state) {
  static const char *const sets[] = {"seed=1", "seed=2"};
  loaded l;
  (void)state;
  load_bytes(&l, false, two_cases, strlen(two_cases), sets, 2);
  assert_loaded(&l);
  assert_true(l.config.seed == 2);
}

static void set_replaces_the_last_key_of_a_file_and_adds_behind_it(void **state) {
  static const char *const sets[] = {"seed=7", "threads=2"};
  static const char text[] = "schema: 1\n" CASE "seed: 5\n";
  loaded l;
  (void)state;
  load_bytes(&l, false, text, strlen(text), sets, 2);
  assert_loaded(&l);
  assert_true(l.config.seed == 7 && l.config.threads == 2);
}

static void faults_of_set_name_the_option(void **state) {
  static const char *const bad[][2] = {
      {"cases[0].drwas=1", "--set cases[0].drwas=1: unknown key 'drwas'; did you mean 'draws'?"},
      {"cases[0].draws=x", "--set cases[0].draws=x: draws: 'x' is not a number"},
      {"cases[2].draws=1", "no entry 2: there are 2, counted from 0"},
      {"cases.tow.draws=1", "no entry is named 'tow'; did you mean 'two'?"},
      {"cases.draws=1", "name one key of one entry"},
      {"seed.low=1", "'seed' is a value and has no keys"},
      {"hv.lanes=1", "unknown key 'hv'; did you mean 'hw'?"},
      {"seed", "must be key.path=value"},
      {"=1", "must be key.path=value"},
      {"cases[0.draws=1", "is no key path"},
      {"cases]0.draws=1", "is no key path"},
      {"a..b=1", "is no key path"},
      {"seed=[1", "--set seed=[1: not valid YAML"},
      {"seed=*a", "--set seed=*a: aliases"},
      {"cases[0].draws=5", "q_window_sweeps"}};
  loaded l;
  (void)state;
  for (size_t k = 0; k + 1 < sizeof bad / sizeof bad[0]; k++) {
    load_set(&l, two_cases, bad[k][0]);
    assert_message(&l, bad[k][1]);
  }
  /* Lowering draws alone shrinks the default window: no fault. */
  load_set(&l, two_cases, bad[sizeof bad / sizeof bad[0] - 1][0]);
  assert_loaded(&l);
}

static void faults_of_file_and_set_come_together(void **state) {
  loaded l;
  (void)state;
  load_set(&l, "schema: 2\n" CASE, "seeed=1");
  assert_problem(&l, "1:9", "schema: 2 is out of range: 1");
  assert_message(&l, "--set seeed=1: unknown key 'seeed'; did you mean 'seed'?");
}

/* Loads what `first` was written to; only path, name and default folder may differ. */
static void assert_written_is(const loaded *first, const char *written) {
  loaded second;
  load(&second, written);
  assert_loaded(&second);
  memcpy(second.config.path, first->config.path, sizeof second.config.path);
  memcpy(second.config.name, first->config.name, sizeof second.config.name);
  memcpy(second.config.out, first->config.out, sizeof second.config.out);
  assert_memory_equal(&second.config, &first->config, sizeof first->config);
}

/* Loads text, writes it, loads what was written; only path and name may differ. */
static void assert_reads_back(const char *text, const char *const *sets, size_t n_sets) {
  loaded *first = malloc(sizeof *first), *second = malloc(sizeof *second);
  char *written = NULL;
  assert_non_null(first);
  assert_non_null(second);
  load_bytes(first, false, text, strlen(text), sets, n_sets);
  assert_loaded(first);
  assert_int_equal(pbl_config_dump_compare(&written, &first->config, NULL), PBL_OK);
  load_bytes(second, false, written, strlen(written), NULL, 0);
  assert_loaded(second);
  memcpy(second->config.path, first->config.path, sizeof second->config.path);
  memcpy(second->config.name, first->config.name, sizeof second->config.name);
  assert_memory_equal(&second->config, &first->config, sizeof first->config);
  free(written);
  free(first);
  free(second);
}

static void a_written_configuration_reads_back_identically(void **state) {
  static const char *const sets[] = {"seed=18446744073709551615",    "alpha=0.0123456789012345678",
                                     "out='q\"uo\\te: #x \xc3\xa4'", "cases[0].faults.stale_row=2",
                                     "cases[1].model=/tmp",          "cases[1].random=null",
                                     "cases[1].beta=1e-300",         "cases[0].clamp=0-2"};
  (void)state;
  assert_reads_back(two_cases, NULL, 0);
  assert_reads_back(two_cases, sets, sizeof sets / sizeof sets[0]);
}

static void a_written_training_reads_back_identically(void **state) {
  loaded first, second;
  char *written = NULL;
  (void)state;
  load_train(&first,
             "schema: 1\ndataset: {name: idx, path: /tmp}\nmodel: {hidden: 3, beta: 0.7}\n"
             "training: {weight_decay: 3.3e-5, learning_rate: 0.1}\nseed: 77\n");
  assert_loaded(&first);
  assert_int_equal(pbl_config_dump_train(&written, &first.train, NULL), PBL_OK);
  load_train(&second, written);
  assert_loaded(&second);
  memcpy(second.train.path, first.train.path, sizeof first.train.path);
  memcpy(second.train.name, first.train.name, sizeof first.train.name);
  assert_memory_equal(&second.train, &first.train, sizeof first.train);
  free(written);
}

static void a_written_lattice_reads_back_identically(void **state) {
  loaded first;
  char *written = NULL;
  (void)state;
  load(&first,
       "schema: 1\nhw: {fabric: lattice, side: 12, graph: g12, lanes: 2}\ncases:\n"
       "  - name: a\n    lattice: {couplings: pm1, boundary: open, seed: 9}\n    clamp: \"143\"\n"
       "  - name: b\n    lattice: {}\n    hw: {rules: \"0,1 2,1\", sites_per_clock: 36}\n"
       "  - name: c\n    lattice: {scale: -0.25}\n    hw: {graph: g4, side: 6}\n");
  assert_loaded(&first);
  const pbl_hw *a = &first.config.cases[0].hw, *b = &first.config.cases[1].hw;
  const pbl_hw *c = &first.config.cases[2].hw;
  assert_true(first.config.cases[0].lattice);
  assert_int_equal(a->n_visible, 72);
  assert_int_equal(a->lattice.sites, 6);
  assert_int_equal(a->lattice.n_rules, 3);
  assert_int_equal(b->lattice.n_rules, 2);
  assert_int_equal(b->lattice.rule_a[1], 2);
  assert_int_equal(b->lattice.sites, 36);
  assert_int_equal(c->lattice.n_rules, 1);
  assert_int_equal(c->lattice.sites, 3);
  assert_int_equal(pbl_config_dump_compare(&written, &first.config, NULL), PBL_OK);
  assert_non_null(strstr(written, "graph: custom"));
  assert_written_is(&first, written);
  free(written);
}

static void a_written_graph_reads_back_identically(void **state) {
  loaded first;
  char *written = NULL;
  (void)state;
  load(&first,
       "schema: 1\nhw: {fabric: sparse, sites_per_clock: 8}\ncases:\n"
       "  - name: a\n    graph: {source: \"sk:12\", couplings: \"normal,0.8\", seed: 5}\n"
       "  - name: b\n    graph: {source: \"king:4x4\", colouring: greedy, balanced: true}\n"
       "    hw: {pbits: 64, edge_rows: 32, groups: 16}\n");
  assert_loaded(&first);
  const pbl_case_config *a = &first.config.cases[0], *b = &first.config.cases[1];
  assert_string_equal(a->graph, "sk:12");
  assert_string_equal(a->graph_couplings, "normal,0.8");
  assert_int_equal(a->graph_seed, 5);
  assert_int_equal(a->graph_colouring, 2);
  assert_int_equal(a->hw.sparse.sites, 8);
  assert_true(b->graph_colouring == 0 && b->graph_balanced);
  assert_int_equal(b->hw.sparse.pbits, 64);
  assert_int_equal(pbl_config_dump_compare(&written, &first.config, NULL), PBL_OK);
  assert_null(strstr(written, "random:"));
  assert_written_is(&first, written);
  free(written);
}

static void a_written_statistics_section_reads_back_identically(void **state) {
  loaded l;
  char *written = NULL;
  (void)state;
  load(&l,
       "schema: 1\n"
       "hw: {statistics: true, statistics_pairs: 9}\n"
       "cases:\n"
       "  - name: counted\n"
       "    random: {visible: 3, hidden: 2}\n"
       "    chains: 12\n"
       "    statistics: {every: 4, further_samples: 7, pairs: 5, projections: hidden random}\n"
       "  - name: plain\n"
       "    random: {visible: 3, hidden: 2}\n"
       "    hw: {statistics: false, statistics_pairs: 0}\n");
  assert_loaded(&l);
  const pbl_case_config *c = &l.config.cases[0];
  assert_true(c->hw.statistics == 1 && c->hw.stat_pairs == 9);
  assert_int_equal(c->hw.lanes, 4); /* of 12 chains, a power of two */
  assert_true(c->statistics.every == 4 && c->statistics.further == 7);
  assert_string_equal(c->statistics.pairs, "5");
  assert_string_equal(c->statistics.projections, "hidden random");
  assert_int_equal(l.config.cases[1].hw.statistics, 0);
  assert_int_equal(pbl_config_dump_compare(&written, &l.config, NULL), PBL_OK);
  assert_written_is(&l, written);
  free(written);
}

static void a_written_configuration_has_every_key(void **state) {
  loaded l;
  char *written = NULL, key[64];
  (void)state;
  load(&l, two_cases);
  assert_loaded(&l);
  assert_int_equal(pbl_config_dump_compare(&written, &l.config, NULL), PBL_OK);
  for (const pbl_field *f = pbl_schema_case; f->key != NULL; f++) {
    snprintf(key, sizeof key, "\n    %s:", f->key);
    /* random, lattice and graph exclude each other; there is no statistics unit */
    const bool other = strcmp(f->key, "lattice") == 0 || strcmp(f->key, "graph") == 0 ||
                       strcmp(f->key, "statistics") == 0;
    assert_true((strstr(written, key) != NULL) == !other);
  }
  free(written);
}

/* Binding a default must pass the table's own range checks, or the default is never set. */
static void assert_defaults_in_range(const pbl_field *fields) {
  for (const pbl_field *f = fields; f->key != NULL; f++) {
    if (f->fields != NULL) assert_defaults_in_range(f->fields);
    const bool number =
        f->kind == PBL_FIELD_INT || f->kind == PBL_FIELD_U64 || f->kind == PBL_FIELD_DOUBLE;
    if (f->fields == NULL && f->fallback == NULL) {
      assert_true((f->flags & PBL_FIELD_REQUIRED) != 0);
    }
    if (!number || f->fallback == NULL) continue;
    const double value = strtod(f->fallback, NULL);
    assert_true(value >= f->min && value <= f->max);
    assert_false((f->flags & PBL_FIELD_ABOVE_MIN) != 0 && value == f->min);
  }
}

static void every_key_has_a_default_in_its_range_or_is_required(void **state) {
  (void)state;
  assert_defaults_in_range(pbl_schema_compare);
  assert_defaults_in_range(pbl_schema_train);
  assert_defaults_in_range(pbl_schema_lab);
}

static void the_reference_page_is_the_one_in_docs(void **state) {
  char *text = NULL;
  static char page[65536];
  (void)state;
  assert_int_equal(pbl_config_reference(&text, NULL), PBL_OK);
  FILE *file = fopen(PBL_SOURCE_DIR "/docs/configuration.md", "rb");
  assert_non_null(file);
  const size_t size = fread(page, 1, sizeof page - 1, file);
  fclose(file);
  page[size] = '\0';
  /* Outdated? pbitloop help keys > docs/configuration.md */
  assert_string_equal(page, text);
  free(text);
}

/* The models of configurations are large and may be absent: stand-ins make the files checkable. */
static void the_configurations_of_the_project_are_sound(void **state) {
  static const char *const compare[] = {"quickstart", "lockstep", "negative_controls", "sparse",
                                        "sparse_controls"};
  static const char *const train[] = {"train_fashion_rbm", "train_bars"};
  char root[] = "/tmp/pbl-root-XXXXXX", path[512];
  loaded l;
  (void)state;
  assert_non_null(mkdtemp(root));
  snprintf(path, sizeof path, "%s/models", root);
  assert_int_equal(mkdir(path, 0700), 0);
  snprintf(path, sizeof path, "%s/models/fashion_rbm_64", root);
  assert_int_equal(mkdir(path, 0700), 0);
  setenv("PBITLOOP_SOURCE_DIR", root, 1);
  for (size_t k = 0; k < 5; k++) {
    snprintf(path, sizeof path, PBL_SOURCE_DIR "/configs/%s.yaml", compare[k]);
    l.status = pbl_config_load_compare(&l.config, path, NULL, 0, &l.err);
    assert_loaded(&l);
    assert_string_equal(l.config.name, compare[k]);
  }
  for (size_t k = 0; k < 2; k++) {
    snprintf(path, sizeof path, PBL_SOURCE_DIR "/configs/%s.yaml", train[k]);
    l.status = pbl_config_load_train(&l.train, path, NULL, 0, &l.err);
    assert_loaded(&l);
  }
  snprintf(path, sizeof path, "%s/models/fashion_rbm_64", root);
  rmdir(path);
  snprintf(path, sizeof path, "%s/models", root);
  rmdir(path);
  rmdir(root);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(set_changes_a_key_by_index_and_by_name),
      cmocka_unit_test(set_makes_missing_sections_and_leaves_the_cases_own_keys),
      cmocka_unit_test(the_last_set_of_a_key_counts),
      cmocka_unit_test(set_replaces_the_last_key_of_a_file_and_adds_behind_it),
      cmocka_unit_test(faults_of_set_name_the_option),
      cmocka_unit_test(faults_of_file_and_set_come_together),
      cmocka_unit_test(a_written_configuration_reads_back_identically),
      cmocka_unit_test(a_written_training_reads_back_identically),
      cmocka_unit_test(a_written_statistics_section_reads_back_identically),
      cmocka_unit_test(a_written_configuration_has_every_key),
      cmocka_unit_test(a_written_lattice_reads_back_identically),
      cmocka_unit_test(a_written_graph_reads_back_identically),
      cmocka_unit_test(every_key_has_a_default_in_its_range_or_is_required),
      cmocka_unit_test(the_reference_page_is_the_one_in_docs),
      cmocka_unit_test(the_configurations_of_the_project_are_sound),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Files of traces: what is written is read, and what was cut or damaged is told. */
#include "pbl_cmocka.h"
#include "trace_rig.h"

typedef struct {
  uint8_t byte[1 << 20];
  size_t n;
} file_bytes;

static const trace_plan PLAN = {
    .fabric = PBL_FABRIC_SPARSE, .kernel = PBL_KERNEL_CYCLIC, .lanes = 2, .contexts = 2};

static void load(file_bytes *f, const char *path) {
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  f->n = fread(f->byte, 1, sizeof f->byte, file);
  assert_true(f->n < sizeof f->byte);
  fclose(file);
}

static void store(const char *path, const uint8_t *byte, size_t n) {
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(byte, 1, n, file), n);
  fclose(file);
}

/* Three sweeps, the first one not traced. */
static void write_trace(const char *path, const trace_plan *plan, bool complete) {
  trace_rig rig;
  pbl_trace_check *c = NULL;
  pbl_trace_writer *w = NULL;
  uint32_t *records = NULL;
  pbl_error err = {0};
  trace_rig_create(&rig, plan);
  assert_int_equal(pbl_trace_check_create(&c, &rig.start, &err), PBL_OK);
  if (pbl_trace_writer_open(&w, path, &rig.start, &err)) fail_msg("%s", err.message);
  for (int t = 0; t < 3; t++) {
    size_t n = 0;
    assert_int_equal(pbl_trace_check_make(c, &rig.image->beta, 1, &records, &n, &err), PBL_OK);
    const pbl_trace_sweep sweep = {
        .n_betas = 1, .betas = &rig.image->beta, .n_records = t > 0 ? n : 0, .records = records};
    assert_int_equal(pbl_trace_writer_sweep(w, &sweep, &err), PBL_OK);
  }
  assert_int_equal(pbl_trace_writer_close(w, complete, &err), PBL_OK);
  free(records);
  pbl_trace_check_destroy(c);
  trace_rig_release(&rig);
}

/* The first status that is not OK, else whether the records are right. */
static pbl_status read_trace(const char *path, size_t *n_sweeps, pbl_error *err) {
  pbl_trace_reader *r = NULL;
  pbl_trace_check *c = NULL;
  pbl_trace_sweep s;
  bool end = false;
  *n_sweeps = 0;
  pbl_status st = pbl_trace_reader_open(&r, path, err);
  if (st == PBL_OK) st = pbl_trace_check_create(&c, pbl_trace_reader_start(r), err);
  while (st == PBL_OK && !end) {
    size_t taken;
    st = pbl_trace_reader_next(&s, &end, r, err);
    if (st != PBL_OK || end) break;
    ++*n_sweeps;
    assert_int_equal(pbl_trace_check_begin(c, s.betas, s.n_betas, err), PBL_OK);
    if (s.n_records == 0) assert_int_equal(pbl_trace_check_skip(c, err), PBL_OK);
    assert_int_equal(pbl_trace_check_push(c, &taken, s.records, s.n_records, err), PBL_OK);
    assert_int_equal(taken, s.n_records);
    assert_true(pbl_trace_check_is_done(c));
  }
  pbl_trace_check_destroy(c);
  pbl_trace_reader_close(r);
  return st;
}

static void what_is_written_is_read(void **state) {
  (void)state;
  const pbl_fabric fabrics[] = {PBL_FABRIC_DENSE, PBL_FABRIC_LATTICE, PBL_FABRIC_SPARSE};
  char path[512];
  snprintf(path, sizeof path, "%s", scratch_path("sound.trace"));
  for (int k = 0; k < 3; k++) {
    trace_plan plan = PLAN;
    trace_rig rig;
    pbl_trace_reader *r = NULL;
    size_t n;
    pbl_error err = {0};
    plan.fabric = fabrics[k];
    plan.coupled = true;
    write_trace(path, &plan, true);
    if (read_trace(path, &n, &err)) fail_msg("%s", err.message);
    assert_int_equal(n, 3);
    trace_rig_create(&rig, &plan);
    assert_int_equal(pbl_trace_reader_open(&r, path, &err), PBL_OK);
    const pbl_trace_start *s = pbl_trace_reader_start(r);
    assert_string_equal(s->name, "rig");
    assert_true(s->coupled);
    assert_int_equal(s->kernel, plan.kernel);
    assert_memory_equal(&s->hw.lattice, &rig.start.hw.lattice, sizeof s->hw.lattice);
    assert_memory_equal(&s->hw.sparse, &rig.start.hw.sparse, sizeof s->hw.sparse);
    assert_int_equal(s->hw.threshold_bits, rig.start.hw.threshold_bits);
    assert_memory_equal(s->words, rig.start.words, 4 * pbl_trace_image_words(&s->hw));
    assert_memory_equal(s->table, rig.start.table, 4 * (size_t)s->hw.table_size);
    assert_memory_equal(s->state, rig.start.state, pbl_trace_states(&s->hw));
    assert_memory_equal(s->generators, rig.start.generators, 4 * pbl_trace_generator_words(&s->hw));
    pbl_trace_reader_close(r);
    trace_rig_release(&rig);
  }
}

/* Wherever the file is cut: never taken for whole. */
static void a_cut_file_is_told(void **state) {
  (void)state;
  static file_bytes f;
  char path[512], cut[512];
  size_t n;
  snprintf(path, sizeof path, "%s", scratch_path("whole.trace"));
  snprintf(cut, sizeof cut, "%s", scratch_path("cut.trace"));
  write_trace(path, &PLAN, true);
  load(&f, path);
  for (size_t length = 0; length < f.n; length += length + 40 < f.n ? 37 : 1) {
    pbl_error err = {0};
    store(cut, f.byte, length);
    assert_int_equal(read_trace(cut, &n, &err), PBL_FORMAT);
    assert_non_null(strstr(err.message, length < 12 ? "no trace" : "was cut"));
  }
  pbl_error err = {0};
  write_trace(path, &PLAN, false);
  assert_int_equal(read_trace(path, &n, &err), PBL_FORMAT);
  assert_int_equal(n, 3);
  assert_non_null(strstr(err.message, "after 3 sweeps"));
}

/* Any one bit turned: never taken for sound. */
static void a_damaged_file_is_told(void **state) {
  (void)state;
  static file_bytes f;
  char path[512], bad[512];
  size_t n;
  snprintf(path, sizeof path, "%s", scratch_path("whole.trace"));
  snprintf(bad, sizeof bad, "%s", scratch_path("bad.trace"));
  write_trace(path, &PLAN, true);
  load(&f, path);
  for (size_t at = 0; at < f.n; at += at < 64 ? 1 : 101) {
    pbl_error err = {0};
    f.byte[at] = (uint8_t)(f.byte[at] ^ (1u << at % 8));
    store(bad, f.byte, f.n);
    f.byte[at] = (uint8_t)(f.byte[at] ^ (1u << at % 8));
    const pbl_status st = read_trace(bad, &n, &err);
    if (st != PBL_FORMAT) fail_msg("byte %zu: %d, %s", at, (int)st, err.message);
  }
}

static void other_files_are_told_apart(void **state) {
  (void)state;
  static file_bytes f;
  char path[512];
  size_t n;
  pbl_error err = {0};
  snprintf(path, sizeof path, "%s", scratch_path("other.trace"));
  assert_int_equal(read_trace(path, &n, &err), PBL_NOT_FOUND);
  store(path, (const uint8_t *)"a text, and no trace at all", 27);
  assert_int_equal(read_trace(path, &n, &err), PBL_FORMAT);
  assert_non_null(strstr(err.message, "no trace"));
  write_trace(path, &PLAN, true);
  load(&f, path);
  f.byte[8] = 2;
  store(path, f.byte, f.n);
  assert_int_equal(read_trace(path, &n, &err), PBL_FORMAT);
  assert_non_null(strstr(err.message, "version 2"));
  f.byte[8] = 1;
  f.byte[f.n++] = 0;
  store(path, f.byte, f.n);
  assert_int_equal(read_trace(path, &n, &err), PBL_FORMAT);
  assert_non_null(strstr(err.message, "follows its end"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_written_is_read),
      cmocka_unit_test(a_cut_file_is_told),
      cmocka_unit_test(a_damaged_file_is_told),
      cmocka_unit_test(other_files_are_told_apart),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

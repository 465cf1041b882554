/* The colour guard of the sparse fabric: every violation at its place, and what it forbids. */
#include "sparse_rig.h"

enum { FIRST = 1 << 28, LAST = 1 << 29, TAIL = 1 << 30 };
#define END 0x80000000u
#define VALID 0x80000000u
#define CODE(code, index) ((uint32_t)(index) << 16 | (uint32_t)(code))

typedef struct {
  plain_sparse m;
  pbl_device *dev;
} rig;

static rig the;

static int setup(void **state) {
  (void)state;
  pbl_hw hw = pbl_hw_default();
  const pbl_hw_sparse capacity = {.pbits = 48, .edge_rows = 400, .groups = 64, .sites = 4};
  pbl_hw_set_sparse(&hw, &capacity);
  hw.table_size = 16;
  the.dev = rig_open(&hw, "");
  plain_sparse_create(&the.m, &hw, 40, 4, 1, 77);
  sparse_upload(the.dev, &the.m);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  the.dev->ops->close(the.dev);
  plain_sparse_free(&the.m);
  return 0;
}

static uint32_t checked(void) {
  rig_write(the.dev, PBL_REG_CTRL, PBL_CTRL_CHECK_MASK);
  const uint32_t guard = rig_read(the.dev, PBL_REG_GUARD);
  const uint32_t status = rig_read(the.dev, PBL_REG_STATUS);
  assert_int_equal((status & PBL_STATUS_GUARD_OK_MASK) != 0, guard == 0);
  assert_true(status & PBL_STATUS_HASH_VALID_MASK);
  return guard;
}

static void write_word(int group, int col, uint32_t word) {
  the.m.schedule[group][col] = word;
  sparse_write_group(the.dev, &the.m, group);
}

/* First group from `from` on that has a p-bit in a cell (free: none); the cell. */
static int find_cell(int from, int free_one, int *cell) {
  *cell = 0;
  for (int k = from; k < the.m.n_groups; k++) {
    for (int s = 0; s < 4; s++) {
      if ((the.m.group[k].pbit[s] < 0) != free_one || the.m.group[k].length == 0) continue;
      *cell = s;
      return k;
    }
  }
  fail_msg("no such cell");
  return 0;
}

static void a_sound_image_passes(void **state) {
  (void)state;
  assert_int_equal(checked(), 0);
  assert_int_equal(rig_read(the.dev, PBL_REG_IMG_HASH), plain_sparse_hash(&the.m));
}

static void code_1_no_group_has_end(void **state) {
  (void)state;
  const int last = the.m.n_groups - 1;
  const uint32_t empty = FIRST | LAST;
  write_word(last, 0, the.m.schedule[last][0] & ~END & ~(uint32_t)TAIL);
  /* An earlier group of the last block keeps its TAIL only when there is none: make it so. */
  for (int k = 0; k < last; k++) {
    if (the.m.schedule[k][0] & TAIL) write_word(k, 0, the.m.schedule[k][0] & ~(uint32_t)TAIL);
  }
  for (int k = last + 1; k < 64; k++) write_word(k, 0, empty);
  assert_int_equal(checked(), CODE(1, 0));
}

static void code_2_list_beyond_the_memory(void **state) {
  (void)state;
  int s;
  const int k = find_cell(2, 0, &s);
  const uint32_t start = the.m.schedule[k][1], length = the.m.schedule[k][0] & 0xFFFFu;
  write_word(k, 1, 400 - length);
  assert_int_not_equal(checked() & 0xFF, 2);
  write_word(k, 1, 400 - length + 1);
  assert_int_equal(checked(), CODE(2, k));
  write_word(k, 1, 0x10000u | start); /* bit 16 counts, those above are not kept */
  assert_int_equal(checked(), CODE(2, k));
  write_word(k, 1, 0xFFFE0000u | start);
  assert_int_equal(checked(), 0);
  write_word(k, 0, (the.m.schedule[k][0] & 0xFFFF0000u) | 1025);
  assert_int_equal(checked(), CODE(2, k));
}

static void code_3_pbit_not_of_the_graph(void **state) {
  (void)state;
  int s;
  const int k = find_cell(3, 0, &s);
  write_word(k, 2 + 2 * s, VALID | 40);
  assert_int_equal(checked(), CODE(3, 40));
  write_word(k, 2 + 2 * s, 40); /* not valid: then it is missing */
  assert_int_equal(checked(), CODE(8, 39));
}

static void code_4_pbit_twice(void **state) {
  (void)state;
  int s, other;
  const int k = find_cell(0, 0, &s), late = find_cell(k + 1, 0, &other);
  write_word(late, 2 + 2 * other, the.m.schedule[k][2 + 2 * s]);
  assert_int_equal(checked(), CODE(4, the.m.group[k].pbit[s]));
}

static void code_5_flags(void **state) {
  (void)state;
  const int last = the.m.n_groups - 1;
  int begins = 1; /* the second block */
  while (!(the.m.schedule[begins][0] & FIRST)) begins++;
  const struct {
    int group;
    uint32_t toggle;
    int index;
  } cases[] = {
      {0, FIRST, 0},
      {begins, FIRST, begins},
      {begins - 1, LAST, the.m.schedule[begins - 1][0] & FIRST && begins == 1 ? 1 : begins},
      {last, LAST, last},
      {last, TAIL, last},
      {0, TAIL,
       the.m.schedule[0][0] & LAST ? 1
       : begins > 1                ? 1
                                   : begins},
      {begins, TAIL, begins + 1},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const uint32_t word = the.m.schedule[cases[i].group][0];
    write_word(cases[i].group, 0, word ^ cases[i].toggle);
    assert_int_equal(checked(), CODE(5, cases[i].index));
    write_word(cases[i].group, 0, word);
    assert_int_equal(checked(), 0);
  }
}

/* The entry of a p-bit's first neighbour. */
static void write_neighbour(int k, int s, uint32_t neighbour) {
  for (int d = 0; d < the.m.group[k].length; d++) {
    const int row = the.m.group[k].start + d;
    if (!(the.m.edges[row][2 * s] & VALID)) continue;
    the.m.edges[row][2 * s] = VALID | neighbour;
    sparse_write_row(the.dev, &the.m, row);
    return;
  }
  fail_msg("p-bit without neighbours");
}

static void code_6_neighbour_not_of_the_graph(void **state) {
  (void)state;
  int s;
  const int k = find_cell(4, 0, &s);
  write_neighbour(k, s, 47);
  assert_int_equal(checked(), CODE(6, the.m.group[k].pbit[s]));
}

static void code_7_neighbour_in_the_block(void **state) {
  (void)state;
  int s, other;
  const int k = find_cell(1, 0, &s), j = find_cell(k + 1, 0, &other);
  assert_int_equal(the.m.group[k].block, the.m.group[j].block);
  write_neighbour(k, s, (uint32_t)the.m.group[j].pbit[other]);
  assert_int_equal(checked(), CODE(7, the.m.group[k].pbit[s]));
  write_neighbour(k, s, (uint32_t)the.m.group[k].pbit[s]); /* itself */
  assert_int_equal(checked(), CODE(7, the.m.group[k].pbit[s]));
}

static void code_7_entry_of_no_pbit(void **state) {
  (void)state;
  int s;
  const int k = find_cell(0, 1, &s), row = the.m.group[k].start + the.m.group[k].length - 1;
  the.m.edges[row][2 * s] |= VALID;
  sparse_write_row(the.dev, &the.m, row);
  assert_int_equal(checked(), CODE(7, 65535));
}

static void code_8_too_few(void **state) {
  (void)state;
  rig_write(the.dev, PBL_REG_PBITS, 41);
  assert_int_equal(checked(), CODE(8, 40));
}

static int refused(uint32_t command) {
  rig_write(the.dev, PBL_REG_CTRL, command);
  const uint32_t status = rig_read(the.dev, PBL_REG_STATUS);
  assert_int_equal(status & PBL_STATUS_BUSY_MASK ? 1 : 0, status & PBL_STATUS_ERROR_MASK ? 0 : 1);
  rig_write(the.dev, PBL_REG_CTRL, PBL_CTRL_STOP_MASK);
  rig_advance(the.dev, RIG_FOREVER);
  rig_write(the.dev, PBL_REG_CTRL, PBL_CTRL_CLEAR_MASK);
  return (status & PBL_STATUS_ERROR_MASK) != 0;
}

static void a_start_needs_the_guard(void **state) {
  (void)state;
  rig_write(the.dev, PBL_REG_SWEEPS, 2);
  assert_true(refused(PBL_CTRL_START_MASK));
  assert_true(refused(PBL_CTRL_START_MASK | PBL_CTRL_CHECK_MASK)); /* and takes CHECK with it */
  assert_false(rig_read(the.dev, PBL_REG_STATUS) & PBL_STATUS_HASH_VALID_MASK);
  assert_int_equal(checked(), 0);
  assert_false(refused(PBL_CTRL_START_MASK));
  sparse_write_row(the.dev, &the.m, 0);
  assert_true(refused(PBL_CTRL_START_MASK));
  assert_int_equal(checked(), 0);
  rig_write(the.dev, PBL_REG_PBITS, 40);
  assert_true(refused(PBL_CTRL_START_MASK));
  assert_int_equal(checked(), 0);
  const uint32_t zero = 0; /* table and clamps change the hash alone */
  rig_image(the.dev, 2, 0, 0, &zero, 1);
  assert_false(rig_read(the.dev, PBL_REG_STATUS) & PBL_STATUS_HASH_VALID_MASK);
  assert_false(refused(PBL_CTRL_START_MASK));
}

static int refuses_word(uint32_t select, uint32_t row, uint32_t col, uint32_t word) {
  rig_image(the.dev, select, row, col, &word, 1);
  const int error = (rig_read(the.dev, PBL_REG_STATUS) & PBL_STATUS_ERROR_MASK) != 0;
  rig_write(the.dev, PBL_REG_CTRL, PBL_CTRL_CLEAR_MASK);
  return error;
}

/* 48 p-bits, 400 edge rows of 8 words, 64 groups of 10 words, 4 cells. */
static void image_writes_out_of_order_or_range_are_refused(void **state) {
  (void)state;
  assert_false(refuses_word(0, 399, 0, 47));
  assert_true(refuses_word(0, 399, 0, 48)); /* no such p-bit, valid or not */
  assert_true(refuses_word(0, 399, 0, VALID | 48));
  assert_true(refuses_word(0, 400, 0, 0));
  assert_true(refuses_word(0, 0, 1, 0));
  assert_false(refuses_word(5, 63, 0, 0));
  assert_false(refuses_word(5, 63, 1, 0));
  assert_true(refuses_word(5, 63, 2, VALID | 48));
  assert_false(refuses_word(5, 63, 2, 47));
  assert_true(refuses_word(5, 64, 0, 0));
  assert_true(refuses_word(7, 0, 0, 0));
  assert_false(refuses_word(3, 0, 0, 1));
  assert_true(refuses_word(3, 0, 2, 1));
  assert_true(refuses_word(3, 1, 0, 1));
  assert_false(refuses_word(2, 0, 47, 1));
  assert_true(refuses_word(2, 0, 48, 1));
  assert_false(refuses_word(4, 0, 19, 1)); /* the control generator's last word */
  assert_true(refuses_word(4, 0, 20, 1));
  static const uint32_t counts[] = {0, 49, 0xFFFFFFFFu};
  for (size_t k = 0; k < 3; k++) {
    rig_write(the.dev, PBL_REG_PBITS, counts[k]);
    assert_true(rig_read(the.dev, PBL_REG_STATUS) & PBL_STATUS_ERROR_MASK);
    rig_write(the.dev, PBL_REG_CTRL, PBL_CTRL_CLEAR_MASK);
    assert_int_equal(rig_read(the.dev, PBL_REG_PBITS), 40);
  }
}

/* Three kernels beside the cyclic one, of which the first that is written stays: KERNEL 1, COIN 4,
 * RANDOM 8. */
static void kernels_exclude_each_other(void **state) {
  (void)state;
  static const uint32_t kept[16] = {
      [1] = 1, [4] = 4, [5] = 1, [8] = 8, [9] = 1, [12] = 4, [13] = 1};
  for (uint32_t written = 0; written < 16; written++) {
    if (written & PBL_CONFIG_COUPLED_MASK) continue;
    rig_write(the.dev, PBL_REG_CTRL, PBL_CTRL_CLEAR_MASK);
    rig_write(the.dev, PBL_REG_CONFIG, written);
    assert_int_equal(rig_read(the.dev, PBL_REG_CONFIG), kept[written]);
    const bool error = rig_read(the.dev, PBL_REG_STATUS) & PBL_STATUS_ERROR_MASK;
    assert_int_equal(error, kept[written] != written);
  }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(a_sound_image_passes),
      TEST(code_1_no_group_has_end),
      TEST(code_2_list_beyond_the_memory),
      TEST(code_3_pbit_not_of_the_graph),
      TEST(code_4_pbit_twice),
      TEST(code_5_flags),
      TEST(code_6_neighbour_not_of_the_graph),
      TEST(code_7_neighbour_in_the_block),
      TEST(code_7_entry_of_no_pbit),
      TEST(code_8_too_few),
      TEST(a_start_needs_the_guard),
      TEST(image_writes_out_of_order_or_range_are_refused),
      TEST(kernels_exclude_each_other),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

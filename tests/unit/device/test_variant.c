/* The builder against a fake Verilator (a script that counts its calls) and the real C++ compiler.
 */
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "pbl_cmocka.h"
#include "pbl_variant.h"

static char g_root[512]; /* scratch folder of this program */

static const char *in_root(const char *name) {
  static char paths[4][800];
  static int next;
  next = (next + 1) % 4;
  snprintf(paths[next], sizeof paths[next], "%s/%s", g_root, name);
  return paths[next];
}

static void write_file(const char *name, const char *text) {
  FILE *f = fopen(in_root(name), "w");
  assert_non_null(f);
  fputs(text, f);
  fclose(f);
}

static size_t count_lines(const char *name) {
  FILE *f = fopen(in_root(name), "r");
  size_t n = 0;
  if (f == NULL) return 0;
  for (int c = fgetc(f); c != EOF; c = fgetc(f)) n += c == '\n';
  fclose(f);
  return n;
}

/* A source tree in small, and a "verilator" that sleeps $FAKE_SLEEP, appends a line to calls.txt
 * and fails when $FAKE_FAIL is set. */
static int set_up(void **state) {
  (void)state;
  static const char script[] =
      "#!/bin/sh\n"
      "here=$(dirname \"$0\")\n"
      "case $1 in\n"
      "  --version) echo 'Fake 1.0'; echo more; exit 0 ;;\n"
      "  --getenv) echo \"$here/vroot\"; exit 0 ;;\n"
      "esac\n"
      "echo \"$PWD $*\" >> \"$here/calls.txt\"\n"
      "sleep \"${FAKE_SLEEP:-0}\"\n"
      "test -z \"$FAKE_FAIL\" || { echo 'fake: cannot elaborate'; exit 7; }\n"
      "while [ $# -gt 0 ]; do [ \"$1\" = -Mdir ] && mdir=$2; shift; done\n"
      "echo 'int fake_model() { return 42; }' > \"$mdir/Vpbit.cpp\"\n"
      "printf 'VM_GLOBAL_FAST += \\\\\\n\\tverilated \\\\\\n\\n' > \"$mdir/Vpbit_classes.mk\"\n";
  snprintf(g_root, sizeof g_root, "%s", scratch_path(""));
  static const char *const folders[] = {"", "rtl", "sim", "sim/rtl", "vroot", "vroot/include"};
  for (size_t i = 0; i < 6; i++) mkdir(in_root(folders[i]), 0777);
  write_file("verilator", script);
  assert_int_equal(chmod(in_root("verilator"), 0755), 0);
  write_file("vroot/include/verilated.cpp", "int fake_runtime() { return 1; }\n");
  write_file("rtl/pbit.f", "pbit_top.sv\n");
  write_file("rtl/pbit_top.sv", "module pbit_top; endmodule\n");
  write_file("rtl/verilator.flags", "-Wall\n");
  write_file("sim/pbl_regs.h", "\n");
  write_file("sim/rtl/pbl_rtl_shim.cpp",
             "int fake_model(); int fake_runtime();\n"
             "extern \"C\" int pbl_rtl_api_get() { return fake_model() + fake_runtime(); }\n");
  setenv("PBITLOOP_VERILATOR", in_root("verilator"), 1);
  unsetenv("FAKE_SLEEP");
  unsetenv("FAKE_FAIL");
  return 0;
}

static pbl_status build(char path[1024], const char *cache, const pbl_hw *hw, pbl_progress *p,
                        pbl_error *err) {
  char cache_dir[800];
  snprintf(cache_dir, sizeof cache_dir, "%s", in_root(cache));
  const pbl_variant_options options = {.source_dir = g_root, .cache_dir = cache_dir};
  return pbl_variant_build(path, 1024, hw, &options, p, err);
}

static bool has_temporary_folder(const char *cache) {
  char command[900];
  snprintf(command, sizeof command, "ls '%s' | grep -q tmp", in_root(cache));
  return system(command) == 0;
}

static void variant_is_built_once_and_then_found(void **state) {
  (void)state;
  pbl_hw hw = pbl_hw_default();
  char first[1024], second[1024];
  pbl_error err = {0};
  remove(in_root("calls.txt"));
  if (build(first, "once", &hw, NULL, &err) != PBL_OK) fail_msg("%s", err.message);
  assert_int_equal(access(first, R_OK), 0);
  assert_int_equal(build(second, "once", &hw, NULL, NULL), PBL_OK);
  assert_string_equal(first, second);
  assert_int_equal(count_lines("calls.txt"), 1);
  assert_false(has_temporary_folder("once"));
}

static void verilator_gets_the_parameters_of_the_variant(void **state) {
  (void)state;
  pbl_hw hw = pbl_hw_default();
  char path[1024], call[4096] = "";
  hw.n_visible = 784;
  hw.field_bits = 0; /* least: 12 + ceil(log2 786) + 1 = 23 */
  hw.replicas = 2;
  hw.exchange = hw.statistics = hw.trace = 1;
  hw.stat_pairs = 7;
  hw.no_regulator = 1;
  remove(in_root("calls.txt"));
  assert_int_equal(build(path, "parameters", &hw, NULL, NULL), PBL_OK);
  FILE *f = fopen(in_root("calls.txt"), "r");
  assert_non_null(fgets(call, sizeof call, f));
  fclose(f);
  static const char *const expected[] = {"/rtl --cc -f verilator.flags -Mdir ",
                                         "-GVisible=784 ",
                                         "-GHidden=6 ",
                                         "-GWeightBits=12 ",
                                         "-GBetaBits=16 ",
                                         "-GTableLog2=10 ",
                                         "-GFieldBits=23 ",
                                         "-GIsSim=1 ",
                                         "-GRegulator=0 ",
                                         "-GExchange=1 ",
                                         "-GStatistics=1 ",
                                         "-GStatPairs=7 ",
                                         "-GTrace=1 ",
                                         "--top-module pbit_top ",
                                         "--prefix Vpbit ",
                                         " -f pbit.f"};
  for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
    if (strstr(call, expected[i]) == NULL) fail_msg("no '%s' in: %s", expected[i], call);
  }
}

static void key_follows_sources_and_parameters(void **state) {
  (void)state;
  pbl_hw hw = pbl_hw_default();
  char paths[4][1024];
  remove(in_root("calls.txt"));
  assert_int_equal(build(paths[0], "key", &hw, NULL, NULL), PBL_OK);
  hw.rounding = 0;
  assert_int_equal(build(paths[1], "key", &hw, NULL, NULL), PBL_OK);
  write_file("rtl/pbit_top.sv", "module pbit_top; wire x; endmodule\n");
  assert_int_equal(build(paths[2], "key", &hw, NULL, NULL), PBL_OK);
  write_file("rtl/pbit_top.sv", "module pbit_top; endmodule\n");
  assert_int_equal(build(paths[3], "key", &hw, NULL, NULL), PBL_OK);
  assert_string_not_equal(paths[0], paths[1]);
  assert_string_not_equal(paths[1], paths[2]);
  assert_string_equal(paths[1], paths[3]);
  assert_int_equal(count_lines("calls.txt"), 3);
}

static void two_processes_at_once_make_one_build(void **state) {
  (void)state;
  pbl_hw hw = pbl_hw_default();
  pid_t children[3];
  char path[1024];
  remove(in_root("calls.txt"));
  setenv("FAKE_SLEEP", "0.3", 1);
  for (int i = 0; i < 3; i++) {
    children[i] = fork();
    if (children[i] == 0) _exit(build(path, "together", &hw, NULL, NULL) == PBL_OK ? 0 : 1);
  }
  for (int i = 0; i < 3; i++) {
    int status = -1;
    waitpid(children[i], &status, 0);
    assert_int_equal(status, 0);
  }
  assert_int_equal(count_lines("calls.txt"), 1);
}

static void killed_build_is_not_taken_for_finished(void **state) {
  (void)state;
  pbl_hw hw = pbl_hw_default();
  char path[1024];
  remove(in_root("calls.txt"));
  setenv("FAKE_SLEEP", "1", 1);
  const pid_t child = fork();
  if (child == 0) _exit(build(path, "killed", &hw, NULL, NULL) == PBL_OK ? 0 : 1);
  while (count_lines("calls.txt") == 0) nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
  assert_true(has_temporary_folder("killed"));
  setenv("FAKE_SLEEP", "0", 1);
  assert_int_equal(build(path, "killed", &hw, NULL, NULL), PBL_OK);
  assert_int_equal(access(path, R_OK), 0);
  assert_int_equal(count_lines("calls.txt"), 2);
  assert_false(has_temporary_folder("killed"));
}

static void failing_tool_shows_the_end_of_its_output(void **state) {
  (void)state;
  pbl_hw hw = pbl_hw_default();
  char path[1024];
  pbl_error err = {0};
  setenv("FAKE_FAIL", "1", 1);
  assert_int_equal(build(path, "failing", &hw, NULL, &err), PBL_TOOL);
  assert_non_null(strstr(err.message, "fake: cannot elaborate"));
  assert_non_null(strstr(err.message, "exit status 7"));
  assert_false(has_temporary_folder("failing"));
}

static void unresolved_symbol_fails_the_build(void **state) {
  (void)state;
  pbl_hw hw = pbl_hw_default();
  char path[1024];
  pbl_error err = {0};
  write_file("sim/rtl/pbl_rtl_shim.cpp",
             "int absent();\nextern \"C\" int pbl_rtl_api_get() { return absent(); }\n");
  assert_int_equal(build(path, "unresolved", &hw, NULL, &err), PBL_TOOL);
  assert_non_null(strstr(err.message, "linker failed"));
}

static void missing_tool_names_the_package(void **state) {
  (void)state;
  pbl_hw hw = pbl_hw_default();
  char path[1024];
  pbl_error err = {0};
  setenv("PBITLOOP_VERILATOR", "no-such-verilator", 1);
  assert_int_equal(build(path, "missing", &hw, NULL, &err), PBL_NOT_FOUND);
  assert_non_null(strstr(err.message, "no-such-verilator"));
  assert_non_null(strstr(err.message, "apt-get install verilator g++"));
}

static bool stop_at_once(pbl_progress *self, const char *what, uint64_t done, uint64_t total) {
  (void)self;
  (void)what;
  (void)done;
  (void)total;
  return false;
}

static void interruption_ends_the_tools_and_leaves_nothing(void **state) {
  (void)state;
  pbl_hw hw = pbl_hw_default();
  char path[1024];
  pbl_progress stopper = {.report = stop_at_once};
  setenv("FAKE_SLEEP", "30", 1);
  const time_t start = time(NULL);
  assert_int_equal(build(path, "stopped", &hw, &stopper, NULL), PBL_INTERRUPTED);
  assert_true(time(NULL) - start < 10);
  assert_false(has_temporary_folder("stopped"));
}

static void damaged_object_is_built_anew(void **state) {
  (void)state;
  pbl_hw hw = pbl_hw_default();
  char path[1024];
  struct stat whole, again;
  assert_int_equal(build(path, "damaged", &hw, NULL, NULL), PBL_OK);
  assert_int_equal(stat(path, &whole), 0);
  assert_int_equal(truncate(path, whole.st_size / 2), 0);
  assert_int_equal(build(path, "damaged", &hw, NULL, NULL), PBL_OK);
  assert_int_equal(stat(path, &again), 0);
  assert_true(again.st_size == whole.st_size);
}

static void count_variant(void *ctx, const char *key, const char *text, uint64_t bytes) {
  assert_int_equal(strlen(key), 32);
  assert_non_null(strstr(text, "dense 6 x 6, 1 replicas"));
  assert_true(bytes > 1000);
  ++*(int *)ctx;
}

static void list_shows_every_cached_variant(void **state) {
  (void)state;
  pbl_hw hw = pbl_hw_default();
  char path[1024];
  int n = 0;
  const pbl_variant_options options = {.cache_dir = in_root("list")};
  assert_int_equal(pbl_variant_list(&options, count_variant, &n, NULL), PBL_OK);
  assert_int_equal(n, 0);
  assert_int_equal(build(path, "list", &hw, NULL, NULL), PBL_OK);
  hw.threshold_bits = 16;
  assert_int_equal(build(path, "list", &hw, NULL, NULL), PBL_OK);
  const pbl_variant_options again = {.cache_dir = in_root("list")};
  assert_int_equal(pbl_variant_list(&again, count_variant, &n, NULL), PBL_OK);
  assert_int_equal(n, 2);
}

#define TEST(f) cmocka_unit_test_setup(f, set_up)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(variant_is_built_once_and_then_found),
      TEST(verilator_gets_the_parameters_of_the_variant),
      TEST(key_follows_sources_and_parameters),
      TEST(two_processes_at_once_make_one_build),
      TEST(killed_build_is_not_taken_for_finished),
      TEST(damaged_object_is_built_anew),
      TEST(failing_tool_shows_the_end_of_its_output),
      TEST(unresolved_symbol_fails_the_build),
      TEST(missing_tool_names_the_package),
      TEST(interruption_ends_the_tools_and_leaves_nothing),
      TEST(list_shows_every_cached_variant),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

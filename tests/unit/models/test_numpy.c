/* Model folders exchanged with NumPy in both directions; skipped by name where it is missing. */
/* cmocka.h needs the four before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "pbl_model.h"
#include "scratch.h"

/* Runs numpy_model.py; its first line of output goes to `line`. Skips by name without NumPy. */
static void run_numpy(const char *action, const char *folder, char line[64]) {
  char command[2 * PATH_MAX];
  snprintf(command, sizeof command, "/usr/bin/python3 tests/unit/models/numpy_model.py %s '%s'",
           action, folder);
  FILE *pipe = popen(command, "r");
  assert_non_null(pipe);
  line[0] = 0;
  const char *got = fgets(line, 64, pipe);
  const int status = pclose(pipe);
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  if (code == 77 || code == 127) {
    print_message("skipped: needs /usr/bin/python3 with numpy (python3-numpy)\n");
    skip();
  }
  assert_int_equal(code, 0);
  assert_true(strcmp(action, "make") == 0 || got != NULL);
}

static void numpy_computes_the_same_energy_from_the_saved_files(void **state) {
  char folder[PATH_MAX], line[64];
  pbl_rbm *m;
  assert_int_equal(pbl_rbm_random(&m, 9, 4, 0.5, 0.5, 22, NULL), PBL_OK);
  assert_int_equal(pbl_rbm_save(m, scratch_path(folder, state, "m"), NULL), PBL_OK);
  signed char v[9], h[4];
  for (int i = 0; i < 9; i++) v[i] = i % 3 == 0 ? -1 : 1;
  for (int j = 0; j < 4; j++) h[j] = j % 2 == 1 ? -1 : 1;
  const double energy = pbl_rbm_energy(m, v, h);
  pbl_rbm_destroy(m);
  run_numpy("energy", folder, line);
  assert_true(fabs(strtod(line, NULL) - energy) < 1e-12);
}

static void model_written_by_numpy_loads(void **state) {
  char folder[PATH_MAX], line[64];
  pbl_rbm *m;
  run_numpy("make", scratch_path(folder, state, "m"), line);
  assert_int_equal(pbl_rbm_load(&m, folder, NULL), PBL_OK);
  assert_true(m->w[5] == 1.75f && m->w[1] == -0.25f && m->b[2] == 1.0f && m->c[1] == -1.0f);
  assert_true(m->beta == 0.5);
  assert_string_equal(m->name, "from numpy");
  pbl_rbm_destroy(m);
}

#define in_scratch(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      in_scratch(numpy_computes_the_same_energy_from_the_saved_files),
      in_scratch(model_written_by_numpy_loads),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

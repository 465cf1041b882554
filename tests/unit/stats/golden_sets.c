#include "golden_sets.h"

/* cmocka.h needs these headers before it */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <math.h>
#include <string.h>

#include "stats_samples.h"

void golden_fill(double *x, size_t *n_chains, size_t *n_draws, golden_set set) {
  static const double f[] = {1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0,
                             0, 0, 0, 1, 1, 1, 0, 0, 1, 0, 1, 1, 0, 0, 1, 0};
  *n_chains = set == SET_E ? 3 : set == SET_F ? 2 : 4;
  *n_draws = set == SET_E ? 999 : set == SET_F ? 16 : 1000;
  for (size_t c = 0; c < *n_chains; ++c) {
    double *chain = x + c * *n_draws;
    switch (set) {
      case SET_A:
        sample_two_state(chain, *n_draws, 0.8, 0.5, 1 + c);
        break;
      case SET_B:
        sample_two_state(chain, *n_draws, 0.95, 0.3, 11 + c);
        break;
      case SET_C:
        sample_ar1(chain, *n_draws, 0.9, 21 + c);
        break;
      case SET_D:
        sample_two_state(chain, *n_draws, -0.6, 0.5, 31 + c);
        break;
      case SET_E:
        sample_two_state(chain, *n_draws, 0.8, 0.5, 41 + c);
        break;
      default:
        memcpy(chain, f + c * 16, 16 * sizeof *f);
    }
  }
}

void assert_close(double value, double expected, double tolerance, const char *what, int set) {
  const double scale = expected != 0.0 ? fabs(expected) : 1.0;
  if (!(fabs(value - expected) < tolerance * scale)) {
    fail_msg("set %c, %s: %.15g, published %.15g", 'A' + set, what, value, expected);
  }
}

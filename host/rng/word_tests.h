/* The single tests behind the battery. Internal to host/rng. */
#ifndef WORD_TESTS_H
#define WORD_TESTS_H

#include <stddef.h>
#include <stdint.h>

#include "pbl_word_battery.h"

/* Each adds its members to r: counts them, and keeps the worst by p (r->p_value holds the smallest
 * uncorrected p until the battery corrects it; it starts at 1). words: n of lane `lane`. */
void word_test_monobit(pbl_word_result *r, const uint32_t *words, size_t n, int lane);
void word_test_poker(pbl_word_result *r, const uint32_t *words, size_t n, int lane);
void word_test_serial(pbl_word_result *r, const uint32_t *words, size_t n, int lane);
void word_test_cross(pbl_word_result *r, const uint32_t *a, const uint32_t *b, size_t n, int lane_a,
                     int lane_b);
void word_test_rank(pbl_word_result *r, const uint32_t *words, size_t n, int lane);
pbl_status word_test_complexity(pbl_word_result *r, const uint32_t *words, int lane,
                                pbl_error *err);

#endif

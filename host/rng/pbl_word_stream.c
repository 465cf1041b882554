#include "pbl_word_stream.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "pbl_lane_rng.h"

#define BLOCK_WORDS 16384u

pbl_word_options pbl_word_options_default(void) {
  return (pbl_word_options){.generator = PBL_GEN_XOSHIRO128PP,
                            .lfsr_steps = 32,
                            .lanes = 16,
                            .lane = 0,
                            .order = PBL_ORDER_LANE,
                            .seed = 1};
}

pbl_status pbl_word_options_check(const pbl_word_options *opt, pbl_error *err) {
  const struct {
    const char *name;
    int value, low, high;
  } ranges[] = {{"steps", opt->lfsr_steps, 1, 32},
                {"lanes", opt->lanes, 1, PBL_LANE_RNG_MAX},
                {"lane", opt->lane, 0, opt->lanes - 1}};
  for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
    if (ranges[i].value < ranges[i].low || ranges[i].value > ranges[i].high)
      return pbl_fail(err, PBL_USAGE, "%s %d is out of range %d..%d", ranges[i].name,
                      ranges[i].value, ranges[i].low, ranges[i].high);
  }
  return PBL_OK;
}

static void put_little_endian(uint8_t *out, uint32_t word) {
  for (int i = 0; i < 4; i++) out[i] = (uint8_t)(word >> (8 * i));
}

static void fill(uint8_t *bytes, size_t n, pbl_lane_rng *lanes, const pbl_word_options *opt,
                 size_t *turn) {
  for (size_t i = 0; i < n; i++) {
    const size_t lane = opt->order == PBL_ORDER_LANE ? (size_t)opt->lane : *turn;
    put_little_endian(bytes + 4 * i, pbl_lane_rng_next(&lanes[lane]));
    if (++*turn == (size_t)opt->lanes) *turn = 0;
  }
}

/* *done: bytes that the reader took. */
static pbl_status write_all(size_t *done, int fd, const uint8_t *bytes, size_t n, pbl_error *err) {
  *done = 0;
  while (*done < n) {
    const ssize_t k = write(fd, bytes + *done, n - *done);
    if (k > 0) {
      *done += (size_t)k;
    } else if (k < 0 && errno == EPIPE) {
      return PBL_OK;
    } else if (k < 0 && errno != EINTR) {
      return pbl_fail(err, PBL_IO, "cannot write random words: %s", strerror(errno));
    }
  }
  return PBL_OK;
}

pbl_status pbl_word_stream(uint64_t *n_written, int fd, const pbl_word_options *opt,
                           uint64_t n_words, pbl_progress *progress, pbl_error *err) {
  if (n_written) *n_written = 0;
  pbl_status st = pbl_word_options_check(opt, err);
  if (st) return st;
  pbl_lane_rng lanes[PBL_LANE_RNG_MAX];
  uint8_t bytes[4 * BLOCK_WORDS];
  pbl_lane_rng_seed(lanes, (size_t)opt->lanes, opt->generator, opt->lfsr_steps, opt->seed);
  uint64_t written = 0;
  size_t turn = 0;
  while (n_words == 0 || written < n_words) {
    const uint64_t left = n_words - written;
    const size_t n = n_words == 0 || left > BLOCK_WORDS ? BLOCK_WORDS : (size_t)left;
    size_t done;
    fill(bytes, n, lanes, opt, &turn);
    st = write_all(&done, fd, bytes, 4 * n, err);
    written += done / 4;
    if (n_written) *n_written = written;
    if (st || done < 4 * n) return st;
    if (!pbl_progress_report(progress, "streaming words", written, n_words))
      return n_words == 0 || written == n_words
                 ? PBL_OK
                 : pbl_fail(err, PBL_INTERRUPTED, "stopped after %llu of %llu words",
                            (unsigned long long)written, (unsigned long long)n_words);
  }
  return PBL_OK;
}

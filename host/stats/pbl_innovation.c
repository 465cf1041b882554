#include "pbl_innovation.h"

#include <stdlib.h>

#include "pbl_innovation_half.h"

#define BLOCK_ROWS 2048        /* draws x chains whose matrices are held at a time */
#define MAX_HALVES 4           /* two orders */
#define BLOCK_TERMS (1u << 17) /* longest inner product of one block */

static void work_free(pbl_half_work *work) {
  free(work->given);
  free(work->r);
  free(work->square);
  free(work->r_round);
  free(work->v_round);
}

static pbl_status work_create(pbl_half_work *work, const pbl_image *image, size_t n_chains,
                              size_t n_draws, pbl_error *err) {
  const size_t n_visible = (size_t)image->hw.n_visible, n_hidden = (size_t)image->hw.n_hidden;
  const size_t widest = image->sparse != NULL  ? 2 * image->sparse->n
                        : n_visible > n_hidden ? n_visible
                                               : n_hidden;
  size_t capacity = BLOCK_ROWS / n_chains;
  if (capacity > BLOCK_TERMS / widest) capacity = BLOCK_TERMS / widest;
  if (capacity > n_draws) capacity = n_draws;
  if (capacity == 0) capacity = 1;
  const size_t size = capacity * n_chains * widest;
  *work = (pbl_half_work){.capacity = capacity};
  work->given = malloc(size * sizeof(double));
  work->r = malloc(size * sizeof(double));
  work->square = malloc((image->sparse != NULL ? size : 1) * sizeof(double));
  work->r_round = malloc(size * sizeof(double));
  work->v_round = malloc(size * sizeof(double));
  if (work->given == NULL || work->r == NULL || work->square == NULL || work->r_round == NULL ||
      work->v_round == NULL) {
    return pbl_fail(err, PBL_NO_MEMORY, "innovation tests: %zu bytes of scratch: out of memory",
                    4 * size * sizeof(double));
  }
  return PBL_OK;
}

static void joint_free(pbl_joint_sums *joint) {
  free(joint->edge);
  free(joint->replica_r);
  free(joint->replica_v);
}

static pbl_status joint_create(pbl_joint_sums *joint, const pbl_image *image, size_t n_chains,
                               pbl_error *err) {
  const size_t n_edges = image->sparse != NULL
                             ? image->sparse->n_edges + 1
                             : (size_t)image->hw.n_visible * (size_t)image->hw.n_hidden;
  joint->edge = calloc(n_edges, sizeof *joint->edge);
  joint->replica_r = calloc(n_chains * n_chains, sizeof *joint->replica_r);
  joint->replica_v = calloc(n_chains * n_chains, sizeof *joint->replica_v);
  if (joint->edge == NULL || joint->replica_r == NULL || joint->replica_v == NULL) {
    return pbl_fail(err, PBL_NO_MEMORY, "innovation tests of %zu weights: out of memory", n_edges);
  }
  return PBL_OK;
}

static pbl_status check(const pbl_chains *chains, const pbl_image *image, size_t every,
                        pbl_error *err) {
  if (chains == NULL || image == NULL || every == 0) {
    return pbl_fail(err, PBL_INVALID, "innovation tests need chains, an image and every >= 1");
  }
  if (chains->n_pbits != (size_t)pbl_hw_pbits(&image->hw)) {
    return pbl_fail(err, PBL_INVALID, "chains of %zu p-bits cannot be tested with an image of %d",
                    chains->n_pbits, pbl_hw_pbits(&image->hw));
  }
  if (chains->n_chains == 0 || chains->n_recorded == 0 || chains->n_chains > BLOCK_TERMS) {
    return pbl_fail(err, PBL_INVALID,
                    "innovation tests need recorded draws: %zu chains x %zu draws",
                    chains->n_chains, chains->n_recorded);
  }
  return PBL_OK;
}

/* The two orders of the kernel coin, each on its own sweeps. */
static pbl_status create_coin_halves(pbl_half halves[MAX_HALVES], size_t *n_halves,
                                     const pbl_chains *chains, const pbl_image *image,
                                     uint32_t beta, size_t every, bool exact_sigmoid,
                                     pbl_error *err) {
  const size_t n_lags = every == 1 ? 2 : 1;
  if (chains->order == NULL)
    return pbl_fail(err, PBL_INVALID,
                    "innovation tests of the kernel coin need to know the order of each sweep");
  for (int reversed = 0; reversed < 2; ++reversed) {
    for (size_t lag = 0; lag < n_lags; ++lag) {
      /* the second half-sweep of A B is visible, so is the first of B A */
      const bool to_hidden = (lag == 0) == (reversed != 0);
      pbl_half *half = &halves[*n_halves];
      const pbl_status status =
          pbl_half_create(half, image, beta, exact_sigmoid, to_hidden, lag, chains->n_chains, err);
      if (status != PBL_OK) return status;
      half->sweeps = reversed ? PBL_SWEEPS_BA : PBL_SWEEPS_AB;
      ++*n_halves;
    }
  }
  return PBL_OK;
}

/* Whole sweeps from draw to draw, or the block that was updated last. */
static pbl_status create_graph(pbl_half *half, const pbl_chains *chains, const pbl_image *image,
                               uint32_t beta, bool exact_sigmoid, bool whole, bool backward,
                               pbl_error *err) {
  const size_t last = backward ? 0 : image->sparse->n_blocks - 1;
  return pbl_half_create_graph(half, image, beta, exact_sigmoid, whole ? SIZE_MAX : last, backward,
                               chains->n_chains, err);
}

static pbl_status create_graphs(pbl_half halves[MAX_HALVES], size_t *n_halves,
                                const pbl_chains *chains, const pbl_image *image, uint32_t beta,
                                pbl_kernel kernel, size_t every, bool exact_sigmoid,
                                pbl_error *err) {
  if (kernel == PBL_KERNEL_RANDOM_SITE)
    return pbl_fail(
        err, PBL_INVALID,
        "innovation tests: recorded states do not show which p-bits random_site picked");
  const bool coin = kernel == PBL_KERNEL_COIN, palindromic = kernel == PBL_KERNEL_PALINDROMIC;
  if (coin && chains->order == NULL)
    return pbl_fail(err, PBL_INVALID,
                    "innovation tests of the kernel coin need to know the order of each sweep");
  pbl_status status = create_graph(&halves[0], chains, image, beta, exact_sigmoid,
                                   !palindromic && every == 1, palindromic, err);
  if (status != PBL_OK) return status;
  *n_halves = 1;
  if (!coin) return PBL_OK;
  status = create_graph(&halves[1], chains, image, beta, exact_sigmoid, every == 1, true, err);
  if (status != PBL_OK) return status;
  *n_halves = 2;
  halves[0].sweeps = PBL_SWEEPS_AB;
  halves[1].sweeps = PBL_SWEEPS_BA;
  return PBL_OK;
}

/* Which half-sweeps can be reconstructed from the recorded states; see the header. */
static pbl_status create_halves(pbl_half halves[MAX_HALVES], size_t *n_halves,
                                const pbl_chains *chains, const pbl_image *image, uint32_t beta,
                                pbl_kernel kernel, size_t every, bool exact_sigmoid,
                                pbl_error *err) {
  const bool palindromic = kernel == PBL_KERNEL_PALINDROMIC;
  pbl_status status = PBL_OK;
  if (image->sparse != NULL)
    return create_graphs(halves, n_halves, chains, image, beta, kernel, every, exact_sigmoid, err);
  if (kernel == PBL_KERNEL_COIN)
    return create_coin_halves(halves, n_halves, chains, image, beta, every, exact_sigmoid, err);
  if (!palindromic) {
    status =
        pbl_half_create(&halves[0], image, beta, exact_sigmoid, false, 0, chains->n_chains, err);
    if (status != PBL_OK) return status;
    *n_halves = 1;
  }
  if (palindromic || every == 1) {
    status = pbl_half_create(&halves[*n_halves], image, beta, exact_sigmoid, true,
                             palindromic ? 0 : 1, chains->n_chains, err);
    if (status == PBL_OK) ++*n_halves;
  }
  return status;
}

static pbl_status add_all(pbl_half *halves, size_t n_halves, pbl_joint_sums *joint,
                          pbl_half_work *work, const pbl_chains *chains, int threads,
                          pbl_progress *progress, pbl_error *err) {
  for (size_t first = 0; first < chains->n_recorded; first += work->capacity) {
    if (!pbl_progress_report(progress, "innovation tests", first, chains->n_recorded)) {
      return pbl_fail(err, PBL_INTERRUPTED, "innovation tests stopped after %zu of %zu draws",
                      first, chains->n_recorded);
    }
    size_t last = first + work->capacity;
    if (last > chains->n_recorded) last = chains->n_recorded;
    for (size_t h = 0; h < n_halves; ++h) {
      const size_t start = first < halves[h].lag ? halves[h].lag : first;
      if (start >= last) continue;
      pbl_half_add(&halves[h], joint, work, chains, start, last - start, threads);
    }
  }
  (void)pbl_progress_report(progress, "innovation tests", chains->n_recorded, chains->n_recorded);
  return PBL_OK;
}

static pbl_status test(pbl_innovation_report *out, const pbl_chains *chains, const pbl_image *image,
                       uint32_t beta, pbl_kernel kernel, size_t every, bool selected,
                       bool exact_sigmoid, int threads, pbl_progress *progress, pbl_error *err) {
  if (out == NULL) return pbl_fail(err, PBL_INVALID, "innovation tests: no report to fill");
  *out = (pbl_innovation_report){0};
  pbl_status status = check(chains, image, every, err);
  if (status != PBL_OK) return status;

  pbl_half halves[MAX_HALVES] = {0};
  size_t n_halves = 0;
  pbl_joint_sums joint = {0};
  pbl_half_work work = {0};
  status = create_halves(halves, &n_halves, chains, image, beta, kernel, every, exact_sigmoid, err);
  for (size_t h = 0; selected && h < n_halves; ++h) halves[h].sweeps = PBL_SWEEPS_AB;
  if (status == PBL_OK) status = joint_create(&joint, image, chains->n_chains, err);
  if (status == PBL_OK) {
    status = work_create(&work, image, chains->n_chains, chains->n_recorded, err);
  }
  if (status != PBL_OK) goto done;

  status = add_all(halves, n_halves, &joint, &work, chains, threads, progress, err);
  /* an interrupted test still reports on the draws it has seen */
  for (size_t h = 0; h < n_halves; ++h) pbl_half_fold(&halves[h]);
  pbl_innovation_judge(out, halves, n_halves, &joint, chains->n_chains);
done:
  for (size_t h = 0; h < MAX_HALVES; ++h) pbl_half_free(&halves[h]);
  joint_free(&joint);
  work_free(&work);
  return status;
}

pbl_status pbl_innovation_test(pbl_innovation_report *out, const pbl_chains *chains,
                               const pbl_image *image, uint32_t beta, pbl_kernel kernel,
                               size_t every, bool exact_sigmoid, int threads,
                               pbl_progress *progress, pbl_error *err) {
  return test(out, chains, image, beta, kernel, every, false, exact_sigmoid, threads, progress,
              err);
}

pbl_status pbl_innovation_test_selected(pbl_innovation_report *out, const pbl_chains *chains,
                                        const pbl_image *image, uint32_t beta, pbl_kernel kernel,
                                        size_t every, int threads, pbl_progress *progress,
                                        pbl_error *err) {
  if (chains == NULL || chains->order == NULL || kernel == PBL_KERNEL_COIN)
    return pbl_fail(err, PBL_INVALID,
                    "innovation tests of selected draws need their order, and not the kernel coin");
  return test(out, chains, image, beta, kernel, every, true, false, threads, progress, err);
}

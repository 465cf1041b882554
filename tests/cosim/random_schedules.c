/* random_schedules N SEED: N schedules of random graphs into RTL and twin, most of them with a
 * planted violation. Both must find the same (GUARD, GUARD_OK, hash), as the plain guard says, and
 * both refuse to start where one was found. The variant is that of the cases with eight sites of
 * lockstep_sparse.yaml. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "pbl_rng.h"
#include "pbl_variant.h"
#include "plain_guard.h"
#include "sparse_rig.h"

static pbl_hw hardware(void) {
  const pbl_hw_sparse capacity = {.pbits = 64, .edge_rows = 256, .groups = 32, .sites = 8};
  pbl_hw hw = pbl_hw_default();
  pbl_hw_set_sparse(&hw, &capacity);
  hw.lanes = 2;
  hw.replicas = 4;
  hw.weight_int = 3;
  hw.table_size = 256;
  return hw;
}

typedef struct {
  uint32_t guard, hash, status, both;
} outcome;

/* Status after START and CHECK in one write to a device that has not been checked. */
static uint32_t refused_together(pbl_device *dev, const plain_sparse *m) {
  rig_write(dev, PBL_REG_PBITS, (uint32_t)m->n);
  rig_write(dev, PBL_REG_CTRL, PBL_CTRL_START_MASK | PBL_CTRL_CHECK_MASK);
  const uint32_t status = rig_read(dev, PBL_REG_STATUS);
  while (rig_read(dev, PBL_REG_STATUS) & PBL_STATUS_CHECKING_MASK) rig_advance(dev, 1000);
  rig_write(dev, PBL_REG_CTRL, PBL_CTRL_CLEAR_MASK);
  return status;
}

/* What a device finds, and its status after a START. */
static outcome judge(pbl_device *dev, const plain_sparse *m) {
  outcome o;
  sparse_upload(dev, m);
  rig_write(dev, PBL_REG_CTRL, PBL_CTRL_CHECK_MASK);
  while (rig_read(dev, PBL_REG_STATUS) & PBL_STATUS_CHECKING_MASK) rig_advance(dev, 1000);
  o.guard = rig_read(dev, PBL_REG_GUARD);
  o.hash = rig_read(dev, PBL_REG_IMG_HASH);
  rig_start(dev, 1, 0);
  o.status = rig_read(dev, PBL_REG_STATUS) &
             (PBL_STATUS_GUARD_OK_MASK | PBL_STATUS_ERROR_MASK | PBL_STATUS_HASH_VALID_MASK);
  while (rig_read(dev, PBL_REG_STATUS) & PBL_STATUS_BUSY_MASK) rig_advance(dev, 1000);
  rig_write(dev, PBL_REG_CTRL, PBL_CTRL_CLEAR_MASK);
  o.both = refused_together(dev, m);
  return o;
}

static bool one_schedule(pbl_device *rtl, pbl_device *twin, const pbl_hw *hw, uint64_t *seed,
                         int seen[9]) {
  static plain_sparse m;
  const int draw = (int)(pbl_splitmix64(seed) % 16), code = draw < 2 ? 0 : draw < 10 ? draw - 1 : 7;
  const int n = 16 + (int)(*seed >> 8 & 31), blocks = 2 + (int)(*seed >> 16 & 3);
  plain_sparse_create(&m, hw, n, blocks, 1, ++*seed);
  if (code > 0) plain_violate(&m, code, seed);
  const uint32_t wanted = plain_guard(&m);
  const outcome a = judge(rtl, &m), b = judge(twin, &m);
  plain_sparse_free(&m);
  seen[wanted & 0xFF]++;
  if (a.guard == wanted && b.guard == wanted && a.hash == b.hash && a.status == b.status &&
      a.both == PBL_STATUS_ERROR_MASK && b.both == a.both)
    return true;
  printf(
      "DIFFERS: guard 0x%08X wanted, rtl 0x%08X, twin 0x%08X; hash rtl 0x%08X, twin 0x%08X; status "
      "after START rtl 0x%02X, twin 0x%02X, after START and CHECK rtl 0x%02X, twin 0x%02X\n",
      wanted, a.guard, b.guard, a.hash, b.hash, a.status, b.status, a.both, b.both);
  return false;
}

int main(int argc, char **argv) {
  const pbl_hw hw = hardware();
  char path[4096];
  pbl_device *rtl = NULL, *twin = NULL;
  pbl_error err = {0};
  int seen[9] = {0}, n_bad = 0;
  const int n = argc > 1 ? atoi(argv[1]) : 20;
  uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
  pbl_status st = pbl_variant_build(path, sizeof path, &hw, NULL, NULL, &err);
  if (!st) st = pbl_rtl_open(&rtl, path, seed, &err);
  if (!st) st = pbl_twin_open(&twin, &hw, &err);
  for (int k = 0; !st && k < n; k++) n_bad += !one_schedule(rtl, twin, &hw, &seed, seen);
  if (rtl) rtl->ops->close(rtl);
  if (twin) twin->ops->close(twin);
  if (st) {
    fprintf(stderr, "%s\n", err.message);
    return 1;
  }
  for (int code = 0; code < 9; code++) printf("code %d: %d\n", code, seen[code]);
  printf("%s: %d of %d schedules\n", n_bad ? "DIFFERS" : "EQUAL", n_bad ? n_bad : n, n);
  return n_bad > 0;
}

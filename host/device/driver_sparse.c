/* The sparse fabric: its memories and its colour guard. */
#include "driver_internal.h"
#include "pbl_sparse_image.h"

pbl_status pbl_driver_write_sparse(pbl_driver *d, const pbl_image *image, pbl_progress *p,
                                   pbl_error *err) {
  size_t groups, rows;
  pbl_sparse_used(&groups, &rows, image);
  pbl_status s = PBL_WRITE(d, PBITS, (uint32_t)image->hw.n_visible, err);
  if (s == PBL_OK)
    s = pbl_driver_write_rows(d, PBL_TARGET_WEIGHTS, 0, rows, (size_t)pbl_hw_image_cols(&d->hw),
                              image->words, p, err);
  if (s == PBL_OK)
    s = pbl_driver_write_rows(d, PBL_TARGET_GROUPS, 0, groups, (size_t)pbl_hw_schedule_cols(&d->hw),
                              image->schedule, p, err);
  return s;
}

static const char *finding(uint32_t code) {
  static const char *const texts[] = {
      "nothing was found, but the graph has been changed since the last CHECK",
      "no group ends the schedule",
      "a group's list goes beyond the edge memory or is longer than 1024: group",
      "the schedule names a p-bit that the graph does not have: p-bit",
      "the schedule names a p-bit twice: p-bit",
      "the marks of first, last and final groups contradict each other: group",
      "a neighbour is none of the graph's p-bits; it is in the list of p-bit",
      "two neighbours are in one block, so they would be updated together; one is p-bit",
      "the schedule does not name all p-bits; it names",
  };
  return code < sizeof texts / sizeof texts[0] ? texts[code]
                                               : "a finding that this host does not know:";
}

pbl_status pbl_driver_guard(pbl_driver *d, pbl_error *err) {
  if (d->hw.fabric != PBL_FABRIC_SPARSE) return PBL_OK;
  uint32_t status, guard;
  pbl_status s = PBL_READ(d, &status, STATUS, err);
  if (s == PBL_OK) s = PBL_READ(d, &guard, GUARD, err);
  if (s != PBL_OK || (status & PBL_STATUS_GUARD_OK_MASK)) return s;
  const uint32_t code = PBL_FIELD(guard, GUARD_CODE), index = PBL_FIELD(guard, GUARD_INDEX);
  if (code == 7 && index == 0xFFFF)
    return pbl_fail(
        err, PBL_DEVICE,
        "%s device: the colour guard refuses to sample (code 7): a cell without a p-bit "
        "has neighbours",
        d->dev->ops->name);
  if (code <= 1)
    return pbl_fail(err, PBL_DEVICE, "%s device: the colour guard refuses to sample (code %u): %s",
                    d->dev->ops->name, code, finding(code));
  return pbl_fail(err, PBL_DEVICE, "%s device: the colour guard refuses to sample (code %u): %s %u",
                  d->dev->ops->name, code, finding(code), index);
}

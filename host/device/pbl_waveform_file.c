#include "pbl_waveform_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "variant_internal.h"

#define MAX_BEFORE 10000000   /* clocks before the trigger: 16 bytes of memory each */
#define MAX_AHEAD (1ll << 62) /* sums of clocks stay in 64 bits */
#define NUMBER_LIMIT (1ull << 62)

struct pbl_waveform {
  char path[PATH_MAX];   /* where it goes */
  char folder[PATH_MAX]; /* private, below the folder of temporary files; "": none */
  char file[PATH_MAX];   /* in it */
  const char *case_name; /* borrowed, or NULL */
  pbl_waveform_window window;
  pbl_waveform_record record;
  pbl_device *dev; /* while it records */
  uint64_t cycles; /* of the device at the end */
  bool armed, begun, ended;
  bool of_others; /* path holds what was there before */
  pbl_status status;
  pbl_error error;
};

static const char *const k_triggers[PBL_N_TRIGGERS] = {
    [PBL_TRIGGER_START] = "start",      [PBL_TRIGGER_TEMPERATURE] = "temperature",
    [PBL_TRIGGER_RUN] = "run",          [PBL_TRIGGER_SWEEP] = "sweep",
    [PBL_TRIGGER_STALL] = "stall",      [PBL_TRIGGER_FIFO_FULL] = "fifo-full",
    [PBL_TRIGGER_EXCHANGE] = "exchange"};

void pbl_waveform_triggers_text(char *text, size_t size) {
  size_t n = 0;
  for (int k = 0; k < PBL_N_TRIGGERS && n < size; k++)
    n += (size_t)snprintf(text + n, size - n, "%s%s", k ? ", " : "", k_triggers[k]);
}

/* ---- window ---- */

static bool parse_clock(int64_t *out, const char **text, char end) {
  char *stop = NULL;
  errno = 0;
  const long long value = strtoll(*text, &stop, 10);
  if (errno != 0 || stop == *text || value > MAX_AHEAD || value < -MAX_AHEAD) return false;
  if (*stop != end && !(end == ',' && *stop == '\0')) return false;
  *out = value;
  *text = *stop ? stop + 1 : stop;
  return true;
}

static pbl_status parse_trigger(pbl_waveform_window *w, const char *text, pbl_error *err) {
  char known[128];
  const size_t length = strcspn(text, ":");
  pbl_waveform_triggers_text(known, sizeof known);
  w->number = 1;
  for (w->trigger = 0; w->trigger < PBL_N_TRIGGERS; w->trigger++) {
    const char *name = k_triggers[w->trigger];
    if (strlen(name) == length && memcmp(name, text, length) == 0) break;
  }
  if (w->trigger == PBL_N_TRIGGERS)
    return pbl_fail(err, PBL_USAGE, "--waveform-window: no trigger '%s'; there are %s", text,
                    known);
  if (text[length] == '\0') return PBL_OK;
  char *stop = NULL;
  errno = 0;
  w->number = strtoull(text + length + 1, &stop, 10);
  if (errno != 0 || *stop != '\0' || text[length + 1] < '0' || text[length + 1] > '9' ||
      w->number < 1 || w->number > NUMBER_LIMIT || w->trigger == PBL_TRIGGER_START)
    return pbl_fail(err, PBL_USAGE,
                    "--waveform-window: '%s': a trigger is a name, or NAME:N with N from 1, but "
                    "for start",
                    text);
  return PBL_OK;
}

static pbl_status parse_window(pbl_waveform_window *w, const char *text, pbl_error *err) {
  const char *rest = text;
  if (!parse_clock(&w->from, &rest, ':') || !parse_clock(&w->to, &rest, ','))
    return pbl_fail(
        err, PBL_USAGE,
        "--waveform-window: '%s' is not A:B or A:B,TRIGGER with whole numbers of clocks", text);
  if (w->from >= w->to)
    return pbl_fail(err, PBL_USAGE,
                    "--waveform-window: %" PRId64 ":%" PRId64
                    " is empty: the clocks are A, A + 1, .. up to B - 1",
                    w->from, w->to);
  const pbl_status s =
      parse_trigger(w, *rest || text[strlen(text) - 1] == ',' ? rest : "start", err);
  if (s != PBL_OK) return s;
  if (w->trigger == PBL_TRIGGER_START && w->from < 0)
    return pbl_fail(err, PBL_USAGE,
                    "--waveform-window: no clock is before the trigger start: A must be 0 or more");
  if (w->from < -MAX_BEFORE)
    return pbl_fail(err, PBL_USAGE,
                    "--waveform-window: %" PRId64 ": at most %d clocks before the trigger are kept",
                    w->from, MAX_BEFORE);
  return PBL_OK;
}

/* ---- file ---- */

static pbl_status fail_file(const char *path, const char *what, pbl_error *err) {
  return pbl_fail(err, PBL_IO, "--waveform %s: %s: %s", path, what, strerror(errno));
}

/* Can it be written? Without blocking: a pipe may be there. */
static pbl_status check_target(pbl_waveform *w, const char *path, pbl_error *err) {
  struct stat at;
  const int fd = open(path, O_WRONLY | O_CREAT | O_NONBLOCK | O_CLOEXEC, 0666);
  if (fd < 0) return fail_file(path, "cannot create", err);
  const bool fits = fstat(fd, &at) == 0 && (S_ISREG(at.st_mode) || S_ISCHR(at.st_mode));
  close(fd);
  w->of_others = fits && at.st_size > 0;
  return fits ? PBL_OK : pbl_fail(err, PBL_IO, "--waveform %s: it is there and no file", path);
}

static pbl_status check_path(pbl_waveform *w, const char *path, pbl_error *err) {
  const size_t n = strlen(path);
  if (n < 5 || strcmp(path + n - 4, ".fst") != 0)
    return pbl_fail(err, PBL_USAGE, "--waveform %s: the name must end in .fst", path);
  const pbl_status s = pbl_variant_path(w->path, err, "%s", path);
  if (s != PBL_OK) return s;
  return check_target(w, path, err);
}

pbl_status pbl_waveform_create(pbl_waveform **out, const char *path, const char *window,
                               const char *case_name, pbl_error *err) {
  pbl_waveform *w = calloc(1, sizeof *w);
  *out = NULL;
  if (w == NULL) return pbl_fail(err, PBL_NO_MEMORY, "waveform: no memory");
  w->case_name = case_name;
  pbl_status s = parse_window(&w->window, window != NULL ? window : "0:2000", err);
  if (s == PBL_OK) s = check_path(w, path, err);
  if (s != PBL_OK) {
    free(w);
    return s;
  }
  *out = w;
  return PBL_OK;
}

static void remove_regular(const char *path) {
  struct stat st;
  if (stat(path, &st) == 0 && S_ISREG(st.st_mode)) remove(path);
}

void pbl_waveform_destroy(pbl_waveform *w) {
  if (w == NULL) return;
  /* nothing was written: the empty file of create; or cut off */
  if ((w->record.n_cycles == 0 || w->status != PBL_OK) && !w->of_others) remove_regular(w->path);
  if (w->folder[0] != '\0') pbl_remove_tree(w->folder);
  free(w);
}

void pbl_waveform_arm(pbl_waveform *w, const char *case_name) {
  if (w != NULL) w->armed = w->case_name == NULL || strcmp(w->case_name, case_name) == 0;
}

bool pbl_waveform_is_wanted(const pbl_waveform *w) {
  return w != NULL && w->armed && !w->begun;
}

/* Bytes of a busy clock, as measured: 80 of control, and 3 for each local field that is summed. */
static double estimate(const pbl_waveform *w, const pbl_hw *hw) {
  const int sites = hw->fabric == PBL_FABRIC_LATTICE  ? hw->lattice.sites
                    : hw->fabric == PBL_FABRIC_SPARSE ? hw->sparse.sites
                                                      : hw->n_hidden;
  const double clocks = (double)w->window.to - (double)w->window.from;
  return 2e4 + clocks * (80.0 + 3.0 * sites * hw->lanes);
}

static const char *temporary(void) {
  const char *named = getenv("TMPDIR");
  return named != NULL && named[0] != '\0' ? named : "/tmp";
}

pbl_status pbl_waveform_check_room(const pbl_waveform *w, const pbl_hw *hw, pbl_error *err) {
  struct statvfs room;
  const double bytes = estimate(w, hw);
  if (statvfs(temporary(), &room) != 0) return PBL_OK; /* it will show */
  const double available = (double)room.f_bavail * (double)room.f_frsize;
  if (bytes <= available) return PBL_OK;
  return pbl_fail(err, PBL_IO,
                  "--waveform %s: %.0f clocks take about %.3g GB, and %s has room for %.3g GB: ask "
                  "for a shorter window",
                  w->path, (double)w->window.to - (double)w->window.from, 1e-9 * bytes, temporary(),
                  1e-9 * available);
}

static pbl_status make_folder(pbl_waveform *w, const char *parent, pbl_error *err) {
  pbl_status s = pbl_variant_path(w->folder, err, "%s/pbitloop-XXXXXX", parent);
  if (s == PBL_OK && mkdtemp(w->folder) == NULL) {
    s = fail_file(w->folder, "cannot create a temporary folder", err);
    w->folder[0] = '\0';
  }
  return s == PBL_OK ? pbl_variant_path(w->file, err, "%s/w.fst", w->folder) : s;
}

pbl_status pbl_waveform_begin(pbl_waveform *w, pbl_device *dev, const pbl_hw *hw, pbl_progress *p,
                              pbl_error *err) {
  const double bytes = estimate(w, hw);
  w->begun = true;
  pbl_status s = make_folder(w, temporary(), err);
  w->window.path = w->file;
  if (s == PBL_OK) s = pbl_device_waveform_begin(dev, &w->window, err);
  if (s != PBL_OK) return s;
  if (bytes > 1e8)
    pbl_progress_note(p, "waveform: up to about %.1f GB in %s", 1e-9 * bytes, w->path);
  w->dev = dev;
  return PBL_OK;
}

/* ---- end ---- */

/* The writer of the FST reports no failed write. Its blocks, each a byte and a length in 8 bytes,
 * most significant first, must fill the file. */
static pbl_status check_blocks(const char *path, pbl_error *err) {
  FILE *f = fopen(path, "rb");
  if (f == NULL) return fail_file(path, "cannot read", err);
  uint64_t at = 0;
  unsigned char head[9];
  bool whole = fseeko(f, 0, SEEK_END) == 0;
  const uint64_t size = whole ? (uint64_t)ftello(f) : 0;
  while (whole && at < size) {
    uint64_t length = 0;
    whole = fseeko(f, (off_t)at, SEEK_SET) == 0 && fread(head, 1, sizeof head, f) == sizeof head;
    for (int k = 1; whole && k < 9; k++) length = length << 8 | head[k];
    whole = whole && length >= 8 && length < size && head[0] != 255;
    at += 1 + length;
  }
  fclose(f);
  if (whole && at == size && size > 0) return PBL_OK;
  return pbl_fail(err, PBL_IO, "%s: the waveform is cut: is there room for temporary files?", path);
}

static pbl_status copy_file(const char *to, const char *from, pbl_error *err) {
  static const size_t size = 1 << 16;
  char *buffer = malloc(size);
  if (buffer == NULL) return pbl_fail(err, PBL_NO_MEMORY, "waveform: no memory");
  pbl_status s = PBL_OK;
  size_t n;
  FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
  if (in == NULL || out == NULL) s = fail_file(to, "cannot create", err);
  while (s == PBL_OK && (n = fread(buffer, 1, size, in)) > 0)
    if (fwrite(buffer, 1, n, out) != n) s = fail_file(to, "cannot write", err);
  if (out != NULL && fclose(out) != 0 && s == PBL_OK) s = fail_file(to, "cannot write", err);
  if (in != NULL) fclose(in);
  free(buffer);
  return s;
}

static pbl_status put_in_place(pbl_waveform *w, pbl_error *err) {
  char save[PATH_MAX];
  pbl_status s = check_blocks(w->file, err);
  if (s == PBL_OK) w->of_others = false;
  if (s == PBL_OK) s = copy_file(w->path, w->file, err);
  if (s == PBL_OK) s = pbl_variant_path(save, err, "%.*s.gtkw", (int)strlen(w->path) - 4, w->path);
  return s == PBL_OK ? pbl_waveform_save_file(save, w->path, w->record.trigger_cycle, err) : s;
}

void pbl_waveform_end(pbl_waveform *w) {
  if (w == NULL || w->dev == NULL) return;
  w->cycles = w->dev->ops->cycles(w->dev);
  w->status = pbl_device_waveform_end(w->dev, &w->record, &w->error);
  w->dev = NULL;
  w->ended = true;
  if (w->status == PBL_OK && w->record.n_cycles > 0) w->status = put_in_place(w, &w->error);
}

void pbl_waveform_drop(pbl_waveform *w) {
  if (w != NULL) w->dev = NULL;
}

pbl_status pbl_waveform_report(const pbl_waveform *w, FILE *out, pbl_error *err) {
  if (w == NULL || !w->ended) return PBL_OK;
  if (w->status != PBL_OK) {
    if (err != NULL) *err = w->error;
    return w->status;
  }
  const pbl_waveform_record *r = &w->record;
  const uint64_t asked = (uint64_t)(w->window.to - w->window.from);
  char trigger[64];
  snprintf(trigger, sizeof trigger, "%s", k_triggers[w->window.trigger]);
  if (w->window.number > 1)
    snprintf(trigger, sizeof trigger, "%s:%" PRIu64, k_triggers[w->window.trigger],
             w->window.number);
  if (!r->triggered) {
    fprintf(out, "waveform: %s never came in %" PRIu64 " clocks; %s was not written\n", trigger,
            w->cycles, w->path);
  } else if (r->n_cycles == 0) {
    fprintf(out,
            "waveform: %s came at clock %" PRIu64 ", and of the window none of the %" PRIu64
            " clocks; %s was not written\n",
            trigger, r->trigger_cycle, w->cycles, w->path);
  } else {
    fprintf(out,
            "waveform: %s (%" PRIu64 " bytes): %" PRIu64 " clocks from clock %" PRIu64
            ", %s at clock %" PRIu64 "%s; gtkwave %s %.*s.gtkw\n",
            w->path, r->file_bytes, r->n_cycles, r->first_cycle, trigger, r->trigger_cycle,
            r->n_cycles < asked ? "; the device had no more of the window" : "", w->path,
            (int)strlen(w->path) - 4, w->path);
  }
  return PBL_OK;
}

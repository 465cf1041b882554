/* Waveform of a run: which window, of which device, to which file (docs/waveforms.md). One object
 * per command; begin and end may fail without harm to the run, report tells. Not thread-safe. */
#ifndef PBL_WAVEFORM_FILE_H
#define PBL_WAVEFORM_FILE_H

#include <stdbool.h>
#include <stdio.h>

#include "pbl_device.h"
#include "pbl_progress.h"

typedef struct pbl_waveform pbl_waveform;

/* path: ends in .fst; window: "A:B" or "A:B,TRIGGER" or "A:B,TRIGGER:N" in clocks relative to the
 * trigger, NULL: 0:2000,start. USAGE names what is wrong, IO when the file cannot be made. An older
 * file is emptied here. case_name (borrowed): only of this case; NULL: of any. */
pbl_status pbl_waveform_create(pbl_waveform **out, const char *path, const char *window,
                               const char *case_name, pbl_error *err);
void pbl_waveform_destroy(pbl_waveform *w);
/* "start, temperature, ..." */
void pbl_waveform_triggers_text(char *text, size_t size);

/* The next compiled RTL variant that is opened is one of this case. NULL: nothing. */
void pbl_waveform_arm(pbl_waveform *w, const char *case_name);
/* Armed, and nothing has begun: the variant must be one with waveforms. NULL: false. */
bool pbl_waveform_is_wanted(const pbl_waveform *w);
/* Before the variant is built: IO when the estimated size has no room. */
pbl_status pbl_waveform_check_room(const pbl_waveform *w, const pbl_hw *hw, pbl_error *err);
/* Directly after opening. dev (borrowed until end) is the compiled variant itself. IO. */
pbl_status pbl_waveform_begin(pbl_waveform *w, pbl_device *dev, const pbl_hw *hw, pbl_progress *p,
                              pbl_error *err);
/* Before the device is closed: puts the file, and a save file of GTKWave beside it, in their place.
 * NULL and not begun: nothing. Failures are kept for report. */
void pbl_waveform_end(pbl_waveform *w);
/* The device was closed by somebody else, because something failed: there is no waveform. */
void pbl_waveform_drop(pbl_waveform *w);
/* At the command's end, one line on `out`; a trigger that never came is no error. IO, DEVICE: what
 * end has met. NULL: nothing. */
pbl_status pbl_waveform_report(const pbl_waveform *w, FILE *out, pbl_error *err);

/* Save file of GTKWave for the waveform at `path`, whose trigger is at `clock`; one that
 * GTKWave itself has saved stays. IO. */
pbl_status pbl_waveform_save_file(const char *path, const char *fst, uint64_t clock,
                                  pbl_error *err);

#endif

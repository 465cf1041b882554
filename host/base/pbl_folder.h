/* Folders that a run writes into. */
#ifndef PBL_FOLDER_H
#define PBL_FOLDER_H

#include "pbl_error.h"
#include "pbl_progress.h"

#define PBL_FOLDER_LOCK ".pbitloop.lock" /* in the folder, while a run writes into it */

/* Creates a folder and those above it; OK when it is there. INVALID, IO. */
pbl_status pbl_make_folders(const char *path, pbl_error *err);

/* A folder that one run has for itself. */
typedef struct pbl_folder pbl_folder;

/* Creates it where it is missing, and locks it until pbl_folder_close or the end of the process,
 * by a kill as well. CONFIG when another run has it: the message names the process. A file system
 * without locks is told as a note, and the run goes on. INVALID, IO, NO_MEMORY. */
pbl_status pbl_folder_open(pbl_folder **out, const char *path, pbl_progress *progress,
                           pbl_error *err);
/* Lets others in; folders that pbl_folder_open made and that are still empty go away. */
void pbl_folder_close(pbl_folder *f);

#endif

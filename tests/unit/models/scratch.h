/* A temporary folder for tests that write files. */
#ifndef PBL_TEST_SCRATCH_H
#define PBL_TEST_SCRATCH_H

#include <limits.h>
#include <stddef.h>

/* cmocka setup and teardown: *state is the folder's name, removed with all its files at the end. */
int scratch_setup(void **state);
int scratch_teardown(void **state);
/* "folder/file" in a buffer that the caller owns; returns `path`. */
const char *scratch_path(char path[PATH_MAX], void *const *state, const char *file);
/* Writes n bytes; 0 on success. */
int scratch_write(const char *path, const void *data, size_t n);

#endif

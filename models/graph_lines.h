/* Lines of a text file, plain or gzip, with words and numbers read strictly. Internal to models. */
#ifndef GRAPH_LINES_H
#define GRAPH_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <zlib.h>

#include "pbl_error.h"

enum { GRAPH_LINE = 4096, GRAPH_CHUNK = 65536, GRAPH_WORDS = 8 };

typedef struct {
  gzFile file;
  const char *path;
  char chunk[GRAPH_CHUNK];
  size_t at, have;
  bool ended;
  char line[GRAPH_LINE]; /* present line without its end */
  size_t number;         /* of the present line, from 1 */
  char split[GRAPH_LINE];
  char *word[GRAPH_WORDS];
  size_t n_words; /* of the present line; beyond GRAPH_WORDS only counted */
} graph_lines;

/* NOT_FOUND, IO (a folder, too), FORMAT for damaged gzip data. Close in any case. Reads the first
 * chunk, so that a caller may look at it. */
pbl_status graph_lines_open(graph_lines *r, const char *path, pbl_error *err);
void graph_lines_close(graph_lines *r);
/* The next line, split into words at blanks. *more is false at the end. FORMAT for a line that is
 * too long or holds a NUL. */
pbl_status graph_lines_next(graph_lines *r, bool *more, pbl_error *err);
/* The same, but skips empty lines and those that start with the character `comment`. */
pbl_status graph_lines_next_data(graph_lines *r, bool *more, char comment, pbl_error *err);
/* FORMAT "file:line: message" about the present line. */
pbl_status graph_line_refuse(const graph_lines *r, pbl_error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Word k as a whole number in low..high; `what` names it in the message. */
pbl_status graph_word_count(size_t *out, const graph_lines *r, size_t k, const char *what,
                            size_t low, size_t high, pbl_error *err);
/* Word k as a finite decimal number. */
pbl_status graph_word_number(double *out, const graph_lines *r, size_t k, const char *what,
                             pbl_error *err);
/* Words of `text` (which is cut up); returns their number, at most the first GRAPH_WORDS of which
 * are kept. */
size_t graph_split_words(char *text, char *word[GRAPH_WORDS]);
bool graph_is_number(const char *word);

#endif

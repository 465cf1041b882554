#include "pbl_error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The arguments may point into err->message, so every text is completed before it is stored. */
pbl_status pbl_fail(pbl_error *err, pbl_status status, const char *format, ...) {
  if (err == NULL) return status;
  char text[sizeof err->message];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  err->status = status;
  memcpy(err->message, text, strlen(text) + 1);
  return status;
}

pbl_status pbl_wrap(pbl_error *err, pbl_status status, const char *format, ...) {
  if (err == NULL) return status;
  char text[sizeof err->message];
  va_list args;
  va_start(args, format);
  const int written = vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (written < 0) text[0] = '\0';
  const char *const parts[] = {": ", err->message};
  size_t used = strlen(text);
  for (size_t i = 0; i < 2; i++) {
    const size_t room = sizeof text - 1 - used;
    const size_t n = strnlen(parts[i], room);
    memcpy(text + used, parts[i], n);
    used += n;
  }
  text[used] = '\0';
  memcpy(err->message, text, used + 1);
  return err->status;
}

const char *pbl_status_text(pbl_status status) {
  switch (status) {
#define PBL_X(name, code, text) \
  case PBL_##name:              \
    return text;
    PBL_STATUS_LIST(PBL_X)
#undef PBL_X
  }
  return "unknown status";
}

int pbl_status_exit_code(pbl_status status) {
  switch (status) {
#define PBL_X(name, code, text) \
  case PBL_##name:              \
    return code;
    PBL_STATUS_LIST(PBL_X)
#undef PBL_X
  }
  return 3;
}

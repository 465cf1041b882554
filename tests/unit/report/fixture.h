/* A made-up comparison with two cases, for tests of the report only: the first agrees, the second
 * differs, has unknown numbers everywhere and a name that attacks HTML, JSON and terminals. */
#ifndef PBL_TEST_REPORT_FIXTURE_H
#define PBL_TEST_REPORT_FIXTURE_H

#include "pbl_report.h"

#define HOSTILE_NAME "</script><script>alert(1)</script>&\"'\033[2J"

typedef struct {
  pbl_compare_config config;
  pbl_result result;
} fixture;

fixture *fixture_create(void); /* NULL when out of memory */
void fixture_destroy(fixture *x);

#endif

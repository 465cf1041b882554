/* Shared by the three faces of a result; not for other rooms. */
#ifndef PBL_REPORT_INTERNAL_H
#define PBL_REPORT_INTERNAL_H

#include "pbl_json.h"
#include "pbl_report.h"

/* Files embedded at build time (embed.cmake). */
typedef struct {
  const unsigned char *data;
  size_t size;
} pbl_report_asset;
extern const pbl_report_asset pbl_report_style, pbl_report_page_style, pbl_report_script;
extern const pbl_report_asset pbl_report_uplot_style, pbl_report_uplot_script;

/* Buffer sizes that hold any number, and any value with its interval, at up to 6 digits. */
#define PBL_NUMBER_CHARS 16
#define PBL_ESTIMATE_CHARS 64

/* `digits` significant digits (1..6), at most `digits` decimals, "1.2e5" outside [0.01, 1e5); NaN
 * is
 * "-". At 3 digits no text is longer than 6 characters for |x| in [1e-9, 1e10) and x >= 0. */
void pbl_report_number(char out[PBL_NUMBER_CHARS], double x, int digits);
/* As above with an explicit "+" for positive values. */
void pbl_report_signed(char out[PBL_NUMBER_CHARS], double x, int digits);
/* "12.3 [11.1, 13.6]"; "-" when nothing is known. */
void pbl_report_estimate(char out[PBL_ESTIMATE_CHARS], pbl_estimate e, int digits);
/* A tau without its resolution is no result: "12.3 [11.1, 13.6]", "> 40.2 unresolved", "frozen". */
void pbl_report_tau(char out[PBL_ESTIMATE_CHARS], const pbl_tau_report *t, int digits);
/* Effective sample size, "-" unless resolved. */
void pbl_report_ess(char out[PBL_NUMBER_CHARS], const pbl_tau_report *t, int digits);
/* Relative number as percentage with sign and interval: "+0.012 % [-0.03, 0.05]". */
void pbl_report_percent(char out[PBL_ESTIMATE_CHARS], pbl_estimate e, int digits);
/* "all 9 gates passed" or "2 of 9 gates failed: <deciding gate>". */
void pbl_report_reason(char *out, size_t size, const pbl_case_result *c);
/* Verdict and exit code of the run: INCOMPLETE and 3 while a case of the config is missing. */
const char *pbl_report_run_verdict(const pbl_result *r);
int pbl_report_run_exit_code(const pbl_result *r);
size_t pbl_report_failed_gates(const pbl_case_result *c);
const char *pbl_report_backend_name(const pbl_result *r);
/* Largest and root mean square |device - reference|; NaN when there is no pair. */
void pbl_report_scatter_difference(const pbl_scatter *s, double *max_abs, double *rms);
/* Implied beta error as an estimate. */
pbl_estimate pbl_report_beta_error(const pbl_innovation_report *r);
/* Worst family (least p-value), or NULL when no family was tested. */
const pbl_innovation_result *pbl_report_worst_family(const pbl_innovation_report *r);

/* INVALID when a pointer that the writers need is missing. */
pbl_status pbl_report_check(const pbl_result *r, const char *path, pbl_error *err);

/* Writes the whole report object; with `plots` also traces, moments and images. */
pbl_status pbl_report_emit(pbl_json *j, const pbl_result *r, bool plots, pbl_error *err);

/* Text for an HTML document: & < > " ' escaped, control characters replaced. */
void pbl_report_escape(FILE *f, const char *text);
void pbl_report_print_exchange(FILE *f, const pbl_case_result *c); /* nothing without ladder */
void pbl_report_html_exchange(FILE *f, const pbl_case_result *c);
void pbl_report_print_statistics(FILE *f, const pbl_case_result *c); /* nothing without unit */
void pbl_report_html_statistics(FILE *f, const pbl_case_result *c);
void pbl_report_html_case(FILE *f, const pbl_result *r, size_t index);

#endif

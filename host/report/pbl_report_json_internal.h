/* Pieces of report.json shared by the two files that write it. */
#ifndef PBL_REPORT_JSON_INTERNAL_H
#define PBL_REPORT_JSON_INTERNAL_H

#include "pbl_report_internal.h"

void pbl_report_emit_curve(pbl_json *j, const char *key, const double *v, size_t n);
void pbl_report_emit_u64(pbl_json *j, const char *key, uint64_t v);
void pbl_report_emit_size(pbl_json *j, const char *key, size_t v); /* SIZE_MAX: null */
void pbl_report_emit_estimate(pbl_json *j, const char *key, pbl_estimate e);

void pbl_report_emit_innovation(pbl_json *j, const char *key, const pbl_innovation_report *r);
void pbl_report_emit_gates(pbl_json *j, const pbl_case_result *c);
void pbl_report_emit_moments(pbl_json *j, const char *key, const pbl_scatter *s, bool plots);
void pbl_report_emit_energy(pbl_json *j, const pbl_energy_report *e);
void pbl_report_emit_reference(pbl_json *j, const pbl_reference_report *r);
void pbl_report_emit_exchange(pbl_json *j, const pbl_exchange_report *r);
void pbl_report_emit_statistics(pbl_json *j, const pbl_unit_report *r);
void pbl_report_emit_device_pairs(pbl_json *j, const pbl_case_result *c);

#endif

/* The drawn plots of one case, each a <figure> that stays readable without scripts and in print; a
 * plot without data is a <figure> that says so. Not for other rooms. */
#ifndef PBL_REPORT_PLOT_H
#define PBL_REPORT_PLOT_H

#include "pbl_report_internal.h"
#include "pbl_svg.h"

void pbl_plot_activation(FILE *f, const pbl_case_result *c);
void pbl_plot_beta(FILE *f, const pbl_case_result *c);
void pbl_plot_qq(FILE *f, const pbl_case_result *c);
void pbl_plot_energy(FILE *f, const pbl_case_result *c);
void pbl_plot_meeting(FILE *f, const pbl_case_result *c);
/* Nothing at all where no replicas were coupled. */
void pbl_plot_device_meeting(FILE *f, const pbl_case_result *c);
void pbl_plot_times(FILE *f, const pbl_case_result *c);
void pbl_plot_correlation(FILE *f, const pbl_case_result *c);
void pbl_plot_traces(FILE *f, const pbl_case_result *c);
/* Nothing at all where the temperature was not regulated. */
void pbl_plot_regulation(FILE *f, const pbl_case_result *c);

/* beta as the device holds it. */
double pbl_plot_device_beta(const pbl_case_result *c);
/* Probability that a gate whose smallest visible error of beta is known fails at an error of 1 %,
 * its statistic taken as normal; NaN for other gates. */
double pbl_plot_power_at_one_percent(const pbl_gate *g);
/* A <figure> with one sentence instead of a plot. */
void pbl_plot_nothing(FILE *f, const char *kind, const char *sentence);

#endif

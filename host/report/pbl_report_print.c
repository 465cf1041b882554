/* The printed summary: at most 100 columns, plain ASCII, colour only when asked. */
#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "pbl_report_internal.h"

#define WIDTH 100
#define N_COLUMNS 7

typedef struct {
  FILE *f;
  const pbl_result *r;
  const pbl_case_result *c;
  bool colour;
} printer;

typedef struct {
  char cell[N_COLUMNS][PBL_ESTIMATE_CHARS];
} row;

static const char *const headings[N_COLUMNS] = {
    "observable", "tau hardware", "tau reference", "ratio", "ESS hw", "ESS ref", "exact"};

static const char *paint(const printer *p, const char *code) {
  return p->colour ? code : "";
}
static const char *plain(const printer *p) {
  return paint(p, "\033[0m");
}

static const char *verdict_paint(const printer *p, pbl_verdict v) {
  if (v == PBL_AGREES) return paint(p, "\033[1;32m");
  return paint(p, v == PBL_DIFFERS ? "\033[1;31m" : "\033[1;33m");
}

/* Names come from files: a control character must not reach the terminal. */
static void put(FILE *f, const char *text, size_t n) {
  for (size_t i = 0; i < n; i++) fputc(iscntrl((unsigned char)text[i]) ? '?' : text[i], f);
}

/* Prints words from column `column` on; later lines start at `indent`. Ends the line. */
static void put_wrapped(FILE *f, size_t column, size_t indent, const char *text) {
  bool first = true;
  for (;;) {
    text += strspn(text, " \n\t");
    size_t n = strcspn(text, " \n\t");
    if (!n) break;
    if (!first && column + 1 + n > WIDTH) {
      fprintf(f, "\n%*s", (int)indent, "");
      column = indent;
      first = true;
    }
    if (!first) fputc(' ', f), column++;
    if (column + n > WIDTH) n = WIDTH - column; /* a word longer than a line is cut into lines */
    put(f, text, n);
    column += n;
    text += n;
    first = false;
  }
  fputc('\n', f);
}

__attribute__((format(printf, 3, 4))) static void line(const printer *p, const char *label,
                                                       const char *format, ...) {
  char text[1024];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  fprintf(p->f, "  %-22s ", label);
  put_wrapped(p->f, 25, 27, text);
}

static void print_case_header(const printer *p) {
  const pbl_case_result *c = p->c;
  char text[256], every[32], sizes[64], rungs[48] = "";
  if (c->config->every == 1)
    snprintf(every, sizeof every, "sweep");
  else
    snprintf(every, sizeof every, "%d sweeps", c->config->every);
  if (c->n_blocks > 0) {
    snprintf(sizes, sizeof sizes, "%d p-bits in %d block%s", c->n_visible, c->n_blocks,
             c->n_blocks > 1 ? "s" : "");
  } else {
    snprintf(sizes, sizeof sizes, "V %d x H %d", c->n_visible, c->n_hidden);
  }
  if (c->exchange.n_rungs > 0)
    snprintf(rungs, sizeof rungs, " (%zu rungs x %zu)", c->exchange.n_rungs, c->exchange.n_lanes);
  snprintf(text, sizeof text, "%s   %d chains%s x %d draws, every %s   kernel %s   backend %s",
           sizes, c->config->chains, rungs, c->config->draws, every,
           pbl_kernel_name(c->config->kernel), pbl_report_backend_name(p->r));
  const size_t name = strlen(c->name);
  fprintf(p->f, "\n%s", paint(p, "\033[1m"));
  put(p->f, c->name, name);
  fputs(plain(p), p->f);
  if (name + 3 + strlen(text) > WIDTH) {
    fprintf(p->f, "\n  %s\n", text);
  } else {
    fprintf(p->f, "   %s\n", text);
  }
}

/* Row i of the table; the row after the last observable is Q_op. */
static void fill_row(row *out, const pbl_case_result *c, size_t i, int digits) {
  if (i < c->n_observables) {
    const pbl_observable *o = &c->observables[i];
    snprintf(out->cell[0], sizeof out->cell[0], "%.*s", (int)sizeof o->name, o->name);
    pbl_report_tau(out->cell[1], &o->device.tau, digits);
    pbl_report_tau(out->cell[2], &o->reference.tau, digits);
    pbl_report_estimate(out->cell[3], o->tau_ratio, digits);
    pbl_report_ess(out->cell[4], &o->device.tau, digits);
    pbl_report_ess(out->cell[5], &o->reference.tau, digits);
    pbl_report_number(out->cell[6], o->exact_tau, digits);
  } else {
    snprintf(out->cell[0], sizeof out->cell[0], "Q_op, K = %d", c->config->q_window);
    pbl_report_estimate(out->cell[1], c->q_op.device.q, digits);
    pbl_report_estimate(out->cell[2], c->q_op.reference.q, digits);
    pbl_report_estimate(out->cell[3], c->q_op.ratio, digits);
    snprintf(out->cell[4], sizeof out->cell[4], "-");
    snprintf(out->cell[5], sizeof out->cell[5], "-");
    pbl_report_number(out->cell[6], c->q_op.exact, digits);
  }
}

/* Column widths for these digits; returns the columns that all but the name take. */
static int measure(int width[N_COLUMNS], const pbl_case_result *c, int digits) {
  int others = 0;
  for (int k = 0; k < N_COLUMNS; k++) width[k] = (int)strlen(headings[k]);
  for (size_t i = 0; i <= c->n_observables; i++) {
    row r;
    fill_row(&r, c, i, digits);
    for (int k = 0; k < N_COLUMNS; k++) {
      const int n = (int)strlen(r.cell[k]);
      if (n > width[k]) width[k] = n;
    }
  }
  for (int k = 1; k < N_COLUMNS; k++) others += width[k];
  return others;
}

static void print_row(const printer *p, const row *r, const int width[N_COLUMNS], int gap) {
  const int name = (int)strlen(r->cell[0]);
  fputs("  ", p->f);
  if (name > width[0]) {
    put(p->f, r->cell[0], (size_t)(width[0] - 2));
    fputs("..", p->f);
  } else {
    put(p->f, r->cell[0], (size_t)name);
    fprintf(p->f, "%*s", width[0] - name, "");
  }
  for (int k = 1; k < N_COLUMNS; k++)
    fprintf(p->f, "%*s%*s", gap, "", k < 4 ? -width[k] : width[k], r->cell[k]);
  fputc('\n', p->f);
}

static void print_table(const printer *p) {
  int width[N_COLUMNS], digits = 3, gap = 2, others = measure(width, p->c, digits);
  /* Too wide: first closer columns, then fewer digits. A name keeps at least 10 columns. */
  while (2 + 10 + others + (N_COLUMNS - 1) * gap > WIDTH && digits > 1) {
    if (gap == 2) {
      gap = 1;
      continue;
    }
    others = measure(width, p->c, --digits);
  }
  const int room = WIDTH - 2 - others - (N_COLUMNS - 1) * gap;
  if (width[0] > room) width[0] = room > 3 ? room : 3;

  row r;
  for (int k = 0; k < N_COLUMNS; k++) snprintf(r.cell[k], sizeof r.cell[k], "%s", headings[k]);
  fputs(paint(p, "\033[2m"), p->f);
  print_row(p, &r, width, gap);
  fputs(plain(p), p->f);
  for (size_t i = 0; i <= p->c->n_observables; i++) {
    fill_row(&r, p->c, i, digits);
    print_row(p, &r, width, gap);
  }
  fputs("  tau in sweeps (half-Sokal), intervals 95 %; ESS in draws of all chains\n", p->f);
}

static void print_innovation(const printer *p, const char *label, const pbl_innovation_report *r) {
  char n[PBL_NUMBER_CHARS], beta[PBL_ESTIMATE_CHARS], pv[PBL_NUMBER_CHARS], z[PBL_NUMBER_CHARS];
  if (!r->n_updates) {
    line(p, label, "not tested");
    return;
  }
  const pbl_innovation_result *w = pbl_report_worst_family(r);
  pbl_report_number(n, (double)r->n_updates, 4);
  pbl_report_percent(beta, pbl_report_beta_error(r), 3);
  pbl_report_number(pv, r->p_value, 3);
  pbl_report_number(z, w ? w->z : NAN, 3);
  line(p, label, "%s updates, implied beta error %s, p = %s, worst %s |z| = %s", n, beta, pv,
       w ? w->name : "-", z);
  if (r->n_impossible)
    line(p, "", "%llu outcomes had probability zero", (unsigned long long)r->n_impossible);
}

static void print_quantisation(const printer *p) {
  const pbl_quantisation *q = &p->c->quantisation;
  char max[PBL_NUMBER_CHARS], rms[PBL_NUMBER_CHARS], tv[PBL_NUMBER_CHARS], beta[PBL_ESTIMATE_CHARS];
  pbl_report_number(max, q->max_abs_error, 3);
  pbl_report_number(rms, q->rms_error, 3);
  pbl_report_number(tv, p->c->tv_quantised_ideal, 3);
  pbl_report_percent(beta, (pbl_estimate){q->beta_error, NAN, NAN}, 3);
  line(p, "quantisation", "saturated %zu of %zu, error max %s rms %s, beta %s, TV to ideal %s",
       q->n_saturated, q->n_parameters, max, rms, beta, tv);
  if (q->n_zeroed > 0)
    line(p, "", "%zu of %zu weights and fields round to 0 (hw.weight_frac)", q->n_zeroed,
         q->n_parameters);
}

static void print_speed(const printer *p) {
  char a[PBL_NUMBER_CHARS], b[PBL_NUMBER_CHARS], s[PBL_NUMBER_CHARS], t[PBL_NUMBER_CHARS];
  pbl_report_number(a, p->c->device_updates_per_second, 3);
  pbl_report_number(b, p->c->reference_updates_per_second, 3);
  pbl_report_number(s, p->c->device_seconds, 3);
  pbl_report_number(t, p->c->reference_seconds, 3);
  line(p, "p-bit updates/s", "hardware %s (%s s, %llu cycles), reference %s (%s s)", a, s,
       (unsigned long long)p->c->device_cycles, b, t);
}

static void print_reference(const printer *p) {
  const pbl_reference_report *r = &p->c->reference;
  const char *rung = pbl_reference_rung_name(r->rung), *reason = r->reason ? r->reason : "";
  char mean[PBL_NUMBER_CHARS], q95[PBL_NUMBER_CHARS], upper[PBL_NUMBER_CHARS];
  if (!r->n_pairs) {
    line(p, "reference", "%s: %s", rung, reason);
    return;
  }
  if (!isfinite(r->meeting_q95)) {
    line(p, "reference", "%s: %s; %zu of %zu coupled pairs met: no bound from them", rung, reason,
         r->n_met, r->n_pairs);
    return;
  }
  pbl_report_number(mean, r->meeting_mean, 3);
  pbl_report_number(q95, r->meeting_q95, 3);
  pbl_report_number(upper, r->tv_bound_upper, 2);
  line(p, "reference",
       "%s: %s; %zu of %zu coupled pairs met, after %s sweeps (95 %%: %s); TV after burn-in <= %s",
       rung, reason, r->n_met, r->n_pairs, mean, q95, upper);
}

static void print_device_pairs(const printer *p) {
  const pbl_device_pairs_report *r = &p->c->device_pairs;
  char mean[PBL_NUMBER_CHARS], q95[PBL_NUMBER_CHARS], upper[PBL_NUMBER_CHARS];
  char energy[PBL_NUMBER_CHARS], error[PBL_NUMBER_CHARS], wanted[PBL_NUMBER_CHARS];
  if (!r->n_pairs) return;
  if (!r->means) {
    line(p, "coupled replicas", "%zu of %zu pairs met", r->n_met, r->n_pairs);
    return;
  }
  pbl_report_number(mean, r->meeting_mean, 3);
  pbl_report_number(q95, r->meeting_q95, 3);
  pbl_report_number(upper, r->tv_bound_upper, 2);
  pbl_report_number(energy, r->means[0].value, 5);
  pbl_report_number(error, r->means[0].error, 2);
  pbl_report_number(wanted, r->means[0].reference, 5);
  line(p, "coupled replicas",
       "%zu pairs met after %s sweeps (95 %%: %s); TV after burn-in <= %s; unbiased energy %s +- "
       "%s, reference %s",
       r->n_pairs, mean, q95, upper, energy, error, wanted);
}

static void print_regulation(const printer *p) {
  const pbl_regulation_report *r = &p->c->regulation;
  if (r->n_adapting == 0) return;
  const size_t last = r->n_windows - 1;
  line(p, "temperature",
       "%zu windows: T %.4g -> %.4g, flip rate %.4f -> %.4f, then frozen at beta %.6g; while "
       "adapting %s (innovations p = %.2g)",
       r->n_adapting, r->temperature[0], 1.0 / r->frozen_beta, r->flip_rate[0], r->flip_rate[last],
       r->frozen_beta, r->p_value < 1e-4 ? "DIFFERS" : "AGREES", r->p_value);
}

/* One line for a gate that passed; the others explain themselves. */
static void print_gates(const printer *p) {
  static const char *const words[] = {"pass", "FAIL", "skip"};
  static const char *const colours[] = {"\033[32m", "\033[31m", "\033[33m"};
  for (size_t i = 0; i < p->c->n_gates; i++) {
    const pbl_gate *g = &p->c->gates[i];
    char statistic[PBL_NUMBER_CHARS], pv[PBL_NUMBER_CHARS], alpha[PBL_NUMBER_CHARS],
        see[PBL_NUMBER_CHARS], text[640];
    pbl_report_number(statistic, g->statistic, 3);
    pbl_report_number(pv, g->p_value, 3);
    pbl_report_number(alpha, g->alpha, 2);
    pbl_report_number(see, g->would_see, 3);
    size_t n = (size_t)snprintf(text, sizeof text, "%s", g->name ? g->name : "gate");
    if (!isnan(g->statistic)) n += (size_t)snprintf(text + n, sizeof text - n, " %s", statistic);
    if (!isnan(g->p_value))
      n += (size_t)snprintf(text + n, sizeof text - n, ", p = %s (alpha %s)", pv, alpha);
    if (g->would_see_of && !isnan(g->would_see))
      n += (size_t)snprintf(text + n, sizeof text - n, ", would see %s (%s)", see, g->would_see_of);
    if (g->status != PBL_GATE_PASSED && g->detail[0])
      snprintf(text + n, sizeof text - n, ": %s", g->detail);
    const size_t status = (size_t)g->status < 3 ? (size_t)g->status : 2;
    fprintf(p->f, "  %s%s%s  ", paint(p, colours[status]), words[status], plain(p));
    put_wrapped(p->f, 8, 8, text);
  }
}

static void print_verdict(const printer *p) {
  char reason[512], text[640];
  pbl_report_reason(reason, sizeof reason, p->c);
  snprintf(text, sizeof text, "(%s)", reason);
  const char *name = pbl_verdict_name(p->c->verdict);
  fprintf(p->f, "  %sVERDICT %s%s ", verdict_paint(p, p->c->verdict), name, plain(p));
  put_wrapped(p->f, 11 + strlen(name), 4, text);
}

static void print_total(const printer *p) {
  size_t n[4] = {0};
  for (size_t i = 0; i < p->r->n_cases; i++)
    if ((int)p->r->cases[i].verdict < 4) n[p->r->cases[i].verdict]++;
  fprintf(p->f, "\n%s%s%s: %zu cases", verdict_paint(p, p->r->verdict),
          pbl_report_run_verdict(p->r), plain(p), p->r->n_cases);
  if (p->r->n_cases < (size_t)p->r->config->n_cases) fprintf(p->f, " of %d", p->r->config->n_cases);
  for (int v = 0; v < 4; v++)
    if (n[v]) fprintf(p->f, ", %zu %s", n[v], pbl_verdict_name((pbl_verdict)v));
  fprintf(p->f, " (exit code %d)\n", pbl_report_run_exit_code(p->r));
}

void pbl_report_print(FILE *f, const pbl_result *r, bool colour) {
  if (pbl_report_check(r, "", NULL) != PBL_OK) {
    fputs("no result to print\n", f);
    return;
  }
  printer p = {.f = f, .r = r, .colour = colour};
  for (size_t i = 0; i < r->n_cases; i++) {
    p.c = &r->cases[i];
    print_case_header(&p);
    print_table(&p);
    print_innovation(&p, "innovations hardware", &p.c->innovation_device);
    print_innovation(&p, "innovations reference", &p.c->innovation_reference);
    print_quantisation(&p);
    print_speed(&p);
    print_regulation(&p);
    pbl_report_print_exchange(f, p.c);
    pbl_report_print_statistics(f, p.c);
    print_reference(&p);
    print_device_pairs(&p);
    print_gates(&p);
    print_verdict(&p);
  }
  if (r->n_cases != 1 || r->config->n_cases != 1) print_total(&p);
}

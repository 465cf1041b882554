#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pbl_cli.h"
#include "pbl_json.h"
#include "pbl_rng_ab.h"
#include "pbl_word_battery.h"

#define BATTERY_WORDS 131072u
#define EXIT_FAILED 10

static pbl_status run(int *exit_code, const pbl_arguments *arguments, pbl_error *err);

enum { GENERATOR, STEPS, LANES, ORDER, LANE, SEED, WORDS, STREAM, TEST, AB, SET, JSON, QUIET };

static const pbl_option options[] = {
    [GENERATOR] = {"generator", PBL_OPTION_VALUE, "NAME", NULL,
                   "xoshiro128++, lfsr32 or xorshift32"},
    [STEPS] = {"steps", PBL_OPTION_VALUE, "N", NULL, "shifts of lfsr32 per word, 1..32 (32)"},
    [LANES] = {"lanes", PBL_OPTION_VALUE, "L", NULL, "lanes of the device, 1..32 (16)"},
    [ORDER] = {"order", PBL_OPTION_VALUE, "ORDER", NULL,
               "lane: one lane's words; interleaved: all lanes in turn (lane)"},
    [LANE] = {"lane", PBL_OPTION_VALUE, "K", NULL, "which lane (0)"},
    [SEED] = {"seed", PBL_OPTION_VALUE, "S", NULL, "seed of all lanes (1); with --ab of the run"},
    [WORDS] = {"words", PBL_OPTION_VALUE, "N", NULL,
               "stream N words; with --test words per lane (131072)"},
    [STREAM] = {"stream", PBL_OPTION_FLAG, NULL, NULL, "stream words until the reader stops"},
    [TEST] = {"test", PBL_OPTION_FLAG, NULL, NULL, "built-in battery of tests"},
    [AB] = {"ab", PBL_OPTION_VALUE, "CONFIG", NULL, "effect on samples of the cases of CONFIG"},
    [SET] = {"set", PBL_OPTION_SET, "KEY=VALUE", NULL, "with --ab: change any key; repeatable"},
    [JSON] = {"json", PBL_OPTION_VALUE, "FILE", NULL, "results of --test or --ab also as JSON"},
    [QUIET] = {"quiet", PBL_OPTION_FLAG, NULL, NULL, "no progress, only the result"},
    {NULL, PBL_OPTION_FLAG, NULL, NULL, NULL}};

const pbl_command pbl_command_rng = {
    .name = "rng",
    .positional = NULL,
    .summary = "the device's random words: as a stream, tested, or by what they do to samples",
    .details =
        "--words and --stream write the words of the device's generators to standard output,\n"
        "32 bits each, least significant byte first, for external test programs:\n"
        "  pbitloop rng --stream | dieharder -g 200 -a\n"
        "  pbitloop rng --stream --order interleaved | RNG_test stdin32\n"
        "--test runs a small battery. It counts linear structure over F2 as a failure, which\n"
        "lfsr32 and xorshift32 have by construction; --ab says what that means for samples.\n"
        "--ab CONFIG samples every case of CONFIG on the bit-exact twin and compares with the\n"
        "exact law: total variation, tau, implied beta error, innovation tests, in one table. Any\n"
        "fabric, up to 16 p-bits.\n"
        "\n"
        "Exit code: 0 done, 10 a test of --test failed, 2 bad usage, 3 failure of the run.\n",
    .options = options,
    .run = run};

static pbl_status whole_number(uint64_t *out, const pbl_arguments *arguments, int option,
                               uint64_t most, pbl_error *err) {
  const char *text = arguments->values[option];
  if (text == NULL) return PBL_OK;
  char *end;
  const unsigned long long value = strtoull(text, &end, 10);
  if (text[0] < '0' || text[0] > '9' || *end != '\0' || strlen(text) > 19 || value > most)
    return pbl_fail(err, PBL_USAGE, "option --%s: '%s' is no whole number in 0..%llu",
                    options[option].name, text, (unsigned long long)most);
  *out = value;
  return PBL_OK;
}

static pbl_status small_number(int *out, const pbl_arguments *arguments, int option,
                               pbl_error *err) {
  uint64_t value = (uint64_t)*out;
  const pbl_status st = whole_number(&value, arguments, option, 1000, err);
  *out = (int)value;
  return st;
}

/* *out: which of n names the option's value is; as it was when the option is not given. */
static pbl_status choice(int *out, const pbl_arguments *arguments, int option,
                         const char *const *names, size_t n, pbl_error *err) {
  const char *text = arguments->values[option];
  char known[80] = "";
  if (text == NULL) return PBL_OK;
  for (size_t k = 0; k < n; k++) {
    const size_t used = strlen(known);
    if (strcmp(text, names[k]) == 0) {
      *out = (int)k;
      return PBL_OK;
    }
    snprintf(known + used, sizeof known - used, "%s%s", k > 0 ? ", " : "", names[k]);
  }
  const char *near = pbl_did_you_mean(text, names, n);
  return pbl_fail(err, PBL_USAGE, "option --%s: '%s' is none of %s%s%s", options[option].name, text,
                  known, near ? "; did you mean " : "", near ? near : "");
}

static pbl_status word_options(pbl_word_options *out, const pbl_arguments *a, pbl_error *err) {
  const char *const generators[] = {
      pbl_generator_name(PBL_GEN_XOSHIRO128PP),
      pbl_generator_name(PBL_GEN_LFSR32),
      pbl_generator_name(PBL_GEN_XORSHIFT32),
  };
  static const char *const orders[] = {"lane", "interleaved"};
  int generator = PBL_GEN_XOSHIRO128PP, order = 0;
  *out = pbl_word_options_default();
  pbl_status st =
      choice(&generator, a, GENERATOR, generators, sizeof generators / sizeof generators[0], err);
  if (!st) st = choice(&order, a, ORDER, orders, sizeof orders / sizeof orders[0], err);
  if (!st) st = small_number(&out->lfsr_steps, a, STEPS, err);
  if (!st) st = small_number(&out->lanes, a, LANES, err);
  if (!st) st = small_number(&out->lane, a, LANE, err);
  if (!st) st = whole_number(&out->seed, a, SEED, UINT64_MAX, err);
  if (st) return st;
  out->generator = (pbl_generator)generator;
  out->order = order != 0 ? PBL_ORDER_INTERLEAVED : PBL_ORDER_LANE;
  if (a->seen[STEPS] && out->generator != PBL_GEN_LFSR32)
    return pbl_fail(err, PBL_USAGE, "--steps belongs to lfsr32");
  if (a->seen[LANE] && order != 0)
    return pbl_fail(err, PBL_USAGE, "--lane belongs to --order lane");
  return pbl_word_options_check(out, err);
}

static pbl_status stream(const pbl_arguments *a, pbl_progress *progress, pbl_error *err) {
  pbl_word_options opt;
  uint64_t n = 0;
  pbl_status st = word_options(&opt, a, err);
  if (!st) st = whole_number(&n, a, WORDS, UINT64_MAX, err);
  if (st) return st;
  if (a->seen[JSON]) return pbl_fail(err, PBL_USAGE, "--json belongs to --test and --ab");
  if (a->seen[WORDS] && n == 0)
    return pbl_fail(err, PBL_USAGE, "option --words: 0 words; --stream is without end");
  if (isatty(STDOUT_FILENO))
    return pbl_fail(err, PBL_USAGE, "binary words are not for a terminal; pipe them to a program");
  signal(SIGPIPE, SIG_IGN); /* a reader that has seen enough is no failure */
  return pbl_word_stream(NULL, STDOUT_FILENO, &opt, n, progress, err);
}

static void print_battery(const pbl_word_report *r, const pbl_word_options *opt) {
  printf("%s", pbl_generator_name(opt->generator));
  if (opt->generator == PBL_GEN_LFSR32) printf(", %d steps per word", opt->lfsr_steps);
  printf(", %d lanes x %zu words, seed %llu\n\n%-18s %8s %10s %12s  %-6s %s\n", r->lanes,
         r->n_words, (unsigned long long)opt->seed, "test", "members", "p", "worst", "", "where");
  for (int k = 0; k < PBL_WORD_TESTS; k++) {
    const pbl_word_result *t = &r->test[k];
    printf("%-18s %8zu %10.3g %12.6g  %-6s ", t->name, t->n_members, t->p_value, t->statistic,
           t->passed ? "ok" : "FAILED");
    if (t->worst_a >= 0) printf("lane %d", t->worst_a);
    if (t->worst_b >= 0) printf(k == PBL_WORD_CROSS ? " and %d" : ", bit %d", t->worst_b);
    printf(" (%s)\n", t->meaning);
  }
  printf("\ndistribution: %s\nlinear structure over F2: %s\n",
         r->distribution_passed ? "no fault found" : "FAULTY",
         r->linear_passed ? "none found" : "FOUND");
}

static pbl_status write_battery(const char *path, const pbl_word_report *r,
                                const pbl_word_options *opt, pbl_error *err) {
  pbl_json *j = NULL;
  const pbl_status st = pbl_json_create_file(&j, path, err);
  if (st) return st;
  char seed[24]; /* JSON numbers need not hold 64 bits */
  snprintf(seed, sizeof seed, "%llu", (unsigned long long)opt->seed);
  pbl_json_object(j, NULL);
  pbl_json_int(j, "schema", 1);
  pbl_json_string(j, "kind", "rng_test");
  pbl_json_string(j, "generator", pbl_generator_name(opt->generator));
  pbl_json_int(j, "lfsr_steps", opt->lfsr_steps);
  pbl_json_int(j, "lanes", r->lanes);
  pbl_json_int(j, "words_per_lane", (int64_t)r->n_words);
  pbl_json_string(j, "seed", seed);
  pbl_json_bool(j, "distribution_passed", r->distribution_passed);
  pbl_json_bool(j, "linear_passed", r->linear_passed);
  pbl_json_array(j, "tests");
  for (int k = 0; k < PBL_WORD_TESTS; k++) {
    const pbl_word_result *t = &r->test[k];
    pbl_json_object(j, NULL);
    pbl_json_string(j, "name", t->name);
    pbl_json_bool(j, "linear", t->linear);
    pbl_json_bool(j, "passed", t->passed);
    pbl_json_int(j, "members", (int64_t)t->n_members);
    pbl_json_double(j, "p", t->p_value);
    pbl_json_double(j, "worst", t->statistic);
    pbl_json_int(j, "worst_lane", t->worst_a);
    pbl_json_int(j, "worst_lane_or_bit", t->worst_b);
    pbl_json_end(j);
  }
  pbl_json_end(j);
  pbl_json_end(j);
  return pbl_json_close(j, NULL, err);
}

static pbl_status test(int *exit_code, const pbl_arguments *a, pbl_progress *progress,
                       pbl_error *err) {
  pbl_word_options opt;
  pbl_word_report report;
  uint64_t n = BATTERY_WORDS;
  pbl_status st = word_options(&opt, a, err);
  if (!st) st = whole_number(&n, a, WORDS, UINT32_MAX, err);
  if (!st && (a->seen[ORDER] || a->seen[LANE]))
    st = pbl_fail(err, PBL_USAGE, "--test looks at all lanes: drop --order and --lane");
  if (!st) st = pbl_word_battery(&report, &opt, (size_t)n, progress, err);
  if (st) return st;
  print_battery(&report, &opt);
  if (a->values[JSON] != NULL) st = write_battery(a->values[JSON], &report, &opt, err);
  if (!report.distribution_passed || !report.linear_passed) *exit_code = EXIT_FAILED;
  return st;
}

static pbl_status effect(const pbl_arguments *a, pbl_progress *progress, pbl_error *err) {
  for (int k = GENERATOR; k <= WORDS; k++) {
    if (k != SEED && a->seen[k])
      return pbl_fail(err, PBL_USAGE, "--%s does not go with --ab: CONFIG and --set say it",
                      options[k].name);
  }
  pbl_rng_ab_row rows[PBL_MAX_CASES];
  pbl_compare_config *config = calloc(1, sizeof *config);
  if (config == NULL) return pbl_fail(err, PBL_NO_MEMORY, "out of memory");
  pbl_status st =
      pbl_config_load_compare(config, a->values[AB], (const char *const *)a->sets, a->n_sets, err);
  if (!st) st = whole_number(&config->seed, a, SEED, UINT64_MAX, err);
  if (!st) st = pbl_rng_ab(rows, config, progress, err);
  if (!st) {
    pbl_rng_ab_print(stdout, rows, (size_t)config->n_cases);
    if (a->values[JSON] != NULL)
      st = pbl_rng_ab_write(a->values[JSON], rows, (size_t)config->n_cases, config, err);
  }
  free(config);
  return st;
}

static pbl_status run(int *exit_code, const pbl_arguments *a, pbl_error *err) {
  const bool streams = a->seen[STREAM] || (a->seen[WORDS] && !a->seen[TEST] && !a->seen[AB]);
  *exit_code = 0;
  if (streams + a->seen[TEST] + a->seen[AB] != 1 || (a->seen[STREAM] && a->seen[WORDS]))
    return pbl_fail(err, PBL_USAGE, "give one of --words, --stream, --test and --ab");
  if (a->seen[SET] && !a->seen[AB]) return pbl_fail(err, PBL_USAGE, "--set belongs to --ab");
  pbl_progress *progress = pbl_progress_stderr_create(a->seen[QUIET]);
  const pbl_status st = streams         ? stream(a, progress, err)
                        : a->seen[TEST] ? test(exit_code, a, progress, err)
                                        : effect(a, progress, err);
  pbl_progress_stderr_destroy(progress);
  return st;
}

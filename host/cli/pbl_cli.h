/* Command line: one table per command drives parsing, help and suggestions. Internal to host/cli.
 */
#ifndef PBL_CLI_H
#define PBL_CLI_H

#include <stdbool.h>
#include <stddef.h>

#include "pbl_config.h"
#include "pbl_error.h"
#include "pbl_progress.h"

#define PBL_CLI_MAX_OPTIONS 16
#define PBL_CLI_MAX_SETS 256

typedef enum {
  PBL_OPTION_FLAG,  /* --quiet */
  PBL_OPTION_VALUE, /* --out DIR */
  PBL_OPTION_KEY,   /* --seed N: short for --set seed=N */
  PBL_OPTION_SET    /* --set key.path=value, any number of times */
} pbl_option_kind;

typedef struct {
  const char *name; /* without dashes; NULL ends a table */
  pbl_option_kind kind;
  const char *argument; /* name of the value in the help; NULL for flags */
  const char *key;      /* of PBL_OPTION_KEY: which configuration key */
  const char *help;
} pbl_option;

typedef struct {
  const char *positional; /* NULL when not given */
  bool seen[PBL_CLI_MAX_OPTIONS];
  const char *values[PBL_CLI_MAX_OPTIONS]; /* of VALUE options, by place in the table */
  char *sets[PBL_CLI_MAX_SETS];            /* all overrides, in order; owned */
  size_t n_sets;
} pbl_arguments;

typedef struct pbl_command pbl_command;
struct pbl_command {
  const char *name;
  const char *positional; /* "CONFIG", "[COMMAND]" (optional) or NULL */
  const char *summary;    /* one line for the list */
  const char *details;    /* for --help of the command */
  const pbl_option *options;
  /* Does the command's work. *exit_code is 0 unless the result says otherwise. */
  pbl_status (*run)(int *exit_code, const pbl_arguments *arguments, pbl_error *err);
};

extern const pbl_command pbl_command_compare, pbl_command_train, pbl_command_regimes,
    pbl_command_lockstep, pbl_command_trace, pbl_command_rng, pbl_command_stats, pbl_command_power,
    pbl_command_exact, pbl_command_graph, pbl_command_info, pbl_command_lab, pbl_command_area,
    pbl_command_selftest, pbl_command_serve, pbl_command_snapshot, pbl_command_help;
/* All commands, ends with NULL. */
extern const pbl_command *const pbl_commands[];

const pbl_command *pbl_command_find(const char *name);
/* USAGE with the nearest command's name. */
pbl_status pbl_command_unknown(const char *name, pbl_error *err);

/* argv holds the words behind the command's name. --help makes *help true and ends the parsing.
 * USAGE on anything unknown, missing or given twice. Free with pbl_arguments_free in any case. */
pbl_status pbl_arguments_parse(pbl_arguments *out, bool *help, const pbl_command *command, int argc,
                               char **argv, pbl_error *err);
void pbl_arguments_free(pbl_arguments *arguments);
/* Whether the command's option `name` was given; its value (or NULL). */
bool pbl_arguments_has(const pbl_arguments *arguments, const pbl_command *command,
                       const char *name);

/* Value of a VALUE option; NULL when it was not given. */
const char *pbl_arguments_value(const pbl_arguments *arguments, const pbl_command *command,
                                const char *name);

/* Options --waveform*, of the commands that run configurations on compiled RTL. */
#define PBL_WAVEFORM_OPTIONS_ONE                                  \
  {"waveform", PBL_OPTION_VALUE, "FILE", NULL,                    \
   "write signals of the RTL to FILE.fst (see below)"},           \
  {                                                               \
    "waveform-window", PBL_OPTION_VALUE, "WINDOW", NULL,          \
        "clocks A:B around a trigger: A:B,TRIGGER (0:2000,start)" \
  }
#define PBL_WAVEFORM_OPTIONS                           \
  PBL_WAVEFORM_OPTIONS_ONE, {                          \
    "waveform-case", PBL_OPTION_VALUE, "NAME", NULL,   \
        "of this case; needed where there are several" \
  }
#define PBL_WAVEFORM_DETAILS                                                               \
  "\n"                                                                                     \
  "--waveform writes the registers, under the names of the register reference, and all\n"  \
  "other signals of clocks A to B - 1 relative to a trigger: start, temperature, run:N,\n" \
  "sweep:N, stall, fifo-full, exchange. See docs/waveforms.md.\n"
/* What the options ask for, into config; *out is NULL without them. USAGE, IO. Close it in any
 * case, after the run, whose status is `run`: prints a line, returns the first failure. */
pbl_status pbl_cli_waveform_open(struct pbl_waveform **out, const pbl_arguments *arguments,
                                 const pbl_command *command, pbl_compare_config *config,
                                 pbl_error *err);
/* The same for a training, which has no cases. */
pbl_status pbl_cli_waveform_open_train(struct pbl_waveform **out, const pbl_arguments *arguments,
                                       pbl_train_config *config, pbl_error *err);
pbl_status pbl_cli_waveform_close(struct pbl_waveform *w, pbl_status run, pbl_error *err);

void pbl_print_help(void); /* of the program */
void pbl_print_command_help(const pbl_command *command);

#endif

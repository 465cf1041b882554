#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_cli.h"

const pbl_command *const pbl_commands[] = {
    &pbl_command_compare,  &pbl_command_train,    &pbl_command_regimes,
    &pbl_command_lockstep, &pbl_command_trace,    &pbl_command_stats,
    &pbl_command_power,    &pbl_command_exact,    &pbl_command_graph,
    &pbl_command_lab,      &pbl_command_area,     &pbl_command_info,
    &pbl_command_rng,      &pbl_command_selftest, &pbl_command_serve,
    &pbl_command_snapshot, &pbl_command_help,     NULL};

const pbl_command *pbl_command_find(const char *name) {
  for (size_t k = 0; pbl_commands[k] != NULL; k++) {
    if (strcmp(pbl_commands[k]->name, name) == 0) return pbl_commands[k];
  }
  return NULL;
}

static pbl_status fail_near(const char *what, const char *word, const char *dashes,
                            const char *near, pbl_error *err) {
  if (near == NULL) return pbl_fail(err, PBL_USAGE, "unknown %s '%s'; see --help", what, word);
  return pbl_fail(err, PBL_USAGE, "unknown %s '%s'; did you mean '%s%s'?", what, word, dashes,
                  near);
}

pbl_status pbl_command_unknown(const char *name, pbl_error *err) {
  const char *names[32];
  size_t n = 0;
  for (; pbl_commands[n] != NULL && n < 32; n++) names[n] = pbl_commands[n]->name;
  return fail_near("command", name, "", pbl_did_you_mean(name, names, n), err);
}

static pbl_status unknown_option(const pbl_option *options, const char *word, size_t length,
                                 pbl_error *err) {
  char given[64];
  const char *names[PBL_CLI_MAX_OPTIONS + 1];
  size_t n = 0;
  for (const pbl_option *o = options; o->name != NULL; o++) names[n++] = o->name;
  names[n++] = "help";
  snprintf(given, sizeof given, "%.*s", (int)(length < 60 ? length : 60), word);
  const char *bare = given + strspn(given, "-");
  return fail_near("option", given, "--", pbl_did_you_mean(bare, names, n), err);
}

/* Single quotes keep a folder such as "a: b" text in YAML. */
static char *quoted_override(const char *key, const char *value) {
  char *text = malloc(strlen(key) + 2 * strlen(value) + 4);
  if (text == NULL) return NULL;
  char *s = text + sprintf(text, "%s='", key);
  for (; *value != '\0'; value++) {
    if (*value == '\'') *s++ = '\'';
    *s++ = *value;
  }
  memcpy(s, "'", 2);
  return text;
}

static char *plain_override(const char *key, const char *value) {
  char *text = malloc(strlen(key) + strlen(value) + 2);
  if (text != NULL) sprintf(text, "%s=%s", key, value);
  return text;
}

/* Whose values are any text. */
static bool is_text_key(const char *key) {
  return strcmp(key, "out") == 0 || strncmp(key, "remote", 6) == 0 || strcmp(key, "uio") == 0;
}

static pbl_status add_override(pbl_arguments *out, const pbl_option *o, const char *value,
                               pbl_error *err) {
  if (out->n_sets == PBL_CLI_MAX_SETS) {
    return pbl_fail(err, PBL_USAGE, "more than %d --set options", PBL_CLI_MAX_SETS);
  }
  char *text = o->kind == PBL_OPTION_SET ? strdup(value)
               : is_text_key(o->key)     ? quoted_override(o->key, value)
                                         : plain_override(o->key, value);
  if (text == NULL) return pbl_fail(err, PBL_NO_MEMORY, "out of memory");
  out->sets[out->n_sets++] = text;
  return PBL_OK;
}

static pbl_status take_option(pbl_arguments *out, const pbl_option *options, size_t index,
                              const char *value, pbl_error *err) {
  const pbl_option *o = &options[index];
  if (out->seen[index] && o->kind != PBL_OPTION_SET) {
    return pbl_fail(err, PBL_USAGE, "option --%s given twice", o->name);
  }
  out->seen[index] = true;
  out->values[index] = value;
  if (o->kind == PBL_OPTION_FLAG || o->kind == PBL_OPTION_VALUE) return PBL_OK;
  if (o->kind == PBL_OPTION_KEY && value[0] == '\0') {
    return pbl_fail(err, PBL_USAGE, "option --%s: empty %s", o->name, o->argument);
  }
  /* remote:ADDRESS and uio:BOARD stand for two keys. */
  static const char *const pairs[] = {"remote", "uio"};
  for (int k = 0; k < 2 && o->kind == PBL_OPTION_KEY && strcmp(o->key, "device") == 0; k++) {
    const size_t n = strlen(pairs[k]);
    if (strncmp(value, pairs[k], n) != 0 || value[n] != ':') continue;
    const pbl_option where = {"device", PBL_OPTION_KEY, NULL, pairs[k], NULL};
    const pbl_status status = add_override(out, &where, value + n + 1, err);
    if (status != PBL_OK) return status;
    value = pairs[k];
  }
  return add_override(out, o, value, err);
}

static const pbl_option *find_option(const pbl_option *options, const char *name, size_t length) {
  for (const pbl_option *o = options; o->name != NULL; o++) {
    if (strlen(o->name) == length && memcmp(o->name, name, length) == 0) return o;
  }
  return NULL;
}

/* One "--name", "--name=value" or "--name value"; *used says how many words it took. */
static pbl_status parse_option(pbl_arguments *out, const pbl_command *command, int argc,
                               char **argv, int *used, pbl_error *err) {
  const char *word = argv[0];
  const size_t length = strcspn(word, "=");
  const char *inlined = word[length] == '=' ? word + length + 1 : NULL;
  const bool dashes = word[0] == '-' && word[1] == '-';
  const pbl_option *o = dashes ? find_option(command->options, word + 2, length - 2) : NULL;
  if (o == NULL) return unknown_option(command->options, word, length, err);
  *used = 1;
  if (o->kind == PBL_OPTION_FLAG && inlined != NULL) {
    return pbl_fail(err, PBL_USAGE, "option --%s takes no value", o->name);
  }
  if (o->kind != PBL_OPTION_FLAG && inlined == NULL) {
    if (argc < 2) return pbl_fail(err, PBL_USAGE, "option --%s needs %s", o->name, o->argument);
    inlined = argv[1];
    *used = 2;
  }
  return take_option(out, command->options, (size_t)(o - command->options), inlined, err);
}

pbl_status pbl_arguments_parse(pbl_arguments *out, bool *help, const pbl_command *command, int argc,
                               char **argv, pbl_error *err) {
  bool only_words = false; /* behind "--" */
  memset(out, 0, sizeof *out);
  *help = false;
  for (int k = 0, used; k < argc; k += used) {
    const char *word = argv[k];
    used = 1;
    if (!only_words && (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)) {
      *help = true;
      return PBL_OK;
    }
    if (!only_words && strcmp(word, "--") == 0) {
      only_words = true;
    } else if (!only_words && word[0] == '-' && word[1] != '\0') {
      const pbl_status status = parse_option(out, command, argc - k, argv + k, &used, err);
      if (status != PBL_OK) return status;
    } else if (command->positional == NULL || out->positional != NULL) {
      return pbl_fail(err, PBL_USAGE, "unexpected '%s'; see pbitloop %s --help", word,
                      command->name);
    } else {
      out->positional = word;
    }
  }
  if (command->positional != NULL && command->positional[0] != '[' && out->positional == NULL) {
    return pbl_fail(err, PBL_USAGE, "%s is missing; see pbitloop %s --help", command->positional,
                    command->name);
  }
  return PBL_OK;
}

void pbl_arguments_free(pbl_arguments *arguments) {
  for (size_t k = 0; k < arguments->n_sets; k++) free(arguments->sets[k]);
  arguments->n_sets = 0;
}

const char *pbl_arguments_value(const pbl_arguments *arguments, const pbl_command *command,
                                const char *name) {
  const pbl_option *o = find_option(command->options, name, strlen(name));
  return o != NULL ? arguments->values[o - command->options] : NULL;
}

bool pbl_arguments_has(const pbl_arguments *arguments, const pbl_command *command,
                       const char *name) {
  const pbl_option *o = find_option(command->options, name, strlen(name));
  return o != NULL && arguments->seen[o - command->options];
}

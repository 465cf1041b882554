#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_cli.h"

static pbl_status run(int *exit_code, const pbl_arguments *arguments, pbl_error *err);

static const pbl_option options[] = {{NULL, PBL_OPTION_FLAG, NULL, NULL, NULL}};

const pbl_command pbl_command_help = {
    .name = "help",
    .positional = "[COMMAND]",
    .summary = "help for a command; 'help keys' lists all configuration keys",
    .details =
        "Without COMMAND: the list of commands. 'pbitloop help keys' prints the reference of\n"
        "all configuration keys in Markdown.\n",
    .options = options,
    .run = run};

void pbl_print_help(void) {
  puts(
      "usage: pbitloop COMMAND [ARGUMENTS]\n"
      "\n"
      "Compares a probabilistic-bit array in SystemVerilog with a software sampler.\n"
      "\n"
      "commands:");
  for (size_t k = 0; pbl_commands[k] != NULL; k++) {
    printf("  %-10s %s\n", pbl_commands[k]->name, pbl_commands[k]->summary);
  }
  puts(
      "\n"
      "options:\n"
      "  --help     this text, or behind a command the help of the command\n"
      "  --version  version of the program\n"
      "\n"
      "environment:\n"
      "  PBITLOOP_CACHE       folder of compiled hardware variants (~/.cache/pbitloop)\n"
      "  PBITLOOP_SOURCE_DIR  root of the project's sources\n"
      "  PBITLOOP_CXX         C++ compiler for hardware variants\n"
      "  PBITLOOP_VERILATOR   Verilator for hardware variants");
}

void pbl_print_command_help(const pbl_command *command) {
  const bool any = command->options[0].name != NULL;
  printf("usage: pbitloop %s%s%s%s\n\n%s\noptions:\n", command->name,
         command->positional != NULL ? " " : "",
         command->positional != NULL ? command->positional : "", any ? " [OPTIONS]" : "",
         command->details);
  for (const pbl_option *o = command->options; o->name != NULL; o++) {
    char left[40];
    snprintf(left, sizeof left, "--%s%s%s", o->name, o->argument != NULL ? " " : "",
             o->argument != NULL ? o->argument : "");
    printf("  %-20s %s", left, o->help);
    if (o->kind == PBL_OPTION_KEY) printf(" (same as --set %s=%s)", o->key, o->argument);
    putchar('\n');
  }
  printf("  %-20s this text\n", "--help");
}

static pbl_status print_keys(pbl_error *err) {
  char *text = NULL;
  const pbl_status status = pbl_config_reference(&text, err);
  if (status == PBL_OK) fputs(text, stdout);
  free(text);
  return status;
}

static pbl_status run(int *exit_code, const pbl_arguments *arguments, pbl_error *err) {
  const char *topic = arguments->positional;
  *exit_code = 0;
  if (topic == NULL) {
    pbl_print_help();
    return PBL_OK;
  }
  if (strcmp(topic, "keys") == 0) return print_keys(err);
  const pbl_command *command = pbl_command_find(topic);
  if (command == NULL) return pbl_command_unknown(topic, err);
  pbl_print_command_help(command);
  return PBL_OK;
}

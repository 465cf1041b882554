/* pbitloop: finds the command, runs it, turns its status into an exit code. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_cli.h"

static void on_stop_signal(int signal_number) {
  (void)signal_number;
  pbl_progress_request_stop();
}

/* The first signal asks the worker to wind up; SA_RESETHAND makes the second one kill. */
static void install_signal_handlers(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_stop_signal;
  action.sa_flags = (int)(SA_RESETHAND | SA_RESTART);
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  signal(SIGXFSZ, SIG_IGN); /* beyond the limit of a file's size a write fails, with a message */
}

static pbl_status run_command(int *exit_code, int argc, char **argv, pbl_error *err) {
  pbl_arguments arguments;
  bool help = false;
  const pbl_command *command = pbl_command_find(argv[1]);
  if (command == NULL) {
    return argv[1][0] == '-'
               ? pbl_fail(err, PBL_USAGE, "unknown option '%s'; see pbitloop --help", argv[1])
               : pbl_command_unknown(argv[1], err);
  }
  pbl_status status = pbl_arguments_parse(&arguments, &help, command, argc - 2, argv + 2, err);
  if (status == PBL_OK && help) {
    pbl_print_command_help(command);
  } else if (status == PBL_OK) {
    status = command->run(exit_code, &arguments, err);
  }
  pbl_arguments_free(&arguments);
  return status;
}

/* A result that did not reach its reader (full disk) must not look like success. */
static int flush_output(int exit_code) {
  const bool failed = ferror(stdout) != 0;
  if (fflush(stdout) == 0 && !failed) return exit_code;
  fprintf(stderr, "pbitloop: cannot write the output: %s\n", strerror(errno));
  return pbl_status_exit_code(PBL_IO);
}

int main(int argc, char **argv) {
  pbl_error err = {0};
  int exit_code = 0;
  if (argc < 2) {
    fputs("pbitloop: no command; see pbitloop --help\n", stderr);
    return pbl_status_exit_code(PBL_USAGE);
  }
  if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
    pbl_print_help();
    return flush_output(0);
  }
  if (strcmp(argv[1], "--version") == 0) {
    puts("pbitloop " PBL_VERSION);
    return flush_output(0);
  }
  /* One place for the default: every library below asks the environment. */
  const char *root = getenv("PBITLOOP_SOURCE_DIR");
  if (root == NULL || root[0] == '\0') setenv("PBITLOOP_SOURCE_DIR", PBL_SOURCE_DIR, 1);
  install_signal_handlers();
  const pbl_status status = run_command(&exit_code, argc, argv, &err);
  if (status != PBL_OK) {
    fflush(stdout);
    fprintf(stderr, "pbitloop: %s%s%s\n", pbl_status_text(status),
            strchr(err.message, '\n') != NULL ? "\n" : ": ", err.message);
    return pbl_status_exit_code(status);
  }
  return flush_output(exit_code);
}

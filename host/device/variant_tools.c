/* External programs: started without a shell, watched, ended with all their children. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "variant_internal.h"

#define MAX_RUNNING 2
#define TAIL_SIZE 1500

extern char **environ;

static const char *from_environment(const char *name, const char *otherwise) {
  const char *value = getenv(name);
  return value != NULL && value[0] != '\0' ? value : otherwise;
}

const char *pbl_tool_verilator(void) {
  return from_environment("PBITLOOP_VERILATOR", "verilator");
}

const char *pbl_tool_cxx(void) {
  return from_environment("PBITLOOP_CXX", "c++");
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw) {
  (void)st;
  (void)type;
  (void)ftw;
  remove(path); /* what cannot be removed shows when the folder is made anew */
  return 0;
}

void pbl_remove_tree(const char *path) {
  nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static pbl_status fail_start(const char *tool, int error, pbl_error *err) {
  if (error == ENOENT)
    return pbl_fail(
        err, PBL_NOT_FOUND,
        "%s: program not found; it builds the RTL device: apt-get install verilator g++", tool);
  return pbl_fail(err, PBL_TOOL, "%s: cannot start: %s", tool, strerror(error));
}

/* Output goes to out_fd (and errors too when err_fd >= 0). Each tool leads its own process group,
 * so that ending it ends the compilers it started. */
static int start(pid_t *pid, const char *const *argv, const char *cwd, int out_fd, int err_fd) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t defaults;
  int e = posix_spawn_file_actions_init(&actions);
  if (e != 0) return e;
  e = posix_spawnattr_init(&attributes);
  if (e != 0) {
    posix_spawn_file_actions_destroy(&actions);
    return e;
  }
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
  e = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  if (e == 0) e = posix_spawn_file_actions_adddup2(&actions, out_fd, 1);
  if (e == 0 && err_fd >= 0) e = posix_spawn_file_actions_adddup2(&actions, err_fd, 2);
  if (e == 0 && cwd != NULL) e = posix_spawn_file_actions_addchdir_np(&actions, cwd);
  /* posix_spawn takes char *const *, but does not write through it. */
  if (e == 0) e = posix_spawnp(pid, argv[0], &actions, &attributes, (char *const *)argv, environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return e;
}

static int wait_for(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return -1;
  }
  return status;
}

pbl_status pbl_tool_line(char *line, size_t size, const char *const *argv, pbl_error *err) {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0)
    return pbl_fail(err, PBL_IO, "cannot make a pipe: %s", strerror(errno));
  pid_t pid;
  const int e = start(&pid, argv, NULL, fds[1], -1);
  close(fds[1]);
  if (e != 0) {
    close(fds[0]);
    return fail_start(argv[0], e, err);
  }
  size_t used = 0;
  char rest[256];
  for (;;) { /* all of it, or the tool dies of SIGPIPE */
    const bool full = used + 1 >= size;
    const ssize_t n = read(fds[0], full ? rest : line + used, full ? sizeof rest : size - 1 - used);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    if (!full) used += (size_t)n;
  }
  close(fds[0]);
  line[used] = '\0';
  line[strcspn(line, "\n")] = '\0';
  const int status = wait_for(pid);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || line[0] == '\0')
    return pbl_fail(err, PBL_TOOL, "%s %s: failed (wait status 0x%x)", argv[0], argv[1], status);
  return PBL_OK;
}

static pbl_status fail_tool(const char *label, int status, const char *log, pbl_error *err) {
  char tail[TAIL_SIZE + 1] = "";
  FILE *f = fopen(log, "rb");
  if (f != NULL) {
    if (fseek(f, -TAIL_SIZE, SEEK_END) != 0) rewind(f);
    tail[fread(tail, 1, TAIL_SIZE, f)] = '\0';
    fclose(f);
  }
  const bool exited = WIFEXITED(status);
  return pbl_fail(err, PBL_TOOL, "%s failed (%s %d); the end of its output:\n%s", label,
                  exited ? "exit status" : "signal",
                  exited ? WEXITSTATUS(status) : WTERMSIG(status), tail);
}

static void end_all(const pid_t *running, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (running[i] > 0) kill(-running[i], SIGKILL);
  }
  for (size_t i = 0; i < n; i++) {
    if (running[i] > 0) wait_for(running[i]);
  }
}

typedef struct {
  const pbl_tool *tools;
  size_t n, next, n_done;
  pid_t running[MAX_RUNNING]; /* 0: free */
  size_t job[MAX_RUNNING];    /* which tool runs there */
  const char *log;
  int log_fd;
} pool;

static pbl_status start_waiting(pool *q, pbl_error *err) {
  for (size_t i = 0; i < MAX_RUNNING && q->next < q->n; i++) {
    if (q->running[i] != 0) continue;
    const pbl_tool *t = &q->tools[q->next];
    pid_t pid;
    const int e = start(&pid, t->argv, t->cwd, q->log_fd, q->log_fd);
    if (e != 0) return fail_start(t->argv[0], e, err);
    q->running[i] = pid;
    q->job[i] = q->next++;
  }
  return PBL_OK;
}

static pbl_status collect_ended(pool *q, pbl_error *err) {
  for (size_t i = 0; i < MAX_RUNNING; i++) {
    int status;
    if (q->running[i] == 0 || waitpid(q->running[i], &status, WNOHANG) != q->running[i]) continue;
    q->running[i] = 0;
    q->n_done++;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
      return fail_tool(q->tools[q->job[i]].label, status, q->log, err);
  }
  return PBL_OK;
}

pbl_status pbl_tools_run(const pbl_tool *tools, size_t n, const char *log, const char *what,
                         pbl_progress *p, pbl_error *err) {
  const struct timespec nap = {.tv_nsec = 30000000};
  pool q = {.tools = tools, .n = n, .log = log};
  q.log_fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (q.log_fd < 0) return pbl_fail(err, PBL_IO, "%s: cannot open: %s", log, strerror(errno));
  pbl_status s = PBL_OK;
  while (s == PBL_OK && q.n_done < n) {
    s = start_waiting(&q, err);
    if (s == PBL_OK) nanosleep(&nap, NULL);
    if (s == PBL_OK) s = collect_ended(&q, err);
    /* Before a failure is believed: Ctrl-C may have reached the tool as well. */
    if (!pbl_progress_report(p, what, q.n_done, n))
      s = pbl_fail(err, PBL_INTERRUPTED, "%s: stopped", what);
  }
  end_all(q.running, MAX_RUNNING);
  close(q.log_fd);
  return s;
}

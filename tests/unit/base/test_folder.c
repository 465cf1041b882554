/* Folders that one run has for itself, and the lock below. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pbl_cmocka.h"
#include "pbl_folder.h"
#include "pbl_lock.h"

static int planted;           /* errno of every flock; 0: the real one */
static void (*between)(void); /* happens once, between opening the file and locking it */

int flock(int fd, int operation) {
  if (between) {
    void (*const now)(void) = between;
    between = NULL;
    now();
  }
  if (!planted) return (int)syscall(SYS_flock, fd, operation);
  errno = planted;
  return -1;
}

static bool is_there(const char *path) {
  struct stat st;
  return lstat(path, &st) == 0;
}

static void keep(char path[512], const char *name) {
  snprintf(path, 512, "%s", scratch_path(name));
}

static void a_second_run_is_refused_until_the_first_has_ended(void **state) {
  (void)state;
  char path[512], process[64];
  pbl_folder *first = NULL, *second = NULL;
  pbl_error err = {0};
  keep(path, "one");
  assert_int_equal(pbl_folder_open(&first, path, NULL, &err), PBL_OK);
  assert_int_equal(pbl_folder_open(&second, path, NULL, &err), PBL_CONFIG);
  assert_null(second);
  snprintf(process, sizeof process, "one: process %ld on ", (long)getpid());
  assert_non_null(strstr(err.message, process));
  assert_non_null(strstr(err.message, "wait until it has ended, or choose another folder"));
  assert_int_equal(pbl_folder_open(&second, path, NULL, &err), PBL_CONFIG);
  pbl_folder_close(first);
  assert_int_equal(pbl_folder_open(&second, path, NULL, &err), PBL_OK);
  pbl_folder_close(second);
}

static void only_folders_that_it_made_and_that_are_empty_go_away(void **state) {
  (void)state;
  char path[512], mine[512], file[512];
  pbl_folder *f = NULL;
  keep(mine, "mine");
  keep(path, "mine/a//b/");
  keep(file, "mine/a/file");
  assert_int_equal(mkdir(mine, 0777), 0);
  assert_int_equal(pbl_folder_open(&f, path, NULL, NULL), PBL_OK);
  assert_true(is_there(path));
  pbl_folder_close(f);
  assert_false(is_there(scratch_path("mine/a")));
  assert_true(is_there(mine));
  assert_int_equal(pbl_folder_open(&f, path, NULL, NULL), PBL_OK);
  close(open(file, O_CREAT | O_WRONLY, 0666));
  pbl_folder_close(f);
  assert_true(is_there(file));
  assert_false(is_there(scratch_path("mine/a/b")));
}

static void a_killed_run_blocks_nobody(void **state) {
  (void)state;
  char path[512];
  int ready[2];
  char byte;
  pbl_folder *f = NULL;
  pbl_error err = {0};
  keep(path, "killed");
  assert_int_equal(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);
    const bool good = pbl_folder_open(&f, path, NULL, NULL) == PBL_OK;
    if (write(ready[1], good ? "y" : "n", 1) != 1) _exit(1);
    for (;;) pause();
  }
  assert_int_equal(read(ready[0], &byte, 1), 1);
  assert_int_equal(byte, 'y');
  char process[64];
  snprintf(process, sizeof process, "process %ld ", (long)child);
  assert_int_equal(pbl_folder_open(&f, path, NULL, &err), PBL_CONFIG);
  assert_non_null(strstr(err.message, process));
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
  assert_true(is_there(scratch_path("killed/" PBL_FOLDER_LOCK)));
  assert_int_equal(pbl_folder_open(&f, path, NULL, &err), PBL_OK);
  pbl_folder_close(f);
  assert_false(is_there(scratch_path("killed/" PBL_FOLDER_LOCK)));
  close(ready[0]);
  close(ready[1]);
}

static void remove_the_file(void) {
  unlink(scratch_path("hands/" PBL_FOLDER_LOCK));
}

/* Who locks the file that the last holder has just removed has locked nothing. */
static void a_file_that_was_removed_in_between_is_no_lock(void **state) {
  (void)state;
  char path[512];
  pbl_folder *first = NULL, *second = NULL;
  keep(path, "hands");
  between = remove_the_file;
  assert_int_equal(pbl_folder_open(&first, path, NULL, NULL), PBL_OK);
  assert_int_equal(pbl_folder_open(&second, path, NULL, NULL), PBL_CONFIG);
  pbl_folder_close(first);
}

typedef struct {
  pbl_progress base;
  char line[512];
} listener;

static void hear(pbl_progress *self, const char *line) {
  snprintf(((listener *)self)->line, sizeof((listener *)self)->line, "%s", line);
}

static void a_file_system_without_locks_is_told(void **state) {
  (void)state;
  char path[512];
  pbl_folder *f = NULL;
  listener l = {.base = {.note = hear}};
  keep(path, "network");
  planted = ENOLCK;
  assert_int_equal(pbl_folder_open(&f, path, &l.base, NULL), PBL_OK);
  planted = 0;
  assert_non_null(strstr(l.line, "network: its file system has no locks"));
  pbl_folder_close(f);
  assert_false(is_there(path));
}

static void what_is_no_folder_and_no_lock_is_named(void **state) {
  (void)state;
  char file[512], inside[512], odd[512], lock[512];
  pbl_folder *f = NULL;
  pbl_error err = {0};
  keep(file, "file");
  keep(inside, "file/in");
  keep(odd, "odd");
  keep(lock, "odd/" PBL_FOLDER_LOCK);
  close(open(file, O_CREAT | O_WRONLY, 0666));
  assert_int_equal(pbl_folder_open(&f, file, NULL, &err), PBL_IO);
  assert_non_null(strstr(err.message, "something else has that name"));
  assert_int_equal(pbl_folder_open(&f, inside, NULL, &err), PBL_IO);
  assert_non_null(strstr(err.message, "cannot create the folder"));
  assert_int_equal(pbl_folder_open(&f, "", NULL, &err), PBL_INVALID);
  assert_int_equal(mkdir(odd, 0777), 0);
  assert_int_equal(mkfifo(lock, 0666), 0);
  assert_int_equal(pbl_folder_open(&f, odd, NULL, &err), PBL_IO);
  assert_non_null(strstr(err.message, "is no plain file; remove it"));
  unlink(lock);
  assert_int_equal(symlink("/dev/null", lock), 0);
  assert_int_equal(pbl_folder_open(&f, odd, NULL, &err), PBL_IO);
}

/* Root may write everywhere. */
static void become_nobody(bool root) {
  if (root) assert_int_equal(seteuid(65534), 0);
}

static void a_folder_that_cannot_be_written_is_named(void **state) {
  (void)state;
  char path[512];
  pbl_folder *f = NULL;
  pbl_error err = {0};
  const bool root = geteuid() == 0;
  keep(path, "closed");
  assert_int_equal(chmod(g_scratch_folder, 0755), 0);
  assert_int_equal(mkdir(path, 0555), 0);
  become_nobody(root);
  const pbl_status status = pbl_folder_open(&f, path, NULL, &err);
  if (root) assert_int_equal(seteuid(0), 0);
  assert_int_equal(status, PBL_IO);
  assert_non_null(strstr(err.message, "closed/" PBL_FOLDER_LOCK ": Permission denied"));
}

static void a_file_that_another_user_left_blocks_nobody(void **state) {
  (void)state;
  char path[512], lock[512];
  pbl_folder *f = NULL, *second = NULL;
  if (geteuid() != 0) skip();
  keep(path, "shared");
  keep(lock, "shared/" PBL_FOLDER_LOCK);
  assert_int_equal(chmod(g_scratch_folder, 0755), 0);
  assert_int_equal(mkdir(path, 0755), 0);
  assert_int_equal(chmod(path, 0777), 0);
  close(open(lock, O_CREAT | O_WRONLY, 0644));
  become_nobody(true);
  const pbl_status status = pbl_folder_open(&f, path, NULL, NULL);
  assert_int_equal(seteuid(0), 0);
  assert_int_equal(status, PBL_OK);
  assert_int_equal(pbl_folder_open(&second, path, NULL, NULL), PBL_CONFIG);
  pbl_folder_close(f);
}

static void what_a_holder_says_is_shown_as_text(void **state) {
  (void)state;
  char path[512];
  pbl_lock mine, other;
  keep(path, "said.lock");
  assert_int_equal(pbl_lock_try(&mine, path, NULL), PBL_OK);
  assert_int_equal(mine.state, PBL_LOCK_HELD);
  assert_int_equal(pwrite(mine.fd, "process \033[2J 1 on x\nmore", 23, 0), 23);
  assert_int_equal(pbl_lock_try(&other, path, NULL), PBL_OK);
  assert_int_equal(other.state, PBL_LOCK_BUSY);
  assert_int_equal(other.fd, -1);
  assert_string_equal(other.holder, "process ?[2J 1 on x");
  assert_int_equal(ftruncate(mine.fd, 0), 0);
  assert_int_equal(pbl_lock_try(&other, path, NULL), PBL_OK);
  assert_string_equal(other.holder, "another process");
  pbl_lock_release(&mine, path);
  assert_false(is_there(path));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_second_run_is_refused_until_the_first_has_ended),
      cmocka_unit_test(only_folders_that_it_made_and_that_are_empty_go_away),
      cmocka_unit_test(a_killed_run_blocks_nobody),
      cmocka_unit_test(a_file_that_was_removed_in_between_is_no_lock),
      cmocka_unit_test(a_file_system_without_locks_is_told),
      cmocka_unit_test(what_is_no_folder_and_no_lock_is_named),
      cmocka_unit_test(a_folder_that_cannot_be_written_is_named),
      cmocka_unit_test(a_file_that_another_user_left_blocks_nobody),
      cmocka_unit_test(what_a_holder_says_is_shown_as_text),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

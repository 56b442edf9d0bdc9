// SPDX-License-Identifier: Apache-2.0
//
// Starts a program in every way that there is, and says how each ended.
//
// starts_others PROGRAM   (a path; its folder is put into PATH too)

#include <fcntl.h>
#include <libgen.h>
#include <spawn.h>
#include <sys/wait.h>

#include "test/programs/truth.h"

extern char** environ;

static const char* path;
static const char* name;
static char* words[3];

static void start(const char* way) {
  if (strcmp(way, "execve") == 0) execve(path, words, environ);
  if (strcmp(way, "execv") == 0) execv(path, words);
  if (strcmp(way, "execvp") == 0) execvp(name, words);
  if (strcmp(way, "execvpe") == 0) execvpe(name, words, environ);
  if (strcmp(way, "execl") == 0) execl(path, words[0], words[1], (char*)NULL);
  if (strcmp(way, "execlp") == 0) execlp(name, words[0], words[1], (char*)NULL);
  if (strcmp(way, "execle") == 0) execle(path, words[0], words[1], (char*)NULL, environ);
  if (strcmp(way, "fexecve") == 0) fexecve(open(path, O_RDONLY), words, environ);
  if (strcmp(way, "execveat") == 0) execveat(AT_FDCWD, path, words, environ, 0);
  _exit(99);
}

static void tell(const char* way, pid_t child) {
  int status = 0;
  VICTIM_CHECK(waitpid(child, &status, 0) == child);
  printf("%s %d\n", way, WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status));
}

int main(int argc, char** argv) {
  static const char* const kWays[] = {"execve", "execv",  "execvp",  "execvpe", "execl",
                                      "execlp", "execle", "fexecve", "execveat"};
  VICTIM_CHECK(argc == 2);
  path = argv[1];
  static char folder[4096], file[4096], search[8192];
  snprintf(folder, sizeof folder, "%s", path);
  snprintf(file, sizeof file, "%s", path);
  snprintf(search, sizeof search, "/nonexistent:%s:%s", dirname(folder), getenv("PATH"));
  name = basename(file);
  setenv("PATH", search, 1);
  words[0] = (char*)"zeroth";
  words[1] = (char*)"first";
  setvbuf(stdout, NULL, _IOLBF, 0);
  for (size_t i = 0; i < sizeof kWays / sizeof *kWays; ++i) {
    const pid_t child = fork();
    if (child == 0) start(kWays[i]);
    tell(kWays[i], child);
  }
  const pid_t shares_memory = vfork();
  if (shares_memory == 0) {
    execve(path, words, environ);
    _exit(99);
  }
  tell("vfork", shares_memory);
  pid_t child = -1;
  VICTIM_CHECK(posix_spawn(&child, path, NULL, NULL, words, environ) == 0);
  tell("posix_spawn", child);
  VICTIM_CHECK(posix_spawnp(&child, name, NULL, NULL, words, environ) == 0);
  tell("posix_spawnp", child);
  // Failures are told as ever.
  errno = 0;
  VICTIM_CHECK(execve("/nonexistent", words, environ) == -1 && errno == ENOENT);
  VICTIM_CHECK(execvp("no-such-program", words) == -1 && errno == ENOENT);
  VICTIM_CHECK(execl("/", "x", (char*)NULL) == -1 && errno == EACCES);
  return 0;
}

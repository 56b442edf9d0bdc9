// SPDX-License-Identifier: Apache-2.0
//
// exec and posix_spawn. A program that cannot live with silt in its LD_PRELOAD (base/executable.h)
// gets an environment in which silt is left out of it, and is not recorded; everything else goes
// through as it came. May run in a child that shares its parent's memory (vfork), so nothing is
// written but the stack. Hook context.

#include <alloca.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>

#include "interposer/base/attributes.h"
#include "interposer/base/executable.h"
#include "interposer/base/system_call.h"
#include "interposer/base/text.h"
#include "interposer/hook/real.h"
#include "interposer/track/recorder.h"

namespace silt::hook {
namespace {

using track::recorder;
using Environment = char* const*;

constexpr char kVariable[] = "LD_PRELOAD=";
constexpr size_t kLongestPath = 4096;

bool separates(char letter) { return letter == ' ' || letter == ':'; }

bool is_silt(const char* begin, const char* end) {
  constexpr char kLibrary[] = "libsilt.so";
  const char* const name = base::base_name(begin, end);
  return static_cast<size_t>(end - name) >= sizeof(kLibrary) - 1 &&
         base::starts_with(name, kLibrary);
}

// Copies the words of a list that are not silt's to `to`; returns how many bytes there are.
size_t copy_others(const char* from, char* to) {
  size_t size = 0;
  while (*from != '\0') {
    const char* end = from;
    while (*end != '\0' && !separates(*end)) ++end;
    if (end != from && !is_silt(from, end)) {
      if (size != 0) to[size++] = ':';
      while (from != end) to[size++] = *from++;
    }
    from = *end == '\0' ? end : end + 1;
  }
  to[size] = '\0';
  return size;
}

bool names_silt(const char* list) {
  while (*list != '\0') {
    const char* end = list;
    while (*end != '\0' && !separates(*end)) ++end;
    if (is_silt(list, end)) return true;
    list = *end == '\0' ? end : end + 1;
  }
  return false;
}

// The value of the variable where silt is in it, else nullptr.
const char* preload_of_silt(Environment environment) {
  if (environment == nullptr) return nullptr;
  for (; *environment != nullptr; ++environment) {
    if (!base::starts_with(*environment, kVariable)) continue;
    const char* const value = *environment + sizeof(kVariable) - 1;
    if (names_silt(value)) return value;
  }
  return nullptr;
}

// Calls `launch` with the environment, or, where `harmed`, with one of its own on the stack.
template <typename Harmed, typename Launch>
SILT_ALWAYS_INLINE int with_environment(Environment environment, Harmed&& harmed, Launch&& launch) {
  const char* const preload = preload_of_silt(environment);
  if (preload == nullptr || !harmed()) return launch(environment);
  size_t count = 0;
  while (environment[count] != nullptr) ++count;
  auto* const variable = static_cast<char*>(alloca(sizeof(kVariable) + base::length(preload)));
  __builtin_memcpy(variable, kVariable, sizeof(kVariable) - 1);
  const bool any = copy_others(preload, variable + sizeof(kVariable) - 1) != 0;
  auto** const copy = static_cast<char**>(alloca((count + 1) * sizeof(char*)));
  size_t kept = 0;
  for (size_t i = 0; i < count; ++i) {
    if (!base::starts_with(environment[i], kVariable)) {
      copy[kept++] = environment[i];
    } else if (any) {
      copy[kept++] = variable;
    }
  }
  copy[kept] = nullptr;
  return launch(copy);
}

bool file_is_harmed(const char* path) {
  return path != nullptr && base::preload_harms(AT_FDCWD, path);
}

bool file_in_is_harmed(int folder, const char* path, int flags) {
  if (path == nullptr) return false;
  if (*path == '\0' && (flags & AT_EMPTY_PATH) != 0) return base::preload_harms(folder);
  return base::preload_harms(folder, path);
}

// The file that execvp would find.
bool found_is_harmed(const char* name) {
  if (name == nullptr || *name == '\0') return false;
  for (const char* c = name; *c != '\0'; ++c) {
    if (*c == '/') return file_is_harmed(name);
  }
  const char* folders = getenv("PATH");
  if (folders == nullptr) folders = "/bin:/usr/bin";
  for (;;) {
    base::TextBuffer<kLongestPath> path;
    const char* end = folders;
    for (; *end != '\0' && *end != ':'; ++end) path.add(*end);
    if (end != folders) path.add('/');
    path.add(name);
    if (base::system_call(SYS_faccessat, AT_FDCWD, reinterpret_cast<long>(path.c_str()), X_OK) ==
        0) {
      return file_is_harmed(path.c_str());
    }
    if (*end == '\0') return false;
    folders = end + 1;
  }
}

template <typename Launch>
int launch_file(const char* path, Environment environment, Launch&& launch) {
  return with_environment(
      environment, [=] { return file_is_harmed(path); }, launch);
}

template <typename Launch>
int launch_found(const char* name, Environment environment, Launch&& launch) {
  return with_environment(
      environment, [=] { return found_is_harmed(name); }, launch);
}

SILT_COLD void resolve() {
  if (real.execve == nullptr) resolve_real_functions();
}

// Around what makes this process another program, unless it shares its memory with its parent.
template <typename Launch>
SILT_ALWAYS_INLINE int become(Launch&& launch) {
  if (recorder.becomes_another != nullptr) recorder.becomes_another(true);
  const int result = launch();
  if (recorder.becomes_another != nullptr) recorder.becomes_another(false);
  return result;
}

size_t count_arguments(const char* first, va_list arguments) {
  size_t count = 0;
  for (const char* word = first; word != nullptr; word = va_arg(arguments, const char*)) ++count;
  return count;
}

}  // namespace
}  // namespace silt::hook

using silt::hook::become;
using silt::hook::launch_file;
using silt::hook::launch_found;
using silt::hook::real;

// The words of a call like execl as an array on the stack, as libc makes one; `words` ends in
// nullptr. `arguments` stands behind it afterwards.
#define SILT_WORDS(words, first, arguments)                                              \
  va_list arguments;                                                                     \
  va_start(arguments, first);                                                            \
  const size_t words##_count = silt::hook::count_arguments(first, arguments);            \
  va_end(arguments);                                                                     \
  auto** const words = static_cast<char**>(alloca((words##_count + 1) * sizeof(char*))); \
  va_start(arguments, first);                                                            \
  words[0] = const_cast<char*>(first);                                                   \
  for (size_t i = 1; i <= words##_count; ++i) words[i] = va_arg(arguments, char*)

extern "C" {

SILT_EXPORT int execve(const char* path, char* const* words, char* const* environment) {
  silt::hook::resolve();
  return launch_file(path, environment, [=](char* const* changed) {
    return become([=] { return real.execve(path, words, changed); });
  });
}

SILT_EXPORT int execv(const char* path, char* const* words) { return execve(path, words, environ); }

SILT_EXPORT int execvpe(const char* name, char* const* words, char* const* environment) {
  silt::hook::resolve();
  return launch_found(name, environment, [=](char* const* changed) {
    return become([=] { return real.execvpe(name, words, changed); });
  });
}

SILT_EXPORT int execvp(const char* name, char* const* words) {
  return execvpe(name, words, environ);
}

SILT_EXPORT int execl(const char* path, const char* first, ...) {
  SILT_WORDS(words, first, arguments);
  va_end(arguments);
  return execve(path, words, environ);
}

SILT_EXPORT int execlp(const char* name, const char* first, ...) {
  SILT_WORDS(words, first, arguments);
  va_end(arguments);
  return execvpe(name, words, environ);
}

SILT_EXPORT int execle(const char* path, const char* first, ...) {
  SILT_WORDS(words, first, arguments);
  char** const environment = va_arg(arguments, char**);
  va_end(arguments);
  return execve(path, words, environment);
}

SILT_EXPORT int fexecve(int fd, char* const* words, char* const* environment) {
  silt::hook::resolve();
  return silt::hook::with_environment(
      environment, [=] { return silt::base::preload_harms(fd); },
      [=](char* const* changed) {
        return become([=] { return real.fexecve(fd, words, changed); });
      });
}

SILT_EXPORT int execveat(int folder, const char* path, char* const* words, char* const* environment,
                         int flags) {
  silt::hook::resolve();
  return silt::hook::with_environment(
      environment, [=] { return silt::hook::file_in_is_harmed(folder, path, flags); },
      [=](char* const* changed) {
        return become([=] { return real.execveat(folder, path, words, changed, flags); });
      });
}

SILT_EXPORT int posix_spawn(pid_t* pid, const char* path, const posix_spawn_file_actions_t* actions,
                            const posix_spawnattr_t* attributes, char* const* words,
                            char* const* environment) {
  silt::hook::resolve();
  return launch_file(path, environment, [=](char* const* changed) {
    return real.posix_spawn(pid, path, actions, attributes, words, changed);
  });
}

SILT_EXPORT int posix_spawnp(pid_t* pid, const char* name,
                             const posix_spawn_file_actions_t* actions,
                             const posix_spawnattr_t* attributes, char* const* words,
                             char* const* environment) {
  silt::hook::resolve();
  return launch_found(name, environment, [=](char* const* changed) {
    return real.posix_spawnp(pid, name, actions, attributes, words, changed);
  });
}

}  // extern "C"

// SPDX-License-Identifier: Apache-2.0
//
// See executable.h. Any context.

#include "interposer/base/executable.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cstddef>
#include <cstdint>

#include "interposer/base/arch.h"
#include "interposer/base/system_call.h"
#include "interposer/base/text.h"

namespace silt::base {
namespace {

// The kernel follows so many interpreters of scripts.
constexpr int kMostInterpreters = 5;
constexpr size_t kScriptLine = 256;  // as the kernel's BINPRM_BUF_SIZE

size_t read_at(int fd, void* to, size_t size, uint64_t offset) {
  const long count = system_call(SYS_pread64, fd, reinterpret_cast<long>(to),
                                 static_cast<long>(size), static_cast<long>(offset));
  return count < 0 ? 0 : static_cast<size_t>(count);
}

// Of the C library that this library was built for. glibc's: ld-linux-MACHINE.so.2, ld-linux.so.2,
// ld64.so.1, ld.so.1, ld-2.31.so.
bool is_fitting_loader(const char* path) {
  const char* const name = base_name(path);
#ifndef __GLIBC__
  return starts_with(name, "ld-musl");
#endif
  return starts_with(name, "ld-linux") || starts_with(name, "ld.so") ||
         starts_with(name, "ld64.so") || starts_with(name, "ld-2.");
}

bool elf_is_harmed(int fd, const Elf64_Ehdr& header) {
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_machine != arch::kElfMachine) return true;
  if (header.e_phentsize != sizeof(Elf64_Phdr)) return false;
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment;
    if (read_at(fd, &segment, sizeof(segment), header.e_phoff + i * sizeof(segment)) !=
        sizeof(segment)) {
      return false;
    }
    if (segment.p_type != PT_INTERP) continue;
    char loader[kScriptLine];
    const size_t wanted =
        segment.p_filesz < sizeof(loader) - 1 ? segment.p_filesz : sizeof(loader) - 1;
    loader[read_at(fd, loader, wanted, segment.p_offset)] = '\0';
    return loader[0] != '\0' && !is_fitting_loader(loader);
  }
  return false;
}

// "#! /bin/sh -e" -> "/bin/sh", in place; nullptr when it is no script.
const char* interpreter_of(char* line) {
  if (line[0] != '#' || line[1] != '!') return nullptr;
  char* begin = line + 2;
  while (*begin == ' ' || *begin == '\t') ++begin;
  char* end = begin;
  while (*end != '\0' && *end != ' ' && *end != '\t' && *end != '\n') ++end;
  *end = '\0';
  return *begin == '\0' ? nullptr : begin;
}

// What is not a regular file is not opened: that may have effects.
int open_file(int folder, const char* path) {
  struct stat status {};
  if (system_call(SYS_newfstatat, folder, reinterpret_cast<long>(path),
                  reinterpret_cast<long>(&status), 0) != 0 ||
      !S_ISREG(status.st_mode)) {
    return -1;
  }
  return static_cast<int>(system_call(SYS_openat, folder, reinterpret_cast<long>(path),
                                      O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
}

// Returns whether the file is harmed; or puts the path of its interpreter into `start`.
bool look(int fd, char (&start)[kScriptLine], const char** interpreter) {
  *interpreter = nullptr;
  const size_t size = read_at(fd, start, sizeof(start) - 1, 0);
  start[size] = '\0';
  if (size >= sizeof(Elf64_Ehdr) && __builtin_memcmp(start, ELFMAG, SELFMAG) == 0) {
    Elf64_Ehdr header;
    __builtin_memcpy(&header, start, sizeof(header));
    return elf_is_harmed(fd, header);
  }
  *interpreter = interpreter_of(start);
  return false;
}

bool look_through_scripts(int fd, bool close_it) {
  char start[kScriptLine];
  for (int hop = 0; fd >= 0; ++hop) {
    const char* interpreter = nullptr;
    const bool harmed = look(fd, start, &interpreter);
    if (close_it) system_call(SYS_close, fd);
    if (harmed || interpreter == nullptr || hop == kMostInterpreters) return harmed;
    fd = open_file(AT_FDCWD, interpreter);
    close_it = true;
  }
  return false;
}

}  // namespace

bool preload_harms(int folder, const char* path) {
  return look_through_scripts(open_file(folder, path), true);
}

bool preload_harms(int fd) { return look_through_scripts(fd, false); }

}  // namespace silt::base

// SPDX-License-Identifier: Apache-2.0
//
// See code_pages.h. Normal context.

#include "interposer/detour/code_pages.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "interposer/base/blocked_signals.h"
#include "interposer/base/memory.h"
#include "interposer/base/system_call.h"
#include "interposer/base/text.h"

namespace silt::detour {
namespace {

constexpr long kWritten = PROT_READ | PROT_WRITE;
constexpr long kRun = PROT_READ | PROT_EXEC;

long protect(uint64_t start, uint64_t size, long how) {
  return base::system_call(SYS_mprotect, static_cast<long>(start), static_cast<long>(size), how);
}

long map_of_file(uint64_t at, uint64_t size, int file, uint64_t offset, long more_flags) {
  return base::system_call(SYS_mmap, static_cast<long>(at), static_cast<long>(size), kRun,
                           MAP_PRIVATE | more_flags, file, static_cast<long>(offset));
}

}  // namespace

uint8_t* map_near(uint64_t start, size_t size_bytes) {
  constexpr long kFixedNoReplace = 0x100000;  // MAP_FIXED_NOREPLACE, Linux 4.17; before: a hint
  constexpr uint64_t kFarthest = uint64_t{1} << 30;
  constexpr uint64_t kLowest = uint64_t{1} << 16;
  // Nearly always the first place is free: in front of the program there is nothing.
  for (uint64_t distance = size_bytes + base::kPageSize; distance < kFarthest; distance *= 2) {
    const uint64_t at = (start - distance) & ~(base::kPageSize - 1);
    if (start < distance + kLowest) break;
    const long mapped =
        base::system_call(SYS_mmap, static_cast<long>(at), static_cast<long>(size_bytes), kWritten,
                          MAP_PRIVATE | MAP_ANONYMOUS | kFixedNoReplace, -1, 0);
    if (base::is_error(mapped)) continue;
    auto* const pages = reinterpret_cast<uint8_t*>(mapped);
    if (static_cast<uint64_t>(mapped) == at) {
      base::note_mapping(at, size_bytes);
      base::count_mapped(static_cast<int64_t>(size_bytes));
      return pages;
    }
    base::system_call(SYS_munmap, mapped, static_cast<long>(size_bytes));
  }
  return nullptr;
}

void unmap_pages(uint8_t* pages, size_t size_bytes) { base::unmap_memory(pages, size_bytes); }

long make_code(uint8_t* pages, size_t size_bytes) {
  return protect(reinterpret_cast<uint64_t>(pages), size_bytes, kRun);
}

long try_to_change(const Text& text, int program_file) {
  const long page = map_of_file(0, base::kPageSize, program_file, text.file_offset, 0);
  if (base::is_error(page)) return page;
  long answer = protect(static_cast<uint64_t>(page), base::kPageSize, kWritten);
  if (answer == 0) {
    auto* const byte = reinterpret_cast<volatile uint8_t*>(page);
    *byte = static_cast<uint8_t>(~*byte);
    answer = protect(static_cast<uint64_t>(page), base::kPageSize, kRun);
  }
  base::system_call(SYS_munmap, page, base::kPageSize);
  return answer;
}

long change_code(const Text& text, int program_file, uint64_t first, uint64_t last,
                 void (*change)(void* with), void* with) {
  const uint64_t start = first & ~(base::kPageSize - 1);
  const uint64_t size = ((last + base::kPageSize - 1) & ~(base::kPageSize - 1)) - start;
  // A handler of the program's would run code that is none at the moment.
  const base::BlockedSignals blocked;
  long answer = protect(start, size, kWritten);
  if (answer != 0) return answer;
  change(with);
  answer = protect(start, size, kRun);
  if (answer == 0) return 0;
  // It was tried before, so this does not happen; if it does, the pages come anew from the file.
  const uint64_t offset = text.file_offset + (start - text.start);
  const long again = map_of_file(start, size, program_file, offset, MAP_FIXED);
  return base::is_error(again) ? again : answer;
}

bool is_single_thread() {
  const long fd = base::system_call(SYS_openat, AT_FDCWD, reinterpret_cast<long>("/proc/self/stat"),
                                    O_RDONLY | O_CLOEXEC);
  if (base::is_error(fd)) return false;
  char text[1024];
  const long size = base::system_call(SYS_read, fd, reinterpret_cast<long>(text), sizeof(text) - 1);
  base::system_call(SYS_close, fd);
  if (size <= 0) return false;
  text[size] = '\0';
  // pid (name) state ppid …: the name may hold anything, a parenthesis too. num_threads is the
  // twentieth, the eighteenth behind the name (proc(5)).
  const char* at = nullptr;
  for (const char* c = text; *c != '\0'; ++c) {
    if (*c == ')') at = c;
  }
  constexpr int kThreadCount = 18;
  for (int i = 0; at != nullptr && i < kThreadCount; ++i) {
    while (*at != '\0' && *at != ' ') ++at;
    if (*at == ' ') ++at;
  }
  const char* end;
  return at != nullptr && base::parse_decimal(at, &end) == 1;
}

}  // namespace silt::detour

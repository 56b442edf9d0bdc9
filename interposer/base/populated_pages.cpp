// SPDX-License-Identifier: Apache-2.0
//
// See populated_pages.h. Any context.

#include "interposer/base/populated_pages.h"

#include <fcntl.h>
#include <sys/syscall.h>

#include "interposer/base/open_files.h"
#include "interposer/base/system_call.h"

namespace silt::base {

PopulatedPages::PopulatedPages()
    : file_(
          static_cast<int>(open_listed(AT_FDCWD, "/proc/self/pagemap", O_RDONLY | O_CLOEXEC, 0))) {}

PopulatedPages::~PopulatedPages() {
  if (file_ >= 0) close_listed(file_);
}

bool PopulatedPages::ask(const void* start, size_t pages) {
  if (file_ < 0 || pages > kMostPages) return false;
  // A table of the black box may begin within one of the larger pages.
  if (reinterpret_cast<uint64_t>(start) % page_size() != 0) return false;
  const size_t size = pages * sizeof(uint64_t);
  const uint64_t offset = reinterpret_cast<uint64_t>(start) / page_size() * sizeof(uint64_t);
  return system_call(SYS_pread64, file_, reinterpret_cast<long>(entries_), static_cast<long>(size),
                     static_cast<long>(offset)) == static_cast<long>(size);
}

}  // namespace silt::base

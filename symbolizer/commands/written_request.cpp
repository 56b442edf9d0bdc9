// SPDX-License-Identifier: Apache-2.0
//
// See written_request.h.

#include "symbolizer/commands/written_request.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace silt::commands {

WrittenRequest::WrittenRequest(std::initializer_list<std::string> paths) {
  for (const std::string& path : paths) {
    const int fd = open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) continue;
    struct stat file {};
    const bool whole = fstat(fd, &file) == 0 && S_ISREG(file.st_mode) &&
                       file.st_size >= static_cast<off_t>(format::kControlSize);
    void* const at =
        whole ? mmap(nullptr, format::kControlSize, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
              : MAP_FAILED;
    close(fd);
    if (at == MAP_FAILED) continue;
    control_ = static_cast<format::Control*>(at);
    before_ = __atomic_fetch_add(&control_->requests, 1, __ATOMIC_RELEASE);
    return;
  }
}

WrittenRequest::~WrittenRequest() {
  if (control_ == nullptr) return;
  uint32_t asked = before_ + 1;
  if (!settled_) {
    __atomic_compare_exchange_n(&control_->requests, &asked, before_, false, __ATOMIC_RELAXED,
                                __ATOMIC_RELAXED);
  }
  munmap(control_, format::kControlSize);
}

}  // namespace silt::commands

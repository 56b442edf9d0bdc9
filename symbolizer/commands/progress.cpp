// SPDX-License-Identifier: Apache-2.0
//
// Progress on a terminal; see the header.

#include "symbolizer/commands/progress.h"

#include <unistd.h>

#include <cstdio>

namespace silt::commands {

Progress::Progress() : start_(std::chrono::steady_clock::now()), last_(start_) {
  terminal_ = isatty(STDERR_FILENO) == 1;
}

Progress::~Progress() {
  if (shown_) std::fputs("\r\033[K", stderr);
}

void Progress::tell(const char* what, double done) {
  if (!terminal_) return;
  const auto now = std::chrono::steady_clock::now();
  if (now - start_ < std::chrono::seconds(1) || now - last_ < std::chrono::milliseconds(100))
    return;
  last_ = now;
  shown_ = true;
  std::fprintf(stderr, "\r\033[Ksilt: %s, %.0f %%", what, done * 100);
  std::fflush(stderr);
}

}  // namespace silt::commands

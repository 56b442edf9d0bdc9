// SPDX-License-Identifier: Apache-2.0
//
// One line at the bottom of the terminal on standard error that is rewritten and wiped. It is cut
// to the terminal's width: a wrapped line could not be rewritten.

#ifndef SILT_SYMBOLIZER_BASE_TERMINAL_LINE_H_
#define SILT_SYMBOLIZER_BASE_TERMINAL_LINE_H_

#include <chrono>
#include <string_view>

namespace silt {

class TerminalLine {
 public:
  // Whether there is a terminal that can rewrite a line; without one, show() does nothing.
  static bool is_possible();

  // Not more often than the eye can follow, unless `at_once`.
  void show(std::string_view text, bool at_once);
  void wipe();

 private:
  bool shown_ = false;
  std::chrono::steady_clock::time_point last_{};
};

}  // namespace silt

#endif  // SILT_SYMBOLIZER_BASE_TERMINAL_LINE_H_

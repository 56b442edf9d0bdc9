// SPDX-License-Identifier: Apache-2.0
//
// The processes that can be looked at, as a tree on a screen, and how one is chosen.

#ifndef SILT_SYMBOLIZER_TOP_PROCESS_SCREEN_H_
#define SILT_SYMBOLIZER_TOP_PROCESS_SCREEN_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "symbolizer/top/keys.h"
#include "symbolizer/top/view.h"

namespace silt::top {

struct ProcessRow {
  pid_t pid = 0;
  size_t depth = 0;  // in the tree
  std::string command;
  uint64_t rss_bytes = 0;
  bool asleep = false;
};

struct ProcessView {
  pid_t chosen = 0;                          // gone or 0: the first
  bool can_go_back = false;                  // to the process that was looked at
  std::map<pid_t, uint64_t> first_rss = {};  // when each was first seen

  // What is listed from now on.
  void see(const std::vector<ProcessRow>& processes);
};

// `screen` gives size, colour and whether there are keys.
std::vector<std::string> process_lines(const std::vector<ProcessRow>& processes,
                                       const ProcessView& view, const View& screen);

enum class ProcessWanted : uint8_t { kNothing, kQuit, kBack, kLook };  // kLook: at `chosen`
ProcessWanted press(const Pressed& pressed, const std::vector<ProcessRow>& processes,
                    ProcessView& view);

}  // namespace silt::top

#endif  // SILT_SYMBOLIZER_TOP_PROCESS_SCREEN_H_

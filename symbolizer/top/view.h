// SPDX-License-Identifier: Apache-2.0
//
// What a user has chosen to look at, and how keys change it. Keys in, choices out: the terminal is
// elsewhere, and so is what a choice costs (another snapshot, another process).

#ifndef SILT_SYMBOLIZER_TOP_VIEW_H_
#define SILT_SYMBOLIZER_TOP_VIEW_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "symbolizer/top/keys.h"
#include "symbolizer/top/picture.h"

namespace silt::top {

enum class Order : uint8_t { kVerdict, kGrowth, kNow, kLive };
// "verdict", "growth", "now", "live"
const char* order_word(Order order);

struct View {
  size_t width = 80;   // columns
  size_t height = 24;  // lines, all of them
  bool colour = false;
  bool keys = false;  // there is a keyboard: a row is chosen, and the last line tells the keys
  bool has_processes = false;  // of a process: its tree can be asked for

  Order order = Order::kVerdict;
  bool paused = false;
  bool keeps = false;     // the snapshots that top takes stay in the recording
  bool can_keep = false;  // it takes any
  bool help = false;
  bool typing = false;  // the filter
  std::string filter;   // in names, places, heaps and verdicts, whatever the case
  std::string chosen;   // key of a row; empty or gone: the first
  bool inside = false;  // the chosen row's stacks are shown
  size_t scroll = 0;    // lines of them above the screen
  std::string trouble;  // why there is no newer picture; empty: there is, or will be
};

// What remains to be done after a key.
enum class Wanted : uint8_t { kNothing, kQuit, kProcesses };
Wanted press(const Pressed& pressed, const Picture& picture, View& view);

// Rows that pass the filter, in the order that was chosen; indexes into Picture::rows.
std::vector<size_t> shown_rows(const Picture& picture, const View& view);
// Where the chosen row stands among them; 0 where it is not, or none was chosen.
size_t chosen_row(const Picture& picture, const std::vector<size_t>& shown, const View& view);

// "js", "python", "native", "mapping", as rows and the filter have them.
std::string verdict_text(const Row& row);

}  // namespace silt::top

#endif  // SILT_SYMBOLIZER_TOP_VIEW_H_

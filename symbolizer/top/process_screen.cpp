// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/top/process_screen.h"

#include <algorithm>

#include "symbolizer/base/columns.h"
#include "symbolizer/base/quantity.h"
#include "symbolizer/render/escape.h"
#include "symbolizer/top/paint.h"

namespace silt::top {
namespace {

constexpr size_t kDeepest = 8;  // of what is indented; deeper ones stand below one another

size_t place_of(const std::vector<ProcessRow>& processes, pid_t chosen) {
  for (size_t i = 0; i < processes.size(); ++i) {
    if (processes[i].pid == chosen) return i;
  }
  return 0;
}

std::string row_line(const ProcessRow& row, const ProcessView& view, bool marked, size_t width) {
  const auto first = view.first_rss.find(row.pid);
  const double growth = first == view.first_rss.end() ? 0
                                                      : static_cast<double>(row.rss_bytes) -
                                                            static_cast<double>(first->second);
  std::string branch(2 * std::min(row.depth, kDeepest), ' ');
  if (!branch.empty()) branch.replace(branch.size() - 2, 2, "└ ");
  const std::string figures = (marked ? ">" : " ") + at_right(std::to_string(row.pid), 8) +
                              at_right(format_bytes(static_cast<double>(row.rss_bytes)), 10) +
                              at_right(format_bytes_signed(growth), 10) + "  " + branch +
                              (row.asleep ? "(asleep) " : "");
  const size_t room = width > columns(figures) ? width - columns(figures) : 1;
  // Of a command the beginning tells most.
  const std::string command = render::clean(row.command);
  if (columns(command) <= room) return figures + command;
  return figures + std::string(first_columns(command, room - 1)) + "…";
}

}  // namespace

void ProcessView::see(const std::vector<ProcessRow>& processes) {
  std::map<pid_t, uint64_t> still;
  for (const ProcessRow& row : processes) {
    const auto at = first_rss.find(row.pid);
    still[row.pid] = at == first_rss.end() ? row.rss_bytes : at->second;
  }
  first_rss = std::move(still);
}

std::vector<std::string> process_lines(const std::vector<ProcessRow>& processes,
                                       const ProcessView& view, const View& screen) {
  Lines lines(screen);
  const size_t room = screen.height - (screen.keys && screen.height > 0 ? 1 : 0);
  const std::string count = std::to_string(processes.size());
  lines.add(count + (processes.size() == 1 ? " process" : " processes") + " under silt", kBold);
  lines.add("");
  lines.add(" " + at_right("pid", 8) + at_right("RSS", 10) + at_right("growth", 10) + "  command",
            kBold);
  const size_t chosen = place_of(processes, view.chosen);
  const size_t visible = room > lines.size() ? room - lines.size() : 0;
  const size_t begin =
      screen.keys && chosen >= visible ? chosen + 1 - std::max<size_t>(visible, 1) : 0;
  for (size_t i = begin; i < processes.size() && i < begin + visible; ++i) {
    const bool marked = screen.keys && i == chosen;
    lines.add(row_line(processes[i], view, marked, screen.width), marked ? kInverse : kPlain);
  }
  if (processes.empty()) lines.add("  none that this user may see: silt run PROGRAM starts one");
  std::vector<std::string> all = lines.take();
  if (all.size() > room) all.resize(room);
  if (!screen.keys) return all;
  all.resize(room);
  Lines last(screen);
  std::vector<std::string> keys = {"q quit", "Enter look at it", "Up/Down choose"};
  if (view.can_go_back) keys.insert(keys.begin() + 1, "Esc back");
  last.add(keys_text(keys, screen.width), kBold);
  all.push_back(last.take().front());
  return all;
}

ProcessWanted press(const Pressed& pressed, const std::vector<ProcessRow>& processes,
                    ProcessView& view) {
  const auto move = [&](std::ptrdiff_t by) {
    if (processes.empty()) return;
    const auto last = static_cast<std::ptrdiff_t>(processes.size()) - 1;
    const auto at = static_cast<std::ptrdiff_t>(place_of(processes, view.chosen)) + by;
    view.chosen = processes[static_cast<size_t>(std::clamp(at, std::ptrdiff_t{0}, last))].pid;
  };
  switch (pressed.key) {
    case Key::kUp:
      move(-1);
      break;
    case Key::kDown:
      move(1);
      break;
    case Key::kPageUp:
      move(-10);
      break;
    case Key::kPageDown:
      move(10);
      break;
    case Key::kHome:
      move(-(1 << 20));
      break;
    case Key::kEnd:
      move(1 << 20);
      break;
    case Key::kEnter:
      move(0);
      return processes.empty() ? ProcessWanted::kNothing : ProcessWanted::kLook;
    case Key::kEscape:
    case Key::kBackspace:
      return view.can_go_back ? ProcessWanted::kBack : ProcessWanted::kNothing;
    case Key::kText:
      if (pressed.text == "q" || pressed.text == "Q") return ProcessWanted::kQuit;
      if (pressed.text == "t" && view.can_go_back) return ProcessWanted::kBack;
      break;
    case Key::kOther:
      break;
  }
  return ProcessWanted::kNothing;
}

}  // namespace silt::top

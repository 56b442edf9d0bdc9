// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/commands/top_processes.h"

#include <unistd.h>

#include <algorithm>

#include "symbolizer/process/recorded_processes.h"

namespace silt::commands {

std::vector<top::ProcessRow> listed_processes(pid_t root) {
  std::vector<top::ProcessRow> rows;
  for (const process::RecordedProcess& one : process::recorded_processes(root, getpid())) {
    rows.push_back({one.pid, one.depth, one.command, one.rss_bytes, one.asleep});
  }
  return rows;
}

Choice choose_process(top::Terminal& terminal, bool colour, pid_t root, pid_t present,
                      std::chrono::steady_clock::duration interval) {
  top::ProcessView view;
  view.chosen = present;
  view.can_go_back = present != 0;
  std::vector<top::ProcessRow> processes = listed_processes(root);
  view.see(processes);
  auto due = std::chrono::steady_clock::now() + interval;
  for (;;) {
    top::View screen;
    screen.width = terminal.width();
    screen.height = terminal.height();
    screen.colour = colour;
    screen.keys = terminal.has_keys();
    terminal.draw(process_lines(processes, view, screen));
    const auto left = due - std::chrono::steady_clock::now();
    switch (terminal.wait(std::max(left, std::chrono::steady_clock::duration{}))) {
      case top::Terminal::Wake::kQuit:
        return {};
      case top::Terminal::Wake::kKey:
        for (const top::Pressed& pressed : terminal.keys()) {
          const top::ProcessWanted wanted = top::press(pressed, processes, view);
          if (wanted != top::ProcessWanted::kNothing) return {wanted, view.chosen};
        }
        break;
      case top::Terminal::Wake::kRedraw:
        break;
      case top::Terminal::Wake::kTime:
        processes = listed_processes(root);
        view.see(processes);
        due = std::chrono::steady_clock::now() + interval;
        break;
    }
  }
}

}  // namespace silt::commands

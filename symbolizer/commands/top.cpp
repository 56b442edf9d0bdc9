// SPDX-License-Identifier: Apache-2.0
//
// `silt top`: where a running program's memory grows, now. Of a process it takes the snapshots
// itself; of a recording it follows those that others take.

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "symbolizer/base/log.h"
#include "symbolizer/base/quote.h"
#include "symbolizer/base/setting_text.h"
#include "symbolizer/commands/command.h"
#include "symbolizer/commands/failing.h"
#include "symbolizer/commands/output.h"
#include "symbolizer/commands/top_following.h"
#include "symbolizer/commands/top_processes.h"
#include "symbolizer/commands/top_source.h"
#include "symbolizer/top/screen.h"
#include "symbolizer/top/terminal.h"

namespace silt::commands {
namespace {

using top::Terminal;

constexpr const char* kTopExamples = R"(
Without PID the processes that run under silt are listed, as a tree, to choose from; so they are
when PID is not recorded itself but has started some that are.
One leak is one row; its verdict is what the snapshots so far say. Of a process each picture is a
snapshot of its own. These are removed again, unless 'k' or --keep has them stay in the recording.
Growth counts from the first snapshot that top took, of a recording from its first.
Keys: Up and Down choose a row, Enter shows its stacks and why it has its verdict, Esc goes back,
/ filters, s sorts (by verdict, growth, pace now, what is live), space pauses, k keeps, t shows
the tree of processes, ? helps, q or Ctrl-C quits.

Examples:
  silt top                        choose a process
  silt top 4711
  silt top --interval 10s $(pidof -s nginx)
  silt top silt.shop.4711         while 'silt run --every 5s' or 'silt dump' adds to it
  silt top --once silt.shop.4711  one picture, for a script

Exit status: 0 done, also when the process has ended; 2 usage; 3 no snapshot could be had.
)";

struct TopOptions {
  std::string target;
  std::string interval = "2s";
  bool once = false;
  bool keep = false;
};

std::optional<pid_t> as_pid(const std::string& word) {
  const bool digits = !word.empty() && word.size() < 10 &&
                      word.find_first_not_of("0123456789") == std::string::npos;
  if (!digits || std::stoi(word) == 0) return std::nullopt;
  return static_cast<pid_t>(std::stoi(word));
}

void print(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

// A process or a recording with its first picture, or which process is to be asked first.
struct Start {
  std::unique_ptr<TopSource> source;  // none: one is to be chosen
  top::Picture picture;
  pid_t root = 0;  // among it and what it has started; 0: all
};

std::optional<Error> begin(std::unique_ptr<TopSource> source, bool keep, Start& start) {
  source->keep(keep);
  Result<std::optional<top::Picture>> first = source->next();
  if (!first) return first.error();
  start.picture = std::move(**first);
  start.source = std::move(source);
  return std::nullopt;
}

Result<Start> start_of(const TopOptions& options, std::chrono::nanoseconds interval) {
  Start start;
  if (options.target.empty()) return start;
  const auto pid = as_pid(options.target);
  auto source = pid ? std::make_unique<TopSource>(*pid, interval)
                    : std::make_unique<TopSource>(std::filesystem::path(options.target), interval);
  const auto error = begin(std::move(source), options.keep, start);
  if (!error) return start;
  // A shell or npm that only starts others need not be recorded itself.
  if (pid && !options.once) {
    const auto below = listed_processes(*pid);
    const bool itself = std::any_of(below.begin(), below.end(),
                                    [&](const top::ProcessRow& row) { return row.pid == *pid; });
    if (!below.empty() && !itself) {
      start.root = *pid;
      return start;
    }
  }
  return *error;
}

// Shows processes and follows them in turn, until the user has enough or one has ended.
Left look(Terminal& terminal, Start& start, std::chrono::nanoseconds interval, bool keep) {
  const bool colour = terminal.live() && colour_wanted(STDOUT_FILENO);
  Left left;
  for (;;) {
    if (start.source == nullptr || left.how == Left::How::kProcesses) {
      const pid_t present = start.source == nullptr ? 0 : start.source->pid().value_or(0);
      const Choice choice = choose_process(terminal, colour, start.root, present, interval);
      if (choice.wanted == top::ProcessWanted::kQuit) return {};
      if (choice.wanted == top::ProcessWanted::kLook && choice.pid != present) {
        const auto error = begin(std::make_unique<TopSource>(choice.pid, interval), keep, start);
        if (error) return {Left::How::kOver, error, {}};
      }
    }
    left = follow(terminal, *start.source, start.picture, interval, keep);
    if (left.how != Left::How::kProcesses) return left;
  }
}

int print_once(const Start& start) {
  top::View view;
  view.width = terminal_width(STDOUT_FILENO);
  if (start.source != nullptr) {
    print(lines_of(start.picture, view));
    return kDone;
  }
  const std::vector<top::ProcessRow> processes = listed_processes(start.root);
  top::ProcessView list;
  list.see(processes);
  view.height = processes.size() + 4;
  print(process_lines(processes, list, view));
  return processes.empty() ? kInput : kDone;
}

int run_top(const TopOptions& options) {
  const auto interval_ns = parse_duration(options.interval);
  if (!interval_ns || *interval_ns == 0) {
    return fail("--interval " + in_quotes(options.interval) + " is not a time: 500ms, 2s, 1m",
                kUsage);
  }
  const std::chrono::nanoseconds interval(*interval_ns);
  Result<Start> start = start_of(options, interval);
  if (!start) return fail(start.error().message, kInput);
  const bool can_choose = isatty(STDOUT_FILENO) == 1 && isatty(STDIN_FILENO) == 1;
  if (options.once || (start->source == nullptr && !can_choose)) return print_once(*start);

  Left left;
  {
    Terminal terminal;
    left = look(terminal, *start, interval, options.keep);
    if (!terminal.live()) left.lines.clear();  // they are there already
    terminal.restore();
  }
  // The last picture stays in view after the screen of top is gone.
  print(left.lines);
  if (left.why) fail(left.why->message, kDone);
  return kDone;
}

}  // namespace

void register_top(CLI::App& app, int& status) {
  auto options = std::make_shared<TopOptions>();
  CLI::App* command = app.add_subcommand("top", "a live view of what grows");
  command
      ->add_option("PID|RECORDING", options->target,
                   "a process under silt, or a recording folder; none: choose a process")
      ->type_name("");
  command->add_option("--interval,-n", options->interval, "time between updates")
      ->capture_default_str()
      ->type_name("TIME");
  command->add_flag("--once", options->once, "print the figures once and end; needs no terminal");
  command->add_flag("--keep", options->keep,
                    "leave the snapshots that are taken for this in the recording");
  command->footer(kTopExamples);
  command->callback([options, &status] { status = run_top(*options); });
}

}  // namespace silt::commands

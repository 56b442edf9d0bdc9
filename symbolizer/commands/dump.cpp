// SPDX-License-Identifier: Apache-2.0
//
// `silt dump`: asks running processes for a snapshot and waits until it is there.

#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "symbolizer/base/log.h"
#include "symbolizer/base/quantity.h"
#include "symbolizer/base/quote.h"
#include "symbolizer/base/setting_text.h"
#include "symbolizer/commands/class_looks.h"
#include "symbolizer/commands/command.h"
#include "symbolizer/commands/heap_at_dump.h"
#include "symbolizer/process/facts.h"
#include "symbolizer/process/family.h"
#include "symbolizer/process/owners_answer.h"
#include "symbolizer/process/signal_obstacle.h"
#include "symbolizer/process/snapshot_request.h"
#include "symbolizer/process/without_silt.h"

namespace silt::commands {
namespace {

// What became of the search, on standard error: standard output is for paths.
bool tell_owners(pid_t pid, const std::string& path, process::Wish wish) {
  if (wish.owners_if_small) {
    // Whoever asks for a report next finds them, as a rule; nobody asked for them by name.
    constexpr double kPatience = 2;
    static_cast<void>(process::await_owners(pid, path, kPatience));
    return true;
  }
  if (!wish.owners) return true;
  const auto owners = process::await_owners(pid, path, std::numeric_limits<double>::infinity());
  if (!owners) {
    log::error(owners.error().message);
    return false;
  }
  const format::OwnersFacts& facts = owners->facts;
  const auto took = [](uint64_t nanoseconds) {
    return format_pause(static_cast<double>(nanoseconds) / 1e9);
  };
  log::step(format_counted(static_cast<double>(facts.blocks), "block") + " in " +
            format_bytes(static_cast<double>(facts.bytes)) + " looked at, " +
            format_counted(static_cast<double>(facts.lost_blocks), "block") + " in " +
            format_bytes(static_cast<double>(facts.lost_bytes)) + " lost; process " +
            std::to_string(pid) + " was paused for " + took(owners->asked.pause_ns) +
            ", its copy used " + took(facts.cpu_ns) + " of CPU and " +
            format_bytes(static_cast<double>(facts.private_bytes)));
  return true;
}

// Whether silt is not in a process, as far as that can be seen: one that has ended shows nothing.
bool is_stranger(pid_t pid) {
  const auto maps = process::read_proc(process::living_path(pid, "maps"));
  return maps && !maps->empty() && !process::parse_maps(*maps).interposer;
}

std::string name_of(pid_t pid) {
  std::string name = process::read_proc(process::proc_path(pid, "comm")).value_or("?");
  while (!name.empty() && name.back() == '\n') name.pop_back();
  return "process " + std::to_string(pid) + " (" + one_line(name) + ")";
}

struct Asked {
  pid_t pid = 0;
  bool in_tree = false;  // found below a process that was named
  std::optional<Result<std::string>> answer;
};

// The process and, of what it started, those that are recorded; the others are named. A process
// that only starts others (a shell, npm) need not be recorded itself.
void add_tree(pid_t root, std::vector<Asked>& all) {
  const auto add = [&all](pid_t pid, bool in_tree) {
    const bool known =
        std::any_of(all.begin(), all.end(), [pid](const Asked& one) { return one.pid == pid; });
    if (!known) all.push_back({pid, in_tree, {}});
  };
  const auto recorded = [](pid_t pid) {
    const auto maps = process::read_proc(process::living_path(pid, "maps"));
    return maps && process::is_recorded(process::parse_maps(*maps));
  };
  const size_t before = all.size();
  const std::vector<pid_t> below = process::descendants_of(root, {});
  const bool root_counts = recorded(root) || std::none_of(below.begin(), below.end(), recorded);
  if (root_counts) {
    add(root, false);
  } else {
    log::warning(name_of(root) + " is not recorded itself");
  }
  for (const pid_t pid : below) {
    if (recorded(pid)) {
      add(pid, true);
    } else if (process::read_proc(process::living_path(pid, "maps"))) {
      log::warning(name_of(pid) + ", started by it, is not recorded");
    }
  }
  log::debug(format_counted(static_cast<double>(all.size() - before), "process") + " of the tree");
}

// Many at a time, so that their snapshots show one moment as nearly as can be.
void ask_all(std::vector<Asked>& all, double seconds, process::Wish wish) {
  constexpr size_t kAtOnce = 16;
  std::atomic<size_t> next{0};
  const auto work = [&] {
    for (size_t i = next++; i < all.size(); i = next++) {
      all[i].answer = process::request_snapshot(all[i].pid, {seconds, seconds}, wish);
    }
  };
  std::vector<std::thread> threads;
  for (size_t i = 1; i < std::min(all.size(), kAtOnce); ++i) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
}

bool has_ended(pid_t pid) {
  const auto status = process::status_of(pid);
  return !status || status->state == 'Z' || status->state == 'X';
}

// Whether what was asked for is there. A process of a tree that has ended since has nothing to say.
bool tell(const Asked& asked, double seconds, process::Wish wish) {
  const Result<std::string>& path = *asked.answer;
  if (path) {
    // For scripts as it is; the process chose it.
    std::printf("%s\n", isatty(STDOUT_FILENO) == 1 ? one_line(*path).c_str() : path->c_str());
    std::fflush(stdout);
    const bool told = tell_owners(asked.pid, *path, wish);
    if (!wish.owners) return told;
    look_into_heap(asked.pid, *path, {seconds, seconds});
    look_at_classes(asked.pid, *path, seconds);
    return told;
  }
  if (asked.in_tree && has_ended(asked.pid)) {
    log::warning(path.error().message);
    return true;
  }
  log::error(path.error().message);
  if (is_stranger(asked.pid)) {
    for (const std::string& line : process::what_helps(asked.pid)) log::warning("  " + line);
  }
  return false;
}

int dump_all(const std::vector<std::string>& words, const std::string& timeout, bool tree,
             process::Wish wish) {
  const auto nanoseconds = parse_duration(timeout);
  if (!nanoseconds) {
    log::error("--timeout " + in_quotes(timeout) + " is not a time: 500ms, 10s, 1m");
    return kUsage;
  }
  const double seconds = static_cast<double>(*nanoseconds) / 1e9;
  std::vector<Asked> all;
  for (const std::string& word : words) {
    const auto pid = parse_pid(word);
    if (!pid) return kUsage;
    if (tree) {
      add_tree(*pid, all);
    } else if (std::none_of(all.begin(), all.end(),
                            [&](const Asked& one) { return one.pid == *pid; })) {
      all.push_back({*pid, false, {}});
    }
  }
  ask_all(all, seconds, wish);
  size_t missing = 0;
  for (const Asked& asked : all) missing += tell(asked, seconds, wish) ? 0 : 1;
  if (missing > 0 && all.size() > 1) {
    log::error(std::to_string(missing) + " of " + std::to_string(all.size()) +
               " processes gave no snapshot");
  }
  return missing == 0 ? kDone : kInput;
}

}  // namespace

std::optional<pid_t> parse_pid(const std::string& word) {
  const bool digits = !word.empty() && word.size() < 10 &&
                      word.find_first_not_of("0123456789") == std::string::npos;
  if (digits && std::stoi(word) != 0) return static_cast<pid_t>(std::stoi(word));
  log::error(in_quotes(word) + " is not a process id");
  return std::nullopt;
}

void register_dump(CLI::App& app, int& status) {
  struct DumpOptions {
    std::vector<std::string> pids;
    std::string timeout = "10s";
    bool tree = false;
    bool owners = false;
    bool no_owners = false;
  };
  auto options = std::make_shared<DumpOptions>();
  CLI::App* command = app.add_subcommand("dump", "take a snapshot of running processes");
  command->add_option("PID", options->pids, "processes that run under silt")
      ->required()
      ->type_name("NUMBER");
  command->add_option("--timeout", options->timeout, "how long to wait for each (default: 10s)")
      ->type_name("TIME");
  command->add_flag("--tree", options->tree,
                    "also the processes that it has started, and those that these have");
  CLI::Option* const owners = command->add_flag(
      "--owners", options->owners,
      "also find out who keeps the blocks: a copy of the process looks while the process goes on "
      "(default: in processes of at most 128 MiB and 400,000 blocks)");
  command->add_flag("--no-owners", options->no_owners, "make no copy of any process")
      ->excludes(owners);
  command->footer(
      "Prints the path of each snapshot once it is written.\n"
      "Examples:\n"
      "  silt dump 4711\n"
      "  silt dump $(pidof nginx)\n"
      "  silt dump --tree 4711\n"
      "  silt dump --owners 4711\n"
      "\n"
      "Exit status: 0 every snapshot was written; 2 usage; 3 one could not be taken. With --tree\n"
      "processes that are not recorded, and those that end meanwhile, are named and do not count,\n"
      "unless there is no other.");
  command->callback([options, &status] {
    status = dump_all(options->pids, options->timeout, options->tree,
                      options->owners      ? process::Wish::kOwners
                      : options->no_owners ? process::Wish::kPlain
                                           : process::Wish::kOwnersIfSmall);
  });
}

}  // namespace silt::commands

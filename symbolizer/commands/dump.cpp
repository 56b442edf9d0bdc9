// SPDX-License-Identifier: Apache-2.0
//
// `silt dump`: asks running processes for a snapshot and waits until it is there.

#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "symbolizer/base/log.h"
#include "symbolizer/base/quantity.h"
#include "symbolizer/base/quote.h"
#include "symbolizer/base/setting_text.h"
#include "symbolizer/commands/command.h"
#include "symbolizer/commands/heap_at_dump.h"
#include "symbolizer/process/facts.h"
#include "symbolizer/process/family.h"
#include "symbolizer/process/owners_answer.h"
#include "symbolizer/process/snapshot_request.h"

namespace silt::commands {
namespace {

// What became of the search, on standard error: standard output is for paths.
bool tell_owners(pid_t pid, const std::string& path) {
  const auto owners = process::await_owners(pid, path, std::numeric_limits<double>::infinity());
  if (!owners) {
    log::error(owners.error().message);
    return false;
  }
  const format::OwnersFacts& facts = owners->facts;
  char figures[96];
  std::snprintf(figures, sizeof(figures),
                "; process %d was paused for %.3g ms, its copy used %.3g s of CPU and ", pid,
                static_cast<double>(owners->asked.pause_ns) / 1e6,
                static_cast<double>(facts.cpu_ns) / 1e9);
  log::step(format_counted(static_cast<double>(facts.blocks), "block") + " in " +
            format_bytes(static_cast<double>(facts.bytes)) + " looked at, " +
            format_counted(static_cast<double>(facts.lost_blocks), "block") + " in " +
            format_bytes(static_cast<double>(facts.lost_bytes)) + " lost" + figures +
            format_bytes(static_cast<double>(facts.private_bytes)));
  return true;
}

// The process and, of what it started, those that are recorded; the others are named.
std::vector<pid_t> tree_of(pid_t root) {
  std::vector<pid_t> tree = {root};
  for (const pid_t pid : process::descendants_of(root, {})) {
    const auto maps = process::read_proc(process::proc_path(pid, "maps"));
    if (maps && process::is_recorded(process::parse_maps(*maps))) {
      tree.push_back(pid);
      continue;
    }
    std::string name = process::read_proc(process::proc_path(pid, "comm")).value_or("?");
    while (!name.empty() && name.back() == '\n') name.pop_back();
    log::step("process " + std::to_string(pid) + " (" + one_line(name) +
              "), started by it, is not recorded");
  }
  return tree;
}

int dump_all(const std::vector<std::string>& words, const std::string& timeout, bool tree,
             process::Wish wish) {
  const auto nanoseconds = parse_duration(timeout);
  if (!nanoseconds) {
    log::error("--timeout " + in_quotes(timeout) + " is not a time: 500ms, 10s, 1m");
    return kUsage;
  }
  std::vector<pid_t> pids;
  for (const std::string& word : words) {
    const auto pid = parse_pid(word);
    if (!pid) return kUsage;
    for (const pid_t one : tree ? tree_of(*pid) : std::vector<pid_t>{*pid}) {
      if (std::find(pids.begin(), pids.end(), one) == pids.end()) pids.push_back(one);
    }
  }
  int status = kDone;
  for (const pid_t pid : pids) {
    const double seconds = static_cast<double>(*nanoseconds) / 1e9;
    auto path = process::request_snapshot(pid, {seconds, seconds}, wish);
    if (path) {
      // For scripts as it is; the process chose it.
      std::printf("%s\n", isatty(STDOUT_FILENO) == 1 ? one_line(*path).c_str() : path->c_str());
      std::fflush(stdout);
      if (!wish.owners) continue;
      if (!tell_owners(pid, *path)) status = kInput;
      look_into_heap(pid, *path, {seconds, seconds});
    } else {
      log::error(path.error().message);
      status = kInput;
    }
  }
  return status;
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
  command->add_flag("--owners", options->owners,
                    "also find out who keeps the blocks: a copy of the process looks while the "
                    "process goes on");
  command->footer(
      "Prints the path of each snapshot once it is written.\n"
      "Examples:\n"
      "  silt dump 4711\n"
      "  silt dump $(pidof nginx)\n"
      "  silt dump --tree 4711\n"
      "  silt dump --owners 4711\n"
      "\n"
      "Exit status: 0 every snapshot was written; 2 usage; 3 one could not be taken.");
  command->callback([options, &status] {
    status = dump_all(options->pids, options->timeout, options->tree,
                      options->owners ? process::Wish::kOwners : process::Wish::kPlain);
  });
}

}  // namespace silt::commands

// SPDX-License-Identifier: Apache-2.0
//
// `silt arm` and `silt disarm`: has a process that sleeps (SILT_START=asleep) record for a while.

#include <sys/types.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "interposer/format/control.h"
#include "symbolizer/base/log.h"
#include "symbolizer/base/quantity.h"
#include "symbolizer/base/quote.h"
#include "symbolizer/base/setting_text.h"
#include "symbolizer/commands/command.h"
#include "symbolizer/process/snapshot_request.h"

namespace silt::commands {
namespace {

using process::Wish;

struct ArmOptions {
  std::vector<std::string> pids;
  std::string timeout = "10s";
  std::string sample;
  std::string length;
  bool exact = false;
};

std::optional<uint64_t> nanoseconds_of(const char* option, const std::string& text) {
  const auto time = parse_duration(text);
  if (!time) {
    log::error(std::string(option) + " " + in_quotes(text) + " is not a time: 500ms, 10s, 1m");
  }
  return time;
}

// How it is to record; nothing when that cannot be understood.
std::optional<format::ArmOrder> order_of(const ArmOptions& options) {
  format::ArmOrder order;
  if (options.exact && !options.sample.empty()) {
    log::error("--exact and --sample contradict each other");
    return std::nullopt;
  }
  if (options.exact || !options.sample.empty()) {
    const auto size = options.exact ? std::optional<uint64_t>(0) : parse_size(options.sample);
    if (!size) {
      log::error("--sample " + in_quotes(options.sample) +
                 " is not a size: 64K, 512K, 1M; 0 is exact");
      return std::nullopt;
    }
    order.own_interval = false;
    order.sample_bytes = *size;
    const uint64_t rounded = format::unpacked_order(packed(order)).sample_bytes;
    if (rounded != *size) {
      log::step("sampled one in " + format_bytes(static_cast<double>(rounded)) + " on average");
    }
  }
  if (!options.length.empty()) {
    const auto time = nanoseconds_of("--for", options.length);
    if (!time) return std::nullopt;
    const uint64_t seconds = (*time + 999'999'999) / 1'000'000'000;
    if (seconds == 0 || seconds > format::ArmOrder::kLongestSeconds) {
      log::error("--for " + in_quotes(options.length) + " is not between a second and 12 days");
      return std::nullopt;
    }
    order.seconds = static_cast<uint32_t>(seconds);
  }
  return order;
}

int ask_all(const ArmOptions& options, const Wish& wish) {
  const auto patience = nanoseconds_of("--timeout", options.timeout);
  if (!patience) return kUsage;
  std::vector<pid_t> pids;
  for (const std::string& word : options.pids) {
    const auto pid = parse_pid(word);
    if (!pid) return kUsage;
    pids.push_back(*pid);
  }
  int status = kDone;
  for (const pid_t pid : pids) {
    const double seconds = static_cast<double>(*patience) / 1e9;
    const auto path = process::request_snapshot(pid, {seconds, seconds}, wish);
    if (!path) {
      log::error(path.error().message);
      status = kInput;
      continue;
    }
    const bool armed = wish.change == Wish::Change::kArm;
    const std::string text = armed ? std::filesystem::path(*path).parent_path().native() : *path;
    // For scripts as it is; the process chose it.
    std::printf("%s\n", isatty(STDOUT_FILENO) == 1 ? one_line(text).c_str() : text.c_str());
    std::fflush(stdout);
  }
  return status;
}

void add_common(CLI::App* command, ArmOptions& options) {
  command->add_option("PID", options.pids, "processes that were started with SILT_START=asleep")
      ->required()
      ->type_name("NUMBER");
  command->add_option("--timeout", options.timeout, "how long to wait for each (default: 10s)")
      ->type_name("TIME");
}

}  // namespace

void register_arm(CLI::App& app, int& status) {
  auto options = std::make_shared<ArmOptions>();
  CLI::App* command = app.add_subcommand("arm", "wake processes that sleep under silt");
  add_common(command, *options);
  command->add_flag("--exact", options->exact, "record every allocation");
  command
      ->add_option("--sample", options->sample,
                   "mean bytes between samples (without both, as SILT_SAMPLE says)")
      ->type_name("SIZE");
  command
      ->add_option("--for", options->length,
                   "fall asleep again after so long, with a last snapshot (default: when told)")
      ->type_name("TIME");
  command->footer(
      "Each time is a recording of its own, whose folder is printed. Blocks that were allocated\n"
      "before are unknown: the report is about what was allocated since.\n"
      "Examples:\n"
      "  SILT_START=asleep silt run ./server & silt arm $!\n"
      "  silt arm --for 10m 4711\n"
      "  silt arm --sample 512K 4711\n"
      "\n"
      "Exit status: 0 every process records; 2 usage; 3 one could not be woken.");
  command->callback([options, &status] {
    const auto order = order_of(*options);
    Wish wish;
    wish.change = Wish::Change::kArm;
    if (order) wish.order = *order;
    status = order ? ask_all(*options, wish) : static_cast<int>(kUsage);
  });
}

void register_disarm(CLI::App& app, int& status) {
  auto options = std::make_shared<ArmOptions>();
  CLI::App* command =
      app.add_subcommand("disarm", "take a last snapshot of processes and let them sleep");
  add_common(command, *options);
  command->footer(
      "Prints the path of each last snapshot. 'silt arm' wakes the process again.\n"
      "Example:\n"
      "  silt disarm 4711\n"
      "\n"
      "Exit status: 0 every process sleeps; 2 usage; 3 one could not be told.");
  command->callback([options, &status] {
    Wish wish;
    wish.change = Wish::Change::kDisarm;
    status = ask_all(*options, wish);
  });
}

}  // namespace silt::commands

// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/process/snapshot_obstacle.h"

#include <algorithm>
#include <cstdint>

#include "symbolizer/base/quantity.h"
#include "symbolizer/process/facts.h"
#include "symbolizer/process/signal_obstacle.h"

namespace silt::process {
namespace {

constexpr const char* kLimitFile = "/proc/sys/vm/max_map_count";

// A sentence, without a stop; empty: nothing is to be seen.
std::string find_obstacle(pid_t pid) {
  const auto maps = read_proc(living_path(pid, "maps"));
  const auto limit = read_proc(kLimitFile);
  const auto mappings =
      maps ? static_cast<size_t>(std::count(maps->begin(), maps->end(), '\n')) : size_t{0};
  if (limit && is_at_mapping_limit(mappings, *limit)) {
    return "it has " + format_counted(static_cast<double>(mappings), "mapping") +
           ", as many as the kernel allows: let it have more (sysctl -w "
           "vm.max_map_count=1000000) and try again";
  }
  const auto status = status_of(pid);
  if (status && status->filtered) {
    return "a seccomp filter may forbid what a snapshot takes (openat, mkdirat, renameat, "
           "memfd_create): let the filter allow these";
  }
  return "";
}

}  // namespace

bool is_at_mapping_limit(size_t mappings, const std::string& limit) {
  // A snapshot takes a dozen at a time, each of which the kernel may join with its neighbour.
  constexpr uint64_t kRoom = 16;
  uint64_t most = 0;
  for (const char c : limit) {
    if (c < '0' || c > '9') break;
    most = most * 10 + static_cast<uint64_t>(c - '0');
  }
  return most != 0 && mappings + kRoom >= most;
}

std::string why_so_slow(pid_t pid) {
  const std::string why = find_obstacle(pid);
  return why.empty() ? "it may be busy writing" : why;
}

std::string with_obstacle(pid_t pid, const std::string& reason) {
  const std::string why = find_obstacle(pid);
  return why.empty() ? reason : reason + ": " + why;
}

std::string with_advice(const std::string& reason) {
  const bool lost = reason.starts_with("cannot open the recording");
  return lost ? reason + ": put its folder back, or start the process again" : reason;
}

}  // namespace silt::process

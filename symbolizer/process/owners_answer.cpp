// SPDX-License-Identifier: Apache-2.0
//
// See owners_answer.h. There is no end to wait for but the file itself and that of the copy, which
// has an end of its own (an alarm).

#include "symbolizer/process/owners_answer.h"

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <thread>

#include "symbolizer/base/byte_source.h"
#include "symbolizer/base/quantity.h"
#include "symbolizer/base/quote.h"
#include "symbolizer/process/facts.h"
#include "symbolizer/read/snapshot_file.h"

namespace silt::process {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr auto kBetweenOwnersLooks = milliseconds(10);

Result<std::optional<read::Owners>> read_owners(pid_t pid, const std::string& path) {
  // Of a process in a container the path is its own.
  std::error_code ignored;
  const bool here = std::filesystem::exists(path, ignored);
  auto source = FileSource::open(here ? path : living_path(pid, "root") + path);
  if (!source) return source.error();
  auto file = read::SnapshotFile::open(std::make_unique<FileSource>(std::move(*source)));
  if (!file) return file.error();
  return file->owners();
}

// Whether the copy is gone, as far as can be told: its pid is that of the process's namespace.
bool has_ended(pid_t pid, uint32_t copy) {
  const auto own = read_proc(proc_path(pid, "status"));
  const auto facts = own ? parse_status(*own) : std::nullopt;
  if (facts && facts->namespace_pids.size() > 1) return false;
  const auto text = read_proc(proc_path(static_cast<pid_t>(copy), "status"));
  const auto status = text ? parse_status(*text) : std::nullopt;
  return !status || status->state == 'Z' || status->state == 'X';
}

Error in_process(pid_t pid, const std::string& what) {
  return Error{"process " + std::to_string(pid) + " " + what};
}

}  // namespace

Result<read::Owners> await_owners(pid_t pid, const std::string& path, double most_seconds) {
  const auto begin = steady_clock::now();
  bool ended = false;
  for (;;) {
    auto owners = read_owners(pid, path);
    if (!owners) return Error{in_quotes(path) + " " + owners.error().message};
    if (!*owners) {
      return in_process(
          pid,
          "took a snapshot, but did not look for owners: its libsilt.so is older than "
          "this silt, or it took the snapshot for another request");
    }
    const format::OwnersAsked& asked = (*owners)->asked;
    switch (static_cast<format::OwnersState>(asked.state)) {
      case format::OwnersState::kSampled:
        return in_process(pid, "is sampled: owners need every block (SILT_SAMPLE=0)");
      case format::OwnersState::kNoMemory:
        return in_process(pid, "was not copied to find owners: that might take " +
                                   format_bytes(static_cast<double>(asked.needed_bytes)) +
                                   ", and there are " +
                                   format_bytes(static_cast<double>(asked.available_bytes)));
      case format::OwnersState::kRefused:
        return in_process(pid, "cannot be copied to find owners: " + errno_text(asked.error));
      default:
        break;
    }
    if ((*owners)->found) return std::move(**owners);
    // Looked at once more: it may have come to its end between the two looks.
    const auto waited = steady_clock::now() - begin;
    if (ended || waited > std::chrono::nanoseconds(asked.limit_ns)) {
      return in_process(pid,
                        "was copied to find owners, but the copy ended before it was done: killed, "
                        "or out of memory or time");
    }
    if (std::chrono::duration<double>(waited).count() > most_seconds) {
      return in_process(pid, "was copied to find owners, and the copy is not done yet");
    }
    ended = has_ended(pid, asked.child);
    if (!ended) std::this_thread::sleep_for(kBetweenOwnersLooks);
  }
}

}  // namespace silt::process

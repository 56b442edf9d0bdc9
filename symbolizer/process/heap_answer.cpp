// SPDX-License-Identifier: Apache-2.0
//
// See heap_answer.h. The files are the process's, which may write anything into them.

#include "symbolizer/process/heap_answer.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string_view>
#include <thread>

#include "symbolizer/base/quantity.h"
#include "symbolizer/base/quote.h"
#include "symbolizer/process/facts.h"

namespace silt::process {
namespace {

using format::HeapAnswer;
using format::HeapState;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr auto kBetweenHeapLooks = milliseconds(10);
constexpr auto kPatienceBeside = std::chrono::seconds(2);  // to what the process says itself
// Of a hundred copies of servers under load none was missed: what happens twice is no chance.
constexpr unsigned kHeapAttempts = 5;

std::optional<HeapAnswer> read_answer(const std::string& path) {
  const auto text = read_proc(path);
  HeapAnswer answer;
  if (!text || text->size() != sizeof(answer)) return std::nullopt;
  std::memcpy(&answer, text->data(), sizeof(answer));
  if (std::memcmp(answer.magic, format::kHeapAnswerMagic, sizeof(answer.magic)) != 0) {
    return std::nullopt;
  }
  answer.why[sizeof(answer.why) - 1] = '\0';
  return answer;
}

// Whether the copy is gone, as far as can be told: its pid is that of the process's namespace.
bool has_ended(pid_t pid, int32_t copy) {
  const auto own = read_proc(proc_path(pid, "status"));
  const auto facts = own ? parse_status(*own) : std::nullopt;
  if (facts && facts->namespace_pids.size() > 1) return false;
  const auto text = read_proc(proc_path(copy, "status"));
  const auto status = text ? parse_status(*text) : std::nullopt;
  return !status || status->state == 'Z' || status->state == 'X';
}

Error about(pid_t pid, const std::string& what) {
  return Error{"process " + std::to_string(pid) + " " + one_line(what)};
}

std::string reason(const HeapAnswer& answer) {
  std::string why = answer.why;
  if (answer.needed_bytes > answer.available_bytes) {
    why += ": that might take " + format_bytes(static_cast<double>(answer.needed_bytes)) +
           ", and there are " + format_bytes(static_cast<double>(answer.available_bytes));
  }
  return why;
}

class Waiting {
 public:
  Waiting(pid_t pid, const std::string& snapshot, const HeapWish& wish) : pid_(pid), wish_(wish) {
    taken_.snapshot = snapshot;
    const std::filesystem::path file = path_from_here(pid, snapshot);
    const std::string stem = file.stem();
    folder_ = file.parent_path();
    process_path_ = folder_ / ("." + stem + format::kHeapAnswerEnd);
    copy_path_ = folder_ / ("." + stem + format::kHeapCopyAnswerEnd);
    unfinished_path_ = folder_ / ("." + stem + format::kHeapUnfinishedEnd);
    taken_.path = folder_ / (stem + format::kHeapFileEnd);
    snapshot_path_ = file;
  }
  ~Waiting() {
    std::error_code ignored;
    std::filesystem::remove(process_path_, ignored);
    std::filesystem::remove(copy_path_, ignored);
    // Of a copy that was killed.
    std::filesystem::remove(unfinished_path_, ignored);
    if (wish_.alone && ours_) std::filesystem::remove(snapshot_path_, ignored);
  }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

  Result<HeapTaken> run(bool* missed) {
    const auto begin = steady_clock::now();
    bool ended = false;
    for (;;) {
      const auto process = read_answer(process_path_);
      if (!process) {
        return about(pid_,
                     "took a snapshot, but did not write its heap: its libsilt.so is older than "
                     "this silt, or it took the snapshot for another request");
      }
      ours_ = true;  // it says so: nobody else asked for this snapshot
      taken_.process = *process;
      const auto state = static_cast<HeapState>(process->state);
      *missed = state == HeapState::kMissed;
      if (state == HeapState::kFailed || *missed) return about(pid_, reason(*process));
      const auto waited = steady_clock::now() - begin;
      const auto limit =
          std::chrono::nanoseconds(std::min(process->limit_ns, uint64_t{3600} * 1'000'000'000)) +
          kPatienceBeside;
      if (state == HeapState::kAsked) {
        if (waited > limit || has_ended(pid_, pid_)) {
          return about(pid_, "did not get to it: its event loop is busy, or it has ended");
        }
      } else if (auto result = look_at_copy(ended, waited > limit, missed)) {
        return *result;
      } else {
        ended = has_ended(pid_, process->copy);
      }
      if (wish_.goes_on && !wish_.goes_on()) {
        return about(pid_, "was to write its heap, and that was not done in time");
      }
      if (!ended) std::this_thread::sleep_for(kBetweenHeapLooks);
    }
  }

 private:
  std::optional<Result<HeapTaken>> look_at_copy(bool ended, bool late, bool* missed) {
    const auto copy = read_answer(copy_path_);
    if (copy) {
      taken_.copy = *copy;
      if (static_cast<HeapState>(copy->state) == HeapState::kDone) return taken_;
      *missed = static_cast<HeapState>(copy->state) == HeapState::kMissed;
      return about(pid_, "was copied to write its heap, but " + reason(*copy));
    }
    if (!ended && !late) return std::nullopt;
    return about(pid_,
                 "was copied to write its heap, but the copy ended before it was done: killed, or "
                 "out of memory or time");
  }

  const pid_t pid_;
  const HeapWish& wish_;
  bool ours_ = false;
  std::filesystem::path folder_, process_path_, copy_path_, unfinished_path_, snapshot_path_;
  HeapTaken taken_;
};

}  // namespace

std::string path_from_here(pid_t pid, const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored) ? path : living_path(pid, "root") + path;
}

Result<HeapTaken> take_heap(pid_t pid, const HeapWish& wish) {
  for (unsigned attempt = 1;; ++attempt) {
    const auto snapshot = request_snapshot(pid, wish.patience, Wish{false, true, wish.thread});
    if (!snapshot) return snapshot.error();
    bool missed = false;
    auto taken = Waiting(pid, *snapshot, wish).run(&missed);
    if (taken) taken->attempts = attempt;
    if (taken || !missed || attempt == kHeapAttempts) return taken;
  }
}

}  // namespace silt::process

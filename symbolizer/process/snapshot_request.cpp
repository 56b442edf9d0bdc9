// SPDX-License-Identifier: Apache-2.0
//
// A process is asked in writing, which one that allocates reads without being interrupted. Only one
// that stays silent is sent a signal: it makes waiting calls like poll() return early (EINTR),
// which not every program copes with. Nothing is sent before /proc has shown that silt handles it,
// and what is sent is ignored by a process that no longer does.

#include "symbolizer/process/snapshot_request.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>

#include "interposer/format/control.h"
#include "symbolizer/base/byte_source.h"
#include "symbolizer/base/log.h"
#include "symbolizer/base/quote.h"
#include "symbolizer/base/setting_text.h"
#include "symbolizer/process/askable.h"
#include "symbolizer/process/control_file.h"
#include "symbolizer/process/facts.h"
#include "symbolizer/process/handle.h"
#include "symbolizer/process/quiet_thread.h"
#include "symbolizer/process/signal_obstacle.h"
#include "symbolizer/process/snapshot_obstacle.h"
#include "symbolizer/process/written_request.h"

namespace silt::process {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using Moment = steady_clock::time_point;

constexpr auto kPollInterval = milliseconds(5);
// A process looks for requests about every 25 ms while it allocates. So much later it is silent;
// one that has a thread at work may only be waiting for its turn on a busy machine.
constexpr auto kSilence = milliseconds(100);
constexpr auto kSilenceAtWork = milliseconds(500);
// A signal may be lost: a plain one of the same number that arrives at the same time is the same to
// the kernel.
constexpr auto kBetweenSignals = milliseconds(1000);
constexpr auto kLookInterval = milliseconds(50);  // for where the control file is
// An interposer of an earlier version told a reason only once.
constexpr auto kPatienceAfterError = std::chrono::seconds(2);

Error ended(pid_t pid) { return about(pid, "ended before it took a snapshot"); }

std::string folder_in_quotes(const std::string& control) {
  return in_quotes(std::filesystem::path(control).parent_path());
}

// One request, from the question to the answer.
class Asking {
 public:
  Asking(pid_t pid, const Patience& patience, Wish wish)
      : pid_(pid), patience_(patience), wish_(wish), process_(pid) {}

  Result<std::string> run() {
    if (auto failure = begin()) return *failure;
    for (;;) {
      const Moment looked = steady_clock::now();
      if (auto result = answer()) {
        if (!*result) return written_after_all(result->error());
        return wish_.change == Change::kDisarm ? asleep(*result) : *result;
      }
      if (auto failure = press()) return written_after_all(*failure);
      // Of a process with a hundred thousand mappings a look takes long; it is to get some rest.
      const auto cost = std::chrono::duration_cast<milliseconds>(steady_clock::now() - looked);
      if (process_.ended_within(std::max(kPollInterval, 2 * cost))) {
        return written_after_all(ended(pid_));
      }
    }
  }

 private:
  using Change = Wish::Change;

  // It falls asleep right after its last snapshot.
  Result<std::string> asleep(const Result<std::string>& result) {
    while (result && !process_.ended_within(kPollInterval) && !after(start_, patience_.answer)) {
      const auto maps = find_interposer_in(pid_);
      if (!maps || !maps->card || maps->card->asleep) break;
    }
    return result;
  }

  std::optional<Error> begin() {
    auto status = find_process(pid_);
    if (!status) return status.error();
    status_ = *status;
    auto maps = find_interposer_in(pid_);
    if (!maps) return maps.error();
    if (auto failure = wrong_state(pid_, maps->card, wish_)) return *failure;
    known_ = find_control(pid_, *maps, status_);
    // Only now it is sure that all this was about the process of the handle.
    if (process_.has_ended()) return about(pid_, "has ended already");
    const std::string& deleted = maps->deleted_control;
    if (!known_ && !deleted.empty() && !folder_exists(pid_, deleted)) {
      return about(pid_,
                   "cannot write: its recording " + folder_in_quotes(deleted) + " was deleted");
    }
    if (maps->card) card_folder_ = maps->card->folder;
    asked_ = std::filesystem::file_time_type::clock::now();
    completed_before_ = known_ ? known_->control.completed : 0;
    error_before_ = maps->error_id;
    write_request(*maps);
    start_ = steady_clock::now();
    return std::nullopt;
  }

  void write_request(const MapFacts& maps) {
    if (wish_.change != Change::kNone) return;
    const std::string folder = folder_for_requests(pid_, maps, known_);
    if (folder.empty()) return;
    const pid_t own = status_.namespace_pids.empty() ? pid_ : status_.namespace_pids.back();
    request_.emplace(WrittenRequest::Reader{pid_, own, status_.user}, folder, wish_);
    if (!request_->made()) request_.reset();
  }

  bool after(Moment from, double seconds) const {
    return std::chrono::duration<double>(steady_clock::now() - from).count() > seconds;
  }

  // The snapshot, or why there will be none, as soon as either is known.
  std::optional<Result<std::string>> answer() {
    look_for_new_recording();
    if (!known_) {
      auto maps = find_interposer_in(pid_);
      if (!maps) {
        return about(pid_, "ended, or became another program, before it took a snapshot");
      }
      known_ = find_control(pid_, *maps, status_);
      if (!known_) {
        const bool fresh =
            error_before_ != maps->error_id || steady_clock::now() > start_ + kPatienceAfterError;
        if (!maps->error.empty() && fresh) return about(pid_, maps->error);
        if (!request_ && maps->card) write_request(*maps);  // it was starting
        return std::nullopt;
      }
    } else if (auto control = read_control(pid_, known_->path, status_)) {
      known_->control = *control;
    } else if (!folder_exists(pid_, known_->path)) {
      return about(
          pid_, "cannot write: its recording " + folder_in_quotes(known_->path) + " was deleted");
    }
    if (!fresh_error_.empty()) return about(pid_, with_advice(fresh_error_));
    return told();
  }

  // What the control file says of the request.
  std::optional<Result<std::string>> told() const {
    const format::Control& control = known_->control;
    if (control.completed == completed_before_) return std::nullopt;
    if (control.last_error != 0) {
      const std::string why =
          control.last_failure[0] != '\0' ? control.last_failure : errno_text(control.last_error);
      return about(pid_, "could not write a snapshot to " + folder_in_quotes(known_->path) + ": " +
                             with_obstacle(pid_, why));
    }
    return snapshot_path(known_->path, control.last_sequence);
  }

  // A process may end right after its snapshot, and sooner than anybody looks at the recording.
  Result<std::string> written_after_all(const Error& failure) {
    if (wish_.change == Change::kArm) return failure;
    if (!known_) {
      known_ = find_left_control(pid_, card_folder_, status_, asked_);
    } else if (auto control = read_control(pid_, known_->path, status_)) {
      known_->control = *control;
    }
    const auto result = known_ ? told() : std::nullopt;
    return result ? *result : Result<std::string>(failure);
  }

  // A process that has become another user makes a recording anew.
  void look_for_new_recording() {
    const Moment now = steady_clock::now();
    if (!known_ || now < next_look_) return;
    next_look_ = now + kLookInterval;
    const auto maps = find_interposer_in(pid_);
    const auto found = maps ? find_control(pid_, *maps, status_) : std::nullopt;
    if (found) known_ = found;
    // It cannot reach the file that it answers in.
    if (maps && maps->error_id != error_before_) fresh_error_ = maps->error;
  }

  bool understood() { return request_ && request_->understood(); }

  // Sends the signal to a process that is silent; says when patience has an end.
  std::optional<Error> press() {
    const Moment now = steady_clock::now();
    if (understood()) {
      if (!after(start_, patience_.answer)) return std::nullopt;
      return timed_out(why_so_slow(pid_));
    }
    // Without a request there is no telling whether the first was understood; an order to a process
    // that has followed it changes nothing.
    const bool ordered = wish_.change != Change::kNone;
    const bool due = sent_ ? (ordered || request_) && now > last_sent_ + kBetweenSignals
                           : ordered || now > start_ + kSilence;
    const bool over = after(start_, std::min(patience_.answer, patience_.reach));
    if (!due && !over) return std::nullopt;
    const auto status = status_of(pid_);
    if (!status) return ended(pid_);
    bool working = false;
    auto maps = find_interposer_in(pid_);
    if (!maps) return ended(pid_);
    const std::string why = signal_obstacle(pid_, *status, maps->card, &working);
    const bool pending = maps->card && maps->card->signal != 0 &&
                         (status->pending >> (maps->card->signal - 1) & 1) != 0;
    if (due && why.empty() && !pending && (ordered || !working || now > start_ + kSilenceAtWork)) {
      return send(maps->card->signal);
    }
    if (over && !why.empty() && !pending) {
      return maps->error.empty() ? unreachable(why) : about(pid_, maps->error);
    }
    if (!after(start_, patience_.answer)) return std::nullopt;
    if (is_stopped(*status)) return timed_out("it is stopped");
    if (status->state == 'D') return timed_out("it waits in the kernel for a device");
    return timed_out(pending ? "no thread of it has taken the signal" : why_so_slow(pid_));
  }

  uint64_t cookie() const {
    if (wish_.change == Change::kArm) {
      return uint64_t{packed(wish_.order)} << 32 | format::kArmCookie;
    }
    if (wish_.change == Change::kDisarm) return format::kDisarmCookie;
    if (wish_.heap) return format::kHeapCookie;
    if (wish_.owners) return format::kOwnersCookie;
    const uint64_t if_small = wish_.owners_if_small ? format::kOwnersIfSmall : 0;
    return if_small << 32 | format::kDumpCookie;
  }

  std::optional<Error> send(int signal) {
    const pid_t thread = find_quiet_thread(pid_, signal);
    // Looking at /proc takes milliseconds. A process that came to the request meanwhile would take
    // a second snapshot for the signal.
    if (understood()) return std::nullopt;
    const int error = process_.send(signal, cookie(), thread);
    if (error == EPERM) return about(pid_, "belongs to another user");
    if (error == ESRCH) return ended(pid_);
    if (error != 0 && error != EAGAIN) {
      return about(pid_, "cannot be sent " + signal_name(signal) + ": " + errno_text(error));
    }
    sent_ = true;
    last_sent_ = steady_clock::now();
    log::debug("process " + std::to_string(pid_) + " did not answer its control file; sent it " +
               signal_name(signal));
    return std::nullopt;
  }

  Error unreachable(const std::string& why) const {
    if (wish_.change != Change::kNone) {
      return about(pid_, why + ", and is armed and disarmed by signal only: try again");
    }
    return about(pid_, why +
                           ", and can be asked only while it allocates: try again, or choose a "
                           "period (SILT_EVERY)");
  }

  Error timed_out(const std::string& why) const {
    char limit[32];
    std::snprintf(limit, sizeof(limit), "%.3g", patience_.answer);
    const char* const what =
        wish_.change == Change::kNone ? "took no snapshot within " : "did not answer within ";
    return about(pid_, std::string(what) + limit + " seconds: " + why);
  }

  const pid_t pid_;
  const Patience patience_;
  const Wish wish_;
  const ProcessHandle process_;
  StatusFacts status_;
  std::optional<ControlFile> known_;
  uint32_t completed_before_ = 0;
  std::string error_before_, fresh_error_;
  std::string card_folder_;
  std::filesystem::file_time_type asked_{};
  std::optional<WrittenRequest> request_;
  Moment start_{}, last_sent_{}, next_look_{};
  bool sent_ = false;
};

}  // namespace

Result<std::string> request_snapshot(pid_t pid, const Patience& patience, Wish wish) {
  return Asking(pid, patience, wish).run();
}

}  // namespace silt::process

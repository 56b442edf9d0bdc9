// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/commands/class_looks.h"

#include <chrono>
#include <filesystem>
#include <memory>

#include "symbolizer/base/byte_source.h"
#include "symbolizer/base/log.h"
#include "symbolizer/base/quantity.h"
#include "symbolizer/base/quote.h"
#include "symbolizer/commands/private_file.h"
#include "symbolizer/process/class_histogram.h"
#include "symbolizer/process/heap_answer.h"
#include "symbolizer/process/jvm_attach.h"
#include "symbolizer/process/jvm_facts.h"
#include "symbolizer/read/class_census.h"
#include "symbolizer/read/snapshot_file.h"

namespace silt::commands {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

// For one look in a soak: the collection of a heap of some ten gigabytes takes half of it.
constexpr double kLookSeconds = 60;
// A machine that twice gave none gives none.
constexpr size_t kMostFailures = 2;
// So many rounds have a look each; of more every second or third, so that a program that is asked
// for a snapshot each second is not kept collecting.
constexpr size_t kLooksOfSoak = 24;

uint64_t milliseconds_of(uint64_t nanoseconds) { return nanoseconds / 1'000'000; }

// The moment on the clock of snapshots: that of this one, and what has passed since.
Result<read::CensusLook> moment_after(const fs::path& snapshot) {
  auto source = FileSource::open(snapshot);
  if (!source) return source.error();
  const auto file = read::SnapshotFile::open(std::make_unique<FileSource>(std::move(*source)));
  if (!file) return file.error();
  const format::Meta& meta = file->meta();
  const auto now = static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                             std::chrono::system_clock::now().time_since_epoch())
                                             .count());
  const uint64_t since =
      now > meta.snapshot_realtime_ns ? now - meta.snapshot_realtime_ns : uint64_t{0};
  read::CensusLook look;
  look.snapshot = meta.sequence;
  look.milliseconds = milliseconds_of(meta.elapsed_ns + since);
  return look;
}

Result<read::CensusLook> ask_for_classes(pid_t pid, const fs::path& snapshot, double seconds,
                                         const std::function<bool()>& goes_on) {
  const auto begin = steady_clock::now();
  const auto text = process::ask_jvm(pid, "jcmd", {"GC.class_histogram"}, seconds, goes_on);
  if (!text) return text.error();
  auto histogram = process::parse_class_histogram(*text);
  if (!histogram) {
    return Error{"process " + std::to_string(pid) +
                 " was asked for its classes, and answered, but " + histogram.error().message};
  }
  auto look = moment_after(snapshot);
  if (!look) return look;
  look->took_milliseconds = static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - begin).count());
  look->bytes = histogram->bytes;
  look->objects = histogram->objects;
  look->classes = std::move(histogram->classes);
  return look;
}

// The look, which is in the recording then, and how many there are.
struct Looked {
  read::CensusLook look;
  size_t looks = 0;
};
Result<Looked> keep_look(pid_t pid, const std::string& path, double seconds,
                         const std::function<bool()>& goes_on) {
  const fs::path snapshot = process::path_from_here(pid, path);
  const fs::path file = snapshot.parent_path() / read::kClassCensusName;
  auto look = ask_for_classes(pid, snapshot, seconds, goes_on);
  auto census = read::read_class_census(snapshot.parent_path());
  // What cannot be read, or is of another clock, is replaced.
  if (!census) census = read::ClassCensus();
  if (look && !census->looks.empty() && census->looks.back().milliseconds >= look->milliseconds) {
    census = read::ClassCensus();
  }
  census->runtime = "jvm";
  Result<Looked> result =
      look ? Result<Looked>(Looked{*look, census->looks.size() + 1}) : Result<Looked>(look.error());
  if (look) {
    read::add_look(*census, std::move(*look));
  } else {
    census->why_not = look.error().message;
  }
  if (auto error = write_private_file(file, read::class_census_text(*census))) return *error;
  return result;
}

}  // namespace

void look_at_classes(pid_t pid, const std::string& snapshot, double seconds) {
  if (!process::is_jvm(pid)) return;
  const auto looked = keep_look(pid, snapshot, seconds, nullptr);
  if (!looked) {
    log::warning(one_line(looked.error().message));
    return;
  }
  log::step("the Java heap of process " + std::to_string(pid) + " has " +
            format_bytes(static_cast<double>(looked->look.bytes)) + " in " +
            format_counted(static_cast<double>(looked->look.objects), "object") +
            " after a collection; this took " +
            format_pause(static_cast<double>(looked->look.took_milliseconds) / 1e3) + ", look " +
            std::to_string(looked->looks) +
            " of this recording: 'silt report' judges five and more");
}

bool is_round_of_classes(size_t round, size_t rounds) {
  if (rounds <= kLooksOfSoak || round + 1 == rounds) return true;
  return round % ((rounds + kLooksOfSoak - 1) / kLooksOfSoak) == 0;
}

void SoakClassLooks::take(const std::vector<std::pair<pid_t, std::string>>& processes, size_t round,
                          size_t rounds, const std::function<bool()>& goes_on) {
  if (!is_round_of_classes(round, rounds)) return;
  for (const auto& [pid, path] : processes) {
    if (failures_[pid] >= kMostFailures || !process::is_jvm(pid)) continue;
    const auto looked = keep_look(pid, path, kLookSeconds, goes_on);
    if (looked) continue;
    ++failures_[pid];
    log::debug(one_line(looked.error().message));
  }
}

}  // namespace silt::commands

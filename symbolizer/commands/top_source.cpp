// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/commands/top_source.h"

#include <algorithm>
#include <utility>

#include "symbolizer/base/quote.h"
#include "symbolizer/process/signal_obstacle.h"
#include "symbolizer/process/snapshot_request.h"
#include "symbolizer/read/recording_folder.h"
#include "symbolizer/top/chosen.h"

namespace silt::commands {
namespace {

constexpr double kPatience = 10;  // seconds for one snapshot
constexpr int kAttemptsAtPicture = 3;
constexpr size_t kMostSnapshots = 24;  // verdicts look at some ten windows; fewer are less sure

}  // namespace

TopSource::TopSource(pid_t pid, std::chrono::nanoseconds interval)
    : pid_(pid), interval_(interval), most_(kMostSnapshots) {}

TopSource::TopSource(std::filesystem::path folder, std::chrono::nanoseconds interval)
    : folder_(std::move(folder)), interval_(interval), most_(kMostSnapshots) {}

bool TopSource::may_answer() const {
  const auto status = pid_ ? process::status_of(*pid_) : std::nullopt;
  return status && status->state != 'Z' && status->state != 'X';
}

void TopSource::keep(bool kept) {
  kept_ = kept;
  if (own_) own_->keep(kept);
}

Result<std::optional<top::Picture>> TopSource::next() {
  const size_t before = files_.size();
  for (int attempt = 1;; ++attempt) {
    if (const auto error = pid_ ? take() : find()) return *error;
    if (!pid_ && files_.size() == before) return std::optional<top::Picture>();
    auto picture = make_picture();
    if (picture || !pid_ || attempt == kAttemptsAtPicture || !forget_vanished()) return picture;
  }
}

bool TopSource::forget_vanished() {
  bool vanished = false;
  for (std::filesystem::path& file : files_) {
    std::error_code ignored;
    if (file.empty() || std::filesystem::exists(file, ignored)) continue;
    vanished = true;
    file.clear();
  }
  return vanished;
}

std::optional<Error> TopSource::take() {
  const Result<std::string> taken = process::request_snapshot(*pid_, {kPatience, kPatience});
  if (!taken) return taken.error();
  const std::filesystem::path path(*taken);
  // Another recording: the process has become another program.
  const auto last = std::find_if(files_.rbegin(), files_.rend(),
                                 [](const std::filesystem::path& file) { return !file.empty(); });
  if (last != files_.rend() && last->parent_path() != path.parent_path()) {
    files_.clear();
    own_.reset();
  }
  if (!own_) {
    own_ = std::make_unique<OwnSnapshots>();
    own_->keep(kept_);
  }
  const auto status = process::status_of(*pid_);
  if (status) own_->took(path, status->user);
  files_.push_back(path);
  return std::nullopt;
}

std::optional<Error> TopSource::find() {
  auto files = read::snapshot_files(folder_);
  if (!files) return files.error();
  if (files->empty()) return Error{"no snapshot in " + in_quotes(folder_)};
  files_ = std::move(*files);
  return std::nullopt;
}

Result<std::optional<top::Picture>> TopSource::make_picture() {
  const auto begin = std::chrono::steady_clock::now();
  std::vector<std::filesystem::path> wanted;
  for (const size_t index : top::chosen_of(files_.size(), most_)) wanted.push_back(files_[index]);
  if (own_) {
    for (std::filesystem::path& file : files_) {
      if (file.empty() || std::find(wanted.begin(), wanted.end(), file) != wanted.end()) continue;
      own_->drop(file);
      file.clear();
    }
  }
  std::erase_if(wanted, [](const std::filesystem::path& path) { return path.empty(); });
  auto recording = read::read_snapshots(wanted);
  if (!recording) return recording.error();
  std::optional<top::Picture> picture = top::picture_of(*recording, files_.size(), known_);
  // A program with a great deal to tell is told of in fewer snapshots, rather than late.
  if (std::chrono::steady_clock::now() - begin > interval_ / 2 && wanted.size() > 6) most_ /= 2;
  return picture;
}

}  // namespace silt::commands

// SPDX-License-Identifier: Apache-2.0
//
// Where the pictures of `silt top` come from: a process, which it asks for snapshots, or a
// recording, which it follows while others add to it.

#ifndef SILT_SYMBOLIZER_COMMANDS_TOP_SOURCE_H_
#define SILT_SYMBOLIZER_COMMANDS_TOP_SOURCE_H_

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "symbolizer/base/result.h"
#include "symbolizer/commands/own_snapshots.h"
#include "symbolizer/top/picture.h"

namespace silt::commands {

class TopSource {
 public:
  // Of a process, or of a folder. `interval`: how often a picture is wanted, which bounds how many
  // snapshots one is made of.
  TopSource(pid_t pid, std::chrono::nanoseconds interval);
  TopSource(std::filesystem::path folder, std::chrono::nanoseconds interval);

  // Takes or finds new snapshots, and makes a picture when there were any. The first call makes one
  // or fails. May take seconds, so it may be called by another thread, if no two calls overlap.
  Result<std::optional<top::Picture>> next();

  std::optional<pid_t> pid() const { return pid_; }
  // Of a process: it is there still, and may answer another time.
  bool may_answer() const;
  // Of a process: whether the snapshots taken for this stay in its recording. Not during next().
  void keep(bool kept);

 private:
  std::optional<Error> take();
  std::optional<Error> find();
  Result<std::optional<top::Picture>> make_picture();
  // Snapshots that somebody else has removed: a top beside this one that shared one and ended.
  // False: there are none.
  bool forget_vanished();

  std::optional<pid_t> pid_;
  std::filesystem::path folder_;
  std::chrono::nanoseconds interval_;
  std::vector<std::filesystem::path> files_;  // one for each snapshot; empty: dropped
  std::unique_ptr<OwnSnapshots> own_;
  bool kept_ = false;
  size_t most_;  // snapshots that a picture is made of
  top::KnownFrames known_;
};

}  // namespace silt::commands

#endif  // SILT_SYMBOLIZER_COMMANDS_TOP_SOURCE_H_

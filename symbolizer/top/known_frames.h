// SPDX-License-Identifier: Apache-2.0
//
// Names that outlive a picture. Each picture reads snapshots anew, and ids of nodes are valid in
// one reading only; a place in a file is the same in all. Code that is made while the program runs
// has no file, and is named anew each time: at its address may be other code by now.

#ifndef SILT_SYMBOLIZER_TOP_KNOWN_FRAMES_H_
#define SILT_SYMBOLIZER_TOP_KNOWN_FRAMES_H_

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>

#include "symbolizer/report/build.h"

namespace silt::top {

class KnownFrames {
 public:
  // As report::names_of, for one recording; valid as long as all three live. Variables are not
  // looked up: nobody asks who keeps the blocks.
  report::Names names_of(const read::Recording& recording, symbolize::Symbolizer& symbolizer);

  size_t size() const { return size_; }

 private:
  using ByAddress = std::unordered_map<uint64_t, symbolize::FrameList>;  // address in the file

  const symbolize::FrameList& frames_of(const read::Recording& recording,
                                        symbolize::Symbolizer& symbolizer, read::NodeId node);

  std::map<std::string, ByAddress> by_module_;  // path and build-id
  size_t size_ = 0;
};

}  // namespace silt::top

#endif  // SILT_SYMBOLIZER_TOP_KNOWN_FRAMES_H_

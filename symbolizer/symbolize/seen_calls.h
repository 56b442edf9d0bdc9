// SPDX-License-Identifier: Apache-2.0
//
// Which function of a script was seen called by which: wherever a stack of the recording has both
// next to each other, but for native frames between them.

#ifndef SILT_SYMBOLIZER_SYMBOLIZE_SEEN_CALLS_H_
#define SILT_SYMBOLIZER_SYMBOLIZE_SEEN_CALLS_H_

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "symbolizer/read/recording.h"
#include "symbolizer/symbolize/frame.h"

namespace silt::symbolize {

class SeenCalls {
 public:
  // `function` tells the function of a script at a node; one without a line where it is none.
  SeenCalls(const read::Recording& recording, const std::function<Frame(read::NodeId)>& function);

  // Each once.
  const std::vector<Frame>& of(const Frame& caller) const;

 private:
  std::map<std::string, std::vector<Frame>> callees_;
};

}  // namespace silt::symbolize

#endif  // SILT_SYMBOLIZER_SYMBOLIZE_SEEN_CALLS_H_

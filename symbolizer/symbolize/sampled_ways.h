// SPDX-License-Identifier: Apache-2.0
//
// What the stacks of a profiler's blocks (Recording::sampler_stacks) say about the objects that it
// sampled: by the compiled functions that a stack of the managed heap has, which of the functions
// that were inlined into the innermost one made them, how many, and on which lines.

#ifndef SILT_SYMBOLIZER_SYMBOLIZE_SAMPLED_WAYS_H_
#define SILT_SYMBOLIZER_SYMBOLIZE_SAMPLED_WAYS_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "symbolizer/read/recording.h"
#include "symbolizer/symbolize/main_line.h"
#include "symbolizer/symbolize/symbolizer.h"

namespace silt::symbolize {

// What was made by the compiled function itself, or by these that were inlined into it.
struct SampledWay {
  std::vector<Frame> inlined;                          // innermost first
  std::map<std::pair<uint32_t, int>, double> weights;  // by snapshot and birth; -1: any
  double all = 0;
  // Where it was in each of the stack's functions, innermost first, those inlined among them.
  std::vector<PlacesInScript> places;
};

class SampledWays {
 public:
  using Ways = std::map<std::string, SampledWay>;  // by what was inlined

  // `names` must be of this recording; both must outlive it.
  SampledWays(const read::Recording& recording, Symbolizer& names);

  bool empty() const { return ways_.empty(); }
  // Of a stack of the managed heap: it is the same when its innermost functions are. nullptr:
  // nothing is known of it.
  const Ways* of(const read::Stack& stack) const;
  // The function of a node as ways have it; nullptr when it is none of a script.
  const Frame* function_of(read::NodeId node) const;

 private:
  struct Functions {
    std::vector<Frame> frames;  // innermost first
    read::NodeId innermost = read::kRootNode;
    // How much it counts where in the innermost one the object was made, as it tells.
    double trust = 1;
  };
  Functions functions_of(const read::Stack& stack) const;
  double trust_in(read::NodeId function, const std::vector<read::NodeId>& inner) const;
  std::string key_of(const Functions& functions) const;
  SampledWay& way_of(const std::string& key, const FrameList& frames);
  void read();

  const read::Recording& recording_;
  Symbolizer& names_;
  bool columns_ = true;
  std::map<std::string, Ways> ways_;
};

}  // namespace silt::symbolize

#endif  // SILT_SYMBOLIZER_SYMBOLIZE_SAMPLED_WAYS_H_

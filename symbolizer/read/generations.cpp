// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/read/generations.h"

#include <algorithm>
#include <vector>

namespace silt::read {

void Generations::assign(const GenerationCount* list, size_t count) {
  std::unique_ptr<GenerationCount[]> fresh;
  if (count != 0) {
    fresh.reset(new GenerationCount[count + 1]);
    fresh[0].blocks = count;
    std::copy_n(list, count, &fresh[1]);
  }
  list_ = std::move(fresh);
}

void Generations::push_back(const GenerationCount& one) {
  std::vector<GenerationCount> list(begin(), end());
  list.push_back(one);
  assign(list.data(), list.size());
}

void Generations::add(const GenerationCount* more, size_t count) {
  if (empty()) return assign(more, count);
  std::vector<GenerationCount> merged;
  merged.reserve(size() + count);
  const GenerationCount* at = begin();
  for (size_t k = 0; k < count; ++k) {
    while (at != end() && at->code < more[k].code) merged.push_back(*at++);
    merged.push_back(more[k]);
    if (at != end() && at->code == more[k].code) {
      merged.back().blocks += at->blocks;
      merged.back().bytes += at++->bytes;
    }
  }
  merged.insert(merged.end(), at, end());
  assign(merged.data(), merged.size());
}

}  // namespace silt::read

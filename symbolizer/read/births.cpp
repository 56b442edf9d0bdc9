// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/read/births.h"

namespace silt::read {

std::vector<bool> snapshots_with_births(const std::vector<const format::Meta*>& metas) {
  if (metas.size() <= kMostWithBirths) return std::vector<bool>(metas.size(), true);
  std::vector<bool> with(metas.size(), false);
  with.front() = with.back() = true;
  size_t regular = metas.size() - 1;
  while (regular > 0 && metas[regular]->trigger == static_cast<uint32_t>(format::Trigger::kExit)) {
    --regular;
  }
  with[regular] = true;
  const double step =
      static_cast<double>(metas.size() - 1) / static_cast<double>(kMostWithBirths - 1);
  double next = step;
  for (size_t i = 1; i + 1 < metas.size(); ++i) {
    if (static_cast<double>(i) + 0.5 < next) continue;
    if (format::generation_code(metas[i]->sequence) ==
        format::generation_code(metas[i + 1]->sequence)) {
      continue;
    }
    with[i] = true;
    while (next <= static_cast<double>(i) + 0.5) next += step;
  }
  return with;
}

}  // namespace silt::read

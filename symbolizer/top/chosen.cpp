// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/top/chosen.h"

#include <algorithm>

namespace silt::top {

std::vector<size_t> chosen_of(size_t count, size_t most) {
  most = std::max<size_t>(most, 3);
  size_t step = 1;
  while ((count + step - 1) / step > most) step *= 2;
  std::vector<size_t> chosen;
  for (size_t i = 0; i < count; ++i) {
    if (i % step == 0 || i + 2 >= count) chosen.push_back(i);
  }
  return chosen;
}

}  // namespace silt::top

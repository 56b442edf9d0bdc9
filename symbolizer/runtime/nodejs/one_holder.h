// SPDX-License-Identifier: Apache-2.0
//
// Which owners in a heap are one: the same property of objects of one class, and properties of one
// object that took in the same things.

#ifndef SILT_SYMBOLIZER_RUNTIME_NODEJS_ONE_HOLDER_H_
#define SILT_SYMBOLIZER_RUNTIME_NODEJS_ONE_HOLDER_H_

#include <cstdint>
#include <vector>

#include "symbolizer/read/heap_growth.h"

namespace silt::runtime::nodejs {

enum class Alike : uint8_t { kProperties, kContents };

// Holders are largest first, and so are those that are made of several. kProperties: only the same
// property of several objects.
void put_together(std::vector<read::HeapHolder>& holders, Alike alike = Alike::kContents);

}  // namespace silt::runtime::nodejs

#endif  // SILT_SYMBOLIZER_RUNTIME_NODEJS_ONE_HOLDER_H_

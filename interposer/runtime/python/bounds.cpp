// SPDX-License-Identifier: Apache-2.0
//
// See bounds.h.

#include "interposer/runtime/python/bounds.h"

#include "interposer/base/text.h"
#include "interposer/format/owners.h"
#include "interposer/runtime/python/layout.h"

namespace silt::python {
namespace {

// Each such container has a label of its own, of which there is no endless room.
constexpr int64_t kFewest = 64;

}  // namespace

owners::LabelId label_of_bounded(const Peek& peek, Types& types, const Found& found) {
  const char* const name = types.text(found.type->label);
  int64_t count = 0;
  int64_t most = 0;  // negative: there is no limit
  if (base::equal(name, "collections.deque")) {
    count = peek.at<int64_t>(found.object, kObjectSize);
    most = peek.at<int64_t>(found.object, kDequeLimit);
  } else if (base::equal(name, "functools._lru_cache_wrapper")) {
    count = peek.at<int64_t>(peek.at(found.object, kLruCache), kDictCount);
    most = peek.at<int64_t>(found.object, kLruLimit);
  }
  if (count < kFewest || count > most) return 0;
  base::TextBuffer<owners::Labels::kLongest + 1> text;
  text.add(name).add(", ").add_decimal(static_cast<uint64_t>(count));
  text.add(format::kOwnersLimit).add_decimal(static_cast<uint64_t>(most));
  return types.add_label(text.c_str());
}

}  // namespace silt::python

// SPDX-License-Identifier: Apache-2.0
//
// The entries of a dict and of a list, read without calling Python and with checks. In the copy of
// the process.

#ifndef SILT_INTERPOSER_RUNTIME_PYTHON_DICTS_H_
#define SILT_INTERPOSER_RUNTIME_PYTHON_DICTS_H_

#include <cstdint>

#include "interposer/runtime/python/interpreter.h"
#include "interposer/runtime/python/layout.h"
#include "interposer/runtime/python/peek.h"

namespace silt::python {

// Dicts with more entries are tables and no names of attributes or variables.
inline constexpr int64_t kMostNames = 4096;

// Of keys, and of values where they lie apart (0: with the keys). `visit(key, value)` says whether
// to go on.
template <typename Visit>
void visit_keys(const Peek& peek, uint64_t keys, uint64_t values, Visit&& visit,
                int64_t most = kMostNames) {
  struct Head {
    uint8_t before[kKeysIndexBytes];
    uint8_t index_bytes;
    uint8_t kind;
    uint8_t between[kKeysCount - kKeysKind - 1];
    int64_t count;
  } head;
  static_assert(sizeof(Head) == kKeysIndices);
  if (!peek.read(keys, &head, sizeof(head)) || head.index_bytes > 40 || head.count < 0 ||
      head.count > most) {
    return;
  }
  const uint64_t first = keys + kKeysIndices + (uint64_t{1} << head.index_bytes);
  const uint64_t hash_bytes = head.kind == 0 ? 8 : 0;
  for (int64_t i = 0; i < head.count; ++i) {
    const uint64_t entry = first + static_cast<uint64_t>(i) * (16 + hash_bytes) + hash_bytes;
    uint64_t key = 0;
    if (!peek.read(entry, &key, sizeof(key))) return;  // there are no more than it has room for
    const uint64_t value =
        values != 0 ? peek.at(values, static_cast<size_t>(i) * 8) : peek.at(entry, 8);
    if (value != 0 && !visit(key, value)) return;
  }
}

inline bool is_dict(const Peek& peek, uint64_t object) {
  return object != 0 && peek.at(object, kObjectType) == interpreter.dict_type;
}

// Of a dict object; nothing of anything else.
template <typename Visit>
void visit_entries(const Peek& peek, uint64_t dict, Visit&& visit, int64_t most = kMostNames) {
  if (!is_dict(peek, dict)) return;
  visit_keys(peek, peek.at(dict, kDictKeys), peek.at(dict, kDictValues), visit, most);
}

// All that a dict has, or an object laid out like one: its table, and by way of it keys and values.
template <typename Kept>
void tell_dict(const Peek& peek, uint64_t dict, const Kept& kept) {
  const uint64_t keys = peek.at(dict, kDictKeys);
  const uint64_t values = peek.at(dict, kDictValues);
  kept.by(keys);
  if (values != 0) kept.by(values);
  const auto both = [&](uint64_t key, uint64_t value) {
    kept(key);
    kept(value);
    return true;
  };
  visit_keys(peek, keys, values, both, INT64_MAX);
  kept.by(0);
}

template <typename Kept>
void tell_list(const Peek& peek, uint64_t list, const Kept& kept) {
  const auto count = peek.at<int64_t>(list, kObjectSize);
  const uint64_t items = peek.at(list, kListItems);
  kept.by(items);
  for (int64_t i = 0; i < count; ++i) {
    uint64_t item = 0;
    if (!peek.read(items + static_cast<uint64_t>(i) * 8, &item, sizeof(item))) break;
    kept(item);
  }
  kept.by(0);
}

}  // namespace silt::python

#endif  // SILT_INTERPOSER_RUNTIME_PYTHON_DICTS_H_

// SPDX-License-Identifier: Apache-2.0
//
// See keeping.h.

#include "interposer/runtime/python/keeping.h"

#include "interposer/owners/object_kinds.h"
#include "interposer/runtime/python/bounds.h"
#include "interposer/runtime/python/collector.h"
#include "interposer/runtime/python/dicts.h"
#include "interposer/runtime/python/types.h"
#include "interposer/runtime/python/variables.h"
#include "interposer/runtime/python/waiting.h"

namespace silt::python {
namespace {

using owners::Kept;
using owners::LabelId;
using Words = owners::ObjectKinds::Words;

constinit Peek g_peek{};
constinit Types g_types{};
constinit Collector g_collector{};

bool start(const owners::MemoryMap& memory, const owners::BlockIndex& objects,
           owners::Labels& labels) {
  g_peek.start(memory);
  if (!g_types.start(g_peek, labels)) return false;
  start_variables(g_peek, g_types, objects, labels);
  return true;
}

LabelId type_of(const owners::LiveBlock& block) {
  const Found found = g_types.in_block(block.begin, block.size);
  return found.type == nullptr ? 0 : found.type->label;
}

LabelId more_of(const owners::LiveBlock& block) {
  const Found found = g_types.in_block(block.begin, block.size);
  if (found.type == nullptr) return 0;
  const LabelId bounded = label_of_bounded(g_peek, g_types, found);
  if (bounded != 0) return bounded;
  return label_of_waiting(g_peek, g_types, found, block.begin + block.size);
}

owners::CountedObject counted(const owners::LiveBlock& block) {
  const Found found = g_types.in_block(block.begin, block.size);
  if (found.type == nullptr) return {0, 0, false};
  return {found.object, g_peek.at(found.object, 0), (found.type->flags & kCollected) != 0};
}

bool collector_is_off() { return g_collector.is_off(g_peek); }

void tell_attributes(uint64_t dict, Kept kept) {
  visit_entries(g_peek, dict, [&](uint64_t key, uint64_t value) {
    kept.named(value, g_types.label_of(key));
    return true;
  });
}

void tell_closure(uint64_t function, Kept kept) {
  const uint64_t code = g_peek.at(function, kFunctionCode);
  const uint64_t closure = g_peek.at(function, kFunctionClosure);
  if (closure == 0 || g_peek.at(code, kObjectType) != interpreter.code_type) return;
  const auto all = g_peek.at<int32_t>(code, kCodeVariables);
  const auto free = g_peek.at<int32_t>(code, kCodeFreeVariables);
  const uint64_t names = g_peek.at(code, kCodeVariableNames);
  const auto cells = g_peek.at<int64_t>(closure, kObjectSize);
  for (int64_t i = 0; i < free && i < cells && i < kMostNames && free <= all; ++i) {
    const uint64_t cell = g_peek.at(closure, kTupleItems + static_cast<size_t>(i) * 8);
    const uint64_t name = g_peek.at(names, kTupleItems + static_cast<size_t>(all - free + i) * 8);
    kept.named(g_peek.at(cell, kCellContent), g_types.label_of(name));
  }
}

void tell_generator(uint64_t generator, Kept kept) {
  visit_frame(g_peek, generator + kGeneratorFrame, false,
              [&](uint64_t name, uint64_t value) { kept.named(value, g_types.label_of(name)); });
}

// Attributes that are not part of the object. From the front only: those of objects that end with
// items lie behind them, and are rare.
void tell_more(uint64_t object, const Type& type, uint64_t size, Kept kept) {
  if (type.dict_offset <= 0 || static_cast<uint64_t>(type.dict_offset) + 8 > size) return;
  tell_attributes(g_peek.at(object, static_cast<size_t>(type.dict_offset)), kept);
}

Words visit(const owners::LiveBlock& block, Kept kept) {
  const auto [object, type] = g_types.in_block(block.begin, block.size);
  if (type == nullptr) return {0, block.size};
  const Words words{object - block.begin, block.size};
  if (type->keys != 0) {
    const uint64_t values = g_peek.at(object - kValuesBefore, 0);
    const uint64_t dict = g_peek.at(object - kDictBefore, 0);
    if (values != 0) {
      visit_keys(g_peek, type->keys, values, [&](uint64_t key, uint64_t value) {
        kept(value, g_types.label_of(key));
        return true;
      });
    }
    tell_attributes(dict, kept);
    kept.by(values);
    kept.by(0);
    kept(dict);
  }
  // Where not all words are told: an object keeps its type, if that was made at run time.
  const auto tell_type = [own = type->is_own, address = type->address, &kept] {
    if (own) kept(address);
  };
  switch (type->shape) {
    case Shape::kPlainData:
      return {0, 0};
    case Shape::kWeakReference:
      tell_type();
      kept(g_peek.at(object, kWeakCallback));
      return {words.begin + kWeakEnd, block.size};
    // Subclasses have more behind it.
    case Shape::kDict:
      tell_type();
      tell_dict(g_peek, object, kept);
      tell_more(object, *type, block.size, kept);
      return {words.begin + kDictEnd, block.size};
    case Shape::kList:
      tell_type();
      tell_list(g_peek, object, kept);
      tell_more(object, *type, block.size, kept);
      return {words.begin + kListEnd, block.size};
    case Shape::kByteArray:
      tell_type();
      kept.by(g_peek.at(object, kBytesAlone));
      kept.by(0);
      return {words.begin + kByteArrayEnd, block.size};
    case Shape::kType:
      tell_attributes(g_peek.at(object, kTypeDict), kept);
      return words;
    case Shape::kFunction:
      tell_closure(object, kept);
      return words;
    case Shape::kSet: {
      // Its own small table holds old words once there is a larger one.
      const bool is_small = g_peek.at(object, kSetTable) == object + kSetSmallTable;
      return is_small ? words : Words{words.begin, words.begin + kSetSmallTable};
    }
    case Shape::kGenerator: {
      tell_generator(object, kept);
      // Where its values end, if it waits.
      const auto top = g_peek.at<int32_t>(object + kGeneratorFrame, kFrameTop);
      const uint64_t end = words.begin + kGeneratorFrame + kFrameVariables +
                           8 * static_cast<uint64_t>(top < 0 ? 0 : top);
      const bool waits = g_peek.at<int8_t>(object, kGeneratorState) < 0;
      return waits && end < block.size ? Words{words.begin, end} : words;
    }
    default:
      break;
  }
  tell_more(object, *type, block.size, kept);
  return words;
}

}  // namespace

void know_kinds() {
  if (!find_variables()) return;
  g_collector.find();
  owners::object_kinds.type_of = type_of;
  owners::object_kinds.more_of = more_of;
  owners::object_kinds.counted = counted;
  owners::object_kinds.collector_is_off = collector_is_off;
  owners::object_kinds.visit = visit;
  owners::object_kinds.visit_variables = visit_variables;
  owners::object_kinds.start = start;
}

}  // namespace silt::python

// SPDX-License-Identifier: Apache-2.0
//
// See types.h.

#include "interposer/runtime/python/types.h"

#include "interposer/base/memory.h"
#include "interposer/base/text.h"
#include "interposer/runtime/python/dicts.h"
#include "interposer/runtime/python/interpreter.h"
#include "interposer/runtime/python/layout.h"
#include "interposer/runtime/python/text.h"

namespace silt::python {
namespace {

using owners::LabelId;

constexpr size_t kNameRoom = owners::Labels::kLongest + 1;

uint64_t hash_of(uint64_t address) { return (address >> 4) * 0x9e3779b97f4a7c15 >> 32; }

}  // namespace

bool Types::start(const Peek& peek, owners::Labels& labels) {
  peek_ = &peek;
  labels_ = &labels;
  types_ = static_cast<Type*>(base::map_memory(kSlots * sizeof(Type)));
  no_types_ = static_cast<uint64_t*>(base::map_memory(kRemembered * sizeof(uint64_t)));
  names_ = static_cast<Name*>(base::map_memory(kRemembered * sizeof(Name)));
  type_type_ = peek.at(interpreter.code_type, kObjectType);
  return type_type_ != 0 && types_ != nullptr && no_types_ != nullptr && names_ != nullptr;
}

void Types::copy(uint64_t text, char* buffer, size_t size) const {
  // Enough of it for a name: as wide as letters can be.
  alignas(8) char object[kTextData + 4 * kNameRoom];
  copy_by(object, static_cast<int64_t>(owners::Labels::kLongest), text, buffer, size);
}

void Types::copy_path(uint64_t text, char* buffer, size_t size) const {
  constexpr int64_t kLongest = 4095;
  alignas(8) static constinit char object[kTextData + 4 * (kLongest + 1)]{};
  copy_by(object, kLongest, text, buffer, size);
}

// `object` has room for the head of a text and `most` letters.
void Types::copy_by(char* object, int64_t most, uint64_t text, char* buffer, size_t size) const {
  buffer[0] = '\0';
  constexpr size_t kHead = kTextData;
  if (!peek_->read(text, object, kHead)) return;
  const auto at = reinterpret_cast<uint64_t>(object);
  const auto state = field<uint32_t>(at, kTextState);
  const uint32_t width = state >> 2 & 7;
  auto length = field<int64_t>(at, kTextLength);
  if (length <= 0 || (width != 1 && width != 2 && width != 4)) return;
  if (length > most) {
    length = most;
    std::memcpy(object + kTextLength, &length, sizeof(length));
  }
  const size_t begin = (state >> 6 & 1) != 0 ? kTextAsciiData : kTextData;
  if (!peek_->read(text + begin, object + begin, static_cast<size_t>(length) * width)) return;
  copy_text(at, buffer, size);
}

LabelId Types::label_of(uint64_t text) {
  Name& name = names_[hash_of(text) % kRemembered];
  if (name.text == text) return name.label;
  char buffer[kNameRoom];
  const Type* const type = of(text);
  if (type == nullptr || (type->flags & kIsText) == 0) return 0;
  copy(text, buffer, sizeof(buffer));
  name = {text, labels_->add(buffer)};
  return name.label;
}

// A type's own type is one of types: `type` itself, or made from it.
bool Types::looks_like_type(uint64_t address, int depth) {
  const uint64_t meta = peek_->at(address, kObjectType);
  if (meta == type_type_) return true;
  if (depth == 0 || meta == 0 || meta % 8 != 0) return false;
  const auto flags = peek_->at<uint32_t>(meta, kTypeFlags);
  return (flags & kIsType) != 0 && looks_like_type(meta, depth - 1);
}

bool Types::is_called(uint64_t address, const char* name) const {
  const uint64_t text = peek_->at(address, kTypeText);
  for (size_t i = 0;; ++i) {
    char letter;
    if (!peek_->read(text + i, &letter, 1) || letter != name[i]) return false;
    if (letter == '\0') return true;
  }
}

Shape Types::shape_of(uint64_t address, uint32_t flags) const {
  if ((flags & kIsType) != 0) return Shape::kType;
  if ((flags & kHeapType) == 0 && (flags & (kIsLong | kIsBytes | kIsText)) != 0) {
    return Shape::kPlainData;
  }
  if ((flags & kIsList) != 0) return Shape::kList;
  if (address == interpreter.set_type || address == interpreter.frozen_set_type) return Shape::kSet;
  struct Known {
    uint64_t type;
    Shape shape;
  };
  const Known known[] = {
      {interpreter.module_type, Shape::kModule},
      {interpreter.reference_type, Shape::kWeakReference},
      {interpreter.proxy_type, Shape::kWeakReference},
      {interpreter.callable_proxy_type, Shape::kWeakReference},
      {interpreter.dict_type, Shape::kDict},
      {interpreter.byte_array_type, Shape::kByteArray},
      {interpreter.function_type, Shape::kFunction},
      {interpreter.cell_type, Shape::kCell},
      {interpreter.generator_type, Shape::kGenerator},
      {interpreter.coroutine_type, Shape::kGenerator},
      {interpreter.async_generator_type, Shape::kGenerator},
      {interpreter.float_type, Shape::kPlainData},
      {interpreter.complex_type, Shape::kPlainData},
  };
  constexpr int kMostBases = 32;
  for (int i = 0; i < kMostBases && address != 0; ++i) {
    if (is_called(address, "_asyncio.Task")) return Shape::kTask;
    for (const Known& one : known) {
      if (one.type == address && (i == 0 || one.shape != Shape::kPlainData)) return one.shape;
    }
    address = peek_->at(address, kTypeBase);
  }
  return Shape::kOther;
}

// "app.Session"; types of the interpreter's and of the program's first file are told without their
// module.
LabelId Types::name(uint64_t address, uint32_t flags) {
  char text[kNameRoom]{};
  const uint64_t plain = peek_->at(address, kTypeText);
  for (size_t i = 0; i + 1 < sizeof(text) && peek_->read(plain + i, text + i, 1); ++i) {
    if (text[i] == '\0') break;
    text[i + 1] = '\0';
  }
  bool has_module = false;
  for (const char* at = text; *at != '\0'; ++at) has_module = has_module || *at == '.';
  if ((flags & kHeapType) == 0 || has_module) return labels_->add(text);
  char module[kNameRoom]{};
  const uint64_t attributes = peek_->at(address, kTypeDict);
  visit_entries(*peek_, attributes, [&](uint64_t key, uint64_t value) {
    char attribute[kNameRoom];
    copy(key, attribute, sizeof(attribute));
    if (!base::equal(attribute, "__module__")) return true;
    copy(value, module, sizeof(module));
    return false;
  });
  char qualified[kNameRoom];
  copy(peek_->at(address, kTypeName), qualified, sizeof(qualified));
  base::TextBuffer<2 * kNameRoom> name;
  if (module[0] != '\0' && !base::equal(module, "builtins") && !base::equal(module, "__main__")) {
    name.add(module).add('.');
  }
  name.add(qualified[0] != '\0' ? qualified : text);
  return labels_->add(name.c_str());
}

const Type* Types::add(uint64_t address) {
  constexpr int kDeepest = 3;  // types of types of types
  if (count_ == kMost || !looks_like_type(address, kDeepest)) return nullptr;
  const auto flags = peek_->at<uint32_t>(address, kTypeFlags);
  const auto basic = peek_->at<int64_t>(address, kTypeBasicSize);
  constexpr int64_t kLargest = int64_t{1} << 30;
  if (basic < 16 || basic > kLargest) return nullptr;
  Type type{};
  type.address = address;
  type.flags = flags;
  type.label = name(address, flags);
  type.head_bytes = ((flags & kCollected) != 0 ? kCollectorHead : 0) +
                    ((flags & kAttributesBefore) != 0 ? kValuesBefore - kCollectorHead : 0);
  type.dict_offset = static_cast<int32_t>(peek_->at<int64_t>(address, kTypeDictOffset));
  if ((flags & kAttributesBefore) != 0) type.keys = peek_->at(address, kTypeKeys);
  type.shape = shape_of(address, flags);
  type.is_own = (flags & kHeapType) != 0;
  uint64_t at = hash_of(address) % kSlots;
  while (types_[at].address != 0) at = (at + 1) % kSlots;
  types_[at] = type;
  ++count_;
  return &types_[at];
}

const Type* Types::find(uint64_t address) {
  if (address % 8 != 0 || address == 0) return nullptr;
  for (uint64_t at = hash_of(address) % kSlots; types_[at].address != 0; at = (at + 1) % kSlots) {
    if (types_[at].address == address) return &types_[at];
  }
  uint64_t& none = no_types_[hash_of(address) % kRemembered];
  if (none == address) return nullptr;
  const Type* const type = add(address);
  if (type == nullptr) none = address;
  return type;
}

Found Types::in_block(uint64_t begin, uint64_t size) {
  constexpr uint64_t kHeads[] = {kCollectorHead, 0, kValuesBefore};
  constexpr uint64_t kSmallest = 16;
  for (const uint64_t head : kHeads) {
    if (size < head + kSmallest) continue;
    const uint64_t object = begin + head;
    const auto references = peek_->at<int64_t>(object, 0);
    if (references <= 0 || references > INT32_MAX) continue;
    const Type* const type = of(object);
    if (type != nullptr && type->head_bytes == head) return {object, type};
  }
  return {0, nullptr};
}

}  // namespace silt::python

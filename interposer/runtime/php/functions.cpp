// SPDX-License-Identifier: Apache-2.0
//
// See functions.h. Hook context.

#include "interposer/runtime/php/functions.h"

#include "interposer/base/memory.h"
#include "interposer/base/spin_lock.h"
#include "interposer/base/text.h"
#include "interposer/runtime/function_names.h"
#include "interposer/runtime/php/layout.h"

namespace silt::php {
namespace {

constexpr size_t kLongestName = 512;
constexpr size_t kLongestFile = 4096;

// Numbers of functions met of late, by their content, so that the texts are not read and looked up
// for each of a thousand lines: what is crowded out is looked up again.
struct Known {
  uint64_t content;  // 0: none
  uint32_t number;
};
constexpr uint64_t kKnownSlots = 4096;  // a power of two
constinit Known* g_known = nullptr;

uint64_t mixed(uint64_t hash, uint64_t more) {
  hash = (hash ^ more) * 0x9e3779b97f4a7c15;
  return hash ^ hash >> 32;
}

// The engine has the hash of nearly every name; its own is as good as one of ours.
uint64_t hash_of_text(uint64_t text) {
  if (text == 0) return 0;
  const auto known = field(text, kTextHash);
  if (known != 0) return known;
  const auto size = field(text, kTextSize);
  uint64_t hash = 0xcbf29ce484222325;
  for (uint64_t i = 0; i < size && i < kLongestFile; ++i) {
    hash = (hash ^ field<uint8_t>(text, kTextBytes + i)) * 0x100000001b3;
  }
  return hash;
}

uint64_t class_name_of(uint64_t function) {
  const auto scope = field(function, kFunctionScope);
  return scope == 0 ? 0 : field(scope, kClassName);
}

bool is_internal(uint64_t function) { return field<uint8_t>(function, kFunctionKind) == kInternal; }

uint64_t content_of(uint64_t function) {
  uint64_t hash = mixed(1, hash_of_text(field(function, kFunctionName)));
  hash = mixed(hash, hash_of_text(class_name_of(function)));
  if (is_internal(function)) return hash | 1;
  hash = mixed(hash, hash_of_text(field(function, kCodeFile)));
  return mixed(hash, field<uint32_t>(function, kCodeFirstLine)) | 1;
}

// Up to a NUL: what follows one in the name of an anonymous class is where it was declared.
void add_text(base::TextWriter& to, uint64_t text) {
  if (text == 0) return;
  const auto* const bytes = reinterpret_cast<const char*>(text + kTextBytes);
  const auto size = field(text, kTextSize);
  size_t length = 0;
  while (length < size && bytes[length] != '\0') ++length;
  to.add(bytes, length);
}

SILT_COLD uint32_t read_function(uint64_t function) {
  static constinit char name[kLongestName]{};
  static constinit char path[kLongestFile]{};
  const base::SpinGuard guard(runtime::function_lock);
  base::TextWriter name_text(name, sizeof(name));
  base::TextWriter path_text(path, sizeof(path));
  const auto own_name = field(function, kFunctionName);
  if (own_name == 0) {
    name_text.add("{main}");
  } else {
    const uint64_t class_name = class_name_of(function);
    add_text(name_text, class_name);
    if (class_name != 0) name_text.add("::");
    add_text(name_text, own_name);
  }
  uint32_t first_line = 0;
  if (!is_internal(function)) {
    add_text(path_text, field(function, kCodeFile));
    first_line = field<uint32_t>(function, kCodeFirstLine);
  }
  return runtime::number_of_function(kName, name, path, first_line);
}

}  // namespace

uint32_t number_of(uint64_t function) {
  if (g_known == nullptr) [[unlikely]] {
    g_known = static_cast<Known*>(base::map_within_limit(kKnownSlots * sizeof(Known)));
    if (g_known == nullptr) return read_function(function);
  }
  const uint64_t content = content_of(function);
  Known& known = g_known[content >> 1 & (kKnownSlots - 1)];
  if (known.content != content) known = Known{content, read_function(function)};
  return known.number;
}

uint64_t kept_bytes() { return g_known == nullptr ? 0 : kKnownSlots * sizeof(Known); }

}  // namespace silt::php

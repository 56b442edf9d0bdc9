// SPDX-License-Identifier: Apache-2.0
//
// See environment.h. Normal context.

#include "interposer/base/environment.h"

#include <cstddef>

#include "interposer/base/memory.h"
#include "interposer/base/text.h"

extern "C" char** environ;

namespace silt::base {

bool set_variable(const char* name, const char* value) {
  const size_t text_size = length(name) + 1 + length(value) + 1;
  size_t count = 0;
  while (environ != nullptr && environ[count] != nullptr) ++count;
  const size_t list_size = (count + 2) * sizeof(char*);  // one more, and the end
  auto* const memory = static_cast<char*>(map_memory(list_size + text_size));
  if (memory == nullptr) return false;
  char* const text = memory + list_size;
  TextWriter(text, text_size).add(name).add('=').add(value);
  auto** const list = reinterpret_cast<char**>(memory);
  bool replaced = false;
  for (size_t i = 0; i < count; ++i) {
    list[i] = environ[i];
    if (!starts_with(list[i], name) || list[i][length(name)] != '=') continue;
    list[i] = text;
    replaced = true;
  }
  if (!replaced) list[count] = text;
  environ = list;
  return true;
}

}  // namespace silt::base

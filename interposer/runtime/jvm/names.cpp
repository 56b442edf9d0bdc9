// SPDX-License-Identifier: Apache-2.0
//
// See names.h. The letters are those of the Java Virtual Machine Specification, 4.3.2.

#include "interposer/runtime/jvm/names.h"

#include "interposer/base/text.h"

namespace silt::jvm {

const char* class_name(const char* signature, char* text, size_t room) {
  struct Number {
    char letter;
    const char* word;
  };
  constexpr Number kNumbers[] = {{'B', "byte"}, {'C', "char"}, {'D', "double"}, {'F', "float"},
                                 {'I', "int"},  {'J', "long"}, {'S', "short"},  {'Z', "boolean"}};
  base::TextWriter name(text, room);
  size_t depth = 0;
  while (*signature == '[') ++signature, ++depth;
  if (*signature == 'L') {
    constexpr char kLambda[] = "$$Lambda";
    for (++signature; *signature != '\0' && *signature != ';'; ++signature) {
      // A hidden class: its address follows, in older machines after a number.
      if (base::starts_with(signature, kLambda)) {
        name.add(kLambda);
        break;
      }
      if (base::starts_with(signature, ".0x") || base::starts_with(signature, "/0x")) break;
      name.add(*signature == '/' ? '.' : *signature);
    }
  } else {
    const char* word = signature;
    for (const Number& number : kNumbers) {
      if (*signature == number.letter) word = number.word;
    }
    name.add(word);
  }
  for (; depth != 0; --depth) name.add("[]");
  return text;
}

const char* source_path(const char* signature, const char* file, char* text, size_t room) {
  base::TextWriter path(text, room);
  if (*signature == 'L') {
    const char* end = ++signature;
    for (const char* c = signature; *c != '\0' && *c != ';' && *c != '.'; ++c) {
      if (*c == '/' && !base::starts_with(c, "/0x")) end = c + 1;
    }
    path.add(signature, static_cast<size_t>(end - signature));
  }
  path.add(file);
  return text;
}

}  // namespace silt::jvm

// SPDX-License-Identifier: Apache-2.0
//
// Names of classes as programmers write them.

#ifndef SILT_SYMBOLIZER_RUNTIME_JVM_CLASS_NAMES_H_
#define SILT_SYMBOLIZER_RUNTIME_JVM_CLASS_NAMES_H_

#include <string>
#include <string_view>

namespace silt::runtime::jvm {

// "[[B": "byte[][]"; "[Ljava.lang.String;": "java.lang.String[]". What is none of these stays.
std::string class_name(std::string_view name);

}  // namespace silt::runtime::jvm

#endif  // SILT_SYMBOLIZER_RUNTIME_JVM_CLASS_NAMES_H_

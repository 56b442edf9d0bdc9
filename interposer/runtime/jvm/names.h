// SPDX-License-Identifier: Apache-2.0
//
// Names of Java's classes and of their sources, from what the machine calls them. Any context.

#ifndef SILT_INTERPOSER_RUNTIME_JVM_NAMES_H_
#define SILT_INTERPOSER_RUNTIME_JVM_NAMES_H_

#include <cstddef>

namespace silt::jvm {

// "Lcom/shop/Cart$Line;" as "com.shop.Cart$Line", "[[I" as "int[][]"; what is different each time
// of a class that the machine makes itself is left out: "Shop$$Lambda". Returns `text`.
const char* class_name(const char* signature, char* text, size_t room);
// "com/shop/Cart.java": where the source of a class lies below a folder of sources.
const char* source_path(const char* signature, const char* file, char* text, size_t room);

}  // namespace silt::jvm

#endif  // SILT_INTERPOSER_RUNTIME_JVM_NAMES_H_

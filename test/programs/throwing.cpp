// SPDX-License-Identifier: Apache-2.0
//
// A plug-in that throws: loaded into a C program it brings the C++ runtime and the unwinder along,
// long after silt has looked for them. One exception of its own, one from operator new.

#include <cstdlib>
#include <new>
#include <stdexcept>
#include <string>

namespace {

volatile std::size_t huge = SIZE_MAX / 4;

__attribute__((noinline)) void throw_deep(int depth) {
  if (depth == 0) throw std::runtime_error("a message too long to be kept in the object itself");
  throw_deep(depth - 1);
  asm volatile("" : : : "memory");
}

}  // namespace

extern "C" void plugin_run() {
  int caught = 0;
  try {
    throw_deep(20);
  } catch (const std::exception& error) {
    caught += std::string(error.what()).size() == 50;
  }
  for (int i = 0; i < 3; ++i) {
    try {
      delete[] new char[huge];
    } catch (const std::bad_alloc&) {
      ++caught;
    }
  }
  caught += new (std::nothrow) char[huge] == nullptr;
  if (caught != 5) std::abort();
}

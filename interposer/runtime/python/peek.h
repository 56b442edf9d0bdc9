// SPDX-License-Identifier: Apache-2.0
//
// Reading what may not be there: the memory of a copy of the process, in which objects are followed
// that were being made or freed when the copy was, by pointers that may be none. Nothing changes
// meanwhile, so what was found readable stays so. In the copy.

#ifndef SILT_INTERPOSER_RUNTIME_PYTHON_PEEK_H_
#define SILT_INTERPOSER_RUNTIME_PYTHON_PEEK_H_

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "interposer/base/memory.h"
#include "interposer/owners/memory_map.h"

namespace silt::python {

class Peek {
 public:
  void start(const owners::MemoryMap& memory) { memory_ = &memory; }

  bool read(uint64_t address, void* into, size_t size) const {
    const owners::Area* const area = memory_->find(address);
    if (area == nullptr || !area->readable || area->end - address < size) return false;
    // A file may have been cut meanwhile: the kernel does not mind.
    if (area->of_file) return base::read_memory(address, into, size) == 0;
    std::memcpy(into, reinterpret_cast<const void*>(address), size);
    return true;
  }

  // Zero where it cannot be read.
  template <typename T = uint64_t>
  T at(uint64_t object, size_t offset) const {
    T value{};
    return read(object + offset, &value, sizeof(value)) ? value : T{};
  }

 private:
  const owners::MemoryMap* memory_ = nullptr;
};

}  // namespace silt::python

#endif  // SILT_INTERPOSER_RUNTIME_PYTHON_PEEK_H_

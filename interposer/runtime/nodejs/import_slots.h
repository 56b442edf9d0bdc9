// SPDX-License-Identifier: Apache-2.0
//
// Where the program and its libraries keep the addresses of functions that they call from another
// library, so that a copy of the process can lead such calls elsewhere. Found while the process is
// whole, since the copy may not take the loader's lock.

#ifndef SILT_INTERPOSER_RUNTIME_NODEJS_IMPORT_SLOTS_H_
#define SILT_INTERPOSER_RUNTIME_NODEJS_IMPORT_SLOTS_H_

#include <cstddef>
#include <cstdint>

namespace silt::nodejs {

class ImportSlots {
 public:
  // Adds those of all that is loaded now but libc. Normal context; `name` is kept.
  void find(const char* name);
  // In a copy of the process: calls lead there from now on.
  void lead(const char* name, void* function) const;

 private:
  static constexpr size_t kMost = 256;
  struct Slot {
    const char* name;
    uint64_t address;
  };
  Slot slots_[kMost]{};
  size_t count_ = 0;
};

}  // namespace silt::nodejs

#endif  // SILT_INTERPOSER_RUNTIME_NODEJS_IMPORT_SLOTS_H_

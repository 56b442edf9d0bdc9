// SPDX-License-Identifier: Apache-2.0
//
// Whether Python's garbage collector runs by itself: `gc.disable()` and a first threshold of 0
// switch it off. Found in the main interpreter's state by what it looks like.

#ifndef SILT_INTERPOSER_RUNTIME_PYTHON_COLLECTOR_H_
#define SILT_INTERPOSER_RUNTIME_PYTHON_COLLECTOR_H_

#include <cstdint>

#include "interposer/runtime/python/peek.h"

namespace silt::python {

class Collector {
 public:
  // Normal context, with the interpreter's lock.
  void find();
  // In the copy. False, too, when it was not found.
  bool is_off(const Peek& peek) const;

 private:
  uint64_t generations_ = 0;  // their address; 0: not found
};

}  // namespace silt::python

#endif  // SILT_INTERPOSER_RUNTIME_PYTHON_COLLECTOR_H_

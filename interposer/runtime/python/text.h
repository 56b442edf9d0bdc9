// SPDX-License-Identifier: Apache-2.0
//
// Reads a Python text (a str object) without calling Python. Any context.

#ifndef SILT_INTERPOSER_RUNTIME_PYTHON_TEXT_H_
#define SILT_INTERPOSER_RUNTIME_PYTHON_TEXT_H_

#include <cstddef>
#include <cstdint>

namespace silt::python {

// In UTF-8, cut between characters where it does not fit, NUL-terminated.
void copy_text(uint64_t text, char* buffer, size_t size);

}  // namespace silt::python

#endif  // SILT_INTERPOSER_RUNTIME_PYTHON_TEXT_H_

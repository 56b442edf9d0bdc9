// SPDX-License-Identifier: Apache-2.0
//
// Python's variables: those of modules and of classes in them, and of functions that run. They are
// where people look for what is kept, so each is a root by its name. In the copy of the process.

#ifndef SILT_INTERPOSER_RUNTIME_PYTHON_VARIABLES_H_
#define SILT_INTERPOSER_RUNTIME_PYTHON_VARIABLES_H_

#include <cstdint>

#include "interposer/owners/object_kinds.h"
#include "interposer/runtime/python/interpreter.h"
#include "interposer/runtime/python/layout.h"
#include "interposer/runtime/python/types.h"

namespace silt::python {

// Where the interpreters are, and in them their modules. False when it does not look as it should.
// Normal context, in the interpreter's main thread.
bool find_variables();

// In the copy; all must stay.
void start_variables(const Peek& peek, Types& types, const owners::BlockIndex& objects,
                     owners::Labels& labels);
void visit_variables(owners::Kept kept, bool doubtful);

// What a frame holds: `visit(name, value)`, where the name is a text. With `intermediate` the
// values that an expression may need, or has left behind: their name is 0.
template <typename Visit>
void visit_frame(const Peek& peek, uint64_t frame, bool intermediate, Visit&& visit) {
  const uint64_t code = peek.at(frame, kFrameCode);
  if (code == 0 || peek.at(code, kObjectType) != interpreter.code_type) return;
  constexpr int32_t kMostVariables = 1 << 12;
  const auto variables = peek.at<int32_t>(code, kCodeVariables);
  const auto stack = peek.at<int32_t>(code, kCodeStackSize);
  const uint64_t names = peek.at(code, kCodeVariableNames);
  if (variables < 0 || variables > kMostVariables || stack < 0 || stack > kMostVariables) return;
  for (int32_t i = 0; !intermediate && i < variables; ++i) {
    const auto offset = static_cast<size_t>(i) * 8;
    const uint64_t name = peek.at(names, kTupleItems + offset);
    const uint64_t value = peek.at(frame, kFrameVariables + offset);
    if (value == 0) continue;
    if (peek.at(value, kObjectType) == interpreter.cell_type) {
      visit(name, peek.at(value, kCellContent));
    }
    visit(name, value);
  }
  for (int32_t i = variables; intermediate && i < variables + stack; ++i) {
    visit(0, peek.at(frame, kFrameVariables + static_cast<size_t>(i) * 8));
  }
}

}  // namespace silt::python

#endif  // SILT_INTERPOSER_RUNTIME_PYTHON_VARIABLES_H_

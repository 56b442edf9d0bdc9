// SPDX-License-Identifier: Apache-2.0
//
// See interpreter.h. Any context.

#include "interposer/runtime/python/interpreter.h"

#include "interposer/base/memory.h"
#include "interposer/runtime/python/layout.h"

namespace silt::python {

constinit Interpreter interpreter{};

namespace {

template <typename Function>
bool find(const char* name, Function* function) {
  base::Symbol symbol;
  if (!base::find_symbol(interpreter.library, name, &symbol)) return false;
  *function = reinterpret_cast<Function>(symbol.address);
  return true;
}

bool find_data(const char* name, uint64_t* address) {
  base::Symbol symbol;
  if (!base::find_symbol(interpreter.library, name, &symbol)) return false;
  *address = symbol.address;
  return true;
}

// Of the interpreter's data. A kernel that reads no memory for us (some containers forbid it) takes
// nothing from a Python that the program was started with.
template <typename Value>
bool read(uint64_t address, Value* value) {
  if (!interpreter.library.stays) return base::read_memory(address, value, sizeof(*value)) == 0;
  *value = field<Value>(address, 0);
  return true;
}

constexpr const char* kState = "_PyRuntime";
constexpr const char* kEveryPython = "Py_GetVersion";

bool find_state() {
  if (!find_data(kState, &interpreter.state)) return false;
  uint64_t version = 0;  // the address of an unsigned long
  interpreter.version = 0;
  return !find_data("Py_Version", &version) || read(version, &interpreter.version);
}

// From before version 3.7: there is no such state, and nothing to join.
bool know_old() {
  interpreter.state = 0;
  interpreter.version = 0;
  return true;
}

}  // namespace

bool find_python() {
  if (base::find_library(kState, &interpreter.library)) return find_state();
  return base::find_library(kEveryPython, &interpreter.library) && know_old();
}

bool find_late_python() {
  constexpr const char* kName = "libpython";
  // In this order: what is being loaded just now is not taken for an old one.
  if (!base::find_late_library(kName, kEveryPython, &interpreter.library)) return false;
  return base::find_late_library(kName, kState, &interpreter.library) ? find_state() : know_old();
}

Started has_started() {
  int32_t initialized = 0;
  if (!read(interpreter.state + kStateInitialized, &initialized)) return Started::kGone;
  return initialized != 0 ? Started::kYes : Started::kNot;
}

bool find_interpreter() {
  bool all = true;
#define SILT_FIND(field, symbol, result, parameters) all = find(symbol, &interpreter.field) && all;
  SILT_PYTHON_FUNCTIONS(SILT_FIND)
#undef SILT_FIND
#define SILT_FIND(field, symbol) all = find_data(symbol, &interpreter.field) && all;
  SILT_PYTHON_TYPES(SILT_FIND)
#undef SILT_FIND
  return all &&
         base::find_symbol(interpreter.library, "_PyEval_EvalFrameDefault",
                           &interpreter.evaluator) &&
         find_data("_Py_NoneStruct", &interpreter.none) &&
         find_data("_Py_tracemalloc_config", &interpreter.tracing);
}

}  // namespace silt::python

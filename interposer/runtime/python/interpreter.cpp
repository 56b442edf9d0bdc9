// SPDX-License-Identifier: Apache-2.0
//
// See interpreter.h. Any context.

#include "interposer/runtime/python/interpreter.h"

#include "interposer/runtime/python/layout.h"

namespace silt::python {

constinit Interpreter interpreter{};

namespace {

template <typename Function>
bool find(const char* name, Function* function) {
  base::Symbol symbol;
  if (!base::find_symbol(name, &symbol)) return false;
  *function = reinterpret_cast<Function>(symbol.address);
  return true;
}

bool find_data(const char* name, uint64_t* address) {
  base::Symbol symbol;
  if (!base::find_symbol(name, &symbol)) return false;
  *address = symbol.address;
  return true;
}

}  // namespace

bool find_python() {
  if (!find_data("_PyRuntime", &interpreter.state)) return false;
  uint64_t version = 0;  // the address of an unsigned long
  interpreter.version = find_data("Py_Version", &version) ? field<uint32_t>(version, 0) : 0;
  return true;
}

bool has_started() { return field<int32_t>(interpreter.state, kStateInitialized) != 0; }

bool find_interpreter() {
  bool all = true;
#define SILT_FIND(field, symbol, result, parameters) all = find(symbol, &interpreter.field) && all;
  SILT_PYTHON_FUNCTIONS(SILT_FIND)
#undef SILT_FIND
  return all && base::find_symbol("_PyEval_EvalFrameDefault", &interpreter.evaluator) &&
         find_data("PyCode_Type", &interpreter.code_type) &&
         find_data("_Py_NoneStruct", &interpreter.none) &&
         find_data("_Py_tracemalloc_config", &interpreter.tracing);
}

}  // namespace silt::python

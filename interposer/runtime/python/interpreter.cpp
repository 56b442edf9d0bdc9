// SPDX-License-Identifier: Apache-2.0
//
// See interpreter.h. Any context.

#include "interposer/runtime/python/interpreter.h"

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
  return find("Py_IsInitialized", &interpreter.is_initialized) &&
         find("Py_AddPendingCall", &interpreter.add_pending_call) &&
         find("Py_GetVersion", &interpreter.version);
}

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

// SPDX-License-Identifier: Apache-2.0
//
// See api.h. Normal context.

#include "interposer/runtime/nodejs/api.h"

#include <dlfcn.h>

#include "interposer/base/old_symbols.h"
#include "interposer/base/symbol_search.h"

namespace silt::nodejs {

constinit Api api{};

namespace {

template <typename Function>
bool find(const char* symbol, Function* function) {
  *function = reinterpret_cast<Function>(dlsym(RTLD_DEFAULT, symbol));
  return *function != nullptr;
}

}  // namespace

bool find_node() {
  // The first is node's, Electron's and some other runtimes'; the second is node's own main.
  return base::is_defined("napi_module_register") && base::is_defined("_ZN4node5StartEiPPc");
}

bool find_api() {
  bool all = true;
#define SILT_FIND(field, symbol, result, parameters) all = find(symbol, &api.field) && all;
  SILT_NODE_FUNCTIONS(SILT_FIND)
  bool v8 = true;
#undef SILT_FIND
#define SILT_FIND(field, symbol, result, parameters) v8 = find(symbol, &api.field) && v8;
  SILT_V8_FUNCTIONS(SILT_FIND)
#undef SILT_FIND
  if (!v8) api.set_code_handler = nullptr;
  dlerror();
  return all;
}

bool has_code_events() { return api.set_code_handler != nullptr; }

}  // namespace silt::nodejs

// SPDX-License-Identifier: Apache-2.0
//
// See interpreter.h. Any context.

#include "interposer/runtime/php/interpreter.h"

#include <cerrno>

#include "interposer/base/memory.h"
#include "interposer/base/text.h"
#include "interposer/runtime/php/layout.h"

namespace silt::php {

constinit Interpreter interpreter{};

namespace {

constexpr const char* kGlobals = "executor_globals";
constexpr const char* kThreadedGlobals = "executor_globals_id";

template <typename Function>
bool find(const char* name, Function* function) {
  base::Symbol symbol;
  if (!base::find_symbol(interpreter.library, name, &symbol)) return false;
  *function = reinterpret_cast<Function>(symbol.address);
  return true;
}

bool find_globals() {
  base::Symbol symbol;
  interpreter.threaded = !base::find_symbol(interpreter.library, kGlobals, &symbol);
  interpreter.globals = interpreter.threaded ? 0 : symbol.address;
  return true;
}

}  // namespace

bool find_php() {
  return (base::find_library(kGlobals, &interpreter.library) ||
          base::find_library(kThreadedGlobals, &interpreter.library)) &&
         find_globals();
}

bool find_late_php() {
  constexpr const char* kFile = "libphp";
  return (base::find_late_library(kFile, kGlobals, &interpreter.library) ||
          base::find_late_library(kFile, kThreadedGlobals, &interpreter.library)) &&
         find_globals();
}

bool find_interpreter() {
  bool all = true;
#define SILT_FIND(field, symbol, result, parameters) all = find(symbol, &interpreter.field) && all;
  SILT_PHP_FUNCTIONS(SILT_FIND)
#undef SILT_FIND
  return all && base::find_symbol(interpreter.library, "execute_ex", &interpreter.evaluator);
}

uint64_t current_frame() {
  if (interpreter.library.stays) return field(interpreter.globals, kCurrentFrame);
  uint64_t frame = 0;
  return read_field(interpreter.globals, kCurrentFrame, &frame) ? frame : 0;
}

bool read(uint64_t address, void* into, uint64_t size) {
  const long result = base::read_memory(address, into, size);
  if (result == 0) return true;
  // Some containers forbid the kernel to read for us.
  if (result == -EFAULT || !interpreter.library.stays || address < base::page_size()) return false;
  __builtin_memcpy(into, reinterpret_cast<const void*>(address), size);
  return true;
}

Version version_of(const char* engine) {
  constexpr char kHead[] = "Zend Engine v";
  constexpr uint32_t kPhpIsAhead = 4;
  if (engine == nullptr || !base::starts_with(engine, kHead)) return Version{};
  uint32_t parts[3]{};
  const char* at = engine + sizeof(kHead) - 1;
  for (uint32_t& part : parts) {
    while (*at >= '0' && *at <= '9' && part < 10000)
      part = part * 10 + static_cast<uint32_t>(*at++ - '0');
    if (*at != '.') break;
    ++at;
  }
  return Version{parts[0] + kPhpIsAhead, parts[1], parts[2]};
}

}  // namespace silt::php

// SPDX-License-Identifier: Apache-2.0
//
// What of PHP silt calls or looks at, found in the running program by name, so that libsilt.so
// needs nothing but libc: the engine may be the program itself (php, php-fpm), a library that it is
// linked with (libphp), or one that it opens later (Apache's module).

#ifndef SILT_INTERPOSER_RUNTIME_PHP_INTERPRETER_H_
#define SILT_INTERPOSER_RUNTIME_PHP_INTERPRETER_H_

#include <cstdint>

#include "interposer/base/symbol_search.h"

namespace silt::php {

// Functions that only read the engine's state. X(field, symbol, result type, parameters)
// clang-format off
#define SILT_PHP_FUNCTIONS(X)                                                   \
  X(engine_version, "get_zend_version", const char*, ())                        \
  X(executed_file, "zend_get_executed_filename", const char*, ())               \
  X(executed_line, "zend_get_executed_lineno", uint32_t, ())                    \
  X(active_function, "get_active_function_name", const char*, ())               \
  X(has_own_allocator, "is_zend_mm", bool, ())                                  \
  X(active_class, "get_active_class_name", const char*, (const char** space))
// clang-format on

struct Interpreter {
  base::Library library;  // that holds all of it
#define SILT_FIELD(field, symbol, result, parameters) result(*field) parameters;
  SILT_PHP_FUNCTIONS(SILT_FIELD)
#undef SILT_FIELD
  uint64_t globals;                // executor_globals
  base::Symbol evaluator;          // execute_ex
  uint64_t evaluator_frame_bytes;  // from its stack pointer to its caller's; 0: not constant
  bool threaded;                   // it keeps its globals for each thread (ZTS)
};

extern constinit Interpreter interpreter;

// Whether the process was started with PHP, in the program or a library of it. In the constructor.
bool find_php();
// Whether it has opened PHP by now. Hook context.
bool find_late_php();
// False when something is missing that PHP 8.2 has, or the library is gone.
bool find_interpreter();

// The innermost frame; 0: nothing runs, or the library is gone.
uint64_t current_frame();
// Memory that need not be there.
bool read(uint64_t address, void* into, uint64_t size);
template <typename T = uint64_t>
bool read_field(uint64_t object, uint64_t offset, T* value) {
  return read(object + offset, value, sizeof(*value));
}

// "8.2.36", of "Zend Engine v4.2.36, ...": the engine's major version is four less than PHP's. Each
// part is 0 where the text says something else.
struct Version {
  uint32_t major;
  uint32_t minor;
  uint32_t release;
};
Version version_of(const char* engine);

}  // namespace silt::php

#endif  // SILT_INTERPOSER_RUNTIME_PHP_INTERPRETER_H_

// SPDX-License-Identifier: Apache-2.0
//
// What of CPython silt calls or looks at, found in the running program by name, so that libsilt.so
// needs nothing but libc: the interpreter may be the program itself, a library that it is linked
// with, or one that it opens later.

#ifndef SILT_INTERPOSER_RUNTIME_PYTHON_INTERPRETER_H_
#define SILT_INTERPOSER_RUNTIME_PYTHON_INTERPRETER_H_

#include <cstddef>
#include <cstdint>

#include "interposer/base/symbol_search.h"

namespace silt::python {

// Python's types, all opaque; a status of 0 is success.
using Object = struct ObjectOpaque*;
using ThreadHandle = struct ThreadHandleOpaque*;

// PyMemAllocatorEx
struct Allocator {
  void* context;
  void* (*malloc)(void* context, size_t size);
  void* (*calloc)(void* context, size_t count, size_t size);
  void* (*realloc)(void* context, void* old, size_t size);
  void (*free)(void* context, void* address);
};
// PyObjectArenaAllocator
struct ArenaAllocator {
  void* context;
  void* (*alloc)(void* context, size_t size);
  void (*free)(void* context, void* address, size_t size);
};
// PyMemAllocatorDomain
enum class Domain : int { kRaw = 0, kMemory = 1, kObjects = 2 };

// PyMethodDef
struct MethodDefinition {
  const char* name;
  Object (*function)(Object self, Object argument);
  int flags;
  const char* documentation;
};
inline constexpr int kNoArguments = 4;  // METH_NOARGS

// X(field, symbol, result type, parameters)
// clang-format off
#define SILT_PYTHON_FUNCTIONS(X)                                                                   \
  X(add_pending_call, "Py_AddPendingCall", int, (int (*)(void*), void*))                           \
  X(current_thread, "PyThreadState_Get", ThreadHandle, ())                                         \
  X(thread_frame, "PyThreadState_GetFrame", Object, (ThreadHandle))                                \
  X(frame_code, "PyFrame_GetCode", Object, (Object))                                               \
  X(frame_back, "PyFrame_GetBack", Object, (Object))                                               \
  X(frame_instruction, "PyFrame_GetLasti", int, (Object))                                          \
  X(code_line, "PyCode_Addr2Line", int, (Object, int))                                             \
  X(get_attribute, "PyObject_GetAttrString", Object, (Object, const char*))                        \
  X(text_of, "PyUnicode_AsUTF8", const char*, (Object))                                            \
  X(release, "Py_DecRef", void, (Object))                                                          \
  X(clear_error, "PyErr_Clear", void, ())                                                          \
  X(import, "PyImport_ImportModule", Object, (const char*))                                        \
  X(make_function, "PyCMethod_New", Object, (const MethodDefinition*, Object, Object, Object))     \
  X(call, "PyObject_CallOneArg", Object, (Object, Object))                                         \
  X(get_allocator, "PyMem_GetAllocator", void, (Domain, Allocator*))                               \
  X(set_allocator, "PyMem_SetAllocator", void, (Domain, const Allocator*))                         \
  X(allocator_name, "_PyMem_GetCurrentAllocatorName", const char*, ())                             \
  X(get_arenas, "PyObject_GetArenaAllocator", void, (ArenaAllocator*))                             \
  X(set_arenas, "PyObject_SetArenaAllocator", void, (const ArenaAllocator*))                       \
  X(main_interpreter, "PyInterpreterState_Main", uint64_t, ())                                     \
  X(first_interpreter, "PyInterpreterState_Head", uint64_t, ())                                    \
  X(first_thread, "PyInterpreterState_ThreadHead", uint64_t, (uint64_t))                           \
  X(collector_enabled, "PyGC_IsEnabled", int, ())                                                  \
  X(modules, "PyImport_GetModuleDict", uint64_t, ())

// Types whose objects keep things in a way of their own: X(field, symbol)
#define SILT_PYTHON_TYPES(X)                          \
  X(code_type, "PyCode_Type")                         \
  X(byte_array_type, "PyByteArray_Type")              \
  X(cell_type, "PyCell_Type")                         \
  X(dict_type, "PyDict_Type")                         \
  X(function_type, "PyFunction_Type")                 \
  X(module_type, "PyModule_Type")                     \
  X(set_type, "PySet_Type")                           \
  X(frozen_set_type, "PyFrozenSet_Type")              \
  X(reference_type, "_PyWeakref_RefType")             \
  X(proxy_type, "_PyWeakref_ProxyType")               \
  X(callable_proxy_type, "_PyWeakref_CallableProxyType") \
  X(generator_type, "PyGen_Type")                     \
  X(coroutine_type, "PyCoro_Type")                    \
  X(async_generator_type, "PyAsyncGen_Type")          \
  X(float_type, "PyFloat_Type")                       \
  X(complex_type, "PyComplex_Type")
// clang-format on

struct Interpreter {
  base::Library library;  // that holds all of it
#define SILT_FIELD(field, symbol, result, parameters) result(*field) parameters;
  SILT_PYTHON_FUNCTIONS(SILT_FIELD)
#undef SILT_FIELD
  uint64_t state;          // _PyRuntime
  uint32_t version;        // as PY_VERSION_HEX has it: 0x030b02f0 is 3.11.2; 0: before 3.11
  base::Symbol evaluator;  // _PyEval_EvalFrameDefault
#define SILT_FIELD(field, symbol) uint64_t field;
  SILT_PYTHON_TYPES(SILT_FIELD)
#undef SILT_FIELD
  uint64_t none;     // _Py_NoneStruct
  uint64_t tracing;  // _Py_tracemalloc_config
};

extern constinit Interpreter interpreter;

// Whether the process was started with a CPython, in the program or a library of it. In the
// constructor.
bool find_python();
// Whether it has opened a libpython by now. That may still be in the middle of being loaded, or go
// again at any time: nothing of it is called, only data is read, by the kernel. Hook context.
bool find_late_python();
// Whether it has started; from then on it may be called. kGone: it was unloaded.
enum class Started : uint8_t { kNot, kYes, kGone };
Started has_started();
// False when something is missing that CPython 3.11 has. Normal context.
bool find_interpreter();

}  // namespace silt::python

#endif  // SILT_INTERPOSER_RUNTIME_PYTHON_INTERPRETER_H_

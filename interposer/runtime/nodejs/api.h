// SPDX-License-Identifier: Apache-2.0
//
// The functions of node that silt calls: Node-API, libuv, and two of V8. Found in the running
// program by name, so that libsilt.so loads in programs that are not node and needs nothing but
// libc. Normal context.

#ifndef SILT_INTERPOSER_RUNTIME_NODEJS_API_H_
#define SILT_INTERPOSER_RUNTIME_NODEJS_API_H_

#include <cstddef>
#include <cstdint>

namespace silt::nodejs {

// Node-API's types, all opaque; a status of 0 is success.
using Env = struct EnvOpaque*;
using Value = struct ValueOpaque*;
using Reference = struct ReferenceOpaque*;
using HandleScope = struct HandleScopeOpaque*;
using CallbackInfo = struct CallbackInfoOpaque*;
using CleanupHandle = struct CleanupHandleOpaque*;
using Callback = Value (*)(Env, CallbackInfo);
using CleanupHook = void (*)(CleanupHandle, void*);
using Status = int;

// libuv's handles are as large as uv_handle_size says and begin with a pointer of their user's.
using AsyncCallback = void (*)(void* handle);

struct NodeVersion {
  uint32_t major;
  uint32_t minor;
  uint32_t patch;
  const char* release;
};

struct JitCodeEvent;

// X(field, symbol, result type, parameters)
// clang-format off
#define SILT_NODE_FUNCTIONS(X)                                                                     \
  X(create_function, "napi_create_function", Status,                                               \
    (Env, const char*, size_t, Callback, void*, Value*))                                           \
  X(set_named_property, "napi_set_named_property", Status, (Env, Value, const char*, Value))       \
  X(create_double, "napi_create_double", Status, (Env, double, Value*))                            \
  X(create_string, "napi_create_string_utf8", Status, (Env, const char*, size_t, Value*))          \
  X(get_undefined, "napi_get_undefined", Status, (Env, Value*))                                    \
  X(get_callback_info, "napi_get_cb_info", Status,                                                 \
    (Env, CallbackInfo, size_t*, Value*, Value*, void**))                                          \
  X(get_double, "napi_get_value_double", Status, (Env, Value, double*))                            \
  X(get_typed_array, "napi_get_typedarray_info", Status,                                           \
    (Env, Value, int*, size_t*, void**, Value*, size_t*))                                          \
  X(create_reference, "napi_create_reference", Status, (Env, Value, uint32_t, Reference*))         \
  X(get_reference, "napi_get_reference_value", Status, (Env, Reference, Value*))                   \
  X(open_scope, "napi_open_handle_scope", Status, (Env, HandleScope*))                             \
  X(close_scope, "napi_close_handle_scope", Status, (Env, HandleScope))                            \
  X(call_function, "napi_call_function", Status,                                                   \
    (Env, Value, Value, size_t, const Value*, Value*))                                             \
  X(clear_exception, "napi_get_and_clear_last_exception", Status, (Env, Value*))                   \
  X(get_node_version, "napi_get_node_version", Status, (Env, const NodeVersion**))                 \
  X(get_loop, "napi_get_uv_event_loop", Status, (Env, void**))                                     \
  X(add_cleanup, "napi_add_async_cleanup_hook", Status,                                            \
    (Env, CleanupHook, void*, CleanupHandle*))                                                     \
  X(remove_cleanup, "napi_remove_async_cleanup_hook", Status, (CleanupHandle))                     \
  X(async_init, "uv_async_init", int, (void*, void*, AsyncCallback))                               \
  X(async_send, "uv_async_send", int, (void*))                                                     \
  X(timer_init, "uv_timer_init", int, (void*, void*))                                              \
  X(timer_start, "uv_timer_start", int, (void*, AsyncCallback, uint64_t, uint64_t))                \
  X(unref, "uv_unref", void, (void*))                                                              \
  X(close, "uv_close", void, (void*, AsyncCallback))                                               \
  X(handle_size, "uv_handle_size", size_t, (int))
#define SILT_V8_FUNCTIONS(X)                                                                       \
  X(current_isolate, "_ZN2v87Isolate10GetCurrentEv", void*, ())                                    \
  X(set_code_handler, "_ZN2v87Isolate22SetJitCodeEventHandlerENS_19JitCodeEventOptionsEPFvPKNS_"   \
    "12JitCodeEventEE", void, (void*, int, void (*)(const JitCodeEvent*)))
// clang-format on

struct Api {
#define SILT_FIELD(field, symbol, result, parameters) result(*field) parameters;
  SILT_NODE_FUNCTIONS(SILT_FIELD)
  SILT_V8_FUNCTIONS(SILT_FIELD)
#undef SILT_FIELD
};

extern constinit Api api;

// Whether the program is node, by what it defines: its name does not matter.
bool find_node();
// False when a function is missing that every node since version 18 has.
bool find_api();
// Whether V8 can be asked to tell of the code it compiles.
bool has_code_events();

}  // namespace silt::nodejs

#endif  // SILT_INTERPOSER_RUNTIME_NODEJS_API_H_

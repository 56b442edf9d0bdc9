// SPDX-License-Identifier: Apache-2.0
//
// See calls.h, also for the context.

#include "interposer/runtime/jvm/calls.h"

namespace silt::jvm {
namespace {

// Places in the table of a Vm.
constexpr size_t kDetach = 5;
constexpr size_t kGetEnv = 6;
constexpr size_t kAttachAsDaemon = 7;

// Places in the table of a Jni.
constexpr size_t kFindClass = 6;
constexpr size_t kExceptionClear = 17;
constexpr size_t kDeleteLocal = 23;
constexpr size_t kIsSame = 24;
constexpr size_t kGetMethod = 33;
constexpr size_t kCallLongA = 54;
constexpr size_t kGetStaticMethod = 113;
constexpr size_t kCallStaticObjectA = 116;
constexpr size_t kNewWeak = 226;
constexpr size_t kDeleteWeak = 227;
constexpr size_t kExceptionCheck = 228;

// Numbers of functions of JVMTI, which count from 1.
constexpr size_t kSetEventMode = 2;
constexpr size_t kDeallocate = 47;
constexpr size_t kClassSignature = 48;
constexpr size_t kSourceFile = 50;
constexpr size_t kMethodName = 64;
constexpr size_t kDeclaringClass = 65;
constexpr size_t kLineTable = 70;
constexpr size_t kStackTrace = 104;
constexpr size_t kForceCollection = 108;
constexpr size_t kSetCallbacks = 122;
constexpr size_t kDispose = 127;
constexpr size_t kProperty = 131;
constexpr size_t kPotential = 140;
constexpr size_t kAddCapabilities = 142;
constexpr size_t kSetInterval = 156;

template <typename... Arguments>
int ask(Jvmti* env, size_t number, Arguments... arguments) {
  return call<int>(env->table, number - 1, env, arguments...);
}

template <typename Result, typename... Arguments>
Result ask(Jni* jni, size_t place, Arguments... arguments) {
  return call<Result>(jni->table, place, jni, arguments...);
}

// JavaVMAttachArgs.
struct AttachArguments {
  int32_t version;
  const char* name;
  Object group;
};
constexpr int32_t kJni16 = 0x00010006;

bool failed(Jni* jni) {
  if (ask<unsigned char>(jni, kExceptionCheck) == 0) return false;
  ask<void>(jni, kExceptionClear);
  return true;
}

}  // namespace

Jni* attach_as_daemon(Vm* vm, const char* name) {
  AttachArguments arguments{kJni16, name, nullptr};
  Jni* jni = nullptr;
  return call<int>(vm->table, kAttachAsDaemon, vm, &jni, &arguments) == kOk ? jni : nullptr;
}

void detach(Vm* vm) { call<int>(vm->table, kDetach, vm); }

Jvmti* open_jvmti(Vm* vm, uint32_t version) {
  Jvmti* env = nullptr;
  const int result = call<int>(vm->table, kGetEnv, vm, &env, static_cast<int32_t>(version));
  return result == kOk ? env : nullptr;
}

namespace jni {

Object new_weak(Jni* jni, Object object) {
  const auto weak = ask<Object>(jni, kNewWeak, object);
  return failed(jni) ? nullptr : weak;
}

void delete_weak(Jni* jni, Object weak) { ask<void>(jni, kDeleteWeak, weak); }

void delete_local(Jni* jni, Object local) {
  if (local != nullptr) ask<void>(jni, kDeleteLocal, local);
}

bool is_gone(Jni* jni, Object weak) {
  return ask<unsigned char>(jni, kIsSame, weak, Object{nullptr}) != 0;
}

bool heap_size(Jni* jni, uint64_t* used, uint64_t* total) {
  constexpr const void* kNoArguments = nullptr;
  const auto runtime = ask<Object>(jni, kFindClass, "java/lang/Runtime");
  if (failed(jni) || runtime == nullptr) return false;
  const auto get =
      ask<Method>(jni, kGetStaticMethod, runtime, "getRuntime", "()Ljava/lang/Runtime;");
  const bool no_get = failed(jni);
  const auto total_of = ask<Method>(jni, kGetMethod, runtime, "totalMemory", "()J");
  const bool no_total = failed(jni);
  const auto free_of = ask<Method>(jni, kGetMethod, runtime, "freeMemory", "()J");
  if (failed(jni) || no_get || no_total) {
    delete_local(jni, runtime);
    return false;
  }
  const auto the_one = ask<Object>(jni, kCallStaticObjectA, runtime, get, kNoArguments);
  bool told = !failed(jni) && the_one != nullptr;
  if (told) {
    const auto committed = ask<int64_t>(jni, kCallLongA, the_one, total_of, kNoArguments);
    told = !failed(jni);
    const auto free = told ? ask<int64_t>(jni, kCallLongA, the_one, free_of, kNoArguments) : 0;
    told = told && !failed(jni) && committed >= free && free >= 0;
    if (told) {
      *total = static_cast<uint64_t>(committed);
      *used = static_cast<uint64_t>(committed - free);
    }
  }
  delete_local(jni, the_one);
  delete_local(jni, runtime);
  return told;
}

}  // namespace jni

namespace jvmti {

bool can(Jvmti* env, Capabilities* capabilities) {
  return ask(env, kPotential, capabilities) == kOk;
}

bool add(Jvmti* env, const Capabilities& capabilities) {
  return ask(env, kAddCapabilities, &capabilities) == kOk;
}

bool set_callbacks(Jvmti* env, void* const (&callbacks)[kEvents]) {
  return ask(env, kSetCallbacks, &callbacks[0], static_cast<int32_t>(sizeof(callbacks))) == kOk;
}

bool enable(Jvmti* env, Event event, bool on) {
  // A function with a tail of variable arguments, of which there are none.
  const auto set =
      reinterpret_cast<int (*)(Jvmti*, int, int, Object, ...)>(env->table[kSetEventMode - 1]);
  return set(env, on ? 1 : 0, static_cast<int>(event), nullptr) == kOk;
}

bool set_interval(Jvmti* env, int32_t bytes) { return ask(env, kSetInterval, bytes) == kOk; }

bool collect(Jvmti* env) { return ask(env, kForceCollection) == kOk; }

void close(Jvmti* env) { ask(env, kDispose); }

int stack(Jvmti* env, CallFrame* frames, int room) {
  int count = 0;
  const Object current = nullptr;
  if (ask(env, kStackTrace, current, 0, room, frames, &count) != kOk) return 0;
  return count;
}

char* method_name(Jvmti* env, Method method) {
  char* name = nullptr;
  char** const unwanted = nullptr;
  return ask(env, kMethodName, method, &name, unwanted, unwanted) == kOk ? name : nullptr;
}

char* class_signature(Jvmti* env, Object a_class) {
  char* signature = nullptr;
  char** const generic = nullptr;
  return ask(env, kClassSignature, a_class, &signature, generic) == kOk ? signature : nullptr;
}

char* source_file(Jvmti* env, Object a_class) {
  char* name = nullptr;
  return ask(env, kSourceFile, a_class, &name) == kOk ? name : nullptr;
}

char* property(Jvmti* env, const char* name) {
  char* value = nullptr;
  return ask(env, kProperty, name, &value) == kOk ? value : nullptr;
}

Object class_of(Jvmti* env, Method method) {
  Object found = nullptr;
  return ask(env, kDeclaringClass, method, &found) == kOk ? found : nullptr;
}

LineEntry* line_table(Jvmti* env, Method method, int* count) {
  LineEntry* lines = nullptr;
  *count = 0;
  return ask(env, kLineTable, method, count, &lines) == kOk ? lines : nullptr;
}

void give_back(Jvmti* env, void* memory) {
  if (memory != nullptr) ask(env, kDeallocate, static_cast<unsigned char*>(memory));
}

}  // namespace jvmti
}  // namespace silt::jvm

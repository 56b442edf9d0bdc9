// SPDX-License-Identifier: Apache-2.0
//
// What silt calls of a Java virtual machine. JNI and JVMTI are tables of functions whose places the
// specifications give by number; those that are called here are declared here, so that building
// silt takes no JDK. (JNI: "Interface Function Table" and "The Invocation API", places from 0;
// JVMTI: "Function Index", numbers from 1, and "Event Index".) test_java.py runs them all.
//
// Context: a thread of Java's, or one that is attached. None of these may be called with a lock of
// silt's held: each may wait for a collection, or for a debugger.

#ifndef SILT_INTERPOSER_RUNTIME_JVM_CALLS_H_
#define SILT_INTERPOSER_RUNTIME_JVM_CALLS_H_

#include <cstddef>
#include <cstdint>

namespace silt::jvm {

using Object = void*;  // a reference: local, global or weak
using Method = void*;

// Each is a pointer to a pointer to a table.
using Table = void* const*;
struct Vm {
  Table table;
};
struct Jni {
  Table table;
};
struct Jvmti {
  Table table;
};

template <typename Result, typename... Arguments>
Result call(Table table, size_t place, Arguments... arguments) {
  return reinterpret_cast<Result (*)(Arguments...)>(table[place])(arguments...);
}

inline constexpr int kOk = 0;

// Events of JVMTI, and how many there may be.
enum class Event : int { kFirst = 50, kVmDeath = 51, kSampledObject = 86 };
inline constexpr size_t kEvents = 39;

// The bits of jvmtiCapabilities, a bit field of 128.
enum class Capability : unsigned {
  kSourceFileNames = 11,
  kLineNumbers = 12,
  kSampledObjects = 43,
  kVirtualThreads = 44,
};
struct Capabilities {
  uint64_t bits[2];
  void set(Capability one) {
    bits[static_cast<unsigned>(one) / 64] |= uint64_t{1} << static_cast<unsigned>(one) % 64;
  }
  bool has(Capability one) const {
    return (bits[static_cast<unsigned>(one) / 64] >> static_cast<unsigned>(one) % 64 & 1) != 0;
  }
};
static_assert(sizeof(Capabilities) == 16);

struct CallFrame {
  Method method;
  int64_t location;  // of its bytecode; -1: a native method
};

struct LineEntry {
  int64_t start;
  int32_t line;
};
static_assert(sizeof(LineEntry) == 16);

// JNI_GetCreatedJavaVMs.
using GetCreatedVms = int (*)(Vm** vms, int room, int* count);

// Makes the calling thread one of Java's, which does not keep the machine from ending; nullptr when
// it refuses.
Jni* attach_as_daemon(Vm* vm, const char* name);
void detach(Vm* vm);
// An environment of JVMTI of this version; nullptr when there is none.
Jvmti* open_jvmti(Vm* vm, uint32_t version);
inline constexpr uint32_t kJvmtiOfJava11 = 0x300b0000;

namespace jni {
Object new_weak(Jni* jni, Object object);
void delete_weak(Jni* jni, Object weak);
void delete_local(Jni* jni, Object local);
bool is_gone(Jni* jni, Object weak);
// Of java.lang.Runtime: bytes in use, and committed; false when that was not to be had.
bool heap_size(Jni* jni, uint64_t* used, uint64_t* total);
}  // namespace jni

namespace jvmti {
// Each but the texts returns whether the machine did it.
bool can(Jvmti* env, Capabilities* capabilities);
bool add(Jvmti* env, const Capabilities& capabilities);
bool set_callbacks(Jvmti* env, void* const (&callbacks)[kEvents]);
bool enable(Jvmti* env, Event event, bool on);
bool set_interval(Jvmti* env, int32_t bytes);
bool collect(Jvmti* env);
void close(Jvmti* env);
// Of the current thread, innermost first; how many, 0 when there are none.
int stack(Jvmti* env, CallFrame* frames, int room);
// Allocated by the machine, to be given back; nullptr: unknown.
char* method_name(Jvmti* env, Method method);
char* class_signature(Jvmti* env, Object a_class);
char* source_file(Jvmti* env, Object a_class);
char* property(Jvmti* env, const char* name);
Object class_of(Jvmti* env, Method method);  // a local reference
LineEntry* line_table(Jvmti* env, Method method, int* count);
void give_back(Jvmti* env, void* memory);
}  // namespace jvmti

}  // namespace silt::jvm

#endif  // SILT_INTERPOSER_RUNTIME_JVM_CALLS_H_

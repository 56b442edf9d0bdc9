// SPDX-License-Identifier: Apache-2.0
//
// Where CPython 3.11 keeps what silt reads: the fields of its frames, code objects and texts that
// are not part of its public interface. Joining compares what is read this way with what the
// interpreter's own functions say of a frame that is running (self_check.cpp), so that a build with
// another layout is not joined. Any context.
//
//   native frame of the evaluator    a _PyCFrame on its stack: the anchor
//     current_frame                  the innermost Python frame that it runs
//       previous                     the next outer one; is_entry: another native frame runs that
//       f_code, prev_instr           the function, and the instruction that runs in it

#ifndef SILT_INTERPOSER_RUNTIME_PYTHON_LAYOUT_H_
#define SILT_INTERPOSER_RUNTIME_PYTHON_LAYOUT_H_

#include <cstddef>
#include <cstdint>

namespace silt::python {

// _PyRuntimeState
inline constexpr size_t kStateInitialized = 16;

// _PyCFrame
inline constexpr size_t kCurrentFrame = 8;

// _PyInterpreterFrame
inline constexpr size_t kFrameCode = 32;
inline constexpr size_t kFramePrevious = 48;
inline constexpr size_t kFrameInstruction = 56;
inline constexpr size_t kFrameIsEntry = 68;

// PyThreadState
inline constexpr size_t kThreadAnchor = 56;

// PyObject and PyVarObject
inline constexpr size_t kObjectType = 8;
inline constexpr size_t kObjectSize = 16;

// PyCodeObject: a PyVarObject whose items are instructions
inline constexpr size_t kCodeFirstLine = 72;
inline constexpr size_t kCodeFile = 112;
inline constexpr size_t kCodeName = 128;  // qualified
inline constexpr size_t kCodeLines = 136;
inline constexpr size_t kCodeInstructions = 184;
inline constexpr size_t kInstructionBytes = 2;

// PyBytesObject
inline constexpr size_t kBytesData = 32;

// PyASCIIObject, PyCompactUnicodeObject
inline constexpr size_t kTextLength = 16;
inline constexpr size_t kTextState = 32;
inline constexpr size_t kTextAsciiData = 48;
inline constexpr size_t kTextData = 72;

// PyTypeObject, and PyHeapTypeObject from kTypeName on
inline constexpr size_t kTypeText = 24;  // of C
inline constexpr size_t kTypeBasicSize = 32;
inline constexpr size_t kTypeDestructor = 48;
inline constexpr size_t kTypeFlags = 168;
inline constexpr size_t kTypeBase = 256;
inline constexpr size_t kTypeDict = 264;
inline constexpr size_t kTypeDictOffset = 288;
inline constexpr size_t kTypeName = 864;  // qualified
inline constexpr size_t kTypeKeys = 872;  // of the attributes of its instances

// What stands in front of an object in its block: the collector's links, and before these, where
// attributes are not part of the object, their values and the dict that holds them.
inline constexpr size_t kCollectorHead = 16;
inline constexpr size_t kValuesBefore = 32;
inline constexpr size_t kDictBefore = 24;

// dequeobject (a PyVarObject), lru_cache_object
inline constexpr size_t kDequeLimit = 64;
inline constexpr size_t kLruCache = 72;
inline constexpr size_t kLruLimit = 96;

// PyDictObject
inline constexpr size_t kDictCount = 16;
inline constexpr size_t kDictKeys = 32;
inline constexpr size_t kDictValues = 40;
inline constexpr size_t kDictEnd = 48;
// PyDictKeysObject, whose entries follow its indices
inline constexpr size_t kKeysIndexBytes = 9;  // a logarithm
inline constexpr size_t kKeysKind = 10;       // 0: any keys, with their hashes; else texts
inline constexpr size_t kKeysCount = 24;
inline constexpr size_t kKeysIndices = 32;

// PyListObject, PyTupleObject, PyByteArrayObject, PyCellObject, PySetObject, PyModuleObject,
// PyWeakReference, PyFunctionObject
inline constexpr size_t kListItems = 24;
inline constexpr size_t kListEnd = 40;
inline constexpr size_t kTupleItems = 24;
inline constexpr size_t kBytesAlone = 32;  // of a PyByteArrayObject, which are not in it
inline constexpr size_t kByteArrayEnd = 56;
inline constexpr size_t kCellContent = 16;
inline constexpr size_t kSetTable = 40;
inline constexpr size_t kSetSmallTable = 64;  // in it, of eight entries
inline constexpr size_t kModuleDict = 16;
inline constexpr size_t kWeakCallback = 24;
inline constexpr size_t kWeakEnd = 64;
inline constexpr size_t kFunctionCode = 48;
inline constexpr size_t kFunctionDefaults = 56;
inline constexpr size_t kFunctionKeywordDefaults = 64;
inline constexpr size_t kFunctionClosure = 72;
inline constexpr size_t kFunctionDict = 88;

// PyCodeObject's variables: locals, then cells, then those of functions around it
inline constexpr size_t kCodeStackSize = 68;
inline constexpr size_t kCodeVariables = 76;
inline constexpr size_t kCodeFreeVariables = 92;
inline constexpr size_t kCodeVariableNames = 96;
// Of a frame
inline constexpr size_t kFrameLocals = 24;
inline constexpr size_t kFrameTop = 64;  // of its variables and values, while it does not run
inline constexpr size_t kFrameVariables = 72;
// PyGenObject and its kin
inline constexpr size_t kGeneratorState = 75;  // a signed byte, see waiting.cpp
inline constexpr size_t kGeneratorFrame = 80;

// PyInterpreterState, PyThreadState
inline constexpr size_t kNextInterpreter = 0;
inline constexpr size_t kFirstThread = 16;
inline constexpr size_t kNextThread = 8;

// Of PyInterpreterState, by distance from its collector's generations: 3 times a list's two links,
// a threshold and a count.
inline constexpr size_t kGenerationBytes = 24;
inline constexpr size_t kGenerationThreshold = 16;
inline constexpr size_t kCollectorEnabledBefore = 12;

template <typename T>
T field(uint64_t object, size_t offset) {
  return __atomic_load_n(reinterpret_cast<const T*>(object + offset), __ATOMIC_RELAXED);
}

}  // namespace silt::python

#endif  // SILT_INTERPOSER_RUNTIME_PYTHON_LAYOUT_H_

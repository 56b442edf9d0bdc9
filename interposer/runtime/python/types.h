// SPDX-License-Identifier: Apache-2.0
//
// Which type of object lies in a block. Nothing in a block says that it holds an object, so its
// words are asked: where the type would be named there must be the address of something that is a
// type, and that type's objects must begin just there in their blocks. Types are looked at once. In
// the copy of the process.

#ifndef SILT_INTERPOSER_RUNTIME_PYTHON_TYPES_H_
#define SILT_INTERPOSER_RUNTIME_PYTHON_TYPES_H_

#include <cstddef>
#include <cstdint>

#include "interposer/owners/labels.h"
#include "interposer/runtime/python/peek.h"

namespace silt::python {

// What is particular about how a type's objects keep things.
enum class Shape : uint8_t {
  kOther,      // by pointers in it, and perhaps attributes
  kPlainData,  // nothing: numbers and texts
  kType,
  kModule,
  kDict,
  kList,
  kByteArray,
  kSet,  // without what a class adds
  kFunction,
  kGenerator,  // also coroutines
  kTask,       // of asyncio, the one written in C
  kWeakReference,
  kCell,
};

// Of a type's flags.
enum TypeFlag : uint32_t {
  kAttributesBefore = 1u << 4,
  kHeapType = 1u << 9,
  kCollected = 1u << 14,
  kIsLong = 1u << 24,
  kIsList = 1u << 25,
  kIsTuple = 1u << 26,
  kIsBytes = 1u << 27,
  kIsText = 1u << 28,
  kIsType = 1u << 31,
};

struct Type {
  uint64_t address;
  owners::LabelId label;
  uint32_t flags;
  uint32_t head_bytes;  // in front of its objects, in their blocks
  int32_t dict_offset;  // of the attributes, 0: none there
  uint64_t keys;        // of attributes that lie before the object; 0: none
  Shape shape;
  bool is_own;  // made by the program or a library of it, not by C code
};

struct Found {
  uint64_t object;
  const Type* type;  // nullptr: there is no object
};

class Types {
 public:
  // False when there was no memory, or the kernel reads none for us.
  bool start(const Peek& peek, owners::Labels& labels);

  // nullptr: it is no type.
  const Type* find(uint64_t address);
  const Type* of(uint64_t object) { return find(peek_->at(object, 8)); }
  Found in_block(uint64_t begin, uint64_t size);

  // Of a str object; cut where it is long, "" when it is none.
  void copy(uint64_t text, char* buffer, size_t size) const;
  // The same, of up to 4095 letters.
  void copy_path(uint64_t text, char* buffer, size_t size) const;
  owners::LabelId label_of(uint64_t text);
  // The name of a type, or another that goes with it.
  const char* text(owners::LabelId label) const { return labels_->text(label); }
  owners::LabelId add_label(const char* name) { return labels_->add(name); }

 private:
  static constexpr uint32_t kSlots = uint32_t{1} << 16;
  static constexpr uint32_t kMost = kSlots / 2;
  static constexpr uint32_t kRemembered = 4096;

  void copy_by(char* object, int64_t most, uint64_t text, char* buffer, size_t size) const;
  bool looks_like_type(uint64_t address, int depth);
  const Type* add(uint64_t address);
  owners::LabelId name(uint64_t address, uint32_t flags);
  Shape shape_of(uint64_t address, uint32_t flags) const;
  // As C names it.
  bool is_called(uint64_t address, const char* name) const;

  uint64_t type_type_ = 0;  // `type`
  const Peek* peek_ = nullptr;
  owners::Labels* labels_ = nullptr;
  Type* types_ = nullptr;  // a hash table by address
  uint32_t count_ = 0;
  uint64_t* no_types_ = nullptr;  // addresses seen lately that are none
  struct Name {
    uint64_t text;
    owners::LabelId label;
  };
  Name* names_ = nullptr;  // seen lately
};

}  // namespace silt::python

#endif  // SILT_INTERPOSER_RUNTIME_PYTHON_TYPES_H_

// SPDX-License-Identifier: Apache-2.0
//
// How many bytes each of V8's byte codes takes, operands included: V8's own table
// (interpreter::Bytecodes::kBytecodeSizes), which it reads byte code by. Versions before 24 export
// it; later ones have it among the local symbols of the program's file, where that is not stripped.
// It has three rows of as many byte codes as the version has, for operands of one, two and four
// bytes; the first two byte codes are those that say so of the one that follows them. Normal
// context.

#ifndef SILT_INTERPOSER_RUNTIME_NODEJS_BYTE_CODE_SIZES_H_
#define SILT_INTERPOSER_RUNTIME_NODEJS_BYTE_CODE_SIZES_H_

#include <cstddef>
#include <cstdint>

namespace silt::nodejs {

class ByteCodeSizes {
 public:
  // Takes the table's bytes; false when they are no such table.
  bool set(const uint8_t* table, size_t size);
  // Finds the table in the running program.
  bool find();

  // Of the byte code at `at` of [0, size), with what widens it; 0: it is none, or goes on past the
  // end.
  size_t size_at(const uint8_t* code, size_t size, size_t at) const;

 private:
  static constexpr size_t kRows = 3;
  static constexpr size_t kMostCodes = 256;

  bool take(uint64_t address, uint64_t size);

  size_t count_ = 0;  // of byte codes; 0: not known
  uint8_t sizes_[kRows][kMostCodes] = {};
};

}  // namespace silt::nodejs

#endif  // SILT_INTERPOSER_RUNTIME_NODEJS_BYTE_CODE_SIZES_H_

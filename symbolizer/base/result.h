// SPDX-License-Identifier: Apache-2.0
//
// Result<T>: a value or an Error, for code whose input is hostile. C++23's std::expected is not
// usable with clang 14, so this is the small part of it that the tool needs.

#ifndef SILT_SYMBOLIZER_BASE_RESULT_H_
#define SILT_SYMBOLIZER_BASE_RESULT_H_

#include <cstdint>
#include <string>
#include <utility>
#include <variant>

namespace silt {

// Whose fault it is: what was typed, or what was to be read.
enum class ErrorKind : uint8_t { kInput, kUsage };

// A message in one line: lower case, what failed, on which thing in 'quotes', why, what to do.
struct Error {
  std::string message;
  ErrorKind kind = ErrorKind::kInput;
};

inline Error usage_error(std::string message) { return {std::move(message), ErrorKind::kUsage}; }

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() { return std::get<0>(state_); }
  const T& value() const { return std::get<0>(state_); }
  T& operator*() { return value(); }
  const T& operator*() const { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

}  // namespace silt

#endif  // SILT_SYMBOLIZER_BASE_RESULT_H_

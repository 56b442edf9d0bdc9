// SPDX-License-Identifier: Apache-2.0
//
// What lives of one stack, by birth. A long recording has millions of these lists, most of them
// empty or of one entry: a list is one pointer, to its entries with their number in front.

#ifndef SILT_SYMBOLIZER_READ_GENERATIONS_H_
#define SILT_SYMBOLIZER_READ_GENERATIONS_H_

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>

namespace silt::read {

struct GenerationCount {
  uint8_t code = 0;  // format::generation_code
  uint64_t blocks = 0;
  uint64_t bytes = 0;
};

// Ascending by code.
class Generations {
 public:
  Generations() = default;
  Generations(std::initializer_list<GenerationCount> list) { assign(list.begin(), list.size()); }
  Generations(const Generations& other) { assign(other.begin(), other.size()); }
  Generations(Generations&&) noexcept = default;
  Generations& operator=(const Generations& other) {
    if (this != &other) assign(other.begin(), other.size());
    return *this;
  }
  Generations& operator=(Generations&&) noexcept = default;

  void assign(const GenerationCount* list, size_t count);
  void push_back(const GenerationCount& one);
  // Adds `count` generations, ascending by code.
  void add(const GenerationCount* more, size_t count);

  bool empty() const { return list_ == nullptr; }
  size_t size() const { return list_ == nullptr ? 0 : list_[0].blocks; }
  const GenerationCount* begin() const { return list_ == nullptr ? nullptr : &list_[1]; }
  const GenerationCount* end() const { return begin() + size(); }
  const GenerationCount& operator[](size_t at) const { return list_[at + 1]; }

 private:
  std::unique_ptr<GenerationCount[]> list_;  // how many there are is the first one's `blocks`
};

}  // namespace silt::read

#endif  // SILT_SYMBOLIZER_READ_GENERATIONS_H_

// SPDX-License-Identifier: Apache-2.0
//
// Ids of tree nodes, and arrays that only such an id leads into. Nodes, stacks, frames and modules
// are all counted from 0 in lists that are handed around together; an id of one in a list of
// another would go unnoticed as a plain integer.

#ifndef SILT_SYMBOLIZER_READ_BY_NODE_H_
#define SILT_SYMBOLIZER_READ_BY_NODE_H_

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <utility>
#include <vector>

namespace silt::read {

enum class NodeId : uint32_t {};
inline constexpr NodeId kRootNode{0};
constexpr uint32_t number_of(NodeId id) { return static_cast<uint32_t>(id); }

// One T for each node, in the order of the ids.
template <typename T>
class ByNode {
 public:
  ByNode() = default;
  explicit ByNode(size_t count, const T& value = T()) : list_(count, value) {}
  ByNode(std::initializer_list<T> list) : list_(list) {}

  decltype(auto) operator[](NodeId id) { return list_[number_of(id)]; }
  decltype(auto) operator[](NodeId id) const { return list_[number_of(id)]; }

  size_t size() const { return list_.size(); }
  bool empty() const { return list_.empty(); }
  // The id that what is added next will have.
  NodeId next() const { return NodeId{static_cast<uint32_t>(list_.size())}; }
  bool contains(NodeId id) const { return number_of(id) < list_.size(); }

  void reserve(size_t count) { list_.reserve(count); }
  void resize(size_t count) { list_.resize(count); }
  void clear() { list_.clear(); }
  void push_back(T value) { list_.push_back(std::move(value)); }
  decltype(auto) back() { return list_.back(); }

  auto begin() { return list_.begin(); }
  auto end() { return list_.end(); }
  auto begin() const { return list_.begin(); }
  auto end() const { return list_.end(); }

 private:
  std::vector<T> list_;
};

}  // namespace silt::read

#endif  // SILT_SYMBOLIZER_READ_BY_NODE_H_

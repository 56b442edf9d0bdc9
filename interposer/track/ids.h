// SPDX-License-Identifier: Apache-2.0
//
// The ids of the stack table (stack_table.h): of a node of the tree, and of a stack, which is its
// innermost node. They are types of their own, since births, numbers of nodes in a snapshot and
// counts of them are 32 bits as well and lie beside them everywhere. An id is valid in this process
// only. Any context.

#ifndef SILT_INTERPOSER_TRACK_IDS_H_
#define SILT_INTERPOSER_TRACK_IDS_H_

#include <cstdint>

namespace silt::track {

enum class NodeId : uint32_t {};
enum class StackId : uint32_t {};

inline constexpr NodeId kRoot{0};  // the outermost frames' parent; where a node is wanted: none
inline constexpr StackId kNoStack{0};

// Its place in tables by id.
constexpr uint32_t index_of(NodeId node) { return static_cast<uint32_t>(node); }
constexpr uint32_t index_of(StackId stack) { return static_cast<uint32_t>(stack); }

constexpr StackId stack_at(NodeId innermost) { return StackId{index_of(innermost)}; }
constexpr NodeId innermost_of(StackId stack) { return NodeId{index_of(stack)}; }

// Ids fit the 24 bits that a live block's cell has for them.
inline constexpr uint32_t kStackIdBits = 24;
inline constexpr uint32_t kMaximumNodes = uint32_t{1} << kStackIdBits;

// The stack of allocations whose own stack did not fit; made first.
inline constexpr StackId kOverflowStack{1};

}  // namespace silt::track

#endif  // SILT_INTERPOSER_TRACK_IDS_H_

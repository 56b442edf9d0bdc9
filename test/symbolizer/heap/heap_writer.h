// SPDX-License-Identifier: Apache-2.0
//
// Heaps for tests, as text as V8 writes it: so that what is tested went through the reader.

#ifndef SILT_TEST_SYMBOLIZER_HEAP_HEAP_WRITER_H_
#define SILT_TEST_SYMBOLIZER_HEAP_HEAP_WRITER_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "symbolizer/heap/growth.h"

namespace silt::test {

class HeapWriter {
 public:
  // node 0 is the root, node 1 the group of V8's roots, node 2 the global object.
  HeapWriter();

  // Returns the node. Types and edge types are V8's words.
  uint32_t node(const std::string& type, const std::string& name, uint32_t id, uint64_t size);
  void edge(uint32_t from, const std::string& type, const std::string& name, uint32_t to);
  void element(uint32_t from, uint32_t index, uint32_t to);
  void location(uint32_t node, uint32_t script, uint32_t line);

  static constexpr uint32_t kGlobal = 2;

  // `older`: with the column trace_node_id, as node 18 to 22 have.
  std::string json(bool older = false) const;
  heap::Heap heap() const;

 private:
  struct Node {
    std::string type, name;
    uint32_t id;
    uint64_t size;
  };
  struct Edge {
    std::string type, name;
    uint32_t index, to;
  };

  std::vector<Node> nodes_;
  std::vector<std::vector<Edge>> edges_;
  std::vector<heap::Location> locations_;
};

}  // namespace silt::test

#endif  // SILT_TEST_SYMBOLIZER_HEAP_HEAP_WRITER_H_

// SPDX-License-Identifier: Apache-2.0

#include "symbolizer/heap/paths.h"

#include <catch2/catch.hpp>
#include <string>

#include "test/symbolizer/heap/heap_writer.h"

namespace silt::heap {
namespace {

// global.accounts, a table by name; below one of its names a log. Returns the log.
NodeIndex accounts(test::HeapWriter& heap) {
  const uint32_t table = heap.node("object", "Object", 101, 16);
  heap.edge(test::HeapWriter::kGlobal, "property", "accounts", table);
  NodeIndex log = kNone;
  for (uint32_t i = 0; i < 200; ++i) {
    const uint32_t account = heap.node("object", "Account", 1001 + i * 4, 50);
    heap.edge(table, "property", "customer " + std::to_string(i), account);
    const uint32_t own = heap.node("object", "Log", 1003 + i * 4, 50);
    heap.edge(account, "property", "log", own);
    if (i == 7) log = own;
  }
  return log;
}

std::string all_words(const Finding& finding) {
  std::string words = finding.name;
  for (const PathStep& step : finding.path) words += "|" + step.label;
  return words;
}

TEST_CASE("the way to an object says the key of a table, unless keys are to be hidden") {
  test::HeapWriter writer;
  const NodeIndex log = accounts(writer);
  const Heap heap = writer.heap();
  Words words;
  Finding open;
  PathText(heap.graph, heap.reach, words).describe(log, open);
  CHECK(open.name == "global.accounts.customer 7.log");
  Finding hidden;
  PathText(heap.graph, heap.reach, words, true).describe(log, hidden);
  CHECK(hidden.name == "global.accounts[key].log");
  CHECK(all_words(hidden).find("customer") == std::string::npos);
  CHECK(hidden.path.size() == open.path.size());
}

TEST_CASE("the nodes of a list are one step of a name") {
  test::HeapWriter writer;
  const uint32_t list = writer.node("object", "List", 101, 16);
  writer.edge(test::HeapWriter::kGlobal, "property", "timers", list);
  uint32_t last = list;
  for (uint32_t i = 0; i < 20; ++i) {
    const uint32_t node = writer.node("object", "Node", 1001 + i * 2, 50);
    writer.edge(last, "property", "next", node);
    last = node;
  }
  const Heap heap = writer.heap();
  Words words;
  Finding finding;
  PathText(heap.graph, heap.reach, words).describe(last, finding);
  CHECK(finding.name == "global.timers.next");
}

}  // namespace
}  // namespace silt::heap

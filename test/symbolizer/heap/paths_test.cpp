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

}  // namespace
}  // namespace silt::heap

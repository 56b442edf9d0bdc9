// SPDX-License-Identifier: Apache-2.0
//
// Whether a leak is named by the function that allocates or by the line that calls it.

#include "symbolizer/report/findings/hoist.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "test/symbolizer/report/named_heap.h"

namespace silt::report {
namespace {

using symbolize::Frame;
using test::frame;
using test::kMain;
using test::kMalloc;
using test::NamedHeap;

const Frame kMake = frame("make_reply", "reply.cpp", 12);
const Frame kStatus = frame("send_status", "server.cpp", 40);
const Frame kError = frame("send_error", "server.cpp", 60);
const Frame kGrowTable = frame("grow_table", "reply.cpp", 30);

// Two callers of make_reply: of what send_error makes `forgotten` of a hundred stay, of send_status
// nothing. By way of send_status a table of make_reply gets larger once.
NamedHeap two_callers(uint64_t forgotten) {
  NamedHeap heap({{kMalloc, kMake, kError, kMain},
                  {kMalloc, kMake, kStatus, kMain},
                  {kMalloc, kGrowTable, kMake, kStatus, kMain}});
  for (int i = 0; i < 10; ++i) {
    heap.allocate(100, 64, 0);
    if (forgotten < 100) heap.free_newest(100 - forgotten, 0);
    heap.allocate(100, 64, 1);
    heap.free_all(1);
    if (i == 5) heap.allocate(1, 4096, 2);
    heap.snapshot();
  }
  return heap;
}

void add_owners(NamedHeap& heap, bool lost) {
  read::Owners owners;
  owners.snapshot = static_cast<uint32_t>(heap.recording().snapshots.size() - 1);
  owners.found = true;
  owners.roots.push_back({.kind = format::RootKind::kStack, .place = 1});
  owners.paths.resize(2);
  read::OwnersRow row;
  row.stack = number_of(heap.recording().stacks[0].id);
  const uint64_t blocks = heap.live(0);
  (lost ? row.lost_blocks : row.kept_blocks) = blocks;
  (lost ? row.lost_bytes : row.kept_bytes) = blocks * 64;
  if (!lost) row.shares.push_back({1, blocks, blocks * 64});
  owners.rows.push_back(row);
  heap.recording().owners = owners;
}

std::string first_site(const NamedHeap& heap) {
  const Report report = heap.report();
  return report.findings.empty() ? "" : report.findings[0].site.function;
}

}  // namespace

TEST_CASE("the caller is the site where its calls alone leak, though a table grew for another") {
  CHECK(first_site(two_callers(100)) == "send_error");
}

TEST_CASE("a caller that loses a part of what it asks for is not the one who forgets it") {
  for (const uint64_t forgotten : {100, 20}) {
    for (const bool lost : {false, true}) {
      CAPTURE(forgotten, lost);
      NamedHeap heap = two_callers(forgotten);
      add_owners(heap, lost);
      CHECK(first_site(heap) == (lost && forgotten < 50 ? "make_reply" : "send_error"));
    }
  }
}

}  // namespace silt::report

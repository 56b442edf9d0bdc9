// SPDX-License-Identifier: Apache-2.0

#include "symbolizer/runtime/python/event_loop.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "test/symbolizer/report/named_heap.h"

namespace silt::test {
namespace {

using symbolize::Frame;
using symbolize::FrameKind;

Frame python(const std::string& function, const std::string& file, uint32_t line) {
  Frame made = frame(function, file, line);
  made.kind = FrameKind::kPython;
  return made;
}

const Frame kModule = python("<module>", "/srv/app.py", 85);
const Frame kLoop =
    python("BaseEventLoop.run_forever", "/usr/lib/python3.11/asyncio/base_events.py", 607);
const Frame kFuture = python("Event.wait", "/usr/lib/python3.11/asyncio/locks.py", 210);
const Frame kCall = python("wait_for_response", "/srv/app.py", 41);

// The site after a pass over one group of a leak that is made by the loop and by a call below it,
// or by a statement of the module itself.
std::string site_of(size_t by_loop, size_t by_call, size_t by_module) {
  NamedHeap heap({{kMalloc, kFuture, kLoop, kModule},
                  {kMalloc, kFuture, kCall, kLoop, kModule},
                  {kMalloc, kModule}});
  heap.allocate(by_loop, 100, 0);
  heap.allocate(by_call, 100, 1);
  heap.allocate(by_module, 100, 2);
  heap.snapshot();
  report::Group group;
  group.stacks = {0, 1, 2};
  group.heap = read::Heap::kObjects;
  group.site = kModule;
  std::vector<report::Group> groups = {group};
  const report::Names names = heap.names();
  const analyze::Timeline timeline;
  runtime::python::look_below_event_loops({heap.recording(), timeline, timeline, names.node_frames},
                                          groups);
  return groups[0].site.function;
}

TEST_CASE("a leak below an event loop is named by the function that makes a good part of it") {
  CHECK(site_of(70, 30, 0) == "wait_for_response");
  CHECK(site_of(70, 30, 10) == "wait_for_response");
  CHECK(site_of(90, 10, 0) == "<module>");   // a small part of it
  CHECK(site_of(10, 30, 60) == "<module>");  // its own statements make most
  CHECK(site_of(100, 0, 0) == "<module>");
}

}  // namespace
}  // namespace silt::test

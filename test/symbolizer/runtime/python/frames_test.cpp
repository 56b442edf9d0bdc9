// SPDX-License-Identifier: Apache-2.0

#include "symbolizer/runtime/python/frames.h"

#include <catch2/catch.hpp>

#include "test/symbolizer/report/named_heap.h"

namespace silt::test {
namespace {

bool is_own(const char* function, const char* file) {
  symbolize::Frame frame;
  frame.function = function;
  frame.file = file;
  frame.kind = symbolize::FrameKind::kPython;
  return runtime::python::owns(frame);
}

TEST_CASE("the standard library and installed packages are not the user's code") {
  CHECK(is_own("load_user", "/srv/shop/app.py"));
  CHECK(is_own("<module>", "<string>"));
  CHECK_FALSE(is_own("loads", "/usr/lib/python3.11/json/__init__.py"));
  CHECK_FALSE(is_own("Flask.__call__", "/usr/lib/python3/dist-packages/flask/app.py"));
  CHECK_FALSE(is_own("run", "/srv/venv/lib/python3.11/site-packages/celery/bin/celery.py"));
  CHECK_FALSE(is_own("_find_and_load", "<frozen importlib._bootstrap>"));
}

TEST_CASE("what starts a package by its name is not, but for its functions") {
  CHECK_FALSE(is_own("<module>", "/usr/bin/gunicorn"));
  CHECK_FALSE(is_own("<module>", "/srv/venv/bin/flask"));
  CHECK(is_own("main", "/usr/local/bin/nightly"));
  CHECK(is_own("<module>", "/srv/shop/bin/worker.py"));
  CHECK(is_own("<module>", "/srv/shop/cabin/worker"));
}

symbolize::Frame python(const char* function, const char* file, uint32_t line) {
  symbolize::Frame result = frame(function, file, line, "");
  result.kind = symbolize::FrameKind::kPython;
  return result;
}

TEST_CASE("a leak whose dicts a package freed first is told with the stack of the user's code") {
  const symbolize::Frame start = python("<module>", "/usr/bin/gunicorn", 33);
  const symbolize::Frame call = python("Flask.call", "/usr/lib/python3/dist-packages/flask.py", 9);
  NamedHeap heap(
      {{python("make_response", "/usr/lib/python3/dist-packages/flask.py", 21), call, start},
       {python("load_user", "/srv/app.py", 9), call, start},
       {python("load_user", "/srv/app.py", 10), call, start}});
  for (int i = 0; i < 10; ++i) {
    heap.allocate(300, 64, 0);
    heap.allocate(300, 48, 1);
    heap.allocate(300, 48, 2);
    heap.snapshot();
  }
  for (read::Stack& stack : heap.recording().stacks) stack.heap = read::Heap::kObjects;
  const report::Report report = heap.report();
  REQUIRE(leaks(report) == 1);
  CHECK(report.findings[0].site.function == "load_user");
  REQUIRE(report.findings[0].stacks.size() == 3);
  CHECK(report.findings[0].stacks[0] != heap.recording().stacks[0].id);
}

}  // namespace
}  // namespace silt::test

// SPDX-License-Identifier: Apache-2.0
//
// What must hold of every runtime of the list, and how each is told from others.

#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "symbolizer/report/runtime.h"
#include "symbolizer/runtime/nodejs/nodejs.h"

namespace silt::report {
namespace {

using symbolize::Frame;
using symbolize::FrameKind;

read::Recording recording_of(const std::string& program, const std::string& runtime) {
  read::Recording recording;
  recording.modules.emplace_back();
  recording.modules.back().path = program;
  recording.modules.back().main = true;
  recording.snapshots.resize(2);
  if (!runtime.empty()) {
    recording.snapshots.back().runtimes.emplace_back();
    recording.snapshots.back().runtimes.back().name = runtime;
  }
  return recording;
}

TEST_CASE("no two runtimes share a name or a kind of frames") {
  std::set<std::string_view> names;
  std::set<FrameKind> kinds;
  for (const Runtime* runtime : runtimes()) {
    CAPTURE(runtime->name);
    CHECK_FALSE(runtime->name.empty());
    CHECK(names.insert(runtime->name).second);
    CHECK(find_runtime(runtime->name) == runtime);
    if (runtime->kind == FrameKind::kNative) continue;
    CHECK(kinds.insert(runtime->kind).second);
    CHECK(find_runtime(runtime->kind) == runtime);
    // Whose code its functions are, nobody else can say.
    CHECK(runtime->origin_of != nullptr);
  }
  CHECK(find_runtime("") == nullptr);
  CHECK(find_runtime(FrameKind::kNative) == nullptr);
}

TEST_CASE("own work that has a site is told again by that site's name") {
  Frame frame;
  for (const char* function : {"v8::internal::Heap::AllocateRaw(int)", "v8::internal::wasm::Grow()",
                               "v8::internal::SamplingHeapProfiler::SampleObject(int)",
                               "v8_inspector::V8ConsoleMessage::createForConsoleAPI(int)"}) {
    frame.function = function;
    Frame site;
    site.function = own_work(frame);
    CAPTURE(function, site.function);
    CHECK(own_work_of(site) != OwnWork::kNone);
    // A function of that name in a program is nobody's own work.
    site.module = "/srv/app";
    CHECK(own_work_of(site) == OwnWork::kNone);
  }
  frame.function = "Table::add";
  CHECK(own_work(frame).empty());
}

TEST_CASE("programs, libraries and functions of a runtime are not the user's code") {
  const auto of = [](const char* module, const char* function) {
    Frame frame;
    frame.module = module;
    frame.function = function;
    return origin_of(frame);
  };
  CHECK(of("/usr/bin/node", "f") == Origin::kRuntime);
  CHECK(of("/usr/bin/python3.11", "f") == Origin::kRuntime);
  CHECK(of("/usr/sbin/php-fpm8.2", "f") == Origin::kRuntime);
  CHECK(of("/usr/lib/libpython3.11.so.1.0", "f") == Origin::kRuntime);
  CHECK(of("/srv/app", "node::Buffer::New(int)") == Origin::kRuntime);
  CHECK(of("/srv/nodepad", "f") == Origin::kUser);
  CHECK(of("/srv/app", "table_add") == Origin::kUser);
}

TEST_CASE("Node.js is told by what the recording says of runtimes, whatever the program's name") {
  const auto was_in = [](const std::string& program, const std::string& runtime) {
    return runtime::kNodejs.was_in(recording_of(program, runtime));
  };
  CHECK(was_in("/srv/server", "nodejs"));
  CHECK_FALSE(was_in("/srv/server", "python"));
  // Older recordings name no runtime that was not joined.
  CHECK(was_in("/usr/bin/node", ""));
  CHECK_FALSE(was_in("/srv/server", ""));
}

}  // namespace
}  // namespace silt::report

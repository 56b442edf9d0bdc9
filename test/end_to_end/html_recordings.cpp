// SPDX-License-Identifier: Apache-2.0
//
// Writes recordings for the test of the HTML report: one whose names are made to break out of a
// page, one of 50,000 stacks, one of a JavaScript program with native code below it, and one in
// which nothing grows. usage: html_recordings hostile|large|mixed|healthy FOLDER

#include <cstdint>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "test/symbolizer/recording_builder.h"

namespace {

using silt::test::RecordingBuilder;

constexpr int kMinutes = 10;

void write_hostile(const char* folder) {
  RecordingBuilder process;
  const auto script = process.stack(
      {"</script><img src=x onerror=alert(1)>", "handle<!--<script>", "main & \"friends\""});
  const auto markup =
      process.stack({"{{constructor}} ${alert(2)} &lt;b&gt;", "javascript:alert(3)", "main"});
  const auto bytes = process.stack({"broken \xff\xfe utf8 \xe2\x80\xae reversed", "main"});
  const auto cache = process.stack({"Cache::put", "main"});
  process.allocate(cache, 1000, 5'000'000);
  for (int minute = 0; minute < kMinutes; ++minute) {
    process.allocate(script, 100, 100'000);
    process.allocate(markup, 50, 20'000);
    process.allocate(bytes, 10, 40'000);
    process.free_oldest(cache, 80);
    process.take_snapshot(60.0 * minute);
  }
  process.write(folder);
}

// A server whose JavaScript heap grows for good, most of all after the fifth minute, beside native
// memory of other people's code.
void write_mixed(const char* folder) {
  RecordingBuilder process;
  process.values().program = "node";
  process.values().managed_heaps.resize(1);
  process.values().managed_heaps[0].sampling_interval_bytes = 32768;
  const silt::read::ScriptFrame handler{"onRequest", "file:///srv/app.js", 3, 1};
  const silt::read::ScriptFrame timers{"listOnTimeout", "node:internal/timers", 524, 1};
  const auto session =
      process.script_stack({{"remember", "file:///srv/app.js", 9, 3}, handler, timers});
  const auto native = process.stack({"node::Buffer::New", "uv_run", "main"});
  uint64_t used = 5'000'000;
  process.allocate(native, 100, 2'000'000);
  for (int minute = 0; minute < kMinutes; ++minute) {
    const uint64_t objects = minute < 5 ? 20 : 60;
    process.allocate(session, objects, objects, objects * 100'000);
    used += objects * 100'000;
    process.values().managed_heaps[0].heap_used_bytes = used;
    process.values().managed_heaps[0].heap_total_bytes = used + 1'000'000;
    process.take_snapshot(60.0 * minute, 400'000'000);
  }
  process.write(folder);
}

void write_healthy(const char* folder) {
  RecordingBuilder process;
  const auto cache = process.stack({"Cache::put", "main"});
  process.allocate(cache, 1000, 5'000'000);
  for (int minute = 0; minute < kMinutes; ++minute) {
    process.free_oldest(cache, 100);
    process.allocate(cache, 100, 500'000);
    process.take_snapshot(60.0 * minute);
  }
  process.write(folder);
}

// A tree that is wide at every level: each stack differs from its neighbour in the inner half.
void write_large(const char* folder) {
  constexpr uint32_t kStacks = 50'000;
  constexpr uint32_t kDepth = 30;
  RecordingBuilder process;
  std::vector<RecordingBuilder::StackId> stacks;
  uint32_t random = 1;
  std::vector<uint32_t> path(kDepth);
  for (uint32_t i = 0; i < kStacks; ++i) {
    random = random * 1664525 + 1013904223;
    const uint32_t keep = (random >> 8) % kDepth;
    for (uint32_t depth = keep; depth < kDepth; ++depth) {
      random = random * 1664525 + 1013904223;
      path[depth] = (random >> 8) % 97;
    }
    std::vector<uint64_t> pcs;
    for (uint32_t depth = kDepth; depth > 0; --depth) {
      pcs.push_back(process.pc("component" + std::to_string(depth - 1) + "::Widget<" +
                               std::to_string(path[depth - 1]) + ">::handle(Request const&)"));
    }
    stacks.push_back(process.stack_of_pcs(pcs));
  }
  for (int minute = 0; minute < kMinutes; ++minute) {
    for (uint32_t i = 0; i < kStacks; ++i) {
      if (i % 10 == 0 || minute == 0) process.allocate(stacks[i], 1 + i % 3, 64 + i % 1000);
    }
    process.take_snapshot(60.0 * minute);
  }
  process.write(folder);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: html_recordings hostile|large|mixed|healthy FOLDER\n");
    return 2;
  }
  try {
    const std::string kind = argv[1];
    if (kind == "hostile") write_hostile(argv[2]);
    if (kind == "large") write_large(argv[2]);
    if (kind == "mixed") write_mixed(argv[2]);
    if (kind == "healthy") write_healthy(argv[2]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "html_recordings: %s\n", error.what());
    return 1;
  }
  return 0;
}

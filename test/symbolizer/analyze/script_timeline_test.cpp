// SPDX-License-Identifier: Apache-2.0
//
// Which snapshots count for JavaScript heaps, and how samples weigh.

#include <catch2/catch.hpp>

#include "symbolizer/analyze/verdict.h"
#include "symbolizer/render/curve_words.h"
#include "test/symbolizer/recording_builder.h"

namespace silt::analyze {
namespace {

using test::RecordingBuilder;

const read::ScriptFrame kAdd{"add", "/app.js", 5, 3};

TEST_CASE("a program without JavaScript has no JavaScript timeline") {
  RecordingBuilder process;
  process.allocate(process.stack({"f", "main"}), 1, 8);
  for (int i = 0; i < 4; ++i) process.take_snapshot(i);
  CHECK(make_script_timeline(process.recording()).regular.empty());
}

TEST_CASE("snapshots that the event loop missed do not count for JavaScript") {
  RecordingBuilder process;
  process.allocate(process.script_stack({kAdd}), 1, 10, 400);
  for (int i = 0; i < 6; ++i) {
    process.values().managed_heaps[0].flags = i == 2 ? uint32_t{format::kHeapMissed} : 0;
    process.take_snapshot(i + 1);
  }
  process.values().meta.trigger = static_cast<uint32_t>(format::Trigger::kExit);
  process.take_snapshot(7);
  const Timeline timeline = make_script_timeline(process.recording());
  CHECK(timeline.regular == std::vector<size_t>{0, 1, 3, 4, 5});
  CHECK(timeline.moments == timeline.regular);
}

TEST_CASE("snapshots of another interval are another sampler's, and do not count") {
  RecordingBuilder process;
  process.allocate(process.script_stack({kAdd}), 1, 10, 400);
  for (int i = 0; i < 7; ++i) {
    process.values().managed_heaps[0].sampling_interval_bytes = i < 3 ? 65536 : 262144;
    process.take_snapshot(i + 1);
  }
  const Timeline timeline = make_script_timeline(process.recording());
  CHECK(timeline.regular == std::vector<size_t>{3, 4, 5, 6});
  CHECK(timeline.sampling_interval == 262144);
}

// Live objects that come to stay: `samples` of them a window, for eight windows.
Judgement judged(uint64_t samples) {
  RecordingBuilder process;
  const auto stack = process.script_stack({kAdd});
  process.values().managed_heaps[0].sampling_interval_bytes = 32768;
  for (int i = 0; i <= 8; ++i) {
    process.allocate(stack, samples, samples * 300, samples * 30000);
    process.take_snapshot(i + 1);
  }
  const read::Recording recording = process.recording();
  const Timeline timeline = make_script_timeline(recording);
  return judge(timeline, make_series(timeline, recording.stacks.at(0)));
}

TEST_CASE("samples weigh, not the objects that they stand for") {
  const Judgement many = judged(20);
  CHECK(many.verdict() == Verdict::kLeak);
  CHECK_THAT(render::curve_text(many.reason), Catch::StartsWith("live objects grew in each of"));
  CHECK_THAT(render::curve_text(many.reason), Catch::Contains("MB in all"));
  // Hundreds of objects by the estimate, eight samples in truth.
  CHECK(judged(1).verdict() != Verdict::kLeak);
}

}  // namespace
}  // namespace silt::analyze

// SPDX-License-Identifier: Apache-2.0
//
// A gzipped profile for `go tool pprof` and Pyroscope, with the sample types of Go's heap profiles
// (alloc_objects, alloc_space, inuse_objects, inuse_space) and growth_objects, growth_space. Growth
// is the default one; it may be negative, as in a difference of two profiles.

#include <map>
#include <string>
#include <tuple>
#include <unordered_map>

#include "symbolizer/render/escape.h"
#include "symbolizer/render/gzip.h"
#include "symbolizer/render/profile.pb.h"
#include "symbolizer/render/render.h"
#include "symbolizer/render/shown_line.h"
#include "symbolizer/render/thread_words.h"
#include "symbolizer/render/words.h"

namespace silt::render {
namespace {

using symbolize::Frame;

class Builder {
 public:
  explicit Builder(const report::Report& report) : report_(report) { text(""); }

  std::string bytes() {
    for (const auto& [type, unit] :
         {std::pair{"alloc_objects", "count"}, std::pair{"alloc_space", "bytes"},
          std::pair{"inuse_objects", "count"}, std::pair{"inuse_space", "bytes"},
          std::pair{"growth_objects", "count"}, std::pair{"growth_space", "bytes"}}) {
      pprof::ValueType* value = profile_.add_sample_type();
      value->set_type(text(type));
      value->set_unit(text(unit));
    }
    profile_.set_default_sample_type(
        text(report_.judged_snapshots >= 2 ? "growth_space" : "inuse_space"));
    profile_.mutable_period_type()->set_type(text("space"));
    profile_.mutable_period_type()->set_unit(text("bytes"));
    profile_.set_period(report_.sampling_interval_bytes == 0
                            ? 1
                            : static_cast<int64_t>(report_.sampling_interval_bytes));
    if (!report_.snapshots.empty()) {
      profile_.set_time_nanos(static_cast<int64_t>(report_.snapshots.back().realtime_ns));
      profile_.set_duration_nanos(static_cast<int64_t>(
          (report_.snapshots.back().elapsed_seconds - report_.snapshots.front().elapsed_seconds) *
          1e9));
    }
    for (const std::string& line : report_.honesty) profile_.add_comment(text(clean(line)));
    for (const report::StackLine& stack : report_.stacks) sample(stack);
    return gzip(profile_.SerializeAsString());
  }

 private:
  int64_t text(const std::string& value) {
    const auto [at, added] = texts_.try_emplace(value, static_cast<int64_t>(texts_.size()));
    if (added) profile_.add_string_table(value);
    return at->second;
  }

  uint64_t mapping(const Frame& frame) {
    if (frame.module.empty()) return 0;
    const auto [at, added] =
        mappings_.try_emplace(frame.module + "\n" + frame.build_id, mappings_.size() + 1);
    if (added) {
      pprof::Mapping* mapping = profile_.add_mapping();
      mapping->set_id(at->second);
      mapping->set_filename(text(clean(frame.module)));
      mapping->set_build_id(text(frame.build_id));
      // pprof must not try to name anything again.
      mapping->set_has_functions(true);
      mapping->set_has_filenames(true);
      mapping->set_has_line_numbers(true);
      mapping->set_has_inline_frames(true);
    }
    return at->second;
  }

  uint64_t function(const Frame& frame) {
    const std::string name = clean(function_text(frame));
    const std::string file = clean(frame.file);
    const auto [at, added] =
        functions_.try_emplace(std::tuple(name, frame.linkage_name, file), functions_.size() + 1);
    if (added) {
      pprof::Function* function = profile_.add_function();
      function->set_id(at->second);
      function->set_name(text(name));
      function->set_system_name(
          text(frame.linkage_name.empty() ? name : clean(frame.linkage_name)));
      function->set_filename(text(file));
    }
    return at->second;
  }

  // One location for a call with the functions inlined there: `begin` is the innermost of them.
  uint64_t location(const symbolize::FrameList& frames, size_t begin, size_t end) {
    // The innermost frame's address stands for the whole call: lists share their frames.
    const auto [known, is_new] = known_.try_emplace(&frames[begin]);
    if (is_new) known->second = new_location(frames, begin, end);
    return known->second;
  }

  uint64_t new_location(const symbolize::FrameList& frames, size_t begin, size_t end) {
    const Frame& outer = frames[end - 1];
    std::string key = outer.module + "\n" + std::to_string(outer.pc);
    if (outer.pc == 0) key += "\n" + std::to_string(number_of(outer.file_address));
    for (size_t i = begin; i < end; ++i) {
      key += "\n" + std::to_string(function(frames[i])) + ":" +
             std::to_string(shown_line(frames[i])) + ":" + std::to_string(shown_column(frames[i]));
    }
    const auto [at, added] = locations_.try_emplace(std::move(key), locations_.size() + 1);
    if (added) {
      pprof::Location* location = profile_.add_location();
      location->set_id(at->second);
      location->set_mapping_id(mapping(outer));
      location->set_address(outer.module.empty() ? outer.pc : number_of(outer.file_address));
      for (size_t i = begin; i < end; ++i) {
        pprof::Line* line = location->add_line();
        line->set_function_id(function(frames[i]));
        line->set_line(shown_line(frames[i]));
        line->set_column(shown_column(frames[i]));
      }
    }
    return at->second;
  }

  void sample(const report::StackLine& stack) {
    pprof::Sample* sample = profile_.add_sample();
    for (size_t begin = 0; begin < stack.frames.size();) {
      size_t end = begin;
      while (end + 1 < stack.frames.size() && stack.frames[end].inlined) ++end;
      ++end;
      sample->add_location_id(location(stack.frames, begin, end));
      begin = end;
    }
    sample->add_value(static_cast<int64_t>(stack.allocated_blocks));
    sample->add_value(static_cast<int64_t>(stack.allocated_bytes));
    sample->add_value(stack.live_blocks.empty() ? 0
                                                : static_cast<int64_t>(stack.live_blocks.back()));
    sample->add_value(stack.live_bytes.empty() ? 0 : static_cast<int64_t>(stack.live_bytes.back()));
    sample->add_value(report_.judged_snapshots >= 2 ? stack.growth_blocks : 0);
    sample->add_value(report_.judged_snapshots >= 2 ? stack.growth_bytes : 0);
    label(sample, "heap", heap_word(stack.heap));
    label(sample, "verdict", report::verdict_word(stack.verdict));
    const bool several = stack.process < report_.processes.size();
    label(sample, "program", several ? report_.processes[stack.process].program : report_.program);
    const uint32_t pid = several ? report_.processes[stack.process].pid : report_.pid;
    label(sample, "pid", std::to_string(pid));
    if (!stack.threads.empty()) label(sample, "thread", threads_label(stack.threads));
    for (const read::Label& one :
         several ? report_.processes[stack.process].labels : report_.labels) {
      label(sample, one.key, one.value);
    }
  }

  void label(pprof::Sample* sample, const std::string& key, const std::string& value) {
    pprof::Label* label = sample->add_label();
    label->set_key(text(clean(key)));
    label->set_str(text(clean(value)));
  }

  const report::Report& report_;
  pprof::Profile profile_;
  std::unordered_map<std::string, int64_t> texts_;
  std::unordered_map<std::string, uint64_t> mappings_;
  std::map<std::tuple<std::string, std::string, std::string>, uint64_t> functions_;
  std::unordered_map<std::string, uint64_t> locations_;
  std::unordered_map<const Frame*, uint64_t> known_;
};

}  // namespace

std::string render_pprof(const report::Report& report) { return Builder(report).bytes(); }

}  // namespace silt::render

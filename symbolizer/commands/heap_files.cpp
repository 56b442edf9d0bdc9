// SPDX-License-Identifier: Apache-2.0
//
// Heap snapshots are known by their ending or by how they begin; see the header.

#include "symbolizer/commands/heap_files.h"

#include <cstdio>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "symbolizer/base/byte_source.h"
#include "symbolizer/base/log.h"
#include "symbolizer/base/quote.h"
#include "symbolizer/commands/command.h"
#include "symbolizer/commands/failing.h"
#include "symbolizer/heap/heap_report.h"
#include "symbolizer/heap/snapshot_reader.h"
#include "symbolizer/render/heap.h"

namespace silt::commands {
namespace {

bool is_heap_snapshot(const std::filesystem::path& path) {
  if (path.extension() == ".heapsnapshot") return true;
  const auto source = FileSource::open(path);
  return source && heap::looks_like_heap_snapshot(*source);
}

// The option that means nothing to a heap snapshot, or nullptr.
const char* refused_option(const InputOptions& inputs) {
  if (!inputs.compared.empty()) return "--compare";
  if (!inputs.verdicts.empty()) return "--verdict";
  if (!inputs.module.empty()) return "--module";
  if (!inputs.function.empty()) return "--function";
  if (!inputs.limit.empty()) return "--limit";
  if (!inputs.work.empty()) return "--work";
  return nullptr;
}

}  // namespace

std::optional<int> report_heap_files(const InputOptions& inputs, const OutputOptions& output) {
  std::vector<std::filesystem::path> files;
  std::string other;
  for (const std::string& path : inputs.paths) {
    if (is_heap_snapshot(path)) {
      files.emplace_back(path);
    } else {
      other = path;
    }
  }
  if (files.empty()) return std::nullopt;
  if (!other.empty()) {
    return fail(in_quotes(files.front()) + " is a heap snapshot and " + in_quotes(other) +
                    " is none: report them one after the other",
                kUsage);
  }
  if (output.format != "text" && output.format != "json") {
    return fail("--format " + output.format + ": a report of heap snapshots is text or json only",
                kUsage);
  }
  if (const char* option = refused_option(inputs)) {
    return fail(std::string(option) + " is about recordings: a heap snapshot has no verdicts",
                kUsage);
  }
  heap::HeapOptions options;
  options.top = inputs.top;
  options.jobs = inputs.jobs;
  log::Progress progress;
  options.progress = [&progress](const char* what, double done) { progress.tell(what, done); };
  const auto report = heap::build_heap_report(files, options);
  if (!report) return fail(report.error().message, kInput);
  const std::string bytes = output.format == "json"
                                ? render::render_heap_json(*report)
                                : render::render_heap_text(*report, text_options(output));
  if (const auto error = write_output(bytes, output.path)) return fail(error->message, kInput);
  return kDone;
}

}  // namespace silt::commands

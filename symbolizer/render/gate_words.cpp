// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/render/gate_words.h"

#include "symbolizer/base/quantity.h"
#include "symbolizer/render/escape.h"
#include "symbolizer/render/headline.h"
#include "symbolizer/render/owner_words.h"
#include "symbolizer/render/reason_words.h"
#include "symbolizer/render/thread_words.h"
#include "symbolizer/render/type_words.h"
#include "symbolizer/render/words.h"

namespace silt::render {

using report::Finding;
using report::Report;
using report::Verdict;

namespace {

const report::StackLine* stack_of(const Report& report, read::StackId id) {
  for (const report::StackLine& stack : report.stacks) {
    if (stack.id == id && !stack.frames.empty()) return &stack;
  }
  return nullptr;
}

const report::Ruling* ruling_of(const Report& report, size_t finding) {
  for (const report::Ruling& ruling : report.gate.rulings) {
    if (ruling.finding && *ruling.finding == finding) return &ruling;
  }
  return nullptr;
}

}  // namespace

std::string site_name(const Finding& finding) { return clean(short_finding_name(finding)); }

std::string finding_headline(const Finding& finding) {
  const std::string own = headline_text(finding);
  if (!own.empty()) return clean(own);
  return std::string(report::verdict_word(finding.verdict)) + " in " + site_name(finding) + ": " +
         pace_text(finding);
}

std::string finding_details(const Report& report, const Finding& finding) {
  std::string text = clean(reason_text(finding.why)) + "\n";
  text += format_percent(finding.confidence) + " sure\n";
  const std::string limit = limit_text(report, finding);
  if (!limit.empty()) text += limit + "\n";
  const std::string threads = threads_text(finding.threads, 3);
  if (!threads.empty()) text += "threads: " + threads + "\n";
  const std::string types = types_text(finding.types, 3);
  if (!types.empty()) text += "types: " + types + "\n";
  for (const std::string& owner : owner_texts(finding.owners, 3)) text += clean(owner) + "\n";
  for (const read::StackId id : finding.stacks) {
    const report::StackLine* stack = stack_of(report, id);
    if (stack == nullptr) continue;
    text += "\n";
    for (const symbolize::Frame& frame : stack->frames) {
      const std::string place = clean(place_text(frame));
      text += "  " + clean(function_text(frame)) + (place.empty() ? "" : "  " + place) + "\n";
    }
    break;
  }
  return text;
}

bool finding_fails(const Report& report, size_t index) {
  if (!report.gate.ran) return report.findings[index].verdict == Verdict::kLeak;
  const report::Ruling* ruling = ruling_of(report, index);
  return ruling != nullptr && ruling->outcome == report::Outcome::kBroken;
}

std::string finding_excuse(const Report& report, size_t index) {
  const report::Ruling* ruling = ruling_of(report, index);
  return ruling != nullptr && ruling->outcome == report::Outcome::kExcused ? ruling->why : "";
}

}  // namespace silt::render

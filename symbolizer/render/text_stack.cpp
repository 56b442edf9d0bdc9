// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/render/text_stack.h"

#include <algorithm>
#include <vector>

#include "symbolizer/base/quantity.h"
#include "symbolizer/render/escape.h"
#include "symbolizer/render/words.h"
#include "symbolizer/report/site.h"

namespace silt::render {

using report::Origin;
using symbolize::Frame;

namespace {

constexpr size_t kShortStack = 5;  // frames of a finding's stack without --full

// What the site calls to get its memory, nearest first: the standard library, a package.
std::string called_text(const symbolize::FrameList& all, size_t site) {
  constexpr size_t kMostNames = 3;
  std::vector<std::string> names;
  size_t more = 0;
  for (size_t i = site; i-- > 0;) {
    if (report::origin_of(all[i]) == Origin::kAllocator) continue;
    const std::string name = said_name(clean(function_text(all[i])));
    if (name.empty() || (!names.empty() && names.back() == name)) continue;
    if (names.size() < kMostNames) {
      names.push_back(name);
    } else {
      ++more;
    }
  }
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "through " : ", ") + name;
  return more == 0 ? text : text + " and " + std::to_string(more) + " more";
}

}  // namespace

std::string stack_figures(const report::Report& report, const report::StackLine& stack) {
  const bool growth = report.judged_snapshots >= 2;
  const double bytes = growth                     ? static_cast<double>(stack.growth_bytes)
                       : stack.live_bytes.empty() ? 0
                                                  : static_cast<double>(stack.live_bytes.back());
  const double blocks = growth                      ? static_cast<double>(stack.growth_blocks)
                        : stack.live_blocks.empty() ? 0
                                                    : static_cast<double>(stack.live_blocks.back());
  return (growth ? format_bytes_signed(bytes) : format_bytes(bytes)) + " in " +
         format_counted(blocks, "block") +
         (stack.heap == read::Heap::kMapping ? ", anonymous mappings" : "");
}

void put_frames(TextRows& rows, const TextOptions& options, const symbolize::FrameList& all,
                const Frame& site, read::Missing missing) {
  // Failing that, the stack has a site of its own.
  const size_t at = report::site_in(all, site).value_or(report::find_site(all));
  // Of one's own functions above the site none is folded, unless they are many.
  constexpr size_t kMostAbove = 4;
  const size_t own = std::min(report::find_site(all), at);
  const size_t begin = options.full ? 0 : at - own <= kMostAbove ? own : at;
  const size_t end = options.full ? all.size() : std::min(all.size(), at + kShortStack);
  const std::string called = options.full ? "" : called_text(all, begin);
  if (!called.empty())
    rows.line("      " + rows.painted(kDim, shortened(called, options.width - 6)));
  for (size_t i = begin; i < end; ++i) {
    const Frame& frame = all[i];
    const std::string name = clean(function_text(frame));
    const std::string label = options.full ? name : said_name(name);
    const std::string row = rows.two_sides(i == at ? "    > " : "      ",
                                           label.empty() ? name : label, clean(place_text(frame)));
    rows.line(i == at ? rows.painted(kBold, row) : row);
  }
  const std::string lost = missing_text(missing);
  if (end < all.size()) {
    rows.line(rows.painted(
        kDim, "        … " + format_counted(static_cast<double>(all.size() - end), "more frame")));
  } else if (!lost.empty()) {
    rows.line(rows.painted(kDim, "        … " + lost));
  }
}

}  // namespace silt::render

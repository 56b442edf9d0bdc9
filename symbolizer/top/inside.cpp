// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/top/inside.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "symbolizer/base/columns.h"
#include "symbolizer/base/quantity.h"
#include "symbolizer/render/escape.h"
#include "symbolizer/render/owner_words.h"
#include "symbolizer/render/reason_words.h"
#include "symbolizer/render/text_rows.h"
#include "symbolizer/render/text_stack.h"
#include "symbolizer/render/thread_words.h"
#include "symbolizer/render/type_words.h"
#include "symbolizer/render/words.h"
#include "symbolizer/report/site.h"
#include "symbolizer/top/fitted_name.h"

namespace silt::top {
namespace {

constexpr size_t kMostStacks = 5;
constexpr size_t kWidestCurve = 60;

struct Line {
  std::string text;
  const char* paint = kPlain;
};

class Body {
 public:
  Body(const Picture& picture, const Row& row, size_t width)
      : picture_(picture), row_(row), width_(width) {
    options_.width = width;
  }

  std::vector<Line> take() {
    title();
    curve();
    if (row_.finding) {
      finding(picture_.report.findings[*row_.finding]);
    } else {
      lines_.push_back({"not judged alone: its growth is in no finding", kPlain});
    }
    stacks();
    return std::move(lines_);
  }

 private:
  // Text as it may stand in a line: clean, and broken at spaces.
  void wrapped(const std::string& text, const char* paint = kPlain) {
    render::TextRows rows(options_);
    rows.wrapped(text, "", "  ");
    const std::string all = rows.take();
    for (size_t begin = 0; begin < all.size();) {
      const size_t end = std::min(all.find('\n', begin), all.size());
      lines_.push_back({all.substr(begin, end - begin), paint});
      begin = end + 1;
    }
  }

  void title() {
    const std::string verdict = row_.verdict ? report::verdict_word(*row_.verdict) : "";
    wrapped((verdict.empty() ? "" : verdict + "  ") + row_.name +
                (row_.place.empty() ? "" : "  " + row_.place),
            kBold);
    std::string figures = format_bytes(row_.live_bytes) + " live";
    if (picture_.step_seconds > 0) {
      figures = format_bytes_signed(row_.growth_bytes) + ", " +
                format_bytes_signed(row_.bytes_per_second) + "/s now, " + figures;
    }
    if (row_.verdict) figures += ", " + format_percent(row_.confidence) + " sure";
    wrapped(figures + ", heap " + render::heap_word(row_.heap));
  }

  void curve() {
    std::vector<uint64_t> sum;
    if (row_.finding) {
      sum = picture_.report.findings[*row_.finding].live_bytes;
    } else {
      for (const report::StackLine* stack : stack_lines()) {
        sum.resize(std::max(sum.size(), stack->live_bytes.size()));
        for (size_t i = 0; i < stack->live_bytes.size(); ++i) sum[i] += stack->live_bytes[i];
      }
    }
    if (sum.size() < 2) return;
    lines_.push_back({render::sparkline(sum, std::min(kWidestCurve, width_)), kPlain});
  }

  void finding(const report::Finding& finding) {
    wrapped(render::reason_text(finding.why));
    const std::string threads = render::threads_text(finding.threads, 5);
    if (!threads.empty()) wrapped("threads: " + threads);
    const std::string types = render::types_text(finding.types, 5);
    if (!types.empty()) wrapped("types: " + types);
    for (const std::string& owner : render::owner_texts(finding.owners, 3)) wrapped(owner);
    if (!finding.whole.empty() && !row_.stacks.empty()) {
      lines_.push_back({"", kPlain});
      lines_.push_back({"Stacks that grew meanwhile:", kDim});
    }
  }

  std::vector<const report::StackLine*> stack_lines() const {
    std::vector<const report::StackLine*> found;
    for (const read::StackId id : row_.stacks) {
      for (const report::StackLine& stack : picture_.report.stacks) {
        if (stack.id == id && !stack.frames.empty()) found.push_back(&stack);
      }
    }
    return found;
  }

  void stacks() {
    const std::vector<const report::StackLine*> all = stack_lines();
    for (size_t i = 0; i < std::min(all.size(), kMostStacks); ++i) frames(*all[i]);
    if (all.size() > kMostStacks) {
      lines_.push_back({"", kPlain});
      lines_.push_back(
          {format_counted(static_cast<double>(all.size() - kMostStacks), "more stack"), kDim});
    }
  }

  void frames(const report::StackLine& stack) {
    lines_.push_back({"", kPlain});
    lines_.push_back({render::stack_figures(picture_.report, stack), kDim});
    const size_t site =
        row_.finding && picture_.report.findings[*row_.finding].whole.empty()
            ? report::site_in(stack.frames, picture_.report.findings[*row_.finding].site)
                  .value_or(report::find_site(stack.frames))
            : report::find_site(stack.frames);
    for (size_t i = 0; i < stack.frames.size(); ++i) {
      lines_.push_back({frame_line(stack.frames[i], i == site), i == site ? kBold : kPlain});
    }
    const std::string lost = render::missing_text(stack.missing);
    if (!lost.empty()) lines_.push_back({"  … " + lost, kDim});
  }

  // The function, and its place at the right edge: of both, what tells most stays.
  std::string frame_line(const symbolize::Frame& frame, bool is_site) const {
    const std::string whole = render::clean(render::function_text(frame));
    const std::string said = render::said_name(whole);
    const std::string place = render::clean(render::place_text(frame));
    const size_t room = width_ > 2 ? width_ - 2 : 1;
    const std::string file = render::place_within(place, room / 2);
    const size_t for_name = room > columns(file) + 2 ? room - columns(file) - 2 : 1;
    const std::string name = fitted_name(said.empty() ? whole : said, for_name);
    return (is_site ? "> " : "  ") + at_left(name, file.empty() ? 0 : for_name) +
           (file.empty() ? "" : "  " + file);
  }

  const Picture& picture_;
  const Row& row_;
  size_t width_;
  render::TextOptions options_;
  std::vector<Line> lines_;
};

}  // namespace

void add_inside(Lines& lines, const Picture& picture, View& view, size_t room) {
  const std::vector<size_t> shown = shown_rows(picture, view);
  const bool is_there = std::any_of(shown.begin(), shown.end(), [&](size_t index) {
    return picture.rows[index].key == view.chosen;
  });
  if (!is_there) {
    lines.add("What was here is no longer among what is shown.");
    return;
  }
  const Row& row = picture.rows[shown[chosen_row(picture, shown, view)]];
  const std::vector<Line> all = Body(picture, row, view.width).take();
  const size_t most = all.size() > room ? all.size() - room : 0;
  view.scroll = std::min(view.scroll, most);
  for (size_t i = view.scroll; i < all.size() && i < view.scroll + room; ++i) {
    lines.add(all[i].text, all[i].paint);
  }
}

}  // namespace silt::top

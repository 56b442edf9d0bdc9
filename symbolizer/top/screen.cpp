// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/top/screen.h"

#include <algorithm>
#include <cmath>

#include "symbolizer/base/columns.h"
#include "symbolizer/base/quantity.h"
#include "symbolizer/render/escape.h"
#include "symbolizer/render/words.h"
#include "symbolizer/top/fitted_name.h"
#include "symbolizer/top/inside.h"
#include "symbolizer/top/paint.h"

namespace silt::top {
namespace {

// Narrower, and a column more would leave names too little: 28 of 60 columns are theirs.
constexpr size_t kRoomForLive = 76;
constexpr size_t kRoomForBlocks = 100;

double number(uint64_t value) { return static_cast<double>(value); }

std::string change(uint64_t before, uint64_t now) {
  return format_bytes_signed(number(now) - number(before));
}

std::string per_second(double bytes) { return format_bytes_signed(bytes) + "/s"; }

std::string title(const Picture& picture, const View& view) {
  return render::clean(picture.report.program) + " (pid " + std::to_string(picture.report.pid) +
         "), " + format_counted(number(picture.snapshots), "snapshot") + " over " +
         format_duration(picture.seconds) +
         (picture.report.sampling_interval_bytes != 0 ? ", sampled" : ", exact") +
         (view.paused ? ", paused" : "");
}

std::string native_line(const Picture& picture, const View& view) {
  const report::SnapshotLine& first = picture.first();
  const report::SnapshotLine& now = picture.latest();
  std::string text = "native " + format_bytes(number(now.live_bytes));
  if (view.width >= kRoomForLive) text += " in " + format_counted(number(now.live_blocks), "block");
  if (picture.step_seconds <= 0) return text;
  const double step = number(now.live_bytes) - number(picture.previous().live_bytes);
  return text + ", " + change(first.live_bytes, now.live_bytes) + " since start, " +
         per_second(step / picture.step_seconds) + " now";
}

// Heaps of other languages beside native memory, where the program has any.
std::string other_heaps(const Picture& picture) {
  std::string text;
  const auto add = [&](const char* name, uint64_t before, uint64_t now) {
    if (now == 0) return;
    text += (text.empty() ? "" : "; ") + std::string(name) + " " + format_bytes(number(now));
    if (picture.step_seconds > 0) text += ", " + change(before, now);
  };
  add("JS heap", picture.first().js_used_bytes, picture.latest().js_used_bytes);
  add("Java heap", picture.first().java_bytes, picture.latest().java_bytes);
  add("Python objects", picture.first().object_bytes, picture.latest().object_bytes);
  return text;
}

// As many of the parts as fit, the first ones first; a part is whole or not there.
std::string fitting(const std::vector<std::string>& parts, size_t width) {
  std::string text;
  for (const std::string& part : parts) {
    if (text.empty() || columns(text + part) <= width) text += part;
  }
  return text;
}

std::string rest_line(const Picture& picture, size_t width) {
  const report::SnapshotLine& before = picture.previous();
  const report::SnapshotLine& now = picture.latest();
  std::vector<std::string> parts = {"RSS " + format_bytes(number(now.rss_bytes))};
  if (picture.step_seconds > 0) parts[0] += ", " + change(picture.first().rss_bytes, now.rss_bytes);
  if (now.mapping_bytes > 0)
    parts.push_back("; mapped " + format_bytes(number(now.mapping_bytes)));
  if (picture.step_seconds > 0) {
    const double blocks = number(now.allocated_blocks) - number(before.allocated_blocks);
    const double bytes = number(now.allocated_bytes) - number(before.allocated_bytes);
    parts.push_back("; allocates " + format_count(std::round(blocks / picture.step_seconds)) +
                    " blocks, " + format_bytes(bytes / picture.step_seconds) + "/s");
  }
  return fitting(parts, width);
}

// What does not fit goes by whole clauses, from the end.
std::string summary(const Picture& picture, size_t width) {
  std::string text = render::summary_text(picture.report);
  if (text.empty()) text = render::none_found_text(picture.report);
  while (columns(text) > width) {
    const size_t end = std::max(text.rfind(", ") + 1, text.rfind("; ") + 1);  // npos + 1: 0
    if (end == 0) break;
    text.resize(end - 1);
  }
  return text;
}

struct Columns {
  bool live = false;
  bool blocks = false;  // and the heap
  explicit Columns(const View& view)
      : live(view.width >= kRoomForLive), blocks(view.width >= kRoomForBlocks) {}
};

std::string header(const Columns& shown) {
  return " " + at_left("verdict", 9) + at_right("growth", 9) + at_right("now", 11) +
         (shown.blocks ? at_right("blocks", 13) : "") + (shown.live ? at_right("live", 9) : "") +
         (shown.blocks ? "  " + at_left("heap", 7) : "") + "  where";
}

// Before a name where the heap has no column of its own; native memory is what is meant otherwise.
std::string heap_mark(const Row& row, const Columns& shown) {
  if (shown.blocks || row.heap == read::Heap::kNative) return "";
  return row.heap == read::Heap::kObjects   ? "py "
         : row.heap == read::Heap::kMapping ? "map "
                                            : "js ";
}

// The name, and beside it the place as far as there is room; of a place its beginning gives way.
std::string name_and_place(const Row& row, const std::string& mark, size_t room) {
  const size_t for_name = room > columns(mark) ? room - columns(mark) : 1;
  const std::string name = mark + fitted_name(row.name, for_name);
  const size_t used = columns(name) + 2;
  constexpr size_t kLeastPlace = 7;  // "…cpp:31"
  if (row.place.empty() || room < used + std::min(kLeastPlace, columns(row.place))) return name;
  return name + "  " + render::shortened_front(row.place, room - used);
}

std::string row_line(const Picture& picture, const Row& row, bool chosen, const Columns& shown,
                     size_t width) {
  const bool grows = picture.step_seconds > 0;
  const std::string blocks = (row.growth_blocks > 0 ? "+" : "") + format_count(row.growth_blocks);
  std::string text = (chosen ? ">" : " ") + at_left(verdict_text(row), 9) +
                     at_right(grows ? format_bytes_signed(row.growth_bytes) : "", 9) +
                     at_right(grows ? per_second(row.bytes_per_second) : "", 11);
  if (shown.blocks) text += at_right(grows ? blocks : "", 13);
  if (shown.live) text += at_right(format_bytes(row.live_bytes), 9);
  if (shown.blocks) text += "  " + at_left(render::heap_word(row.heap), 7);
  // Without a column for it, what is live is told where nothing can have grown yet.
  if (!grows && !shown.live) text += at_right(format_bytes(row.live_bytes), 9);
  text += "  ";
  const size_t room = width > columns(text) ? width - columns(text) : 8;
  return text + name_and_place(row, heap_mark(row, shown), room);
}

const char* paint_of(const Row& row) {
  if (!row.verdict) return kPlain;
  if (*row.verdict == report::Verdict::kLeak) return kRed;
  return *row.verdict == report::Verdict::kGrowing ? kYellow : kPlain;
}

std::string key_line(const View& view) {
  if (view.typing) return "filter: " + render::clean(view.filter) + "_   Enter done  Esc none";
  std::vector<std::string> keys = {"q quit",   "Enter stack",
                                   "/ filter", std::string("s sort: ") + order_word(view.order),
                                   "? help",   view.paused ? "space go on" : "space pause"};
  if (view.inside) keys = {"q quit", "Esc back", "Up/Down scroll", keys.back()};
  if (!view.inside && !view.filter.empty()) keys.insert(keys.begin() + 2, "Esc all rows");
  if (view.can_keep) keys.push_back(view.keeps ? "k keep: yes" : "k keep: no");
  if (view.has_processes) keys.push_back("t tree");
  return keys_text(keys, view.width);
}

void add_help(Lines& lines, const View& view) {
  lines.add("silt top", kBold);
  for (const char* line :
       {"verdict  what the snapshots so far say; it matures",
        "growth   since the first snapshot in view", "now      since the last one", "",
        "Up Down PgUp PgDn  choose a row", "Enter   its stacks, reason, curve; Esc back",
        "/       filter: name, place, heap or verdict; Esc none",
        "s       sort: verdict, growth, now, live", "space   pause, go on"}) {
    lines.add(line);
  }
  if (view.can_keep) lines.add("k       keep top's snapshots in the recording, or not");
  if (view.has_processes) lines.add("t       the tree of processes, to look at another");
  lines.add("q       quit");
  lines.add("");
  lines.add("Any key goes back.");
}

void add_head(Lines& lines, const Picture& picture, const View& view) {
  lines.add(title(picture, view), kBold);
  lines.add(native_line(picture, view));
  if (const std::string heaps = other_heaps(picture); !heaps.empty()) lines.add(heaps);
  lines.add(rest_line(picture, view.width));
  lines.add(summary(picture, view.width));
  if (!view.trouble.empty()) lines.add(render::clean(view.trouble), kRed);
}

void add_table(Lines& lines, const Picture& picture, const View& view, size_t room) {
  const Columns columns_shown(view);
  lines.add("");
  lines.add(header(columns_shown), kBold);
  const std::vector<size_t> shown = shown_rows(picture, view);
  const size_t chosen = chosen_row(picture, shown, view);
  const size_t visible = room > lines.size() ? room - lines.size() : 0;
  // The chosen row stays in sight.
  const size_t begin =
      view.keys && chosen >= visible ? chosen + 1 - std::max<size_t>(visible, 1) : 0;
  for (size_t i = begin; i < shown.size() && i < begin + visible; ++i) {
    const Row& row = picture.rows[shown[i]];
    const bool marked = view.keys && i == chosen;
    lines.add(row_line(picture, row, marked, columns_shown, view.width),
              marked ? kInverse : paint_of(row));
  }
  if (shown.empty() && visible > 0) {
    lines.add(view.filter.empty() ? "  nothing is in use"
                                  : "  nothing matches '" + render::clean(view.filter) + "'");
  }
}

}  // namespace

std::vector<std::string> lines_of(const Picture& picture, View& view) {
  Lines lines(view);
  const size_t room = view.height - (view.keys && view.height > 0 ? 1 : 0);
  if (view.help) {
    add_help(lines, view);
  } else if (view.inside) {
    add_inside(lines, picture, view, room);
  } else {
    add_head(lines, picture, view);
    add_table(lines, picture, view, room);
  }
  std::vector<std::string> all = lines.take();
  if (all.size() > room) all.resize(room);
  if (!view.keys) return all;
  Lines last(view);
  last.add(key_line(view), kBold);
  all.resize(room);
  all.push_back(last.take().front());
  return all;
}

}  // namespace silt::top

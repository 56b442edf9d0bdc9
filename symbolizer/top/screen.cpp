// SPDX-License-Identifier: Apache-2.0
//
// Only the stacks that changed most are named: a picture must be there within a moment, also of a
// program with a hundred thousand stacks.

#include "symbolizer/top/screen.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <unordered_map>

#include "symbolizer/base/quantity.h"
#include "symbolizer/render/escape.h"
#include "symbolizer/render/words.h"
#include "symbolizer/report/memory_parts.h"
#include "symbolizer/report/site.h"

namespace silt::top {
namespace {

constexpr size_t kNamedStacks = 300;
constexpr const char* kBold = "\033[1m";
constexpr const char* kRed = "\033[31m";
constexpr const char* kReset = "\033[0m";

double elapsed(const read::Recording& recording, size_t snapshot) {
  return static_cast<double>(recording.snapshots[snapshot].meta.elapsed_ns) / 1e9;
}

Figures figures_of(const read::Recording& recording, size_t snapshot) {
  const format::Meta& meta = recording.snapshots[snapshot].meta;
  Figures figures;
  figures.live_bytes = static_cast<double>(meta.native.live_bytes);
  figures.live_blocks = static_cast<double>(meta.native.live_blocks);
  figures.mapping_bytes = static_cast<double>(meta.mapping.live_bytes);
  figures.rss_bytes = static_cast<double>(meta.rss_bytes);
  figures.allocated_bytes = static_cast<double>(meta.native.allocated_bytes);
  figures.allocated_blocks = static_cast<double>(meta.native.allocated_blocks);
  const read::Snapshot& looked_at = recording.snapshots[snapshot];
  figures.js_bytes = static_cast<double>(report::js_used_bytes(looked_at));
  figures.object_bytes = static_cast<double>(report::object_totals(looked_at).live_bytes);
  return figures;
}

struct Change {
  const read::Stack* stack = nullptr;
  double first_bytes = 0, previous_bytes = 0, latest_bytes = 0;
  double first_blocks = 0, latest_blocks = 0;
  double growth() const { return latest_bytes - first_bytes; }
};

Change change_of(const read::Stack& stack, size_t previous, size_t latest) {
  Change change;
  change.stack = &stack;
  for (const read::Sample& sample : stack.samples) {
    const auto bytes = static_cast<double>(sample.live_bytes);
    const auto blocks = static_cast<double>(sample.live_blocks);
    if (sample.snapshot == 0) {
      change.first_bytes = bytes;
      change.first_blocks = blocks;
    }
    if (sample.snapshot == previous) change.previous_bytes = bytes;
    if (sample.snapshot == latest) {
      change.latest_bytes = bytes;
      change.latest_blocks = blocks;
    }
  }
  return change;
}

std::string left(const std::string& text, size_t width) {
  const size_t used = columns(text);
  return used < width ? std::string(width - used, ' ') + text : text;
}

// A column of names has no room for what tells nothing.
std::string short_name(const symbolize::Frame& site) {
  const std::string name = render::said_name(render::clean(render::function_text(site)));
  return name.empty() ? "?" : name;
}

size_t columns_with_gap(const std::string& text) { return text.empty() ? 0 : columns(text) + 2; }

std::string per_second(double bytes, double seconds) {
  return seconds > 0 ? format_bytes_signed(bytes / seconds) + "/s" : "";
}

// Below this, a column of blocks would leave names no room to be read: 19 columns of 60.
constexpr size_t kRoomForBlocks = 76;

double key_of(const Row& row, Order order) {
  switch (order) {
    case Order::kNow:
      return row.bytes_per_second;
    case Order::kLive:
      return row.live_bytes;
    case Order::kGrowth:
      break;
  }
  return row.growth_bytes;
}

const char* order_word(Order order) {
  switch (order) {
    case Order::kNow:
      return "now";
    case Order::kLive:
      return "live";
    case Order::kGrowth:
      break;
  }
  return "growth";
}

// Heaps of other languages beside native memory, where the program has any.
std::string other_heaps(const Figures& first, const Figures& now, bool grows) {
  std::string text;
  const auto add = [&](const char* name, double before, double bytes) {
    if (bytes <= 0) return;
    text += (text.empty() ? "" : "; ") + std::string(name) + " " + format_bytes(bytes);
    if (grows) text += ", " + format_bytes_signed(bytes - before);
  };
  add("JavaScript heap", first.js_bytes, now.js_bytes);
  add("Python objects", first.object_bytes, now.object_bytes);
  return text;
}

std::string key_line(const Shape& shape) {
  return std::string("q quit   space ") + (shape.paused ? "go on (paused)" : "pause") +
         "   s sort (by " + order_word(shape.order) + ")";
}

}  // namespace

void Sites::begin(const read::Recording&) { symbolizer_.reset(); }

const symbolize::Frame& Sites::site_of(const read::Recording& recording, const read::Stack& stack) {
  const auto [at, added] = by_leaf_.try_emplace(stack.leaf);
  if (!added) return at->second;
  if (symbolizer_ == nullptr) {
    symbolizer_ = std::make_unique<symbolize::Symbolizer>(recording, symbolize::Options());
  }
  const symbolize::FrameList frames = symbolizer_->stack_frames(stack);
  if (!frames.empty()) at->second = frames[report::find_site(frames)];
  return at->second;
}

Picture picture_of(const read::Recording& recording, size_t snapshots, Sites& sites) {
  const size_t latest = recording.snapshots.size() - 1;
  const size_t previous = latest > 0 ? latest - 1 : 0;
  const format::Meta& meta = recording.snapshots[latest].meta;
  Picture picture;
  picture.program = recording.program;
  picture.pid = meta.pid;
  picture.sampling_interval_bytes = meta.sampling_interval_bytes;
  picture.snapshots = snapshots;
  picture.seconds = elapsed(recording, latest) - elapsed(recording, 0);
  picture.step_seconds = elapsed(recording, latest) - elapsed(recording, previous);
  picture.first = figures_of(recording, 0);
  picture.previous = figures_of(recording, previous);
  picture.latest = figures_of(recording, latest);

  std::vector<Change> changes;
  for (const read::Stack& stack : recording.stacks) {
    const Change change = change_of(stack, previous, latest);
    // With one snapshot nothing has grown yet: what is in use is shown.
    if (latest == 0 ? change.latest_bytes > 0 : change.growth() != 0) changes.push_back(change);
  }
  const auto weight = [latest](const Change& change) {
    return latest == 0 ? change.latest_bytes : std::abs(change.growth());
  };
  std::stable_sort(changes.begin(), changes.end(),
                   [&](const Change& a, const Change& b) { return weight(a) > weight(b); });
  if (changes.size() > kNamedStacks) {
    picture.unnamed_stacks = changes.size() - kNamedStacks;
    changes.resize(kNamedStacks);
  }
  sites.begin(recording);
  std::unordered_map<std::string, size_t> by_site;
  for (const Change& change : changes) {
    const symbolize::Frame& site = sites.site_of(recording, *change.stack);
    const auto [at, added] = by_site.try_emplace(report::site_key(site), picture.rows.size());
    if (added) {
      picture.rows.emplace_back();
      picture.rows.back().site = site;
    }
    Row& row = picture.rows[at->second];
    row.growth_bytes += change.growth();
    row.growth_blocks += change.latest_blocks - change.first_blocks;
    row.live_bytes += change.latest_bytes;
    if (picture.step_seconds > 0) {
      row.bytes_per_second += (change.latest_bytes - change.previous_bytes) / picture.step_seconds;
    }
  }
  sites.begin(recording);  // the recording goes, names stay
  std::stable_sort(picture.rows.begin(), picture.rows.end(), [latest](const Row& a, const Row& b) {
    return latest == 0 ? a.live_bytes > b.live_bytes : a.growth_bytes > b.growth_bytes;
  });
  return picture;
}

std::vector<std::string> lines_of(const Picture& picture, const Shape& shape) {
  std::vector<std::string> lines;
  const auto add = [&](const std::string& text, const char* paint = "") {
    const std::string cut = render::shortened(text, shape.width);
    lines.push_back(shape.colour && *paint != '\0' ? paint + cut + kReset : cut);
  };
  const bool grows = picture.snapshots > 1;
  const Figures& first = picture.first;
  const Figures& now = picture.latest;
  add(render::clean(picture.program) + " (pid " + std::to_string(picture.pid) + "), " +
          format_counted(static_cast<double>(picture.snapshots), "snapshot") + " over " +
          format_duration(picture.seconds) +
          (picture.sampling_interval_bytes != 0 ? ", sampled" : ", exact"),
      kBold);
  const bool has_blocks = shape.width >= kRoomForBlocks;
  std::string live = "native " + format_bytes(now.live_bytes);
  if (has_blocks) live += " in " + format_counted(now.live_blocks, "block");
  if (grows) {
    live += ", " + format_bytes_signed(now.live_bytes - first.live_bytes) + " since start, " +
            per_second(now.live_bytes - picture.previous.live_bytes, picture.step_seconds) + " now";
  }
  add(live);
  if (const std::string heaps = other_heaps(first, now, grows); !heaps.empty()) add(heaps);
  std::string rest = "RSS " + format_bytes(now.rss_bytes);
  if (grows) rest += ", " + format_bytes_signed(now.rss_bytes - first.rss_bytes);
  if (now.mapping_bytes > 0) rest += "; mappings " + format_bytes(now.mapping_bytes);
  if (picture.step_seconds > 0) {
    const double blocks = now.allocated_blocks - picture.previous.allocated_blocks;
    rest += "; allocates " + format_count(std::round(blocks / picture.step_seconds)) + " blocks, " +
            format_bytes((now.allocated_bytes - picture.previous.allocated_bytes) /
                         picture.step_seconds) +
            " a second";
  }
  add(rest);
  add("");
  const size_t room_for_rows = shape.height - (shape.keys && shape.height > 0 ? 1 : 0);
  add(left("growth", 9) + left("now", 11) + (has_blocks ? left("blocks", 10) : "") +
          left("live", 9) + "  site",
      kBold);
  std::vector<const Row*> rows;
  for (const Row& row : picture.rows) {
    if (!grows || row.growth_bytes > 0) rows.push_back(&row);
  }
  const Order order = grows ? shape.order : Order::kLive;
  std::stable_sort(rows.begin(), rows.end(), [order](const Row* a, const Row* b) {
    return key_of(*a, order) > key_of(*b, order);
  });
  for (const Row* const shown : rows) {
    const Row& row = *shown;
    if (lines.size() >= room_for_rows) break;
    const std::string blocks = (row.growth_blocks > 0 ? "+" : "") + format_count(row.growth_blocks);
    std::string text = left(format_bytes_signed(row.growth_bytes), 9) +
                       left(grows ? per_second(row.bytes_per_second, 1) : "", 11) +
                       (has_blocks ? left(blocks, 10) : "") +
                       left(format_bytes(row.live_bytes), 9) + "  ";
    const size_t room = shape.width > columns(text) ? shape.width - columns(text) : 8;
    const std::string name = short_name(row.site);
    const std::string path = render::clean(render::place_text(row.site));
    const std::string place(report::base_name(path));
    // Both may give way: the name its end, the place its beginning.
    const size_t for_place = std::min(columns(place), room / 4);
    const std::string shown_name =
        render::shortened(name, std::max(room - std::min(room, for_place + 2),
                                         room - std::min(room, columns_with_gap(place))));
    text += shown_name;
    const size_t used = columns(shown_name) + 2;
    if (!place.empty() && room > used + 4)
      text += "  " + render::shortened_front(place, room - used);
    add(text, grows && row.bytes_per_second > 0 ? kRed : "");
  }
  if (rows.empty() && lines.size() < room_for_rows) add("  nothing has grown");
  if (shape.keys) {
    lines.resize(room_for_rows);
    add(key_line(shape), kBold);
  }
  return lines;
}

}  // namespace silt::top

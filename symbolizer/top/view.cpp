// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/top/view.h"

#include <algorithm>

#include "symbolizer/render/words.h"

namespace silt::top {
namespace {

constexpr size_t kPage = 10;  // rows, or lines of a stack
constexpr size_t kLongestFilter = 40;

// ASCII only: names in other letters are found as they are written.
std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

bool passes(const Row& row, const std::string& filter) {
  if (filter.empty()) return true;
  const std::string all = lower(row.name + " " + row.place + " " + render::heap_word(row.heap) +
                                " " + verdict_text(row));
  return all.find(lower(filter)) != std::string::npos;
}

// What rises first, by gravity; all else is one kind.
int gravity(const Row& row) {
  if (!row.verdict || !report::rises(*row.verdict)) return 0;
  return *row.verdict == report::Verdict::kLeak ? 2 : 1;
}

double key_of(const Row& row, Order order) {
  switch (order) {
    case Order::kNow:
      return row.bytes_per_second;
    case Order::kLive:
      return row.live_bytes;
    case Order::kVerdict:
    case Order::kGrowth:
      break;
  }
  return row.growth_bytes;
}

void choose(const Picture& picture, View& view, std::ptrdiff_t by) {
  const std::vector<size_t> shown = shown_rows(picture, view);
  if (shown.empty()) return;
  const auto at = static_cast<std::ptrdiff_t>(chosen_row(picture, shown, view));
  const auto last = static_cast<std::ptrdiff_t>(shown.size()) - 1;
  view.chosen =
      picture.rows[shown[static_cast<size_t>(std::clamp(at + by, std::ptrdiff_t{0}, last))]].key;
}

void move(const Picture& picture, View& view, std::ptrdiff_t by) {
  if (!view.inside) return choose(picture, view, by);
  // What is beyond the end is held back where it is drawn, which knows how long it is.
  const auto scroll = static_cast<std::ptrdiff_t>(std::min<size_t>(view.scroll, 1 << 20));
  view.scroll = static_cast<size_t>(std::max<std::ptrdiff_t>(0, scroll + by));
}

void type(const Pressed& pressed, View& view) {
  switch (pressed.key) {
    case Key::kText:
      if (view.filter.size() + pressed.text.size() <= kLongestFilter) view.filter += pressed.text;
      break;
    case Key::kBackspace:
      while (!view.filter.empty() &&
             (static_cast<unsigned char>(view.filter.back()) & 0xc0) == 0x80)
        view.filter.pop_back();
      if (!view.filter.empty()) view.filter.pop_back();
      break;
    case Key::kEscape:
      view.filter.clear();
      view.typing = false;
      break;
    case Key::kEnter:
      view.typing = false;
      break;
    default:
      break;
  }
}

void enter(const Picture& picture, View& view) {
  const std::vector<size_t> shown = shown_rows(picture, view);
  if (shown.empty() || view.inside) return;
  view.chosen = picture.rows[shown[chosen_row(picture, shown, view)]].key;
  view.inside = true;
  view.scroll = 0;
}

// One step back towards the table as it was at first.
void back(View& view) {
  if (view.inside) {
    view.inside = false;
  } else {
    view.filter.clear();
  }
}

Wanted press_text(char key, View& view) {
  switch (key) {
    case 'q':
    case 'Q':
      return Wanted::kQuit;
    case ' ':
    case 'p':
      view.paused = !view.paused;
      break;
    case 's':
      view.order = view.order == Order::kLive
                       ? Order::kVerdict
                       : static_cast<Order>(static_cast<uint8_t>(view.order) + 1);
      break;
    case '/':
      view.typing = true;
      view.inside = false;
      break;
    case 'k':
      if (view.can_keep) view.keeps = !view.keeps;
      break;
    case 't':
      if (view.has_processes) return Wanted::kProcesses;
      break;
    case '?':
    case 'h':
      view.help = true;
      break;
    default:
      break;
  }
  return Wanted::kNothing;
}

}  // namespace

const char* order_word(Order order) {
  switch (order) {
    case Order::kGrowth:
      return "growth";
    case Order::kNow:
      return "now";
    case Order::kLive:
      return "live";
    case Order::kVerdict:
      break;
  }
  return "verdict";
}

std::string verdict_text(const Row& row) {
  return row.verdict ? report::verdict_word(*row.verdict) : "-";
}

std::vector<size_t> shown_rows(const Picture& picture, const View& view) {
  std::vector<size_t> shown;
  for (size_t i = 0; i < picture.rows.size(); ++i) {
    if (passes(picture.rows[i], view.filter)) shown.push_back(i);
  }
  std::stable_sort(shown.begin(), shown.end(), [&](size_t a, size_t b) {
    const Row& one = picture.rows[a];
    const Row& other = picture.rows[b];
    if (view.order == Order::kVerdict && gravity(one) != gravity(other)) {
      return gravity(one) > gravity(other);
    }
    const double left = key_of(one, view.order);
    const double right = key_of(other, view.order);
    // Of what did not grow, what is in use is next of interest.
    return left != right ? left > right : one.live_bytes > other.live_bytes;
  });
  return shown;
}

size_t chosen_row(const Picture& picture, const std::vector<size_t>& shown, const View& view) {
  for (size_t i = 0; i < shown.size(); ++i) {
    if (picture.rows[shown[i]].key == view.chosen) return i;
  }
  return 0;
}

Wanted press(const Pressed& pressed, const Picture& picture, View& view) {
  if (view.help) {  // any key ends it
    view.help = false;
    return pressed.text == "q" ? Wanted::kQuit : Wanted::kNothing;
  }
  if (view.typing) {
    type(pressed, view);
    return Wanted::kNothing;
  }
  switch (pressed.key) {
    case Key::kText:
      return pressed.text.size() == 1 ? press_text(pressed.text[0], view) : Wanted::kNothing;
    case Key::kUp:
      move(picture, view, -1);
      break;
    case Key::kDown:
      move(picture, view, 1);
      break;
    case Key::kPageUp:
      move(picture, view, -static_cast<std::ptrdiff_t>(kPage));
      break;
    case Key::kPageDown:
      move(picture, view, kPage);
      break;
    case Key::kHome:
      move(picture, view, -(1 << 20));
      break;
    case Key::kEnd:
      move(picture, view, 1 << 20);
      break;
    case Key::kEnter:
      enter(picture, view);
      break;
    case Key::kEscape:
    case Key::kBackspace:
      back(view);
      break;
    case Key::kOther:
      break;
  }
  return Wanted::kNothing;
}

}  // namespace silt::top

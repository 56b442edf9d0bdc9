// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/render/owner_words.h"

#include <algorithm>

#include "symbolizer/base/quantity.h"
#include "symbolizer/render/escape.h"
#include "symbolizer/render/words.h"
#include "symbolizer/report/site.h"

namespace silt::render {
namespace {

// "cache (Map) in app.js"; where the name is its class, that alone.
std::string owner_name(const report::OwnerLine& owner) {
  if (owner.what.empty()) return owner.name;
  constexpr size_t kLongest = 60;  // columns of one name
  const std::string what = shortened(clean(owner.what), kLongest);
  std::string text;
  if (owner.alike > 1) text = format_count(static_cast<double>(owner.alike)) + " objects like ";
  text += owner.name.empty() || owner.name == owner.what
              ? what
              : shortened(clean(owner.name), kLongest) + " (" + what + ")";
  if (!owner.place.empty()) text += " in " + std::string(report::base_name(owner.place));
  return text;
}

// What hangs on lost blocks: where those were made, from the first one on.
std::string lost_with(const std::vector<std::string>& path) {
  std::string text = "only lost blocks point to them, made by ";
  for (size_t i = 0; i < path.size(); ++i) text += (i == 0 ? "" : " → ") + path[i];
  return text;
}

// The beginning that two ways have in common.
std::vector<std::string> common_way(const std::vector<std::string>& a,
                                    const std::vector<std::string>& b) {
  const size_t count = std::min(a.size(), b.size());
  const auto end = std::mismatch(a.begin(), a.begin() + static_cast<ptrdiff_t>(count), b.begin());
  return {a.begin(), end.first};
}

}  // namespace

std::vector<report::OwnerLine> owners_by_variable(const std::vector<report::OwnerLine>& owners) {
  constexpr double kLittle = 0.1;  // of what is kept in another way
  std::vector<report::OwnerLine> lines;
  std::vector<double> largest;
  for (const report::OwnerLine& owner : owners) {
    const auto same = std::find_if(lines.begin(), lines.end(), [&](const report::OwnerLine& line) {
      return line.kind == owner.kind && line.name == owner.name;
    });
    const bool apart = owner.kind == "lost" || owner.kind == "garbage" ||
                       owner.kind == "js_object" || owner.name.empty();
    if (same == lines.end() || apart) {
      lines.push_back(owner);
      largest.push_back(owner.share);
      continue;
    }
    if (owner.share > kLittle * largest[static_cast<size_t>(same - lines.begin())]) {
      same->path = common_way(same->path, owner.path);
    }
    same->share += owner.share;
    same->blocks += owner.blocks;
    same->bytes += owner.bytes;
  }
  std::stable_sort(
      lines.begin(), lines.end(),
      [](const report::OwnerLine& a, const report::OwnerLine& b) { return a.share > b.share; });
  return lines;
}

std::vector<std::string> owner_texts(const std::vector<report::OwnerLine>& all, size_t most) {
  const std::vector<report::OwnerLine> owners = most == kAllOwners ? all : owners_by_variable(all);
  std::vector<std::string> texts;
  const auto add = [&texts](const report::OwnerLine& owner) {
    std::string text = format_percent(owner.share);
    if (owner.kind == "lost") {
      text += " lost: " + (!owner.name.empty()  ? owner.name
                           : owner.path.empty() ? "nothing points to them"
                                                : lost_with(owner.path));
    } else if (owner.kind == "garbage") {
      text += " garbage: " + owner.name;
    } else {
      text += " kept by " + owner_name(owner);
      for (const std::string& step : owner.path) text += " → " + step;
    }
    texts.push_back(without_unnamed(std::move(text)));
  };
  for (const report::OwnerLine& owner : owners) {
    const bool last = texts.size() + 1 == most;
    if (owner.kind == "lost" || texts.size() + 1 < most) {
      add(owner);
    } else if (last) {
      // The last line is for what is lost, if anything comes after.
      const auto lost =
          std::find_if(owners.begin(), owners.end(),
                       [](const report::OwnerLine& other) { return other.kind == "lost"; });
      const bool told = lost == owners.end() || lost->bytes >= owner.bytes;
      add(told ? owner : *lost);
    }
    if (texts.size() == most) break;
  }
  return texts;
}

}  // namespace silt::render

// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/runtime/jvm/class_growth.h"

#include <algorithm>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

#include "symbolizer/runtime/jvm/class_names.h"

namespace silt::runtime::jvm {
namespace {

using analyze::Curve;
using read::CensusLook;
using read::ClassCount;
using report::Ground;
using report::Remark;

// So many classes are told in a finding.
constexpr size_t kMostTypes = 20;
// An own class is told first when it comes with every tenth object of what came most: a small
// record that leads to large arrays.
constexpr double kComesWith = 0.1;
// What a runtime clears when memory is short is held by one reference for each object, or for a
// few that belong together.
constexpr double kHeldSoftly = 0.5;
// From so many more loads of one class on, loaders are kept.
constexpr uint64_t kLoadedAnew = 3;

double difference(uint64_t after, uint64_t before) {
  return static_cast<double>(after) - static_cast<double>(before);
}

// The program's own class that came most, and as often as what came most.
size_t find_own(const std::vector<Came>& came) {
  for (size_t i = 0; i < came.size(); ++i) {
    if (came[i].last.own && came[i].objects >= kComesWith * came.front().objects) return i;
  }
  return came.size();
}

bool is_soft_reference(const std::string& name) {
  const size_t soft = name.find("Soft");
  return soft != std::string::npos && name.find("Ref", soft) != std::string::npos &&
         !name.starts_with('[');
}

}  // namespace

Looks looks_of(const read::Recording& recording) {
  std::set<uint32_t> reported;
  for (const read::Snapshot& snapshot : recording.snapshots) {
    if (snapshot.meta.trigger == static_cast<uint32_t>(format::Trigger::kExit)) continue;
    reported.insert(snapshot.meta.sequence);
  }
  Looks looks;
  for (const CensusLook& look : recording.class_census.looks) {
    if (reported.count(look.snapshot) > 0) looks.push_back(&look);
  }
  return looks;
}

Curve curve_of_looks(const Looks& looks, std::string_view without) {
  Curve curve;
  for (const CensusLook* look : looks) {
    uint64_t bytes = look->bytes;
    for (const ClassCount& one : look->classes) {
      if (one.name == without) bytes -= std::min(bytes, one.bytes);
    }
    curve.seconds.push_back(static_cast<double>(look->milliseconds) / 1e3);
    curve.values.push_back(static_cast<double>(bytes));
  }
  return curve;
}

// What the earlier look does not list had at most what its smallest class had.
std::vector<Came> came_between(const CensusLook& then, const CensusLook& now) {
  std::unordered_map<std::string_view, const ClassCount*> before;
  for (const ClassCount& one : then.classes) before.emplace(one.name, &one);
  const uint64_t unlisted = then.left_out_bytes == 0 || then.classes.empty()
                                ? 0
                                : std::min(then.left_out_bytes, then.classes.back().bytes);
  std::vector<Came> came;
  for (const ClassCount& one : now.classes) {
    const auto at = before.find(one.name);
    ClassCount none;
    none.classes = 0;
    none.bytes = unlisted;
    const ClassCount& was = at == before.end() ? none : *at->second;
    if (one.bytes <= was.bytes) continue;
    came.push_back({one, difference(one.bytes, was.bytes), difference(one.objects, was.objects),
                    difference(one.classes, was.classes)});
  }
  std::stable_sort(came.begin(), came.end(),
                   [](const Came& a, const Came& b) { return a.bytes > b.bytes; });
  return came;
}

std::vector<Remark> remarks_of(const std::vector<Came>& came) {
  std::vector<Remark> remarks;
  double softly = 0;
  const Came* loaded = nullptr;
  for (const Came& one : came) {
    if (is_soft_reference(one.last.name)) softly += one.objects;
    if (one.last.own && one.classes >= kLoadedAnew &&
        (loaded == nullptr || one.classes > loaded->classes)) {
      loaded = &one;
    }
  }
  if (!came.empty()) {
    const size_t own = find_own(came);
    const Came& told = came[own == came.size() ? 0 : own];
    symbolize::Frame name;
    name.function = class_name(told.last.name);
    remarks.push_back({.kind = Remark::Kind::kCame,
                       .share = own == came.size() ? 0.0 : 1.0,
                       .count = told.objects,
                       .name = std::move(name.function)});
    // A class that is loaded brings a soft reference to what is known of it by reflection.
    if (loaded == nullptr && softly >= kHeldSoftly * came.front().objects && softly > 0) {
      remarks.push_back(
          {.kind = Remark::Kind::kSoftly, .ground = Ground::kGivenUp, .count = softly});
    }
  }
  if (loaded != nullptr) {
    remarks.push_back({.kind = Remark::Kind::kLoadedAnew,
                       .count = static_cast<double>(loaded->last.classes),
                       .name = class_name(loaded->last.name)});
  }
  return remarks;
}

std::vector<report::TypeLine> types_of(std::vector<Came> came) {
  double all = 0;
  for (const Came& one : came) all += one.bytes;
  const size_t own = find_own(came);
  if (own < came.size()) {
    std::rotate(came.begin(), came.begin() + static_cast<ptrdiff_t>(own),
                came.begin() + static_cast<ptrdiff_t>(own) + 1);
  }
  if (came.size() > kMostTypes) came.resize(kMostTypes);
  std::vector<report::TypeLine> types;
  for (const Came& one : came) {
    types.push_back({class_name(one.last.name), static_cast<uint64_t>(std::max(0.0, one.objects)),
                     static_cast<uint64_t>(one.bytes), one.bytes / all});
  }
  return types;
}

}  // namespace silt::runtime::jvm

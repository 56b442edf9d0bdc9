// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/runtime/nodejs/one_holder.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <string>
#include <string_view>
#include <utility>

namespace silt::runtime::nodejs {
namespace {

using read::GrownKind;
using read::HeapHolder;
using read::HolderStep;

// Two containers hold the same things if they took in as many, but for so many of them.
constexpr double kAsMany = 0.05;
// Things that two containers have by chance as many of are fewer.
constexpr uint64_t kFewestThings = 20;
// A class of the program's own, by which its objects can be told from others: neither the
// language's own nor what V8 has no class for ("(array)", "closure variables").
bool is_telling_class(std::string_view name) {
  constexpr std::array<std::string_view, 6> kEverybodys = {"Array", "Map",     "Object",
                                                           "Set",   "WeakMap", "WeakSet"};
  return !name.empty() && std::isupper(static_cast<unsigned char>(name.front())) != 0 &&
         std::find(kEverybodys.begin(), kEverybodys.end(), name) == kEverybodys.end();
}

bool is_same_property(const HeapHolder& a, const HeapHolder& b) {
  if (a.path.size() < 2 || b.path.size() < 2 || a.inside != b.inside) return false;
  const HolderStep& property = a.path.back();
  const HolderStep& other = b.path.back();
  const std::string& owner = a.path[a.path.size() - 2].what;
  return !property.label.empty() && property.label == other.label && property.what == other.what &&
         owner == b.path[b.path.size() - 2].what && is_telling_class(owner);
}

uint64_t things_in(const HeapHolder& holder) {
  uint64_t most = 0;
  for (const GrownKind& kind : holder.entries) most = std::max(most, kind.objects);
  return most;
}

// Whether two properties of one object took in the same things: an index beside a list, say.
bool hold_the_same(const HeapHolder& a, const HeapHolder& b) {
  if (a.path.size() < 2 || a.path.size() != b.path.size() || a.alike != 1 || b.alike != 1) {
    return false;
  }
  const auto is_same_step = [](const HolderStep& one, const HolderStep& other) {
    return one.label == other.label && one.what == other.what && one.place == other.place;
  };
  // The last but one is the object; a scope is none.
  const HolderStep& object = a.path[a.path.size() - 2];
  if (!std::equal(a.path.begin(), a.path.end() - 1, b.path.begin(), is_same_step) ||
      a.path.back().label.empty() || a.path.back().label == b.path.back().label ||
      object.what.find(' ') != std::string::npos) {
    return false;
  }
  const auto things = static_cast<double>(things_in(a));
  const auto others = static_cast<double>(things_in(b));
  return things_in(a) >= kFewestThings &&
         std::abs(things - others) <= kAsMany * std::max(things, others);
}

// "job.em" of "job.em.rows": the object whose properties they are keeps both.
void become_object(HeapHolder& holder, const std::string& other) {
  const HolderStep property = holder.path.back();
  const size_t dot = holder.name.rfind('.');
  if (dot != std::string::npos && holder.name.substr(dot + 1) == property.label) {
    holder.name.resize(dot);
  }
  holder.path.pop_back();
  holder.what = holder.path.back().what;
  holder.inside = {property.label + " and " + other};
}

void add_up(const std::vector<GrownKind>& from, std::vector<GrownKind>& to) {
  for (const GrownKind& kind : from) {
    const auto same = std::find_if(to.begin(), to.end(), [&kind](const GrownKind& other) {
      return other.name == kind.name && other.place == kind.place;
    });
    if (same == to.end()) {
      to.push_back(kind);
    } else {
      same->objects += kind.objects;
      same->bytes += kind.bytes;
    }
  }
  std::stable_sort(to.begin(), to.end(),
                   [](const GrownKind& a, const GrownKind& b) { return a.bytes > b.bytes; });
}

}  // namespace

void put_together(std::vector<HeapHolder>& holders, Alike alike) {
  std::vector<HeapHolder> together;
  for (HeapHolder& holder : holders) {
    auto same = std::find_if(together.begin(), together.end(), [&holder](const HeapHolder& other) {
      return is_same_property(other, holder);
    });
    if (same == together.end()) {
      if (alike == Alike::kContents)
        same = std::find_if(together.begin(), together.end(), [&holder](const HeapHolder& other) {
          return hold_the_same(other, holder);
        });
      if (same == together.end()) {
        together.push_back(std::move(holder));
        continue;
      }
      become_object(*same, holder.path.back().label);
      holder.alike = 0;  // it is the same object
    }
    same->bytes += holder.bytes;
    same->objects += holder.objects;
    same->alike += holder.alike;
    same->retained_first += holder.retained_first;
    same->retained_last += holder.retained_last;
    add_up(holder.entries, same->entries);
    add_up(holder.kinds, same->kinds);
  }
  std::stable_sort(together.begin(), together.end(),
                   [](const HeapHolder& a, const HeapHolder& b) { return a.bytes > b.bytes; });
  holders = std::move(together);
}

}  // namespace silt::runtime::nodejs

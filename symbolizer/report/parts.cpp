// SPDX-License-Identifier: Apache-2.0
//
// Parts of one leak; see the header.

#include "symbolizer/report/parts.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "symbolizer/analyze/step.h"
#include "symbolizer/report/chance.h"
#include "symbolizer/report/hoist.h"
#include "symbolizer/report/runtime.h"
#include "symbolizer/report/siblings.h"
#include "symbolizer/report/site.h"

namespace silt::report {
namespace {

using analyze::Judgement;
using analyze::Series;
using analyze::Timeline;
using analyze::Verdict;
using symbolize::Frame;
using symbolize::FrameKind;

// A container adds few blocks where the things it holds add many.
constexpr double kContainerShare = 0.02;
// Objects of a container in a sampled heap are so many times as large as what it holds.
constexpr double kContainerSize = 8;
// Names are compared for so many of the largest groups only: pairs of groups are many.
constexpr size_t kMostGroups = 400;

bool is_foreign(const Frame& site, const FoldOptions& options) {
  const Owner owner = owner_of(site, options.look_through);
  return owner != Owner::kUser && owner != Owner::kWrapper;
}

size_t function_hash(const Frame& frame) {
  if (frame.function.empty()) {
    return std::hash<std::string>()(frame.module) * 31 + frame.function_address;
  }
  return std::hash<std::string>()(frame.function) * 31 + std::hash<std::string>()(frame.file);
}

void find_functions(const read::Recording& recording, const NodeFrames& names,
                    Candidate& candidate) {
  const read::Stack& stack = recording.stacks[candidate.members.front().stack];
  for (uint32_t node = stack.leaf; is_real(recording, node); node = recording.nodes[node].parent) {
    for (const Frame& frame : names(node)) candidate.functions.insert(function_hash(frame));
  }
}

// Cheap: whether the pair is worth a closer look.
bool may_relate(const Candidate& whole, const Candidate& part, const FoldOptions& options) {
  if (whole.group.heap != part.group.heap) return false;
  for (const Frame& site : whole.sites) {
    if (part.functions.count(function_hash(site)) > 0) return true;
  }
  return part.functions.count(function_hash(whole.group.site)) > 0 ||
         whole.functions.count(function_hash(part.group.site)) > 0 ||
         (is_foreign(whole.group.site, options) && is_foreign(part.group.site, options));
}

// Whether a site is the program's main function. Without a name it is the outermost function of the
// program's own: what calls it is libc or the binary's start-up code.
bool is_main(const read::Recording& recording, const NodeFrames& names, const Candidate& candidate,
             const Frame& site) {
  if (!site.function.empty()) return site.function == "main";
  if (site.function_address == 0) return false;
  const Frame* outermost = nullptr;
  const read::Stack& stack = recording.stacks[candidate.members.front().stack];
  for (uint32_t node = stack.leaf; is_real(recording, node); node = recording.nodes[node].parent) {
    for (const Frame& frame : names(node)) {
      const bool own = frame.module == site.module && frame.function_address != 0;
      if (!own) continue;
      // _start is the caller of libc's start, and the very last.
      const uint32_t parent = recording.nodes[node].parent;
      if (outermost == nullptr || is_real(recording, parent)) outermost = &frame;
    }
  }
  return outermost != nullptr && same_function(*outermost, site);
}

// Whether every stack of the group runs through this very line; through this function.
struct Passage {
  bool line = true;
  bool function = true;
};
Passage passes(const read::Recording& recording, const Candidate& candidate,
               const NodeFrames& names, const Frame& site) {
  Passage all;
  const std::string key = site_key(site);
  for (const Member& member : candidate.members) {
    Passage here{false, false};
    const read::Stack& stack = recording.stacks[member.stack];
    for (uint32_t node = stack.leaf; is_real(recording, node);
         node = recording.nodes[node].parent) {
      for (const Frame& frame : names(node)) {
        if (!same_function(frame, site)) continue;
        here.function = true;
        here.line = here.line || site_key(frame) == key;
      }
    }
    all.line = all.line && here.line;
    all.function = all.function && here.function;
    if (!all.function) break;
  }
  return all;
}

// Few blocks that grow beside the many of `whole`. In a sampled heap a single sample stands for
// as many objects as fit between two samples, so there few blocks say nothing unless they are
// large.
bool is_container_of(const Group& part, const Group& whole) {
  const Judgement& one = part.judgement;
  const Judgement& all = whole.judgement;
  if (one.growth_bytes <= 0) return false;
  if (part.heap == read::Heap::kManaged &&
      one.growth_bytes * all.growth_blocks <
          kContainerSize * all.growth_bytes * one.growth_blocks) {
    return false;
  }
  return one.growth_blocks <= std::max(1.0, kContainerShare * all.growth_blocks);
}

enum class Relation { kNone, kPart, kHolder };

// What `part` is to the leak `whole`; a holder is the container whose line all of the leak's stacks
// run through.
Relation relation(const read::Recording& recording, const Timeline& timeline,
                  const NodeFrames& names, const FoldOptions& options, const Candidate& whole,
                  const Candidate& part) {
  const Group& root = whole.group;
  const Group& group = part.group;
  const Verdict verdict = group.verdict();
  const bool container = is_container_of(group, root);
  if (!rises(group) && !(container && verdict == Verdict::kBounded)) return Relation::kNone;
  const bool with_it = container || analyze::in_step(timeline, root.sum, group.sum);
  if (!with_it) return Relation::kNone;
  // No line of the user's is known for either: all that can be said is that they go together.
  if (is_foreign(root.site, options) && is_foreign(group.site, options)) return Relation::kPart;
  if (same_function(root.site, group.site)) return Relation::kPart;
  for (const Frame& site : whole.sites) {
    if (same_function(site, group.site)) return Relation::kPart;
    if (!is_main(recording, names, whole, site) && passes(recording, part, names, site).function) {
      return Relation::kPart;
    }
  }
  const Passage through_root = passes(recording, part, names, root.site);
  // What main calls is the whole program, so there only the very line tells a part.
  if (through_root.line ||
      (through_root.function && !is_main(recording, names, whole, root.site))) {
    return Relation::kPart;
  }
  const Passage through = passes(recording, whole, names, group.site);
  const bool through_part = through.line;
  // Objects of a function and of what it calls, in a heap that a runtime collects: the callee says
  // more. Where its compiler puts calls into each other, the border between the two moves as well.
  if (verdict == Verdict::kLeak && through.function && group.heap == read::Heap::kManaged &&
      find_runtime(group.site.kind) != nullptr && !is_foreign(group.site, options) &&
      group.site.function != "(top level)") {
    return Relation::kPart;
  }
  // What the very line makes that calls the leak's function: an argument, which it keeps.
  if (verdict == Verdict::kLeak && through_part && !is_foreign(group.site, options) &&
      analyze::lockstep(timeline, root.sum, group.sum) != analyze::Lockstep::kNone) {
    return Relation::kPart;
  }
  if (container && through_part) {
    // A library that calls the user's code keeps something of its own beside; the leak stays the
    // user's. So it does beside what chance or node's pools add.
    const bool library = is_foreign(group.site, options) && !is_foreign(root.site, options);
    const bool chance = !recording.jit_map.empty() && is_by_chance(group);
    return library || chance ? Relation::kPart : Relation::kHolder;
  }
  return Relation::kNone;
}

// Python objects that leak in step with more of them. Python hands tuples, numbers and the like out
// again from lists of its own, so the place where a small one was first made may be anywhere; and a
// function that makes something and has another make more of it makes one thing. What most of it
// comes from tells more.
bool is_beside(const Timeline& timeline, const Candidate& whole, const Candidate& part) {
  // A tuple of three, a number, a text of twenty letters.
  constexpr double kSmallObject = 72;
  if (whole.group.site.kind != FrameKind::kPython || part.group.site.kind != FrameKind::kPython) {
    return false;
  }
  const Judgement& judgement = part.group.judgement;
  const double all = whole.group.judgement.growth_bytes;
  if (part.group.verdict() != Verdict::kLeak || judgement.growth_bytes >= all) return false;
  const bool small = judgement.growth_bytes <= kSmallObject * judgement.growth_blocks;
  const bool calls = whole.functions.count(function_hash(part.group.site)) > 0 &&
                     part.group.site.function != "<module>";
  // The list or dict that the thing is put into, by another line of a function that makes it.
  if (calls && is_container_of(part.group, whole.group)) return true;
  return (small || calls) && analyze::in_step(timeline, whole.group.sum, part.group.sum);
}

// The verdict is the thing's own; pace and growth are those of all its parts, and so are the
// figures of the reason where all of them together show the same as the thing alone.
void add_up(const Timeline& timeline, Candidate& candidate) {
  const Judgement all = analyze::judge(timeline, candidate.group.sum);
  Judgement& judgement = candidate.group.judgement;
  judgement.growth_bytes = all.growth_bytes;
  judgement.growth_blocks = all.growth_blocks;
  judgement.bytes_per_second = all.bytes_per_second;
  judgement.bytes_per_second_low = all.bytes_per_second_low;
  judgement.bytes_per_second_high = all.bytes_per_second_high;
  judgement.blocks_per_second = all.blocks_per_second;
  judgement.bytes_per_work = all.bytes_per_work;
  if (all.reason.because == judgement.reason.because) {
    judgement.reason = all.reason;
    judgement.windows = all.windows;
    judgement.growing_windows = all.growing_windows;
  }
  order_members(timeline, candidate.members);
}

void take_in(Candidate& root, Candidate& part) {
  analyze::add(root.group.sum, part.group.sum);
  root.members.insert(root.members.end(), std::make_move_iterator(part.members.begin()),
                      std::make_move_iterator(part.members.end()));
  part.members.clear();
  root.functions.insert(part.functions.begin(), part.functions.end());
}

// "ClientConnection" of "ClientConnection::handle(Response const&)"; empty of a plain function.
std::string_view class_of(const Frame& frame) {
  const std::string_view name =
      std::string_view(frame.function)
          .substr(0, std::string_view(frame.function).find_first_of("(<["));
  const size_t end = name.rfind("::");
  return end == std::string_view::npos ? std::string_view() : name.substr(0, end);
}

bool same_class(const Frame& a, const Frame& b) {
  return !class_of(a).empty() && class_of(a) == class_of(b);
}

// Two that were found to be one caller's are one.
void join_same_sites(const Timeline& timeline, std::vector<Candidate>& candidates) {
  const size_t compared = std::min(candidates.size(), kMostGroups);
  for (size_t whole = 0; whole < compared; ++whole) {
    Candidate& root = candidates[whole];
    if (root.group.verdict() != Verdict::kLeak || root.members.empty()) continue;
    const std::string key = site_key(root.group.site);
    bool joined = false;
    for (size_t i = whole + 1; i < compared; ++i) {
      Candidate& part = candidates[i];
      if (part.group.verdict() != Verdict::kLeak || part.members.empty()) continue;
      if (part.group.heap != root.group.heap || site_key(part.group.site) != key) continue;
      take_in(root, part);
      joined = true;
    }
    if (joined) add_up(timeline, root);
  }
}

// Last: leaks that go block for block over hundreds of events are one, wherever their stacks meet,
// when they are made by functions of one class (an answer is kept by the request that is never
// forgotten) or where one is the user's and the other a library's. Two functions that one loop
// calls stay two: each request may leak twice.
void join_one_things(const Timeline& timeline, const FoldOptions& options,
                     std::vector<Candidate>& candidates) {
  const size_t compared = std::min(candidates.size(), kMostGroups);
  for (size_t whole = 0; whole < compared; ++whole) {
    Candidate& root = candidates[whole];
    if (root.group.verdict() != Verdict::kLeak || root.members.empty()) continue;
    bool joined = false;
    for (size_t i = whole + 1; i < compared; ++i) {
      Candidate& part = candidates[i];
      if (part.group.verdict() != Verdict::kLeak || part.members.empty()) continue;
      if (part.group.heap != root.group.heap) continue;
      const bool foreign = is_foreign(root.group.site, options);
      const bool one_is_foreign = foreign != is_foreign(part.group.site, options);
      if (!one_is_foreign && !same_class(root.group.site, part.group.site)) continue;
      if (analyze::lockstep(timeline, root.group.sum, part.group.sum) <
          analyze::Lockstep::kCertainPace) {
        continue;
      }
      if (foreign && one_is_foreign) root.group.site = part.group.site;
      take_in(root, part);
      joined = true;
    }
    if (joined) add_up(timeline, root);
  }
}

}  // namespace

bool is_real(const read::Recording& recording, uint32_t node) {
  return node != 0 && recording.nodes[node].pc >= format::kFirstRealPc;
}

double growth_of(const Timeline& timeline, const Series& series) {
  return series.bytes[timeline.regular.back()] - series.bytes[timeline.regular.front()];
}

Series sum_of(const std::vector<Member>& members) {
  Series sum;
  for (const Member& member : members) analyze::add(sum, member.series);
  return sum;
}

void order_members(const Timeline& timeline, std::vector<Member>& members) {
  std::stable_sort(members.begin(), members.end(), [&](const Member& a, const Member& b) {
    return growth_of(timeline, a.series) > growth_of(timeline, b.series);
  });
}

bool may_hold(const read::Recording& recording, const NodeFrames& names, const FoldOptions& options,
              const Candidate& container, const Candidate& content) {
  const Frame& site = content.group.site;
  const bool foreign = is_foreign(site, options);
  if (foreign != is_foreign(container.group.site, options)) return false;
  if (foreign) return true;
  return !is_main(recording, names, content, site) &&
         passes(recording, container, names, site).function;
}

void join_parts(const read::Recording& recording, const Timeline& timeline, const NodeFrames& names,
                const FoldOptions& options, std::vector<Candidate>& candidates) {
  // The thing itself is what leaks most blocks; containers come last.
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Candidate& a, const Candidate& b) {
                     const Judgement& first = a.group.judgement;
                     const Judgement& second = b.group.judgement;
                     const bool a_leaks = a.group.verdict() == Verdict::kLeak;
                     const bool b_leaks = b.group.verdict() == Verdict::kLeak;
                     if (a_leaks != b_leaks) return a_leaks;
                     const bool a_many = first.growth_blocks >= 5;
                     const bool b_many = second.growth_blocks >= 5;
                     if (a_many != b_many) return a_many;
                     return first.growth_bytes > second.growth_bytes;
                   });
  const size_t compared = std::min(candidates.size(), kMostGroups);
  for (size_t i = 0; i < compared; ++i) find_functions(recording, names, candidates[i]);
  for (size_t whole = 0; whole < compared; ++whole) {
    Candidate& root = candidates[whole];
    if (root.group.verdict() != Verdict::kLeak || root.members.empty()) continue;
    bool joined = false;
    for (size_t i = 0; i < compared; ++i) {
      Candidate& part = candidates[i];
      if (i == whole || part.members.empty()) continue;
      const Relation what = may_relate(root, part, options)
                                ? relation(recording, timeline, names, options, root, part)
                                : Relation::kNone;
      if (what == Relation::kNone) {
        std::optional<Frame> meet = sibling_site(recording, timeline, names, options, root, part);
        if (!meet && is_beside(timeline, root, part)) meet = root.group.site;
        if (!meet) continue;
        root.sites.push_back(root.group.site);
        root.sites.push_back(part.group.site);
        root.group.site = *meet;
      }
      if (what == Relation::kHolder) root.group.site = part.group.site;
      // What a line of Python makes itself are the arguments of what it calls.
      if (what == Relation::kPart && root.group.site.kind == FrameKind::kPython &&
          part.group.site.kind == FrameKind::kPython &&
          part.group.judgement.growth_bytes > root.group.judgement.growth_bytes) {
        root.sites.push_back(root.group.site);
        root.group.site = part.group.site;
      }
      take_in(root, part);
      joined = true;
    }
    if (joined) add_up(timeline, root);
  }
  const auto drop_empty = [&candidates] {
    candidates.erase(std::remove_if(candidates.begin(), candidates.end(),
                                    [](const Candidate& c) { return c.members.empty(); }),
                     candidates.end());
  };
  drop_empty();
  size_t looked = 0;
  for (Candidate& candidate : candidates) {
    if (candidate.group.verdict() != Verdict::kLeak || ++looked > kMostGroups / 8) continue;
    if (hoist(recording, timeline, names, options, candidate)) add_up(timeline, candidate);
  }
  join_same_sites(timeline, candidates);
  join_one_things(timeline, options, candidates);
  drop_empty();
}

}  // namespace silt::report

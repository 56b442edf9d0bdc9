// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/render/curve_words.h"

#include <algorithm>

#include "symbolizer/base/quantity.h"

namespace silt::render {
namespace {

using analyze::Because;
using analyze::Reason;

// "in 7 of 8 windows"
std::string windows_text(const Reason& reason) {
  if (reason.grew == reason.windows)
    return "in each of " + std::to_string(reason.windows) + " windows";
  return "in " + std::to_string(reason.grew) + " of " + std::to_string(reason.windows) + " windows";
}

std::string after_warm_up(const Reason& reason) {
  if (reason.warm_up == 0) return "";
  return " after a warm-up of " + format_counted(static_cast<double>(reason.warm_up), "window");
}

// So many bytes or blocks, whichever were counted.
std::string amount(const Reason& reason, double units) {
  return reason.by_bytes ? format_bytes(units) : format_count(units);
}

std::string events(const Reason& reason) {
  return format_counted(reason.blocks, reason.by_bytes ? "sample" : "block");
}

std::string between(const Reason& reason) {
  return "between " + format_bytes(reason.from) + " and " + format_bytes(reason.to);
}

// Of what outlived its first window.
std::string retained_and_freed(const Reason& reason) {
  return amount(reason, reason.born) + " retained, " + amount(reason, reason.died) + " freed later";
}

std::string over(const Reason& reason) { return " in " + format_duration(reason.seconds); }

std::string keeps_growing(const Reason& reason) {
  const std::string grew = std::string(reason.by_bytes ? "live objects" : "live blocks") +
                           " grew " + windows_text(reason) + after_warm_up(reason);
  const std::string in_all = amount(reason, reason.born - reason.died) + " in all";
  if (!reason.has_births) return grew + ", by " + in_all;
  // Not what the headline has, which knows the first and the last snapshot only.
  if (reason.died <= 0) {
    return grew + "; " + in_all + " outlived a window, and none of them was freed later";
  }
  return grew + ", by " + in_all + "; " + retained_and_freed(reason);
}

std::string container(const Reason& reason) {
  const std::string grew = format_counted(reason.blocks, "block") + " grew from " +
                           format_bytes(reason.from) + " to " + format_bytes(reason.to);
  if (reason.because == Because::kContainer) {
    return grew + ", " + windows_text(reason) + after_warm_up(reason) +
           ": a container that only grows";
  }
  const std::string steps =
      grew + " in " + format_counted(static_cast<double>(reason.count), "step");
  if (reason.because == Because::kContainerFull) {
    return steps + ", then stopped for longer than that pace explains";
  }
  return steps + " that fit a container filled at a steady pace" +
         (reason.because == Because::kContainerFewSteps ? "; too few steps to be sure" : "");
}

// What follows "rose from … to … in …" of a sum, and "rose by … in …" of a place.
std::string how_it_rose(const Reason& reason) {
  const std::string flat_at = format_bytes(reason.to);
  const std::string pace = format_percent(std::max(0.0, reason.pace));
  const std::string late_windows = "the last " + std::to_string(reason.count) + " windows";
  switch (reason.because) {
    case Because::kFlat:
      return ", then flat at " + flat_at;
    case Because::kNearlyFlat:
      return ", then nearly flat at " + flat_at;
    case Because::kStopped:
      return ", then stopped at " + flat_at;
    case Because::kBalanced:
      return "; by now as much is freed as is retained (" + retained_and_freed(reason) + ")";
    case Because::kChance:
      return ", no more than chance explains: " + retained_and_freed(reason);
    case Because::kHandful:
      return ", in only " + events(reason) + ": no clear trend";
    case Because::kEverSlower:
      return ", but more and more slowly: in the last third at " + pace + " of the first pace";
    case Because::kSlower:
      return ", more slowly than at first (" + pace +
             " of that pace), but no longer slowing down in " + late_windows;
    case Because::kReplaces:
      return ", then flat: old blocks are freed as new ones are allocated";
    case Because::kReplacesNow:
      return ", but at the end, for the first time, old blocks are freed as new ones are allocated";
    case Because::kNotInLast:
      return ", but not in the last window";
    case Because::kFewWindows:
      return "; too few windows after warm-up to tell a leak (" + std::to_string(reason.windows) +
             ")";
    case Because::kFewEvents:
      return ", but in only " + events(reason) + ": too few for a trend";
    case Because::kTwoOrThree:
      return std::string("; ") + (reason.count == 2 ? "two" : "three") +
             " snapshots cannot tell a leak from warm-up";
    case Because::kAfterRush:
    case Because::kWholeAfterRush:
      return ", but fast at first: what followed may be the end of the warm-up";
    case Because::kNotEvery:
      return ", but only " + windows_text(reason) + after_warm_up(reason);
    case Because::kWholeReleased:
      return ", and some of it was freed in bulk meanwhile";
    case Because::kWholeStep:
      return ", most of it at once";
    case Because::kWholeSlower:
      return ", more slowly than at first, but no longer slowing down in " + late_windows;
    case Because::kWholeEverSlower:
      return ", more and more slowly";
    case Because::kWholeStopped:
      return ", then stopped";
    case Because::kWholeUpAndDown:
      return ", but up and down";
    case Because::kWholeNoLine:
      return ", but not steadily";
    case Because::kWholeLine:
      return ", " + windows_text(reason);
    default:
      return "";
  }
}

}  // namespace

std::string curve_text(const Reason& reason) {
  switch (reason.because) {
    case Because::kNothingRecorded:
      return "nothing was recorded";
    case Because::kSingleSnapshot:
      return "a single snapshot shows what is in use, not what grows";
    case Because::kSame:
      return "the same at every snapshot, " + format_bytes(reason.to);
    case Because::kComesAndGoes:
      return "stays " + between(reason) + " while blocks come and go";
    case Because::kFell:
      return "fell from " + format_bytes(reason.from) + " to " + format_bytes(reason.to);
    case Because::kStays:
      return "stays " + between(reason);
    case Because::kFlatOfThree:
      return "rose by " + format_bytes(reason.rise) + ", then flat at " + format_bytes(reason.to) +
             ": three snapshots are too few to be sure";
    case Because::kKeepsGrowing:
      return keeps_growing(reason);
    case Because::kBacklog:
      return "a backlog: blocks are freed, but later and later; from " + format_count(reason.from) +
             " to " + format_counted(reason.to, "block") + over(reason) + ", more " +
             windows_text(reason);
    case Because::kReleased:
      return "rises and is released in bulk: " +
             format_counted(static_cast<double>(reason.count), "time") + " so far, up to " +
             format_bytes(reason.to) + " at once";
    case Because::kRisingFloor:
      return "rises and is released in bulk, but more is left after each release: from " +
             format_bytes(reason.from) + " to " + format_bytes(reason.to);
    case Because::kContainer:
    case Because::kContainerFull:
    case Because::kContainerSteps:
    case Because::kContainerFewSteps:
      return container(reason);
    case Because::kAllocatorHolds:
      return format_bytes(reason.to) + " resident, of which " + format_bytes(reason.from) +
             " are live in " + format_counted(reason.blocks, "block");
    case Because::kWholeTooShort:
      return "too few snapshots to judge the total";
    case Because::kWholeStays:
      return "stays within " + format_bytes(reason.rise) + " of what it was";
    case Because::kWholeReleased:
    case Because::kWholeStep:
    case Because::kWholeSlower:
    case Because::kWholeEverSlower:
    case Because::kWholeAfterRush:
    case Because::kWholeStopped:
    case Because::kWholeUpAndDown:
    case Because::kWholeNoLine:
    case Because::kWholeLine:
      return "rose from " + format_bytes(reason.from) + " to " + format_bytes(reason.to) +
             over(reason) + after_warm_up(reason) + how_it_rose(reason);
    default:
      return "rose by " + format_bytes(reason.rise) + over(reason) + how_it_rose(reason);
  }
}

}  // namespace silt::render

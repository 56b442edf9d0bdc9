// SPDX-License-Identifier: Apache-2.0
//
// Who keeps what a place made, in the JavaScript heaps that a copy of the process listed twice. A
// place is known from samples of what it allocates; a heap, from a count of all objects, names a
// variable that keeps. They are joined in three ways only:
//
//   by amount   What came in the heap and is not kept by the largest owner is known. Where a place
//               grew by more than that, the rest of it is this owner's, whatever it consists of.
//   by class    The place allocates objects of a class whose constructor it is, and nearly all of
//               that class that came are one owner's.
//   by exclusion  No other owner took in as much as the place grew by, its error allowed for: what
//               one place leaks is one owner's as a rule, so it is the largest's.

#ifndef SILT_SYMBOLIZER_RUNTIME_NODEJS_KEEPERS_H_
#define SILT_SYMBOLIZER_RUNTIME_NODEJS_KEEPERS_H_

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "symbolizer/read/recording.h"
#include "symbolizer/symbolize/frame_list.h"

namespace silt::runtime::nodejs {

struct GrownPlace {
  double growth_bytes = 0;
  double error = 0;                 // of it, as a share: one standard error of sampling
  std::set<std::string> functions;  // "/srv/app.js:12": from the innermost to the site
};

// Adds the site, or the functions of one stack from the innermost to its site.
void add_function(const symbolize::Frame& site, GrownPlace& place);
void add_functions(const symbolize::FrameList& frames, GrownPlace& place);

struct Keeper {
  const read::HeapHolder* holder = nullptr;
  double share = 0;  // of the place's growth at least, or of the objects of its class
};

// The snapshots of a recording between the two looks; those that came along with a look are gone.
struct Span {
  const read::Snapshot* first = nullptr;
  const read::Snapshot* last = nullptr;
};
Span span_of(const read::Recording& recording, const read::HeapGrowth& heap);

// What a heap grew by, by two lists of all that is reachable, in bytes, stretched to the time that
// is judged; nothing where it was not looked at for half of that.
std::optional<double> listed_growth(const read::Recording& recording, uint32_t thread,
                                    double judged_seconds);

// All that came in a heap, where it is kept, in bytes: places that shrank do not count against it.
double came_in(const read::HeapGrowth& heap);

class Keepers {
 public:
  // `judged_seconds`: how long the places were looked at.
  Keepers(const read::Recording& recording, double judged_seconds);
  Keepers(const Keepers&) = delete;
  Keepers& operator=(const Keepers&) = delete;

  // Of the heaps that were listed twice. Where two ways lead to one property of objects of one
  // class ("rooms.history", "r.history"), what they keep is one holder's; so is what two properties
  // of one object keep of the same things ("index.byId", "index.byName").
  const std::vector<read::HeapGrowth>& heaps() const { return heaps_; }

  std::optional<Keeper> of(const GrownPlace& place) const;
  // Who keeps nearly all that came in all heaps of the process; nothing: nobody does, or it is not
  // known.
  std::optional<Keeper> of_nearly_all() const;
  // Of Buffers, whose memory is native: a heap lists it with the objects that own it.
  std::optional<Keeper> of_buffers(double growth_bytes) const;

 private:
  std::optional<Keeper> by_amount(const GrownPlace& place) const;
  std::optional<Keeper> by_class(const GrownPlace& place) const;
  std::optional<Keeper> by_exclusion(const GrownPlace& place) const;

  std::vector<read::HeapGrowth> heaps_;
  // The same, but that containers of one object are not one that took in as many things: Buffers in
  // one and objects in the other may be two leaks on one event.
  std::vector<read::HeapGrowth> apart_;
  // How much longer the places were judged than the heaps were looked at, of all heaps of the
  // process; nothing where one was not looked at, or for too short a time.
  std::optional<double> longer_;
  double came_ = 0;
  const read::HeapHolder* largest_ = nullptr;
  double next_ = 0;  // bytes of the largest but one
};

}  // namespace silt::runtime::nodejs

#endif  // SILT_SYMBOLIZER_RUNTIME_NODEJS_KEEPERS_H_

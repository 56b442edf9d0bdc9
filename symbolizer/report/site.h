// SPDX-License-Identifier: Apache-2.0
//
// The site of a stack is its innermost frame in the user's own code, so that neither `malloc` nor
// `std::map::emplace` hides the function that asked for the memory.

#ifndef SILT_SYMBOLIZER_REPORT_SITE_H_
#define SILT_SYMBOLIZER_REPORT_SITE_H_

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "symbolizer/report/origin.h"
#include "symbolizer/symbolize/symbolizer.h"

namespace silt::report {

// Index of the site among frames, innermost first: the innermost of the best owner, where a frame
// that a runtime names beats the native frames below it. 0 when nothing is better.
size_t find_site(const symbolize::FrameList& frames,
                 std::span<const std::string> look_through = {});

// How many innermost frames belong to the allocator; never all of them.
size_t leading_allocator_frames(const symbolize::FrameList& frames);

// How many innermost frames do the work of an allocator that the program itself replaced: all below
// its outermost `malloc` or `operator new`. 0: nothing but the usual way from malloc to the kernel.
size_t inner_allocator_frames(const symbolize::FrameList& frames);

// Whether both are in one function, whatever the line.
bool same_function(const symbolize::Frame& a, const symbolize::Frame& b);

// Whether both are the same line and column of one function.
bool same_place(const symbolize::Frame& a, const symbolize::Frame& b);

// Whether it is a constructor of C++.
bool is_constructor(const symbolize::Frame& frame);

// Whether it is where a program begins: which of its lines that is says little of a server.
bool says_little(const symbolize::Frame& site);

// Where a finding's site stands among the frames of one of its stacks: that very line, else a line
// of the same function. A site that was found where several stacks meet need not be in each.
std::optional<size_t> site_in(const symbolize::FrameList& frames, const symbolize::Frame& site);

// A text that is equal for equal sites: the same line of the same function, or without a line the
// same call. Tiers of one compiled function are one site.
std::string site_key(const symbolize::Frame& frame);

// "file:line", "module+0x123" or "", whatever is known.
std::string place_of(const symbolize::Frame& frame);

}  // namespace silt::report

#endif  // SILT_SYMBOLIZER_REPORT_SITE_H_

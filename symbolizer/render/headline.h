// SPDX-License-Identifier: Apache-2.0
//
// A finding in one sentence, for people who see nothing else of it, and the words before a site's
// name. Findings of a program without another language's runtime need none: pace and site say all.

#ifndef SILT_SYMBOLIZER_RENDER_HEADLINE_H_
#define SILT_SYMBOLIZER_RENDER_HEADLINE_H_

#include <string>

#include "symbolizer/report/report.h"

namespace silt::render {

// "JS heap leak: `getProfile` (app.js:31) keeps 1.2 MB/s, grew in each of 8 windows", or "". Names
// come from the program: callers escape.
std::string headline_text(const report::Finding& finding);

// Why it was ruled so: of a finding without other words its headline.
std::string ruling_text(const report::Report& report, const report::Ruling& ruling);

// What is to be said before the site's name where that helps, with a space after it: "Buffers
// allocated in "; or "".
std::string before_site(const report::Finding& finding);

// "JavaScript heap", as in "the JavaScript heap as a whole".
const char* whole_name(const std::string& whole);

}  // namespace silt::render

#endif  // SILT_SYMBOLIZER_RENDER_HEADLINE_H_

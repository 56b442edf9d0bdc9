// SPDX-License-Identifier: Apache-2.0
//
// Which threads allocated something, in words, and as formats for programs have it.

#ifndef SILT_SYMBOLIZER_RENDER_THREAD_WORDS_H_
#define SILT_SYMBOLIZER_RENDER_THREAD_WORDS_H_

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "symbolizer/report/report.h"

namespace silt::render {

// "97 % by 6 threads named pool, 3 % by the main thread"; at most so many parts, and the number of
// others. Empty where it is not known. Safe to print.
std::string threads_text(const std::vector<report::ThreadLine>& threads, size_t most);

// The same without shares, for a label by which profiles are filtered: "main, pool". Threads of one
// name are one, and stacks of the same threads have the same text. Safe to print.
std::string threads_label(const std::vector<report::ThreadLine>& threads);

nlohmann::ordered_json threads_json(const std::vector<report::ThreadLine>& threads);

}  // namespace silt::render

#endif  // SILT_SYMBOLIZER_RENDER_THREAD_WORDS_H_

// SPDX-License-Identifier: Apache-2.0
//
// What the resident memory of a process consists of, in words.

#ifndef SILT_SYMBOLIZER_RENDER_RSS_WORDS_H_
#define SILT_SYMBOLIZER_RENDER_RSS_WORDS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "symbolizer/report/report.h"

namespace silt::render {

// "RSS 412 MB = files 38 MB + JavaScript heap 120 MB (used 97 MB, free 23 MB) + …"; "" when the
// snapshot does not tell.
std::string rss_text(const report::SnapshotLine& line);
// How the parts of RSS changed between two snapshots, largest growth first: "native pages +120 MB".
std::string rss_change_text(const report::SnapshotLine& first, const report::SnapshotLine& last);
// The parts with their names, in the order of the sum; those that count.
struct RssPart {
  const char* name;
  const char* key;  // one word, of its colour in the page
  uint64_t bytes;
};
std::vector<RssPart> rss_parts(const report::MemoryParts& parts);

}  // namespace silt::render

#endif  // SILT_SYMBOLIZER_RENDER_RSS_WORDS_H_

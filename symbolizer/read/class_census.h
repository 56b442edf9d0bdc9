// SPDX-License-Identifier: Apache-2.0
//
// What lived in a heap that a runtime collects and that has no profile of allocations: its objects
// by class, counted after a complete collection, at several moments. A small file beside the
// snapshots; the sums of all looks are complete, of classes it has the largest and those that grew
// most. It has names of classes, and figures. This file owns its bytes.

#ifndef SILT_SYMBOLIZER_READ_CLASS_CENSUS_H_
#define SILT_SYMBOLIZER_READ_CLASS_CENSUS_H_

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "symbolizer/base/byte_source.h"
#include "symbolizer/base/result.h"

namespace silt::read {

struct ClassCount {
  std::string name;      // as the runtime writes it: "[B", "java.util.HashMap$Node"
  bool own = false;      // neither the runtime's nor its libraries', as far as it says so
  uint64_t classes = 1;  // of this name: each class loader has its own
  uint64_t objects = 0;
  uint64_t bytes = 0;  // of the objects alone, without what they refer to
};

struct CensusLook {
  uint32_t snapshot = 0;      // number of the snapshot that was taken just before
  uint64_t milliseconds = 0;  // on the clock of snapshots (Meta::elapsed_ns), at its end
  uint64_t took_milliseconds = 0;
  uint64_t bytes = 0;  // of all classes
  uint64_t objects = 0;
  uint64_t left_out_bytes = 0;      // of classes that are not listed
  std::vector<ClassCount> classes;  // most bytes first
};

struct ClassCensus {
  std::string runtime;            // as report::Runtime::name
  std::vector<CensusLook> looks;  // ascending
  std::string why_not;            // why the last look came to nothing; empty: it did not
  bool empty() const { return looks.empty() && why_not.empty(); }
};

// Its name in a recording's folder, and how much of it is read.
inline constexpr char kClassCensusName[] = "class-census.json";
inline constexpr size_t kMostLooks = 1024;

// Adds a look that lists all classes. Of the first one the largest are kept, so that later ones can
// be compared with it; of later ones the largest, and those that have grown most since the first.
// When there are too many looks, every other one goes, the first and the last stay.
void add_look(ClassCensus& census, CensusLook look);

// The bytes of the file.
std::string class_census_text(const ClassCensus& census);

// An empty one where the folder has no such file; a link is not followed, since a recording may
// come from elsewhere.
Result<ClassCensus> read_class_census(const std::filesystem::path& folder);
Result<ClassCensus> parse_class_census(const ByteSource& source);

}  // namespace silt::read

#endif  // SILT_SYMBOLIZER_READ_CLASS_CENSUS_H_

// SPDX-License-Identifier: Apache-2.0
//
// JavaScript that was generated (TypeScript compiled, a bundle, a minified file) by the names and
// places of what the developer wrote: `//# sourceMappingURL=` in the file that ran names its source
// map, in the file itself or beside it. Files are those of the machine on which the report is made;
// where they are not there, or have no map, frames stay as they were recorded.

#ifndef SILT_SYMBOLIZER_SYMBOLIZE_SOURCE_PLACES_H_
#define SILT_SYMBOLIZER_SYMBOLIZE_SOURCE_PLACES_H_

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "symbolizer/symbolize/frame.h"

namespace silt::symbolize {

class SourcePlaces {
 public:
  SourcePlaces();
  ~SourcePlaces();

  // Puts file, line, column and function of the source into a JavaScript frame, and where it ran
  // into `generated`. `note` is told once of each map that cannot be used.
  void put_source(Frame& frame, const std::function<void(std::string)>& note);

 private:
  struct File;
  const File& open(const std::string& path, const std::function<void(std::string)>& note);

  std::map<std::string, std::unique_ptr<File>> files_;
};

}  // namespace silt::symbolize

#endif  // SILT_SYMBOLIZER_SYMBOLIZE_SOURCE_PLACES_H_

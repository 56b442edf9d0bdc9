// SPDX-License-Identifier: Apache-2.0
//
// A source map, revision 3 (tc39.es/ecma426): where each piece of generated JavaScript came from,
// in the files that the developer wrote. The bytes are hostile: counts are bounded, numbers may run
// out of any range, and what does not parse is an error with its reason.

#ifndef SILT_SYMBOLIZER_SYMBOLIZE_SOURCE_MAP_H_
#define SILT_SYMBOLIZER_SYMBOLIZE_SOURCE_MAP_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "symbolizer/base/byte_source.h"
#include "symbolizer/base/result.h"

namespace silt::symbolize {

class SourceMap {
 public:
  // Lines and columns count from 0; columns are UTF-16 units.
  struct Origin {
    uint32_t generated_column;  // where the piece begins
    uint32_t line;
    uint32_t column;
    std::string_view source;  // as the map has it, below its root
    std::string_view name;    // the identifier that stood there, empty where the map has none
  };

  static Result<SourceMap> parse(const ByteSource& json);

  // The piece in which this place lies; nothing before the first of a line, or in a piece of which
  // the map says that it came from nowhere.
  std::optional<Origin> find(uint32_t line, uint32_t column) const;

 private:
  static constexpr uint32_t kNone = UINT32_MAX;
  struct Piece {
    uint32_t line;
    uint32_t column;
    uint32_t source;
    uint32_t source_line;
    uint32_t source_column;
    uint32_t name;
  };

  // False when the text is no list of pieces.
  bool decode(std::string_view mappings);

  std::vector<std::string> sources_;
  std::vector<std::string> names_;
  std::vector<Piece> pieces_;  // by line and column
};

}  // namespace silt::symbolize

#endif  // SILT_SYMBOLIZER_SYMBOLIZE_SOURCE_MAP_H_

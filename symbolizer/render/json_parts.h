// SPDX-License-Identifier: Apache-2.0
//
// Values of the JSON formats that are made of the same things: times, labels, resident memory,
// processes. What is not known is null.

#ifndef SILT_SYMBOLIZER_RENDER_JSON_PARTS_H_
#define SILT_SYMBOLIZER_RENDER_JSON_PARTS_H_

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "symbolizer/report/report.h"

namespace silt::render {

using Json = nlohmann::ordered_json;

Json time_json(uint64_t realtime_ns);  // as RFC 3339 has it, in UTC
Json text_or_null(const std::string& text);
Json number_or_null(const std::optional<double>& value);
Json rss_parts_json(const std::optional<report::MemoryParts>& parts);
Json labels_json(const std::vector<read::Label>& labels);
Json process_json(const report::ProcessLine& process);

}  // namespace silt::render

#endif  // SILT_SYMBOLIZER_RENDER_JSON_PARTS_H_

// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/commands/work_file.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <utility>

#include "symbolizer/base/byte_source.h"
#include "symbolizer/base/quote.h"

namespace silt::commands {

Result<std::vector<double>> work_at_snapshots(const std::string& text,
                                              const read::Recording& recording) {
  std::vector<double> seconds;
  for (const read::Snapshot& snapshot : recording.snapshots) {
    seconds.push_back(static_cast<double>(snapshot.meta.elapsed_ns) / 1e9);
  }
  char* end = nullptr;
  const double total = std::strtod(text.c_str(), &end);
  std::vector<double> work;
  if (end != text.c_str() && *end == '\0') {
    if (!std::isfinite(total) || total <= 0)
      return usage_error("--work '" + text + "': not above zero");
    const double length = std::max(1e-9, seconds.back() - seconds.front());
    for (const double at : seconds) work.push_back(total * (at - seconds.front()) / length);
    return work;
  }
  auto bytes = read_text_file(text);
  if (!bytes) {
    return Error{"cannot read work file " + in_quotes(text) + ": " + bytes.error().message};
  }
  std::istringstream file(*bytes);
  std::vector<std::pair<double, double>> points;
  std::string row;
  for (size_t number = 1; std::getline(file, row); ++number) {
    if (row.empty() || row[0] == '#') continue;
    double first = 0;
    double second = 0;
    char extra = 0;
    const int fields = std::sscanf(row.c_str(), "%lf %lf %c", &first, &second, &extra);
    if (fields != 1 && fields != 2) {
      return Error{"work file " + in_quotes(text) + ", line " + std::to_string(number) +
                   ": expected a count, or seconds and a count"};
    }
    if (fields == 1) {
      const size_t index = std::min(points.size(), seconds.size() - 1);
      points.emplace_back(seconds[index], first);
    } else {
      points.emplace_back(first, second);
    }
  }
  if (points.size() < 2) return Error{"work file " + in_quotes(text) + ": fewer than two counts"};
  std::sort(points.begin(), points.end());
  for (const double at : seconds) {
    size_t next = 1;
    while (next + 1 < points.size() && points[next].first < at) ++next;
    const auto& [x0, y0] = points[next - 1];
    const auto& [x1, y1] = points[next];
    const double share = x1 > x0 ? std::clamp((at - x0) / (x1 - x0), 0.0, 1.0) : 1;
    work.push_back(y0 + (y1 - y0) * share);
  }
  return work;
}

}  // namespace silt::commands

// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/render/html_owners.h"

#include <string>

#include "symbolizer/render/escape.h"
#include "symbolizer/render/heap_growth_words.h"
#include "symbolizer/render/owner_words.h"
#include "symbolizer/render/words.h"

namespace silt::render {

using Json = nlohmann::ordered_json;

Json owners_for_page(const std::vector<report::OwnerLine>& owners) {
  Json lines = Json::array();
  for (const report::OwnerLine& owner : owners_by_variable(owners)) {
    lines.push_back(clean(owner_texts({owner}, kAllOwners).front()));
  }
  Json ways = Json::array();
  for (const report::OwnerLine& owner : owners) {
    Json steps = Json::array();
    for (const std::string& step : owner.way) steps.push_back(clean(step));
    const bool by_kind = owner.kind == "lost" || owner.kind == "garbage";
    if (owner.way.empty()) steps.push_back(by_kind ? owner.kind : clean(owner.name));
    for (const std::string& step : owner.path) steps.push_back(clean(step));
    ways.push_back({{"steps", std::move(steps)},
                    {"share", owner.share},
                    {"bytes", owner.bytes},
                    {"blocks", owner.blocks}});
  }
  return {{"lines", std::move(lines)}, {"ways", std::move(ways)}};
}

void add_heap_growth(const report::Report& report, Json& json) {
  json["heap_growth"] = Json::array();
  for (const report::HeapGrowthLine& line : report.heap_growth) {
    json["heap_growth"].push_back({{"text", clean(heap_growth_text(report, line))},
                                   {"owners", owners_for_page(line.owners)}});
  }
}

}  // namespace silt::render

// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/render/place_words.h"

#include "symbolizer/base/quantity.h"
#include "symbolizer/report/site.h"

namespace silt::render {

std::string said_place(const symbolize::Frame& site) {
  std::string name = report::plain_name(site.function);
  if (name.empty()) name = site.function.empty() ? "?" : site.function;
  const std::string place(report::base_name(report::place_of(site)));
  return "`" + name + "`" + (place.empty() ? "" : " (" + place + ")");
}

std::string said_leads(const std::vector<report::NamedShare>& leads) {
  std::string text;
  for (const report::NamedShare& lead : leads) {
    text += (text.empty() ? "" : ", ") + said_place(lead.site) + " " + format_percent(lead.share);
  }
  return text;
}

}  // namespace silt::render

// SPDX-License-Identifier: Apache-2.0
//
// See detour.h: on a processor for which no instructions are moved. Normal context.

#include "interposer/detour/detour.h"

namespace silt::detour {

Outcome detour_inner_allocators(bool wanted, const char* /*library*/,
                                void (* /*complain*/)(const char* line)) {
  return Outcome{false, wanted ? format::InnerRefusal::kProcessor : format::InnerRefusal::kOff};
}

}  // namespace silt::detour

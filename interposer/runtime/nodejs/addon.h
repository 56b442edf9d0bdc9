// SPDX-License-Identifier: Apache-2.0
//
// libsilt.so as a Node-API addon: what the script beside it, silt-node.cjs, calls. Normal context.

#ifndef SILT_INTERPOSER_RUNTIME_NODEJS_ADDON_H_
#define SILT_INTERPOSER_RUNTIME_NODEJS_ADDON_H_

#include <cstdint>

#include "interposer/base/text.h"

namespace silt::nodejs {

struct Settings {
  uint64_t interval_bytes;  // between samples of the JavaScript heap, 0: no profile
  bool interval_adapts;     // it may become longer
  bool inlining;            // let V8 inline functions into each other
  bool at_exit;
  bool code_names;  // from V8's code events
};

// Until this was called the addon offers nothing.
void offer_addon(const Settings& settings);

// node's version once it has loaded the addon, nothing before. Signal context.
void add_version(base::TextWriter* text);

}  // namespace silt::nodejs

#endif  // SILT_INTERPOSER_RUNTIME_NODEJS_ADDON_H_

// SPDX-License-Identifier: Apache-2.0
//
// Is this process node, may silt join it, and how is its script put into NODE_OPTIONS? Pure, so
// that tests call it with values. Normal context, in the constructor.

#ifndef SILT_INTERPOSER_RUNTIME_NODEJS_RECOGNISE_H_
#define SILT_INTERPOSER_RUNTIME_NODEJS_RECOGNISE_H_

#include <cstddef>

#include "interposer/base/text.h"

namespace silt::nodejs {

// The arguments of a process as the kernel has them: one after the other, each with its NUL.
struct Arguments {
  const char* bytes;
  size_t size;
};

// The script that node will run, as given; nullptr for none (a prompt, -e, a script on standard
// input).
const char* script_of(const Arguments& arguments);

// npm, npx, yarn, pnpm, corepack and pm2's own processes: node programs whose memory is nobody's
// question. `path` is what the script's name leads to, links followed.
bool is_launcher(const char* path);

// The option, of the command line before the script or of NODE_OPTIONS, under which a preloaded
// script or an addon would be refused, so that node would not start; nullptr when there is none.
const char* forbidding_option(const Arguments& arguments, const char* node_options);

// NODE_OPTIONS with a --require of `script` and `flags`, if there are any, appended. False when
// both are there already, or the result does not fit.
bool extend_node_options(const char* node_options, const char* script, const char* flags,
                         base::TextWriter* result);

}  // namespace silt::nodejs

#endif  // SILT_INTERPOSER_RUNTIME_NODEJS_RECOGNISE_H_

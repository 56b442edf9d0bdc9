// SPDX-License-Identifier: Apache-2.0
//
// Joins node: makes it load silt's script before the program's own, and makes snapshots wait for
// what the script hands over. docs/node.md tells the whole. Normal context, in the constructor.

#ifndef SILT_INTERPOSER_NODE_JOINING_H_
#define SILT_INTERPOSER_NODE_JOINING_H_

#include "interposer/base/options.h"

namespace silt::node {

// A node program that is not to be recorded at all: npm and its like.
bool is_left_out(const base::Options& options);

// Nothing happens when this is not node, or when it may not be joined; the reason is then told.
// `library` is the path of libsilt.so, absolute.
void join_node(const base::Options& options, const char* library);

// At the end of the process: removes the map of compiled code that node wrote on silt's behalf.
void leave_node();

}  // namespace silt::node

#endif  // SILT_INTERPOSER_NODE_JOINING_H_

// SPDX-License-Identifier: Apache-2.0
//
// What Python's objects keep, for a copy of the process that looks who keeps its blocks: nearly
// always what their words point to; with names where Python has some (attributes of objects and
// classes, variables of closures and of generators that wait), and without what only looks like it
// (the links of the collector's lists, weak references, numbers and texts). In the copy.

#ifndef SILT_INTERPOSER_RUNTIME_PYTHON_KEEPING_H_
#define SILT_INTERPOSER_RUNTIME_PYTHON_KEEPING_H_

namespace silt::python {

// From now on copies of the process can tell objects apart. Normal context, with the interpreter's
// lock, in its main thread.
void know_kinds();

}  // namespace silt::python

#endif  // SILT_INTERPOSER_RUNTIME_PYTHON_KEEPING_H_

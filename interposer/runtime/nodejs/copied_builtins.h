// SPDX-License-Identifier: Apache-2.0
//
// V8's built-in functions, mapped a second time. From version 20 on V8 puts a copy of them near the
// code that it compiles, for shorter calls, by mapping that part of its own file once more. The
// loader does not know of the copy, so its frames would have no names, and one of them could be
// taken for the place that allocates. Each isolate may have a copy of its own. Normal context.

#ifndef SILT_INTERPOSER_RUNTIME_NODEJS_COPIED_BUILTINS_H_
#define SILT_INTERPOSER_RUNTIME_NODEJS_COPIED_BUILTINS_H_

namespace silt::nodejs {

// Looks for copies that are not known yet and tells the recorder of them.
void note_copied_builtins();

}  // namespace silt::nodejs

#endif  // SILT_INTERPOSER_RUNTIME_NODEJS_COPIED_BUILTINS_H_

// SPDX-License-Identifier: Apache-2.0
//
// Who keeps the blocks of this process: what is done when a snapshot is to say so. The wish is
// answered by a copy of the process that looks at itself and adds what it finds to the snapshot
// once that is written. In the copy nothing of the program runs: no handler, no hook, no
// destructor; it ends by itself, at the latest by an alarm.

#ifndef SILT_INTERPOSER_OWNERS_LOOKING_H_
#define SILT_INTERPOSER_OWNERS_LOOKING_H_

namespace silt::owners {

// Normal context, once, before the first snapshot.
void start_owners();

}  // namespace silt::owners

#endif  // SILT_INTERPOSER_OWNERS_LOOKING_H_

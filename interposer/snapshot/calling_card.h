// SPDX-License-Identifier: Apache-2.0
//
// What a recorded process shows of itself in /proc/PID/maps from its start on (format/control.h):
// the signal that `silt dump` may send, and the folder in which requests are looked for. A forked
// child shows its parent's card, which is right for it too. Any context.

#ifndef SILT_INTERPOSER_SNAPSHOT_CALLING_CARD_H_
#define SILT_INTERPOSER_SNAPSHOT_CALLING_CARD_H_

#include "interposer/format/control.h"

namespace silt::snapshot {

// A card in place of the one before. Costs three system calls; nothing is shown where one fails.
void show_card(int signal, format::Reach reach, bool asleep, const char* folder);

// A process that is not recorded shows none.
void hide_card();

}  // namespace silt::snapshot

#endif  // SILT_INTERPOSER_SNAPSHOT_CALLING_CARD_H_

// SPDX-License-Identifier: Apache-2.0
//
// Runtimes that compile at run time write the names of their code to /tmp/perf-PID.map when asked
// to. Names of code that is gone cannot be had later, so each snapshot copies what was appended
// since the one before into the recording. Signal context, under the snapshot slot.

#ifndef SILT_INTERPOSER_SNAPSHOT_JIT_MAP_H_
#define SILT_INTERPOSER_SNAPSHOT_JIT_MAP_H_

namespace silt::snapshot {

void copy_jit_map(int recording_folder);
// The recording is another one from now on: in the child of a fork, and where it was made anew.
void copy_jit_map_anew();

}  // namespace silt::snapshot

#endif  // SILT_INTERPOSER_SNAPSHOT_JIT_MAP_H_

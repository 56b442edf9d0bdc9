// SPDX-License-Identifier: Apache-2.0
//
// V8's code events, and how a frame of V8's interpreter tells its function. V8 can be told to give
// every function an entry of its own (--interpreted-frames-native-stack), but together with code
// events V8 22 and later never throws such functions away. Instead the walk reads the frame
// (interpreter_frames.h): V8 keeps the function's byte code in it, and an event has told where that
// byte code lies, and which places of the script its parts came from. Where frames tell nothing
// interpreted functions have no names, or no lines, and nothing else changes. Normal context, in
// the isolate's thread.

#ifndef SILT_INTERPOSER_RUNTIME_NODEJS_CODE_EVENTS_H_
#define SILT_INTERPOSER_RUNTIME_NODEJS_CODE_EVENTS_H_

namespace silt::nodejs {

// Asks V8 for the code of the calling thread's isolate, what exists and what will come. False when
// V8 cannot be asked.
bool watch_code();
// The calling thread's isolate is about to end.
void stop_watching_code();

}  // namespace silt::nodejs

#endif  // SILT_INTERPOSER_RUNTIME_NODEJS_CODE_EVENTS_H_

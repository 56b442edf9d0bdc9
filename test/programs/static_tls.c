// SPDX-License-Identifier: Apache-2.0
//
// A plug-in with thread-local variables that are reached by a fixed distance from the thread's own
// block: there is little room for such when a program has started, and silt must not take it away.

__attribute__((tls_model("initial-exec"))) _Thread_local char static_tls_room[512];

char* plugin_room(void) { return static_tls_room; }

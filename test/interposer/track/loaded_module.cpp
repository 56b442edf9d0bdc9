// SPDX-License-Identifier: Apache-2.0
//
// A module that a test loads and unloads.

extern "C" __attribute__((visibility("default"))) int loaded_function(int x) { return x + 1; }

// SPDX-License-Identifier: Apache-2.0
//
// Catch2's main function, compiled once for all unit tests of the tool.

#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>

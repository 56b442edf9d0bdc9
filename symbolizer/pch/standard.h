// SPDX-License-Identifier: Apache-2.0
//
// The standard library's headers that most files of the tool include, precompiled: reading them is
// half of the time to compile such a file. Every file includes what it needs itself; builds without
// precompiled headers (-Db_pch=false, clang) need nothing else.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

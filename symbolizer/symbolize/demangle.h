// SPDX-License-Identifier: Apache-2.0
//
// Names as the linker has them made into names as people write them: C++, Rust (old and new
// scheme) and D, through libiberty.

#ifndef SILT_SYMBOLIZER_SYMBOLIZE_DEMANGLE_H_
#define SILT_SYMBOLIZER_SYMBOLIZE_DEMANGLE_H_

#include <string>
#include <string_view>

namespace silt::symbolize {

// The readable name, or the given one where it is not mangled. What compilers append to name a
// part or a copy of a function (`.cold`, `.part.0`, `.isra.0`, `.llvm.123`, ...) and a symbol
// version (`@@GLIBC_2.2.5`) is left out, so that all parts of a function have one name.
std::string demangle(std::string_view linkage_name);

}  // namespace silt::symbolize

#endif  // SILT_SYMBOLIZER_SYMBOLIZE_DEMANGLE_H_

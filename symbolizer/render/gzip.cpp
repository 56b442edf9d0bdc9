// SPDX-License-Identifier: Apache-2.0
//
// gzip through zlib; see the header.

#include "symbolizer/render/gzip.h"

#include <zlib.h>

#include <array>
#include <new>

namespace silt::render {

std::string gzip(std::string_view bytes) {
  constexpr int kGzipWrapper = 15 + 16;  // largest window, gzip header instead of zlib's
  z_stream stream{};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWrapper, 8,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::bad_alloc();
  }
  std::string result;
  std::array<char, 65536> piece{};
  int state = Z_OK;
  while (state != Z_STREAM_END) {
    if (stream.avail_in == 0 && !bytes.empty()) {
      const size_t step = std::min<size_t>(bytes.size(), size_t{1} << 30);
      stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
      stream.avail_in = static_cast<uInt>(step);
      bytes.remove_prefix(step);
    }
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    state = deflate(&stream, bytes.empty() ? Z_FINISH : Z_NO_FLUSH);
    result.append(piece.data(), piece.size() - stream.avail_out);
  }
  deflateEnd(&stream);
  return result;
}

}  // namespace silt::render

// SPDX-License-Identifier: Apache-2.0
//
// The slow half of the stream: refilling, strings, and what is skipped; see the header.

#include "symbolizer/base/json_stream.h"

#include <algorithm>
#include <vector>

namespace silt {
namespace {

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

// UTF-8 of a code point below 0x110000; returns its length.
size_t encode(uint32_t code, char (&out)[4]) {
  if (code < 0x80) {
    out[0] = static_cast<char>(code);
    return 1;
  }
  if (code < 0x800) {
    out[0] = static_cast<char>(0xc0 | (code >> 6));
    out[1] = static_cast<char>(0x80 | (code & 0x3f));
    return 2;
  }
  if (code < 0x10000) {
    out[0] = static_cast<char>(0xe0 | (code >> 12));
    out[1] = static_cast<char>(0x80 | ((code >> 6) & 0x3f));
    out[2] = static_cast<char>(0x80 | (code & 0x3f));
    return 3;
  }
  out[0] = static_cast<char>(0xf0 | (code >> 18));
  out[1] = static_cast<char>(0x80 | ((code >> 12) & 0x3f));
  out[2] = static_cast<char>(0x80 | ((code >> 6) & 0x3f));
  out[3] = static_cast<char>(0x80 | (code & 0x3f));
  return 4;
}

}  // namespace

JsonStream::JsonStream(const ByteSource& source) : source_(source) {}

bool JsonStream::refill() {
  if (!ok() || next_offset_ >= source_.size()) return false;
  const uint64_t size = std::min<uint64_t>(kChunk, source_.size() - next_offset_);
  Result<std::string> bytes = source_.read(next_offset_, size);
  if (!bytes) return fail(bytes.error().message);
  chunk_ = std::move(*bytes);
  chunk_offset_ = next_offset_;
  next_offset_ += chunk_.size();
  begin_ = at_ = chunk_.data();
  end_ = begin_ + chunk_.size();
  return at_ != end_;
}

bool JsonStream::fail(std::string_view what) {
  if (ok()) {
    error_ = position() >= size() ? "ends too early, after " + std::to_string(size()) + " bytes"
                                  : "at byte " + std::to_string(position()) + ": ";
    if (position() < size()) error_ += what;
  }
  at_ = end_;
  next_offset_ = source_.size();
  return false;
}

char JsonStream::peek() {
  for (;;) {
    while (at_ != end_ && is_space(*at_)) ++at_;
    if (at_ != end_) return *at_;
    if (!refill()) return 0;
  }
}

bool JsonStream::take(char c) {
  if (take_if(c)) return true;
  return fail(std::string("expected '") + c + "'");
}

bool JsonStream::take_if(char c) {
  if (peek() != c || !ok() || at_ == end_) return false;
  ++at_;
  return true;
}

bool JsonStream::more(char close, bool& first) {
  if (take_if(close)) return false;
  if (!ok()) return false;
  if (first) {
    first = false;
    return peek() != 0 || fail("expected a value");
  }
  if (take_if(',')) return true;
  return fail(std::string("expected ',' or '") + close + "'");
}

bool JsonStream::read_number(uint64_t& value) {
  value = 0;
  const bool negative = take_if('-');
  const char first = peek();
  if (first < '0' || first > '9') return fail("expected a number");
  bool whole = true;
  uint64_t number = 0;
  for (;;) {
    const int byte = next();
    if (byte >= '0' && byte <= '9') {
      const auto digit = static_cast<uint64_t>(byte - '0');
      if (number > (UINT64_MAX - digit) / 10) {
        whole = false;
      } else {
        number = number * 10 + digit;
      }
      continue;
    }
    if (byte == '.' || byte == 'e' || byte == 'E' || byte == '+' || byte == '-') {
      whole = false;
      continue;
    }
    if (byte >= 0) --at_;
    break;
  }
  if (whole && !negative) value = number;
  return ok();
}

bool JsonStream::read_hex(uint32_t& value) {
  value = 0;
  for (int i = 0; i < 4; ++i) {
    const int c = next();
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return fail("a string has a broken \\u escape");
    value = value * 16 + static_cast<uint32_t>(digit);
  }
  return true;
}

// Calls keep(bytes) for each run of decoded bytes.
template <typename Keep>
bool JsonStream::scan_string(Keep keep) {
  if (!take('"')) return false;
  uint32_t high = 0;  // the first half of a surrogate pair that waits for the second
  const auto put = [&keep](uint32_t code) {
    char bytes[4];
    const size_t length = encode(code, bytes);
    keep(std::string_view(bytes, length));
  };
  constexpr uint32_t kReplacement = 0xfffd;
  for (;;) {
    const char* run = at_;
    while (at_ != end_ && *at_ != '"' && *at_ != '\\') ++at_;
    if (at_ != run) {
      if (high != 0) put(kReplacement);
      high = 0;
      keep(std::string_view(run, static_cast<size_t>(at_ - run)));
    }
    if (at_ == end_) {
      if (!refill()) return fail("a string has no end");
      continue;
    }
    if (*at_++ == '"') {
      if (high != 0) put(kReplacement);
      return true;
    }
    const int escape = next();
    uint32_t code = 0;
    switch (escape) {
      case 'b':
        code = '\b';
        break;
      case 'f':
        code = '\f';
        break;
      case 'n':
        code = '\n';
        break;
      case 'r':
        code = '\r';
        break;
      case 't':
        code = '\t';
        break;
      case '"':
      case '\\':
      case '/':
        code = static_cast<uint32_t>(escape);
        break;
      case 'u':
        if (!read_hex(code)) return false;
        break;
      default:
        return fail("a string has a broken escape");
    }
    if (code >= 0xdc00 && code <= 0xdfff && high != 0) {
      put(0x10000 + ((high - 0xd800) << 10) + (code - 0xdc00));
      high = 0;
      continue;
    }
    if (high != 0) put(kReplacement);
    high = 0;
    if (code >= 0xd800 && code <= 0xdbff) {
      high = code;
    } else {
      put(code >= 0xdc00 && code <= 0xdfff ? kReplacement : code);
    }
  }
}

bool JsonStream::read_string(std::string& text, size_t limit) {
  text.clear();
  return scan_string([&text, limit](std::string_view bytes) {
    if (text.size() < limit) text += bytes.substr(0, limit - text.size());
  });
}

bool JsonStream::skip_string() {
  return scan_string([](std::string_view) {});
}

bool JsonStream::skip_value() {
  std::vector<char> open;  // what closes each level
  bool key = false;        // a key of an object comes next
  for (;;) {
    const char c = peek();
    if (key && c != '"' && c != '}') return fail("expected a key");
    if (c == '{' || c == '[') {
      if (open.size() >= kDeepest) return fail("is nested too deeply");
      take(c);
      open.push_back(c == '{' ? '}' : ']');
      key = c == '{';
      if (peek() != open.back()) continue;
    } else if (c == '"') {
      if (!skip_string()) return false;
      if (key) {
        if (!take(':')) return false;
        key = false;
        continue;
      }
    } else if (c == '-' || (c >= '0' && c <= '9')) {
      uint64_t ignored = 0;
      if (!read_number(ignored)) return false;
    } else if (c == 't' || c == 'f' || c == 'n') {
      const std::string_view word = c == 't' ? "true" : c == 'f' ? "false" : "null";
      for (const char letter : word) {
        if (next() != letter) return fail("expected a value");
      }
    } else {
      return fail("expected a value");
    }
    // After a value: what closes, and then a comma or the end.
    while (!open.empty() && take_if(open.back())) open.pop_back();
    if (!ok()) return false;
    if (open.empty()) return true;
    if (!take(',')) return false;
    key = open.back() == '}';
    if (key && peek() == '}') return fail("expected a key");
  }
}

}  // namespace silt

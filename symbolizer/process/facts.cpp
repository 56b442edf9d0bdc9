// SPDX-License-Identifier: Apache-2.0
//
// The kernel escapes newlines in paths of maps as \012; memfd names show as `/memfd:NAME
// (deleted)`.

#include "symbolizer/process/facts.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>

namespace silt::process {
namespace {

std::optional<std::string_view> next_line(std::string_view& text) {
  if (text.empty()) return std::nullopt;
  const size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

template <typename T>
bool parse_number(std::string_view text, T& value, int base) {
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return error == std::errc() && stop == text.data() + text.size();
}

std::string unescaped(std::string_view path) {
  constexpr std::string_view kNewline = "\\012";
  std::string out(path);
  for (size_t at = 0; (at = out.find(kNewline, at)) != std::string::npos; ++at) {
    out.replace(at, kNewline.size(), "\n");
  }
  return out;
}

// "start-end perms offset device inode   "
std::string inode_in(std::string_view line) {
  while (line.ends_with(' ')) line.remove_suffix(1);
  return std::string(line.substr(line.rfind(' ') + 1));
}

}  // namespace

std::optional<StatusFacts> parse_status(std::string_view text) {
  StatusFacts facts;
  bool has_state = false, has_caught = false;
  while (const auto line = next_line(text)) {
    const size_t colon = line->find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view key = line->substr(0, colon);
    std::string_view value = line->substr(colon + 1);
    value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
    uint64_t mask = 0;
    if (key == "State" && !value.empty()) {
      facts.state = value.front();
      has_state = true;
    } else if (key == "Tgid") {
      parse_number(value, facts.thread_group, 10);
    } else if (key == "Uid") {  // real, effective, saved, of the file system
      value.remove_prefix(std::min(value.find('\t') + 1, value.size()));
      parse_number(value.substr(0, value.find('\t')), facts.user, 10);
    } else if (key == "Seccomp") {
      facts.filtered = !value.empty() && value != "0";
    } else if (key == "NSpid") {
      while (!value.empty()) {
        const size_t end = value.find('\t');
        pid_t pid = 0;
        if (parse_number(value.substr(0, end), pid, 10)) facts.namespace_pids.push_back(pid);
        value.remove_prefix(end == std::string_view::npos ? value.size() : end + 1);
      }
    } else if (key.starts_with("Sig") || key == "ShdPnd") {
      if (!parse_number(value, mask, 16)) continue;
      if (key == "SigPnd" || key == "ShdPnd") facts.pending |= mask;
      if (key == "SigBlk") facts.blocked = mask;
      if (key == "SigIgn") facts.ignored = mask;
      if (key == "SigCgt") {
        facts.caught = mask;
        has_caught = true;
      }
    }
  }
  if (!has_state || !has_caught) return std::nullopt;
  return facts;
}

bool is_recorded(const MapFacts& facts) { return facts.interposer && !facts.left_out; }

std::optional<Card> parse_card(std::string_view text) {
  const size_t space = text.find(' ');
  Card card;
  if (space == std::string_view::npos || text.size() < space + 3 || text[space + 2] != ' ' ||
      !parse_number(text.substr(0, space), card.signal, 10) || card.signal < 0 ||
      card.signal > 64) {
    return std::nullopt;
  }
  char letter = text[space + 1];
  card.asleep = letter >= 'A' && letter <= 'Z';
  for (const format::Reach reach :
       {format::Reach::kSignal, format::Reach::kNoSignal, format::Reach::kReplaced,
        format::Reach::kForbidden, format::Reach::kBoxLost}) {
    if (letter == format::asleep_letter(reach)) letter = static_cast<char>(reach);
  }
  card.reach = static_cast<format::Reach>(letter);
  if ((card.signal != 0) != (card.reach == format::Reach::kSignal)) return std::nullopt;
  card.folder = text.substr(space + 3);
  if (!card.folder.empty() && card.folder.front() != '/') return std::nullopt;
  return card;
}

MapFacts parse_maps(std::string_view text) {
  constexpr std::string_view kDeleted = " (deleted)";
  constexpr std::string_view kMemfd = "/memfd:";
  MapFacts facts;
  while (const auto line = next_line(text)) {
    const size_t begin = line->find('/');
    if (begin == std::string_view::npos) continue;
    std::string_view raw = line->substr(begin);
    const bool deleted = raw.ends_with(kDeleted);
    if (deleted) raw.remove_suffix(kDeleted.size());
    const std::string path = unescaped(raw);
    if (path.starts_with(kMemfd)) {
      const std::string_view name = std::string_view(path).substr(kMemfd.size());
      if (name.starts_with(format::kLeftOutMapping)) {
        facts.left_out = true;
      } else if (name.starts_with(format::kErrorMappingPrefix)) {
        facts.error = name.substr(std::string_view(format::kErrorMappingPrefix).size());
        facts.error_id = inode_in(line->substr(0, begin));
      } else if (name.starts_with(format::kCardPrefix)) {
        facts.card = parse_card(name.substr(std::string_view(format::kCardPrefix).size()));
      }
    } else if (std::filesystem::path(path).filename() == format::kControlFileName) {
      if (deleted) {
        facts.deleted_control = path;
      } else {
        facts.controls.push_back(path);
      }
    } else if (std::filesystem::path(path).filename().native().starts_with("libsilt.so")) {
      facts.interposer = true;
    }
  }
  return facts;
}

std::optional<format::Control> parse_control(std::string_view bytes, pid_t pid,
                                             const std::vector<pid_t>& pids) {
  format::Control control;
  if (bytes.size() < sizeof(control)) return std::nullopt;
  std::memcpy(&control, bytes.data(), sizeof(control));
  const auto own = static_cast<pid_t>(control.pid);
  const bool named = own == pid || std::find(pids.begin(), pids.end(), own) != pids.end();
  if (std::memcmp(control.magic, format::kControlMagic, sizeof(control.magic)) != 0 ||
      control.version != format::kControlVersion || !named || control.signal > 64) {
    return std::nullopt;
  }
  control.last_failure[sizeof(control.last_failure) - 1] = '\0';
  return control;
}

std::optional<uint64_t> start_in_stat(std::string_view text) {
  const size_t name_end = text.rfind(')');
  if (name_end == std::string_view::npos) return std::nullopt;
  text.remove_prefix(name_end + 1);
  constexpr int kFieldsBetween = 20;  // the name is the second field, this the twenty-second
  for (int i = 0; i < kFieldsBetween; ++i) {
    const size_t space = text.find(' ');
    if (space == std::string_view::npos) return std::nullopt;
    text.remove_prefix(space + 1);
  }
  uint64_t start = 0;
  if (!parse_number(text.substr(0, text.find(' ')), start, 10)) return std::nullopt;
  return start;
}

bool ended_in_stat(std::string_view text) {
  const size_t name_end = text.rfind(')');  // ") Z "
  if (name_end == std::string_view::npos || text.size() < name_end + 3) return false;
  const char state = text[name_end + 2];
  return state == 'Z' || state == 'X';
}

std::string proc_path(pid_t pid, const std::string& name) {
  return "/proc/" + std::to_string(pid) + "/" + name;
}

std::string living_path(pid_t pid, const std::string& name) {
  const auto has_ended = [pid](const std::string& stat) {
    const auto text = read_proc(proc_path(pid, stat));
    return !text || ended_in_stat(*text);
  };
  if (has_ended("stat")) {
    for (const pid_t thread : threads_of(pid)) {
      const std::string task = "task/" + std::to_string(thread) + "/";
      if (thread != pid && !has_ended(task + "stat")) return proc_path(pid, task + name);
    }
  }
  return proc_path(pid, name);
}

std::optional<std::string> read_proc(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return std::nullopt;
  std::string text;
  char buffer[65536];
  for (;;) {
    const ssize_t count = ::read(fd, buffer, sizeof(buffer));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      const int error = errno;
      close(fd);
      errno = error;
      return std::nullopt;
    }
    if (count == 0) break;
    text.append(buffer, static_cast<size_t>(count));
  }
  close(fd);
  return text;
}

std::vector<pid_t> threads_of(pid_t pid) {
  std::vector<pid_t> threads;
  std::error_code error;
  const std::filesystem::path folder = "/proc/" + std::to_string(pid) + "/task";
  for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end;
       it.increment(error)) {
    pid_t thread = 0;
    if (parse_number(std::string_view(it->path().filename().native()), thread, 10)) {
      threads.push_back(thread);
    }
  }
  return threads;
}

}  // namespace silt::process

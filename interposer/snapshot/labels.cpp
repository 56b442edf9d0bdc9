// SPDX-License-Identifier: Apache-2.0
//
// See labels.h.

#include "interposer/snapshot/labels.h"

#include <sys/syscall.h>
#include <sys/utsname.h>

#include <cstdlib>
#include <initializer_list>

#include "interposer/base/system_call.h"
#include "interposer/base/text.h"
#include "interposer/format/settings.h"
#include "interposer/format/snapshot.h"
#include "interposer/snapshot/kernel_file.h"

namespace silt::snapshot {
namespace {

constexpr size_t kFoundHere = 4;  // host, container, pod, namespace

struct Label {
  char key[format::kLongestLabelKey + 1];
  char value[format::kLongestLabelValue + 1];
};
constinit Label g_labels[format::kMostLabels + kFoundHere]{};
constinit size_t g_count = 0;

// The first value for a key stays.
void add_label(const char* key, size_t key_size, const char* value, size_t value_size) {
  if (value_size == 0 || g_count == sizeof(g_labels) / sizeof(g_labels[0])) return;
  Label& label = g_labels[g_count];
  base::TextWriter(label.key, sizeof(label.key)).add(key, key_size);
  for (size_t i = 0; i < g_count; ++i) {
    if (base::equal(g_labels[i].key, label.key)) return;
  }
  base::TextWriter(label.value, sizeof(label.value)).add(value, value_size);
  ++g_count;
}

void add_label(const char* key, const char* value) {
  if (value != nullptr) add_label(key, base::length(key), value, base::length(value));
}

// The names that pods give their own name and their node's: a custom, not a rule.
const char* first_of(std::initializer_list<const char*> variables) {
  for (const char* const variable : variables) {
    const char* const value = getenv(variable);
    if (value != nullptr && *value != '\0') return value;
  }
  return nullptr;
}

bool is_hexadecimal(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

bool add_container_in(const char* path) {
  static constinit char buffer[4096]{};
  bool found = false;
  read_lines(path, buffer, sizeof(buffer), [&found](const char* line) {
    const char* const id = found ? nullptr : find_container_id(line);
    if (id == nullptr) return;
    add_label("container", 9, id, kContainerIdSize);
    found = true;
  });
  return found;
}

bool exists(const char* path) {
  return base::system_call(SYS_faccessat, -100, reinterpret_cast<long>(path), 0) == 0;
}

}  // namespace

const char* find_container_id(const char* line) {
  size_t run = 0;
  for (const char* at = line;; ++at) {
    if (is_hexadecimal(*at)) {
      ++run;
      continue;
    }
    const char* const begin = at - run;
    const bool alone = begin == line || begin[-1] == '/' || begin[-1] == '-' || begin[-1] == ':';
    if (run == kContainerIdSize && alone) return begin;
    if (*at == '\0') return nullptr;
    run = 0;
  }
}

void find_labels(const char* given) {
  g_count = 0;
  format::for_labels(given, base::length(given),
                     [](const char* key, size_t key_size, const char* value, size_t value_size) {
                       add_label(key, key_size, value, value_size);
                       return true;
                     });
  const bool in_kubernetes = getenv("KUBERNETES_SERVICE_HOST") != nullptr;
  utsname names{};
  const bool named = base::system_call(SYS_uname, reinterpret_cast<long>(&names)) == 0;
  add_label("pod", first_of({"POD_NAME", "MY_POD_NAME", "KUBERNETES_POD_NAME"}));
  // A pod's host name is its own, unless it says otherwise.
  if (in_kubernetes && named) add_label("pod", names.nodename);
  add_label("namespace", first_of({"POD_NAMESPACE", "MY_POD_NAMESPACE", "KUBERNETES_NAMESPACE"}));
  add_label("host", first_of({"NODE_NAME", "MY_NODE_NAME", "KUBERNETES_NODE_NAME"}));
  if (named) add_label("host", names.nodename);
  if (add_container_in("/proc/self/cgroup")) return;
  // With a cgroup namespace the container's own files tell: they are mounts from its folder. A
  // host may have thousands of mounts, and is not asked.
  if (in_kubernetes || exists("/.dockerenv") || exists("/run/.containerenv")) {
    add_container_in("/proc/self/mountinfo");
  }
}

void write_labels(SectionWriter& out, Strings& strings) {
  if (g_count == 0) return;
  out.begin(format::SectionType::kLabels);
  for (size_t i = 0; i < g_count; ++i) {
    const format::LabelEntry entry{strings.add(g_labels[i].key), strings.add(g_labels[i].value)};
    out.add(&entry, sizeof(entry));
  }
  out.end(static_cast<uint32_t>(g_count));
}

}  // namespace silt::snapshot

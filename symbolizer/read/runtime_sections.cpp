// SPDX-License-Identifier: Apache-2.0
//
// The sections of runtimes of other languages, and whether they can be true. The texts in them come
// from the program's own sources.

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "symbolizer/read/section_items.h"
#include "symbolizer/read/snapshot_file.h"

namespace silt::read {
namespace {

using format::SectionType;

// Those that have frames on native stacks, which is how a function comes to be named.
ScriptKind kind_of_functions(std::string_view runtime) {
  return runtime == "php" ? ScriptKind::kPhp : ScriptKind::kPython;
}

}  // namespace

Result<std::vector<RuntimeFunction>> SnapshotFile::runtime_functions() {
  auto section = bytes(SectionType::kRuntimeFunctions, sizeof(format::RuntimeFunctionEntry));
  if (!section) return section.error();
  auto known = runtimes();
  if (!known) return known.error();
  std::vector<RuntimeFunction> functions(section->size() / sizeof(format::RuntimeFunctionEntry));
  for (size_t i = 0; i < functions.size(); ++i) {
    format::RuntimeFunctionEntry entry{};
    std::memcpy(&entry, section->data() + i * sizeof(entry), sizeof(entry));
    auto function = text(entry.function);
    if (!function) return function.error();
    auto file = text(entry.file);
    if (!file) return file.error();
    const std::string_view runtime =
        entry.runtime < known->size() ? std::string_view((*known)[entry.runtime].name) : "";
    functions[i] = {std::move(*function), std::move(*file), kind_of_functions(runtime),
                    entry.runtime};
  }
  return functions;
}

Result<format::RuntimeSamplerEntry> SnapshotFile::runtime_sampler() const {
  format::RuntimeSamplerEntry entry{};
  auto section = bytes(SectionType::kRuntimeSampler, sizeof(entry));
  if (!section) return section.error();
  if (section->size() >= sizeof(entry)) std::memcpy(&entry, section->data(), sizeof(entry));
  return entry;
}

Result<std::vector<Snapshot::Runtime>> SnapshotFile::runtimes() {
  auto section = bytes(SectionType::kRuntimes, sizeof(format::RuntimeEntry));
  if (!section) return section.error();
  const size_t count = section->size() / sizeof(format::RuntimeEntry);
  if (count > kMostRuntimes) return corrupt("it has more runtimes than any program");
  std::vector<Snapshot::Runtime> runtimes;
  for (size_t i = 0; i < count; ++i) {
    format::RuntimeEntry entry{};
    std::memcpy(&entry, section->data() + i * sizeof(entry), sizeof(entry));
    const format::HeapTotals& objects = entry.objects;
    if (std::max({objects.live_blocks, objects.live_bytes, objects.allocated_blocks,
                  objects.allocated_bytes, entry.arena_bytes}) > kLargestFigure / kMostRuntimes) {
      return corrupt("the figures of its runtimes are impossible");
    }
    auto name = text(entry.name);
    if (!name) return name.error();
    auto version = text(entry.version);
    if (!version) return version.error();
    auto why_not = text(entry.why_not);
    if (!why_not) return why_not.error();
    runtimes.push_back({std::move(*name), std::move(*version), std::move(*why_not), entry.flags,
                        entry.objects, entry.arena_bytes});
  }
  // Version 1 knew of one runtime only that has managed heaps; theirs is the last
  // (managed_heaps()).
  if (version_ == 1 && find(SectionType::kManagedHeaps) != nullptr) {
    runtimes.push_back({"nodejs", "", "", format::kRuntimeHeaps, {}, 0});
  }
  return runtimes;
}

}  // namespace silt::read

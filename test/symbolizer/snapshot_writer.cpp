// SPDX-License-Identifier: Apache-2.0
//
// Sections first, then the container around them.

#include "test/symbolizer/snapshot_writer.h"

#include <cstring>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace silt::test {
namespace {

using format::FileHeader;
using format::SectionEntry;
using format::SectionType;

class Strings {
 public:
  format::StringRef add(const std::string& text) {
    if (text.empty()) return 0;
    const auto reference = static_cast<format::StringRef>(bytes.size());
    bytes += text;
    bytes += '\0';
    return reference;
  }
  std::string bytes = std::string(1, '\0');
};

template <typename T>
void append_item(std::string& out, const T& item) {
  out.append(reinterpret_cast<const char*>(&item), sizeof(T));
}

uint64_t zigzag(uint64_t difference) { return (difference << 1) ^ (0 - (difference >> 63)); }

std::string node_bytes(const std::vector<NodeValues>& nodes) {
  std::string out;
  uint64_t previous = 0;
  for (size_t i = 0; i < nodes.size(); ++i) {
    append_varint(out, i + 1 - nodes[i].parent);
    append_varint(out, zigzag(nodes[i].pc - previous));
    previous = nodes[i].pc;
  }
  return out;
}

// A run for each node: the reader does not mind.
std::string birth_bytes(const std::vector<NodeValues>& nodes) {
  std::string out;
  uint64_t next = 0;
  for (const NodeValues& node : nodes) {
    append_varint(out, 1);
    append_varint(out, zigzag(node.birth - next));
    next = uint64_t{node.birth} + 1;
  }
  return out;
}

std::string row_bytes(const std::vector<RowValues>& rows) {
  std::string out;
  uint32_t previous = 0;
  for (const RowValues& row : rows) {
    append_varint(out, row.node - previous);
    append_varint(out, row.allocated_blocks);
    append_varint(out, row.allocated_bytes);
    append_varint(out, row.generations.size());
    for (const auto& generation : row.generations) {
      append_varint(out, generation.code);
      append_varint(out, generation.blocks);
      append_varint(out, generation.bytes);
    }
    previous = row.node;
  }
  return out;
}

std::string module_bytes(const std::vector<read::Module>& modules, Strings& strings) {
  std::string out;
  for (const auto& module : modules) {
    format::ModuleEntry entry{};
    entry.start = module.start;
    entry.end = module.end;
    entry.load_bias = module.load_bias;
    entry.first_node = module.first_node;
    entry.end_node = module.end_node;
    entry.path = strings.add(module.path);
    entry.flags = (module.main ? uint32_t{format::kModuleMain} : 0) |
                  (module.unloaded ? uint32_t{format::kModuleUnloaded} : 0);
    entry.build_id_size = static_cast<uint32_t>(module.build_id.size());
    if (!module.build_id.empty()) {
      std::memcpy(entry.build_id, module.build_id.data(),
                  std::min(module.build_id.size(), sizeof(entry.build_id)));
    }
    append_item(out, entry);
  }
  return out;
}

std::string script_node_bytes(const std::vector<ScriptNodeValues>& nodes) {
  std::string out;
  for (size_t i = 0; i < nodes.size(); ++i) {
    append_varint(out, i + 1 - nodes[i].parent);
    append_varint(out, nodes[i].frame);
  }
  return out;
}

std::string script_row_bytes(const std::vector<ScriptRowValues>& rows) {
  std::string out;
  for (const ScriptRowValues& row : rows) {
    append_varint(out, row.managed_heap);
    append_varint(out, row.node);
    append_varint(out, row.generations.size());
    for (const ScriptGeneration& generation : row.generations) {
      append_varint(out, generation.code);
      append_varint(out, generation.samples);
      append_varint(out, generation.blocks);
      append_varint(out, generation.bytes);
    }
  }
  return out;
}

uint32_t count_of(size_t size) { return static_cast<uint32_t>(size); }

}  // namespace

void append_varint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

std::vector<RawSection> sections_of(const SnapshotValues& values) {
  Strings strings;
  format::Meta meta = values.meta;
  meta.program = strings.add(values.program);
  meta.executable = strings.add(values.executable);
  meta.command = strings.add(values.command);
  meta.working_directory = strings.add(values.working_directory);
  meta.allocator = strings.add(values.allocator);
  std::string meta_bytes, mappings, costs, rss;
  append_item(meta_bytes, meta);
  const std::string modules = module_bytes(values.modules, strings);
  for (const auto& mapping : values.mappings) {
    append_item(mappings, format::MappingEntry{mapping.start, mapping.end, mapping.file_offset,
                                               strings.add(mapping.path), 0});
  }
  for (const auto& [cost, value] : values.costs) {
    append_item(costs, format::CostEntry{static_cast<uint32_t>(cost), 0, value});
  }
  for (const auto& part : values.rss) {
    append_item(rss, format::RssEntry{static_cast<uint32_t>(part.kind), 0, part.bytes});
  }
  std::string labels;
  for (const read::Label& label : values.labels) {
    append_item(labels, format::LabelEntry{strings.add(label.key), strings.add(label.value)});
  }
  std::string managed_heaps, script_frames;
  for (const auto& managed_heap : values.managed_heaps) append_item(managed_heaps, managed_heap);
  for (const auto& frame : values.script_frames) {
    append_item(script_frames,
                format::ManagedFrameEntry{strings.add(frame.function), strings.add(frame.file),
                                          frame.line, frame.column});
  }
  std::string runtimes;
  format::RuntimeEntry runtime{};
  runtime.name = strings.add(values.heaps_of);
  runtime.flags = format::kRuntimeHeaps;
  append_item(runtimes, runtime);
  std::string types;
  for (const ScriptTypeValues& type : values.script_types) {
    append_varint(types, type.managed_heap);
    append_varint(types, type.node);
    append_varint(types, strings.add(type.count.name));
    append_varint(types, type.count.objects);
    append_varint(types, type.count.bytes);
  }
  const auto type = [](SectionType value) { return static_cast<uint32_t>(value); };
  std::vector<RawSection> sections = {
      {type(SectionType::kMeta), 1, meta_bytes},
      {type(SectionType::kStrings), count_of(strings.bytes.size()), strings.bytes},
      {type(SectionType::kNodes), count_of(values.nodes.size()), node_bytes(values.nodes)},
      {type(SectionType::kStacks), count_of(values.rows.size()), row_bytes(values.rows)},
      {type(SectionType::kModules), count_of(values.modules.size()), modules},
      {type(SectionType::kMappings), count_of(values.mappings.size()), mappings},
      {type(SectionType::kCosts), count_of(values.costs.size()), costs},
      {type(SectionType::kRss), count_of(values.rss.size()), rss},
  };
  if (!values.nodes.empty() && values.nodes[0].birth != 0) {
    sections.push_back(
        {type(SectionType::kBirths), count_of(values.nodes.size()), birth_bytes(values.nodes)});
  }
  if (!values.labels.empty()) {
    sections.push_back({type(SectionType::kLabels), count_of(values.labels.size()), labels});
  }
  if (values.managed_heaps.empty()) return sections;
  sections.push_back({type(SectionType::kRuntimes), 1, runtimes});
  sections.push_back(
      {type(SectionType::kManagedHeaps), count_of(values.managed_heaps.size()), managed_heaps});
  sections.push_back(
      {type(SectionType::kManagedFrames), count_of(values.script_frames.size()), script_frames});
  sections.push_back({type(SectionType::kManagedNodes), count_of(values.script_nodes.size()),
                      script_node_bytes(values.script_nodes)});
  sections.push_back({type(SectionType::kManagedStacks), count_of(values.script_rows.size()),
                      script_row_bytes(values.script_rows)});
  if (!types.empty()) {
    sections.push_back(
        {type(SectionType::kManagedTypes), count_of(values.script_types.size()), types});
  }
  return sections;
}

std::string assemble(const std::vector<RawSection>& sections) {
  FileHeader header{};
  std::memcpy(header.magic, format::kMagic, sizeof(header.magic));
  header.version = format::kVersion;
  header.header_size = sizeof(FileHeader);
  header.section_count = count_of(sections.size());
  header.entry_size = sizeof(SectionEntry);
  std::string table, bodies;
  const size_t bodies_offset = sizeof(FileHeader) + sections.size() * sizeof(SectionEntry);
  for (const RawSection& section : sections) {
    bodies.resize((bodies.size() + 7) / 8 * 8);
    append_item(table, SectionEntry{section.type, section.count, bodies_offset + bodies.size(),
                                    section.bytes.size(), 0});
    bodies += section.bytes;
  }
  header.file_size = bodies_offset + bodies.size();
  std::string file;
  append_item(file, header);
  file += table + bodies;
  mend_checksums(file);
  return file;
}

std::string write_snapshot(const SnapshotValues& values) { return assemble(sections_of(values)); }

void mend_checksums(std::string& file) {
  FileHeader header{};
  if (file.size() < sizeof(header)) return;
  std::memcpy(&header, file.data(), sizeof(header));
  const uint64_t table_end =
      header.header_size + uint64_t{header.section_count} * header.entry_size;
  if (header.header_size < sizeof(header) || header.entry_size < sizeof(SectionEntry) ||
      table_end > file.size()) {
    return;
  }
  for (uint64_t at = header.header_size; at < table_end; at += header.entry_size) {
    SectionEntry entry{};
    std::memcpy(&entry, file.data() + at, sizeof(entry));
    if (entry.offset > file.size() || entry.size > file.size() - entry.offset) continue;
    entry.checksum = XXH64(file.data() + entry.offset, entry.size, 0);
    std::memcpy(file.data() + at, &entry, sizeof(entry));
  }
  std::memset(file.data() + offsetof(FileHeader, header_checksum), 0, sizeof(uint64_t));
  const uint64_t checksum = XXH64(file.data(), table_end, 0);
  std::memcpy(file.data() + offsetof(FileHeader, header_checksum), &checksum, sizeof(checksum));
}

}  // namespace silt::test

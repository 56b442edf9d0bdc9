// SPDX-License-Identifier: Apache-2.0
//
// What grew in a JavaScript heap and who keeps it, for a terminal: the first screen says it all,
// what explains it comes below.

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "symbolizer/base/quantity.h"
#include "symbolizer/render/escape.h"
#include "symbolizer/render/heap.h"
#include "symbolizer/render/text_rows.h"

namespace silt::render {
namespace {

using heap::HeapReport;
using heap::Kind;
using heap::PathStep;

constexpr size_t kShownSteps = 10;  // of a path without --full: four at the root, six at the end
constexpr size_t kFirstSteps = 4;
constexpr size_t kShownKinds = 4;
constexpr size_t kShownEntries = 2;
constexpr size_t kLongestLabel = 60;  // columns of one name

std::string bytes_text(uint64_t bytes) { return format_bytes(static_cast<double>(bytes)); }

std::string label_text(const std::string& name) { return shortened(clean(name), kLongestLabel); }

// "cache (Map)"; where the name is its class, that alone.
std::string named(const std::string& name, const std::string& what) {
  const std::string said = label_text(name);
  if (said.empty()) return label_text(what);
  return name == what || what.empty() ? said : said + " (" + label_text(what) + ")";
}

class HeapPage : TextRows {
 public:
  HeapPage(const HeapReport& report, const TextOptions& options)
      : TextRows(options), report_(report), options_(options), grows_(report.heaps.size() > 1) {}

  std::string text() {
    head();
    for (const heap::Finding& finding : report_.findings) show(finding);
    foot();
    return take();
  }

 private:
  void head() {
    std::string files;
    for (const heap::HeapLine& heap : report_.heaps) {
      if (!files.empty()) files += " → ";
      files += clean(std::filesystem::path(heap.file).filename().native());
    }
    wrapped(files, "", "  ", kBold);
    const heap::HeapLine& first = report_.heaps.front();
    const heap::HeapLine& last = report_.heaps.back();
    std::string bytes = "JavaScript heap ";
    std::string objects;
    for (const heap::HeapLine& heap : report_.heaps) {
      const bool is_first = &heap == &first;
      bytes += (is_first ? "" : " → ") + bytes_text(heap.bytes);
      objects += (is_first ? "" : " → ") + format_count(static_cast<double>(heap.objects));
    }
    if (grows_) {
      bytes +=
          " (" +
          format_bytes_signed(static_cast<double>(last.bytes) - static_cast<double>(first.bytes)) +
          ")";
    }
    wrapped(bytes + ", objects " + objects, "", "  ");
    if (last.unkept_bytes * 10 > last.bytes) {
      wrapped(bytes_text(last.unkept_bytes) + " of it are kept by weak references only", "", "  ");
    }
    if (!grows_) {
      const std::string count =
          format_counted(static_cast<double>(report_.findings.size()), "place");
      wrapped(report_.findings.empty()
                  ? "no object keeps 1 % of it; two snapshots show what grows"
                  : count + " where memory gathers; two snapshots show what grows",
              "", "  ");
    } else if (report_.findings.empty()) {
      wrapped("nothing grew by more than " + bytes_text(report_.least_bytes) +
                  ", which is what node itself may keep between two snapshots",
              "", "  ", kGreen);
    } else {
      const size_t count = report_.findings.size() + report_.more;
      wrapped(
          format_counted(static_cast<double>(count), "place") + " grew" +
              (report_.growth_bytes > 0
                   ? "; the first keeps " + share_text(report_.findings.front()) + " of the growth"
                   : ", while the heap as a whole did not"),
          "", "  ", kRed);
    }
  }

  std::string share_text(const heap::Finding& finding) const {
    const double share =
        static_cast<double>(finding.bytes) / static_cast<double>(report_.growth_bytes);
    return share > 1 ? "more than all" : format_percent(share);
  }

  void show(const heap::Finding& finding) {
    line("");
    const bool each = report_.heaps.size() > 2;
    const std::string word = !grows_ ? "KEEPS" : "GREW";
    const std::string title = word + "  " + named(finding.name, finding.what);
    const std::string place = clean(finding.place);
    const bool one_row = columns(title) + 2 + columns(bare_file(place)) <= options_.width;
    const std::string row =
        one_row ? two_sides("", title, place) : shortened(title, options_.width);
    line(options_.colour ? std::string(grows_ ? kRed : kYellow) + word + kReset + kBold +
                               row.substr(word.size()) + kReset
                         : row);
    if (!one_row && !place.empty()) line("    " + place_within(place, options_.width - 4));
    wrapped(figures(finding), "    ", "    ");
    if (each) {
      std::string retained = finding.each_time ? "grew each time: " : "did not grow each time: ";
      for (size_t i = 0; i < finding.retained_bytes.size(); ++i) {
        retained += (i == 0 ? "" : " → ") + bytes_text(finding.retained_bytes[i]);
      }
      wrapped(retained, "    ", "    ");
    }
    wrapped("kept by " + kept_by(finding), "    ", "      ");
    kinds(finding);
    path(finding);
  }

  std::string figures(const heap::Finding& finding) const {
    const auto bytes = static_cast<double>(finding.bytes);
    if (!grows_) {
      const auto all = static_cast<double>(report_.heaps.front().bytes);
      return format_bytes(bytes) + ", " + format_percent(bytes / std::max(1.0, all)) +
             " of the heap, in " +
             format_counted(static_cast<double>(finding.objects) + 1, "object");
    }
    std::string text = format_bytes_signed(bytes);
    if (finding.objects > 0) {
      text += " in " + format_counted(static_cast<double>(finding.objects), "object");
    }
    if (report_.growth_bytes > 0) text += ", " + share_text(finding) + " of the growth";
    if (finding.retained_bytes.size() == 2 && finding.retained_bytes.back() > 0) {
      text += "; it alone keeps " + bytes_text(finding.retained_bytes.front()) + " → " +
              bytes_text(finding.retained_bytes.back());
    }
    return text;
  }

  // "cache (Map) in app.js → table → +51,197 Session"
  std::string kept_by(const heap::Finding& finding) const {
    std::string text;
    if (finding.owners > 1) {
      text = format_count(static_cast<double>(finding.owners)) + " objects like ";
    }
    text += named(finding.name, finding.what);
    if (!finding.place.empty()) text += " in " + bare_file(clean(finding.place));
    for (const std::string& label : finding.inside) text += " → " + label_text(label);
    size_t shown = 0;
    for (const Kind& kind : finding.entries) {
      if (kind.objects <= 0) continue;
      if (shown == kShownEntries) {
        text += ", …";
        break;
      }
      text += (shown == 0 ? " → " : ", ") + std::string(grows_ ? "+" : "") +
              format_count(static_cast<double>(kind.objects)) + " " + label_text(kind.name);
      ++shown;
    }
    return text;
  }

  void kinds(const heap::Finding& finding) {
    const size_t most = options_.full ? finding.kinds.size() : kShownKinds;
    std::string text;
    for (size_t i = 0; i < std::min(most, finding.kinds.size()); ++i) {
      const Kind& kind = finding.kinds[i];
      if (!text.empty()) text += ", ";
      if (kind.objects > 0) text += format_count(static_cast<double>(kind.objects)) + " ";
      text += label_text(kind.name);
      if (!kind.place.empty()) text += " (" + bare_file(clean(kind.place)) + ")";
      text += " " + format_bytes(static_cast<double>(kind.bytes));
    }
    if (finding.kinds.size() > most) text += ", …";
    if (!text.empty()) wrapped((grows_ ? "came: " : "holds: ") + text, "    ", "      ");
  }

  void path(const heap::Finding& finding) {
    const size_t count = finding.path.size();
    const bool all = options_.full || count <= kShownSteps;
    for (size_t i = 0; i < count; ++i) {
      if (!all && i == kFirstSteps) {
        const size_t left_out = count - kShownSteps;
        line("        " +
             painted(kDim, "… " + format_counted(static_cast<double>(left_out), "step")));
        i += left_out;
      }
      const PathStep& step = finding.path[i];
      std::string text = named(step.label, step.what);
      if (step.repeats > 1) text += " × " + format_count(step.repeats);
      const std::string indent = i == 0 ? "      > " : "        ";
      line(shortened_row(indent, text, clean(step.place)));
    }
  }

  std::string shortened_row(const std::string& indent, const std::string& text,
                            const std::string& place) const {
    return place.empty() ? indent + shortened(text, options_.width - indent.size())
                         : two_sides(indent, text, place);
  }

  void foot() {
    if (grows_ && (report_.more > 0 || report_.own_bytes != 0)) line("");
    if (report_.more > 0) {
      wrapped(format_counted(static_cast<double>(report_.more), "place") + " more grew by " +
                  format_bytes(static_cast<double>(report_.more_bytes)) + "; --top shows more",
              "", "  ");
    }
    if (grows_ && report_.own_bytes != 0) {
      wrapped("V8's own (compiled code, shapes of objects): " +
                  format_bytes_signed(static_cast<double>(report_.own_bytes)),
              "", "  ");
    }
    for (const std::string& note : report_.notes) wrapped("note: " + note, "", "  ");
  }

  const HeapReport& report_;
  const TextOptions& options_;
  const bool grows_;
};

}  // namespace

std::string render_heap_text(const HeapReport& report, const TextOptions& options) {
  return HeapPage(report, options).text();
}

}  // namespace silt::render

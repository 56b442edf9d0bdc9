// SPDX-License-Identifier: Apache-2.0
//
// OpenMetrics text. Only gauges and counters, without timestamps, so that older readers of
// Prometheus' text format, such as node_exporter's textfile collector, take it too.

#include <algorithm>
#include <charconv>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "symbolizer/render/escape.h"
#include "symbolizer/render/export.h"
#include "symbolizer/render/rss_words.h"
#include "symbolizer/render/words.h"
#include "symbolizer/report/site.h"

namespace silt::render {
namespace {

using read::Label;
using report::Finding;
using report::Report;
using report::Verdict;

constexpr Verdict kVerdicts[] = {Verdict::kLeak,     Verdict::kGrowing, Verdict::kBounded,
                                 Verdict::kSawtooth, Verdict::kSteady,  Verdict::kRetained};

// Backslash, quote and line end are the three that the format escapes. Clean texts have no line
// end, but backslashes of their own.
std::string escaped(std::string_view value) {
  std::string text;
  for (const char c : value) {
    if (c == '\\' || c == '"') text += '\\';
    if (c == '\n') {
      text += "\\n";
    } else {
      text += c;
    }
  }
  return text;
}

std::string number(double value) {
  char text[32];
  const auto [end, error] = std::to_chars(text, text + sizeof(text), value);
  return error == std::errc() ? std::string(text, end) : "NaN";
}
std::string number(uint64_t value) { return std::to_string(value); }
std::string number(int64_t value) { return std::to_string(value); }

// One recording: what its series are known by, and where they go.
class Series {
 public:
  Series(const std::vector<Label>& labels, std::string_view name, std::string& text)
      : labels_(labels), name_(name), text_(text) {}

  void add(const std::vector<Label>& more, const std::string& value) {
    text_ += name_;
    text_ += '{';
    const char* before = "";
    for (const std::vector<Label>* list : {&labels_, &more}) {
      for (const Label& label : *list) {
        text_ += before + label.key + "=\"" + escaped(label.value) + "\"";
        before = ",";
      }
    }
    text_ += "} " + value + "\n";
  }

 private:
  const std::vector<Label>& labels_;
  std::string_view name_;
  std::string& text_;
};

using Figures = std::vector<Label>;  // heap -> figure

Figures by_heap(uint64_t native, uint64_t mapping, uint64_t js, uint64_t python) {
  Figures figures = {{"native", number(native)}, {"mapping", number(mapping)}};
  if (js != 0) figures.push_back({"js", number(js)});
  if (python != 0) figures.push_back({"python", number(python)});
  return figures;
}

// Labels of each finding that is told, no two alike.
std::vector<std::vector<Label>> labels_of_findings(const Report& report) {
  std::vector<std::vector<Label>> result;
  std::map<std::string, size_t> seen;
  for (size_t i = 0; i < std::min(report.findings.size(), kMostExported); ++i) {
    const Finding& finding = report.findings[i];
    std::vector<Label> labels = {{"heap", heap_word(finding.heap)},
                                 {"site", clean(short_finding_name(finding))},
                                 {"place", clean(place_text(finding.site))}};
    std::string key;
    for (const Label& label : labels) key += label.value + "\n";
    const size_t times = ++seen[key];
    if (times > 1) labels.push_back({"finding", std::to_string(times)});
    result.push_back(std::move(labels));
  }
  return result;
}

struct Family {
  const char* name;
  const char* type;
  const char* unit;  // "": none
  const char* help;
  std::function<void(const Report&, Series&)> fill;
};

template <typename Value>
auto of_findings(Value value) {
  return [value](const Report& report, Series& series) {
    const std::vector<std::vector<Label>> labels = labels_of_findings(report);
    for (size_t i = 0; i < labels.size(); ++i) {
      const std::string text = value(report.findings[i]);
      if (!text.empty()) series.add(labels[i], text);
    }
  };
}

void add_by_heap(const Figures& figures, Series& series) {
  for (const Label& figure : figures) series.add({{"heap", figure.key}}, figure.value);
}

const Family kFamilies[] = {
    {"silt_process_start_time_seconds", "gauge", "seconds",
     "When recording of the process began, in Unix time.",
     [](const Report& report, Series& series) {
       series.add({}, number(static_cast<double>(report.start_realtime_ns) / 1e9));
     }},
    {"silt_snapshot_time_seconds", "gauge", "seconds",
     "When the newest snapshot was taken, in Unix time.",
     [](const Report& report, Series& series) {
       if (report.snapshots.empty()) return;
       series.add({}, number(static_cast<double>(report.snapshots.back().realtime_ns) / 1e9));
     }},
    {"silt_snapshots", "gauge", "", "Snapshots of the recording.",
     [](const Report& report, Series& series) {
       series.add({}, number(uint64_t{report.snapshots.size()}));
     }},
    {"silt_resident_bytes", "gauge", "bytes", "Resident memory by part.",
     [](const Report& report, Series& series) {
       if (report.snapshots.empty() || !report.snapshots.back().parts) return;
       for (const RssPart& part : rss_parts(*report.snapshots.back().parts)) {
         series.add({{"part", part.key}}, number(part.bytes));
       }
     }},
    {"silt_live_bytes", "gauge", "bytes", "Bytes allocated and not freed, by heap.",
     [](const Report& report, Series& series) {
       if (report.snapshots.empty()) return;
       const report::SnapshotLine& at = report.snapshots.back();
       add_by_heap(by_heap(at.live_bytes, at.mapping_bytes, at.js_used_bytes, at.object_bytes),
                   series);
     }},
    {"silt_live_blocks", "gauge", "", "Native blocks allocated and not freed.",
     [](const Report& report, Series& series) {
       if (report.snapshots.empty()) return;
       series.add({}, number(report.snapshots.back().live_blocks));
     }},
    {"silt_allocated_bytes", "counter", "bytes", "Native bytes allocated since recording began.",
     [](const Report& report, Series& series) {
       if (report.snapshots.empty()) return;
       series.add({}, number(report.snapshots.back().allocated_bytes));
     }},
    {"silt_allocated_blocks", "counter", "", "Native blocks allocated since recording began.",
     [](const Report& report, Series& series) {
       if (report.snapshots.empty()) return;
       series.add({}, number(report.snapshots.back().allocated_blocks));
     }},
    {"silt_findings", "gauge", "", "Findings by verdict.",
     [](const Report& report, Series& series) {
       for (const Verdict verdict : kVerdicts) {
         const auto count = std::count_if(
             report.findings.begin(), report.findings.end(),
             [verdict](const Finding& finding) { return finding.verdict == verdict; });
         series.add({{"verdict", report::verdict_word(verdict)}},
                    number(static_cast<uint64_t>(count)));
       }
     }},
    {"silt_finding_state", "gauge", "", "1 for the verdict on a finding, 0 for all others.",
     [](const Report& report, Series& series) {
       const std::vector<std::vector<Label>> labels = labels_of_findings(report);
       for (size_t i = 0; i < labels.size(); ++i) {
         for (const Verdict verdict : kVerdicts) {
           std::vector<Label> more = labels[i];
           more.push_back({"verdict", report::verdict_word(verdict)});
           series.add(more, report.findings[i].verdict == verdict ? "1" : "0");
         }
       }
     }},
    {"silt_finding_live_bytes", "gauge", "bytes", "Live bytes of a finding.",
     of_findings([](const Finding& finding) {
       return finding.live_bytes.empty() ? std::string() : number(finding.live_bytes.back());
     })},
    {"silt_finding_growth_bytes", "gauge", "bytes", "Growth of a finding since the first snapshot.",
     of_findings([](const Finding& finding) { return number(finding.growth_bytes); })},
    {"silt_finding_growth_bytes_per_second", "gauge", "bytes_per_second",
     "Fitted pace of a finding that rises.", of_findings([](const Finding& finding) {
       const bool told = finding.bytes_per_hour && report::rises(finding.verdict);
       return told ? number(*finding.bytes_per_hour / 3600) : std::string();
     })},
};

}  // namespace

std::string render_openmetrics(const std::vector<Exported>& all) {
  const std::vector<std::vector<Label>> labels = export_labels(all);
  std::string text;
  for (const Family& family : kFamilies) {
    std::string samples;
    const std::string name =
        family.name + std::string(std::string_view(family.type) == "counter" ? "_total" : "");
    for (size_t i = 0; i < all.size(); ++i) {
      Series series(labels[i], name, samples);
      family.fill(all[i].report, series);
    }
    if (samples.empty()) continue;
    text += std::string("# TYPE ") + family.name + " " + family.type + "\n";
    if (*family.unit != '\0')
      text += std::string("# UNIT ") + family.name + " " + family.unit + "\n";
    text += std::string("# HELP ") + family.name + " " + escaped(family.help) + "\n";
    text += samples;
  }
  return text + "# EOF\n";
}

}  // namespace silt::render

// SPDX-License-Identifier: Apache-2.0
//
// The report for a terminal: what matters on the first screen, 80 columns, findings first. Colour
// carries no meaning of its own, so nothing is lost without it. Longer than 300 lines: one screen.

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "symbolizer/base/quantity.h"
#include "symbolizer/render/escape.h"
#include "symbolizer/render/headline.h"
#include "symbolizer/render/heap_growth_words.h"
#include "symbolizer/render/owner_words.h"
#include "symbolizer/render/reason_words.h"
#include "symbolizer/render/render.h"
#include "symbolizer/render/text_head.h"
#include "symbolizer/render/text_rows.h"
#include "symbolizer/render/text_stack.h"
#include "symbolizer/render/thread_words.h"
#include "symbolizer/render/type_words.h"
#include "symbolizer/render/words.h"
#include "symbolizer/report/gate/policy.h"
#include "symbolizer/report/gate/unjudged.h"
#include "symbolizer/report/site.h"

namespace silt::render {
namespace {

using report::Finding;
using report::Origin;
using report::Report;
using report::StackLine;
using report::Verdict;
using symbolize::Frame;

const char* colour_of(Verdict verdict) {
  if (verdict == Verdict::kLeak) return kRed;
  return verdict == Verdict::kGrowing ? kYellow : kGreen;
}

// Of a finding in many processes, and of what these say of themselves.
constexpr size_t kMostShares = 8;
constexpr size_t kMostTold = 24;

class Page : TextRows {
 public:
  Page(const Report& report, const TextOptions& options)
      : TextRows(options), report_(report), options_(options) {
    for (const StackLine& stack : report.stacks) stack_by_id_.try_emplace(stack.id, &stack);
  }

  std::string text() {
    put_head(*this, options_, report_);
    findings();
    quiet_findings();
    heaps();
    stacks();
    gate();
    foot();
    return take();
  }

 private:
  // What a gate has ruled about and found to be no growth without end is for who asks.
  bool is_quiet(const Finding& finding) const {
    return report_.gate.ran && !options_.full && !report::rises(finding.verdict);
  }

  void quiet_findings() {
    constexpr size_t kMostNames = 3;
    std::string names;
    size_t count = 0;
    for (const Finding& finding : report_.findings) {
      if (!is_quiet(finding)) continue;
      if (count++ >= kMostNames) continue;
      const std::string name = finding.verdict == Verdict::kRetained
                                   ? "freed memory that the allocator holds"
                                   : said_name(clean(finding_name(finding)));
      names += (names.empty() ? "" : ", ") + (name.empty() ? "?" : name) + " (" +
               report::verdict_word(finding.verdict) + ")";
    }
    if (count == 0) return;
    line("");
    wrapped((count == 1 ? "passes: " : std::to_string(count) + " more pass: ") + names +
                (count > kMostNames ? " and " + std::to_string(count - kMostNames) + " more" : "") +
                "; --full shows why",
            "", "  ");
  }

  void findings() {
    for (size_t index = 0; index < report_.findings.size(); ++index) {
      const Finding& finding = report_.findings[index];
      if (is_quiet(finding)) continue;
      line("");
      const std::string word = report::verdict_word(finding.verdict);
      std::string upper = word;
      for (char& c : upper) c = static_cast<char>(c - 'a' + 'A');
      if (finding.change != report::Change::kNotCompared) {
        upper += " (" + change_word(finding.change) + ")";
      }
      const std::string name = finding.whole.empty() ? said_name(clean(function_text(finding.site)))
                                                     : finding_name(finding);
      const bool retained = finding.verdict == Verdict::kRetained;
      const std::string title =
          upper + "  " +
          (retained ? clean(headline_text(finding))
                    : clean(before_site(finding)) + (name.empty() ? "?" : name));
      const std::string place = retained ? "" : clean(place_text(finding.site));
      const bool one_row =
          options_.full || columns(title) + 2 + columns(bare_file(place)) <= options_.width;
      const std::string row =
          one_row ? two_sides("", title, place) : shortened(title, options_.width);
      line(options_.colour ? std::string(colour_of(finding.verdict)) + upper + kReset + kBold +
                                 row.substr(std::min(row.size(), upper.size())) + kReset
                           : row);
      if (!one_row) line("    " + place_within(place, options_.width - 4));
      std::string pace = pace_text(finding) + ", " + format_percent(finding.confidence) + " sure";
      if (finding.heap != read::Heap::kNative) {
        pace += finding.heap == read::Heap::kMapping   ? ", anonymous mappings"
                : finding.heap == read::Heap::kObjects ? ", Python objects"
                : finding.heap == read::Heap::kJava    ? ", Java heap"
                                                       : ", JavaScript heap";
      }
      const std::string spark = sparkline(finding.live_bytes, 16);
      wrapped(pace, "    " + spark + " ", std::string(5 + columns(spark), ' '));
      wrapped(reason_text(finding.why), "    ", "    ");
      threads(finding.threads);
      types(finding.types);
      owners(finding.owners, 3);
      const std::string limit = limit_text(report_, finding);
      if (!limit.empty()) wrapped(limit, "    ", "    ");
      if (finding.baseline_bytes_per_hour) {
        wrapped("earlier pace: " + format_bytes_signed(*finding.baseline_bytes_per_hour) + "/h",
                "    ", "    ");
      }
      shares(finding);
      ruling(index);
      const bool short_form = !report::rises(finding.verdict);
      if (short_form && !options_.full) continue;
      if (finding.whole.empty()) finding_stacks(finding);
      leads(finding);
    }
  }

  // Where to look when no place can be named.
  void leads(const Finding& finding) {
    size_t shown = 0;
    for (const read::StackId id : finding.leads) {
      const auto at = stack_by_id_.find(id);
      if (at == stack_by_id_.end() || at->second->frames.empty()) continue;
      if (shown++ >= (options_.full ? finding.leads.size() : 2)) break;
      line("      " + painted(kDim, "lead: " + stack_figures(report_, *at->second)));
      const Frame& site = at->second->frames[report::find_site(at->second->frames)];
      put_frames(*this, options_, at->second->frames, site, at->second->missing);
    }
  }

  static const char* outcome_text(report::Outcome outcome) {
    switch (outcome) {
      case report::Outcome::kBroken:
        return "breaks the policy: ";
      case report::Outcome::kExcused:
        return "excused: ";
      case report::Outcome::kInconclusive:
        return "inconclusive: ";
      case report::Outcome::kPassed:
        break;
    }
    return "passes: ";
  }

  void ruling(size_t finding) {
    for (const report::Ruling& ruling : report_.gate.rulings) {
      if (!ruling.finding || *ruling.finding != finding) continue;
      if (ruling.outcome == report::Outcome::kPassed) continue;
      wrapped(outcome_text(ruling.outcome) + ruling_text(report_, ruling), "    ", "    ");
    }
  }

  // What was ruled about the run as a whole, and the outcome in one line.
  void gate() {
    if (!report_.gate.ran) return;
    size_t broken = 0;
    size_t excused = 0;
    bool unjudged = false;
    line("");
    for (const report::Ruling& ruling : report_.gate.rulings) {
      broken += ruling.outcome == report::Outcome::kBroken ? 1 : 0;
      excused += ruling.outcome == report::Outcome::kExcused ? 1 : 0;
      unjudged = unjudged || ruling.fails || ruling.rule == report::kUnjudgedRule;
      if (!ruling.finding) wrapped(outcome_text(ruling.outcome) + ruling.why, "", "  ");
    }
    const bool too_short = report_.judged_snapshots < report::kFewestForVerdict;
    std::string text = too_short  ? "check without a verdict: too short"
                       : unjudged ? "check inconclusive"
                                  : "check passed";
    if (broken > 0) {
      text = "check failed: " + format_counted(static_cast<double>(broken), "rule") + " broken";
    }
    if (excused > 0) text += ", " + std::to_string(excused) + " excused";
    wrapped(text, "", "  ", broken > 0 ? kRed : unjudged || too_short ? kBold : kGreen);
  }

  void shares(const Finding& finding) {
    std::vector<report::Share> shares = finding.shares;
    std::stable_sort(shares.begin(), shares.end(),
                     [](const report::Share& a, const report::Share& b) {
                       return a.growth_bytes > b.growth_bytes;
                     });
    const size_t shown = options_.full ? shares.size() : std::min(shares.size(), kMostShares);
    for (size_t i = 0; i < shown; ++i) {
      if (shares[i].process >= report_.processes.size()) continue;
      const report::ProcessLine& process = report_.processes[shares[i].process];
      std::string right = report::verdict_word(shares[i].verdict);
      right += ", " + format_bytes_signed(static_cast<double>(shares[i].growth_bytes));
      line(two_sides("    ", clean(process.who), right));
    }
    if (shown == shares.size()) return;
    const std::string more = std::to_string(shares.size() - shown);
    line("    " + painted(kDim, "and in " + more + " more processes (--full shows all)"));
  }

  void finding_stacks(const Finding& finding) {
    size_t shown = 0;
    for (const read::StackId id : finding.stacks) {
      const auto at = stack_by_id_.find(id);
      if (at == stack_by_id_.end() || at->second->frames.empty()) continue;
      if (shown > 0 && !options_.full) break;
      if (options_.full) {
        line("      " + painted(kDim, stack_figures(report_, *at->second)));
      }
      put_frames(*this, options_, at->second->frames, finding.site, at->second->missing);
      ++shown;
    }
    if (!options_.full && finding.stacks.size() > 1) {
      const std::string parts = parts_text(finding);
      wrapped("and " +
                  format_counted(static_cast<double>(finding.stacks.size() - 1), "more stack") +
                  " with the same cause" + (parts.empty() ? "" : ", through " + parts) +
                  " (--full shows all)",
              "      ", "      ", kDim);
    }
  }

  void threads(const std::vector<report::ThreadLine>& all) {
    const std::string text = threads_text(all, options_.full ? all.size() : 3);
    if (!text.empty()) wrapped("threads: " + text, "    ", "      ");
  }

  void types(const std::vector<report::TypeLine>& all) {
    const std::string text = types_text(all, options_.full ? all.size() : 3);
    if (!text.empty()) wrapped("types: " + text, "    ", "      ");
  }

  // At most three lines; what is lost is among them.
  void owners(const std::vector<report::OwnerLine>& all, size_t most) {
    if (options_.full) most = kAllOwners;
    for (const std::string& text : owner_texts(all, most)) wrapped(clean(text), "    ", "      ");
  }

  // Which functions the other stacks of a finding come through, largest growth first: of a leaked
  // certificate that X509_new_ex and EVP_PKEY_new made its parts.
  std::string parts_text(const Finding& finding) const {
    constexpr size_t kMostParts = 4;
    std::vector<std::string> names;
    for (size_t i = 1; i < finding.stacks.size() && names.size() < kMostParts; ++i) {
      const auto at = stack_by_id_.find(finding.stacks[i]);
      if (at == stack_by_id_.end() || at->second->frames.empty()) continue;
      const symbolize::FrameList& all = at->second->frames;
      const size_t site = report::site_in(all, finding.site).value_or(report::find_site(all));
      for (size_t k = site; k-- > 0;) {
        const Origin origin = report::origin_of(all[k]);
        if (origin != Origin::kLibrary && origin != Origin::kUser) continue;
        if (all[k].function.empty()) continue;
        const std::string name = said_name(clean(all[k].function));
        if (name.empty() || name.back() == ':') continue;  // a lambda, which has no name of its own
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
        break;
      }
    }
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
    return text;
  }

  // What came in heaps of which all objects were counted; no verdict comes of it.
  void heaps() {
    for (const report::HeapGrowthLine& heap : report_.heap_growth) {
      line("");
      wrapped(heap_growth_text(report_, heap), "", "  ", kBold);
      owners(heap.owners, 3);
    }
  }

  void stacks() {
    const bool growth = report_.judged_snapshots >= 2;
    std::unordered_map<read::StackId, bool> told;
    for (const Finding& finding : report_.findings) {
      for (const read::StackId id : finding.stacks) told[id] = true;
    }
    // A gate has ruled about findings: what is none is for who asks.
    const bool only_counted = report_.gate.ran && growth && !options_.full;
    const double least = growth && !options_.full ? least_told() : 0;
    size_t shown = 0;
    size_t counted = 0;
    for (const StackLine& stack : report_.stacks) {
      if (!options_.full && !only_counted && shown >= options_.stacks) break;
      if (told.count(stack.id) > 0 || stack.frames.empty()) continue;
      if (growth && stack.growth_bytes <= 0) continue;
      if (only_counted || static_cast<double>(stack.growth_bytes) < least) {
        ++counted;
        continue;
      }
      if (shown == 0) {
        line("");
        line(painted(kBold, growth ? "Also grew, but is no finding:" : "In use:"));
      }
      wrapped(stack_figures(report_, stack) + " " + sparkline(stack.live_bytes, 16), "  ", "  ");
      const Frame& site = stack.frames[report::find_site(stack.frames)];
      put_frames(*this, options_, stack.frames, site, stack.missing);
      if (options_.full) threads(stack.threads);
      types(stack.types);
      owners(stack.owners, 2);
      ++shown;
    }
    if (counted == 0) return;
    line("");
    const bool one = counted == 1;
    wrapped(format_counted(static_cast<double>(counted), "more stack") + " grew " +
                (only_counted ? "and " : "by less than a thousandth of what findings did and ") +
                (one ? "is" : "are") + " no finding (--full shows " + (one ? "it" : "them") + ")",
            "", "  ");
  }

  // Beside what rises, a few bytes more are no news.
  double least_told() const {
    double growth = 0;
    for (const report::Finding& finding : report_.findings) {
      if (report::rises(finding.verdict)) growth += static_cast<double>(finding.growth_bytes);
    }
    return growth / 1000;
  }

  // With many processes each says much the same.
  void told(const std::vector<std::string>& texts, const char* first, const char* indent) {
    const size_t shown = options_.full || report_.processes.empty()
                             ? texts.size()
                             : std::min(texts.size(), kMostTold);
    for (size_t i = 0; i < shown; ++i) wrapped(texts[i], first, indent);
    if (shown < texts.size()) {
      wrapped(std::to_string(texts.size() - shown) + " more of these (--full shows all)", first,
              indent);
    }
  }

  void foot() {
    line("");
    told(report_.honesty, "- ", "  ");
    told(report_.notes, "note: ", "      ");
  }

  const Report& report_;
  const TextOptions& options_;
  std::unordered_map<read::StackId, const StackLine*> stack_by_id_;
};

}  // namespace

std::string render_text(const Report& report, const TextOptions& options) {
  return Page(report, options).text();
}

}  // namespace silt::render

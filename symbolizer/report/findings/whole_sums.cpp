// SPDX-License-Identifier: Apache-2.0
//
// Curves, leads and findings; see the header.

#include "symbolizer/report/findings/whole_sums.h"

#include <cmath>
#include <unordered_map>

#include "symbolizer/report/findings/stack_site.h"
#include "symbolizer/report/site.h"

namespace silt::report {
namespace {

constexpr size_t kMostLeads = 5;
constexpr size_t kMostShares = 3;

}  // namespace

using analyze::Curve;
using analyze::Judgement;
using analyze::WholeFloor;
using read::Heap;

double rise_of(const Curve& curve, size_t from) {
  return curve.values.empty()
             ? 0
             : curve.values.back() - curve.values[std::min(from, curve.values.size() - 1)];
}

std::vector<Lead> find_leads(const WholeInput& input, Heap heap,
                             const std::function<double(const StackSummary&)>& weight,
                             const std::unordered_set<size_t>& without) {
  std::vector<size_t> order;
  for (size_t i = 0; i < input.recording.stacks.size(); ++i) {
    if (input.recording.stacks[i].heap != heap || without.count(i) > 0) continue;
    if (weight(input.summaries[i]) > 0) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return weight(input.summaries[a]) > weight(input.summaries[b]);
  });
  if (order.size() > input.options.most_stacks) order.resize(input.options.most_stacks);
  std::vector<Lead> leads;
  std::unordered_map<std::string, size_t> by_site;
  for (const size_t i : order) {
    symbolize::Frame site =
        site_of(input.recording, input.recording.stacks[i], input.names, input.options);
    const auto [at, added] = by_site.try_emplace(site_key(site), leads.size());
    if (added) leads.push_back({std::move(site), 0, {}});
    leads[at->second].bytes += weight(input.summaries[i]);
    leads[at->second].stacks.push_back(i);
  }
  std::stable_sort(leads.begin(), leads.end(),
                   [](const Lead& a, const Lead& b) { return a.bytes > b.bytes; });
  return leads;
}

double bytes_of(const std::vector<Lead>& leads) {
  double all = 0;
  for (const Lead& lead : leads) all += lead.bytes;
  return all;
}

std::vector<NamedShare> shares_of(const std::vector<Lead>& leads) {
  const double all = std::max(1.0, bytes_of(leads));
  std::vector<NamedShare> shares;
  for (const Lead& lead : leads) {
    if (shares.size() == kMostShares) break;
    shares.push_back({lead.site, lead.bytes / all});
  }
  return shares;
}

Finding finding_of(const WholeInput& input, const char* whole, Heap heap, Subject subject,
                   const Curve& curve, const Judgement& judgement, const std::vector<Lead>& leads,
                   std::vector<Remark> remarks) {
  Finding finding;
  decide(finding, {subject, 0, judgement.reason, std::move(remarks)}, judgement.confidence);
  finding.heap = heap;
  finding.whole = whole;
  finding.growth_bytes = std::llround(judgement.growth_bytes);
  finding.bytes_per_hour = judgement.bytes_per_second * 3600;
  for (const double value : curve.values) {
    finding.live_bytes.push_back(static_cast<uint64_t>(std::max(0.0, value)));
  }
  for (const Lead& lead : leads) {
    if (finding.leads.size() >= kMostLeads) break;
    finding.leads.push_back(input.recording.stacks[lead.stacks.front()].id);
  }
  return finding;
}

void tell_smallest(Wholes& wholes, const Curve& curve, const WholeFloor& floor) {
  const double least = analyze::smallest_whole(curve, floor);
  if (least <= 0) return;
  wholes.detectable_bytes_per_hour = std::max(wholes.detectable_bytes_per_hour.value_or(0), least);
}

double explained_by(const WholeInput& input, const std::vector<Group>& groups, Heap heap) {
  double bytes = 0;
  for (const Group& group : groups) {
    if (group.verdict() != Verdict::kLeak) continue;
    for (const size_t stack : group.stacks) {
      if (input.recording.stacks[stack].heap == heap) bytes += input.summaries[stack].growth_bytes;
    }
  }
  return bytes;
}

}  // namespace silt::report

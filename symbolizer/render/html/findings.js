// SPDX-License-Identifier: Apache-2.0
//
// What grows, first: one card a finding with its verdict, place, pace and reason; opened, its stacks
// with source lines where the machine that wrote the page had the source at hand.

import {element, placeText, scrolled} from "./dom.js";
import {blocks, count, elapsed, signedBlocks, signedBytes} from "./format.js";
import {ownersBox} from "./owners.js";

const kSvg = "http://www.w3.org/2000/svg";

function svg(name, attributes, ...children) {
  const made = document.createElementNS(kSvg, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// Live bytes of one finding over time, from zero.
function sparkline(values) {
  const width = 120;
  const height = 28;
  const most = Math.max(1, ...values.slice(0, 1), values.reduce((a, b) => Math.max(a, b), 0));
  const points = values.map((value, i) => {
    const x = values.length > 1 ? (width * i) / (values.length - 1) : width;
    return `${x.toFixed(1)},${(height - 1 - (height - 3) * (value / most)).toFixed(1)}`;
  });
  return svg("svg", {viewBox: `0 0 ${width} ${height}`, class: "spark", "aria-hidden": "true"},
             svg("polyline", {points: points.join(" ")}));
}

function source(excerpt) {
  const box = element("pre", {class: "source", tabindex: "0", "aria-label": "source lines"});
  excerpt.lines.forEach((text, i) => {
    const number = excerpt.first + i;
    const mark = number === excerpt.line;
    box.append(element("span", {class: mark ? "line here" : "line"},
      element("span", {class: "number"}, `${mark ? "▸" : " "} ${String(number).padStart(5)}  `),
      `${text}\n`));
  });
  return excerpt.newer
    ? [box, element("p", {class: "quiet"}, "The file is newer than the recording: lines may have moved.")]
    : [box];
}

function frameItem(data, index) {
  const frame = data.frames[index];
  const label = element("span", {class: frame.own ? "frame-name own" : "frame-name"}, frame.text);
  const place = frame.place ? placeText(frame.place) : null;
  const marks = [frame.kind !== "native" ? frame.kind : null, frame.inlined ? "inlined" : null]
    .filter(Boolean).map((mark) => element("span", {class: "mark"}, mark));
  const why = frame.unresolved ? element("span", {class: "quiet"}, frame.unresolved) : null;
  const head = [label, " ", place, " ", ...marks, why];
  if (frame.source === undefined) return element("li", {}, head);
  return element("li", {}, element("details", {}, element("summary", {}, head),
                                   source(data.sources[frame.source])));
}

// Other people's code in a row is one line that opens; a single frame of it is as short.
const kFewFrames = 2;

function frameList(data, stack) {
  const list = element("ol", {class: "stack"});
  const is_shown = (frame, at) => data.frames[frame].own || at === stack.site;
  const any_own = stack.frames.some(is_shown);
  for (let at = 0; at < stack.frames.length;) {
    let end = at;
    while (end < stack.frames.length && !is_shown(stack.frames[end], end)) ++end;
    if (!any_own || end - at < kFewFrames) {
      end = Math.max(end, at + 1);
      for (; at < end; ++at) {
        const item = frameItem(data, stack.frames[at]);
        // The source of the place that the finding names is what people came for.
        if (at === stack.site) {
          item.classList.add("site-frame");
          item.querySelector("details")?.setAttribute("open", "");
        }
        list.append(item);
      }
      continue;
    }
    const whose = [...new Set(stack.frames.slice(at, end).map((frame) => data.frames[frame].code))];
    list.append(element("li", {class: "folded"}, element("details", {},
      element("summary", {}, `${end - at} frames of ${whose.join(", ")}`),
      element("ol", {start: at + 1}, stack.frames.slice(at, end).map((frame) => frameItem(data, frame))))));
    at = end;
  }
  // Numbers go on behind what is folded.
  let number = 1;
  for (const item of list.children) {
    item.setAttribute("value", number);
    number += Math.max(1, item.querySelectorAll("ol > li").length);
  }
  return list;
}

// What tells a stack from the others at a glance: how much, and the user's function nearest to it.
function stackWords(data, stack) {
  const grown = stack.growth_blocks;
  const own = stack.frames.find((frame) => data.frames[frame].own);
  const among = grown > 0 ? ` in ${blocks(grown)}` : grown < 0 ? ` in ${signedBlocks(grown)}` : "";
  return [`${signedBytes(stack.growth_bytes)}${among}`,
          own === undefined ? null : element("span", {class: "through"}, ` ${data.frames[own].text}`)];
}

function stackList(data, stack, number, total) {
  const list = frameList(data, stack);
  return element("details", {class: "stack-box", open: number === 1},
    element("summary", {}, total > 1 ? `Stack ${number} of ${count(total)}: ` : "Stack: ",
            number === 1 ? stackWords(data, stack)[0] : stackWords(data, stack),
            number === 1 ? element("span", {class: "quiet"}, " innermost frame first") : null),
    list,
    stack.missing ? element("p", {class: "quiet"}, stack.missing) : null);
}

// Beyond the first, stacks mostly say the same again.
const kFirstStacks = 3;

function stackLists(data, finding) {
  const boxes = finding.stacks.map((stack, at) => stackList(data, stack, at + 1, finding.stacks_total));
  const rest = finding.stacks_total - finding.stacks.length;
  const note = rest > 0
    ? element("p", {class: "quiet"}, `${count(rest)} more in the flame graph.`) : null;
  if (boxes.length <= kFirstStacks + 1) return [boxes, note];
  const more = boxes.slice(kFirstStacks);
  return [boxes.slice(0, kFirstStacks),
          element("details", {class: "more-stacks"},
                  element("summary", {}, `${count(more.length)} more stacks with the same cause`), more, note)];
}

// Reasons mark names as the terminal does: `name`.
function withNames(text) {
  return text.split(/`([^`]+)`/).map((part, at) => (at % 2 === 1 ? element("code", {}, part) : part));
}

function shares(data, finding) {
  if (finding.shares === undefined) return null;
  const rows = finding.shares.map((share) => element("tr", {},
    element("td", {}, data.processes[share.process]?.name ?? "?"),
    element("td", {}, share.verdict),
    element("td", {}, signedBytes(share.growth_bytes)),
    element("td", {}, share.bytes_per_hour === null ? "–" : `${signedBytes(share.bytes_per_hour)}/h`)));
  return scrolled("in each process", element("table", {},
    element("thead", {}, element("tr", {}, ["process", "verdict", "growth", "pace"]
      .map((head) => element("th", {scope: "col"}, head)))),
    element("tbody", {}, rows)));
}

// What a finding's bytes did in the chosen time; nothing for all of it, which the pace tells.
function growthIn(range, finding) {
  if (range.isAll) return "";
  const at = (time) => finding.live_bytes[range.data.times[time]];
  const growth = at(range.to) - at(range.from);
  const seconds = range.seconds(range.to) - range.seconds(range.from);
  return `from ${elapsed(range.seconds(range.from), 0.1)} to ${elapsed(range.seconds(range.to), 0.1)}: ` +
    `${signedBytes(growth)}, ${signedBytes(growth / seconds * 3600)}/h`;
}

function card(data, finding, index, range, show) {
  const body = element("div", {class: "card-body"});
  const inRange = element("span", {class: "in-range"});
  range.onChange(() => { inRange.textContent = growthIn(range, finding); });
  const box = element("details", {class: `card ${finding.verdict}`, id: `finding-${index + 1}`},
    element("summary", {},
      element("span", {class: "card-head"},
        element("span", {class: "quiet"}, String(index + 1)),
        element("span", {class: `badge ${finding.verdict}`}, finding.verdict),
        element("strong", {class: "site"}, finding.site),
        finding.place ? placeText(finding.place) : null,
        finding.change ? element("span", {class: "mark"}, finding.change) : null),
      element("span", {class: "card-line"},
        sparkline(finding.live_bytes.slice(0, data.judged)),
        element("span", {class: "pace"}, finding.pace), inRange,
        finding.limit ? element("span", {class: "limit"}, finding.limit) : null),
      element("span", {class: "reason"}, withNames(finding.reason))),
    body);
  const fill = () => {
    if (!box.open || body.childElementCount > 0) return;
    body.append(element("p", {},
      element("button", {type: "button", onclick: () => show(index)}, "Show in the flame graph"),
      element("span", {class: "quiet"},
        ` ${finding.heap} heap · confidence ${(100 * finding.confidence).toFixed(0)} %`)));
    const table = shares(data, finding);
    if (table) body.append(table);
    if (finding.threads) body.append(element("p", {class: "types"}, `threads: ${finding.threads}`));
    if (finding.types) body.append(element("p", {class: "types"}, `types: ${finding.types}`));
    const owners = ownersBox(finding.owners);
    if (owners) body.append(owners);
    body.append(...stackLists(data, finding).flat().filter(Boolean));
  };
  box.addEventListener("toggle", fill);
  if (index === 0) {
    box.open = true;
    fill();
  }
  return box;
}

export function buildFindings(host, data, range, show) {
  if (data.findings.length === 0) {
    host.append(element("p", {class: "none-found"}, "None."));
    return;
  }
  data.findings.forEach((finding, index) => host.append(card(data, finding, index, range, show)));
}

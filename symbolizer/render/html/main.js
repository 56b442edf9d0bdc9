// SPDX-License-Identifier: Apache-2.0
//
// Puts the page together from the data in it. What matters comes first and is drawn first; the flame
// graph of a large recording follows a frame later.

import "uplot/dist/uPlot.min.css";

import {onAddress, openCard, readAddress} from "./address.js";
import {buildChart} from "./chart.js";
import {element, scrolled} from "./dom.js";
import {buildFindings} from "./findings.js";
import {Flame} from "./flame.js";
import {bytes, count} from "./format.js";
import {buildHeapGrowth} from "./owners.js";
import {buildRange, Range} from "./range.js";
import {buildSizes} from "./sizes.js";
import {Tree} from "./tree.js";
// After the libraries' own sheets, which the imports above bring in.
import "./page.css";

function section(title, id) {
  const made = element("section", {"aria-labelledby": id}, element("h2", {id}, title));
  document.querySelector("main").append(made);
  return made;
}

function buildSummary(data) {
  document.title = `silt: ${data.program}`;
  const last = data.snapshots[data.judged - 1];
  const facts = [
    ["process", data.title], ["labels", data.labels], ["command", data.command],
    ["started", data.start], ["seen", data.scope],
    ["in use", last && `${data.memory.join(" · ")} · ${count(last.live_blocks)} native blocks`],
    ["RSS", data.rss_sum && `${data.rss_sum.replace(/^RSS /, "")}${data.rss_change ? `; since the first snapshot: ${data.rss_change}` : ""}`],
  ].filter(([, value]) => value);
  document.querySelector("main").append(
    element("header", {},
      element("h1", {}, "Memory growth of ", element("span", {class: "program"}, data.program)),
      element("p", {class: `verdict ${data.findings[0]?.verdict ?? "none"}`}, data.summary),
      element("dl", {}, facts.map(([name, value]) =>
        [element("dt", {}, name), element("dd", {}, value)]))));
}

function buildGate(data) {
  if (data.gate === undefined) return;
  const host = section("Gate", "gate");
  if (data.gate.length === 0) host.append(element("p", {}, "Within the policy."));
  host.append(element("ul", {class: "rulings"}, data.gate.map((ruling) => element("li", {},
    element("span", {class: `badge ${ruling.outcome}`}, ruling.outcome), " ",
    ruling.finding === null ? "the run" : element("a", {href: `#finding-${ruling.finding + 1}`},
      data.findings[ruling.finding]?.site ?? `finding ${ruling.finding + 1}`),
    `: ${ruling.rule}: ${ruling.why}`))));
}

function buildProcesses(data) {
  if (data.processes.length === 0) return;
  const host = section("Processes", "processes");
  // Labels that all share stand at the top.
  const with_labels = new Set(data.processes.map((process) => process.labels)).size > 1;
  const heads = ["process", "verdict", "per hour", "live", "RSS", "snapshots", with_labels ? "labels" : null,
                 "RSS consists of", "recording"];
  host.append(scrolled("processes", element("table", {class: "processes"},
    element("thead", {}, element("tr", {},
      heads.filter(Boolean).map((head) => element("th", {scope: "col"}, head)))),
    element("tbody", {}, data.processes_order.map((at) => data.processes[at]).map((process) =>
      element("tr", {},
        [process.name, process.verdict,
         process.bytes_per_hour === 0 ? "" : bytes(process.bytes_per_hour),
         process.live_bytes.map(bytes).join(" → "), process.rss_bytes.map(bytes).join(" → "),
         count(process.snapshots), with_labels ? process.labels : null, process.rss.replace(/^RSS .*? = /, ""),
         process.path]
          .filter((cell) => cell !== null).map((cell) => element("td", {}, cell))))))));
}

function buildTexts(title, id, lines) {
  if (lines.length === 0) return;
  section(title, id).append(element("ul", {}, lines.map((line) => element("li", {}, line))));
}

function build() {
  const data = JSON.parse(document.getElementById("silt-data").textContent);
  buildSummary(data);
  buildGate(data);
  let flame = null;
  const address = readAddress();  // before anything writes it
  const range = new Range(data);
  buildFindings(section("Findings", "findings"), data, range, (index) => flame?.showFinding(index));
  if (data.heap_growth.length > 0) buildHeapGrowth(section("Who keeps what came", "heaps"), data);
  buildProcesses(data);
  const time = section("Memory over time", "time");
  buildChart(time, data, range);
  buildRange(time.querySelector(".range-place") ?? time, range);
  const flameHost = section("Where the memory comes from", "flame");
  if (data.sizes.length > 0) buildSizes(section("Sizes of blocks", "sizes"), data);
  buildTexts("What this run could see", "honesty", data.honesty);
  buildTexts("Notes", "notes", data.notes);

  document.addEventListener("keydown", (event) => {
    const typing = event.target instanceof HTMLInputElement && event.target.type === "search";
    if (event.key !== "/" || typing || event.ctrlKey || event.altKey || event.metaKey) return;
    const box = document.getElementById("flame-search");
    if (box === null) return;
    event.preventDefault();
    box.focus();
    box.scrollIntoView({block: "nearest"});
  });

  setTimeout(() => {
    const takeRange = (from) => range.set(
      Number(from.get("from") ?? 0), Number(from.get("to") ?? range.last));
    takeRange(address);
    flame = new Flame(flameHost, data, new Tree(data.tree), range, address);
    onAddress((changed) => {
      takeRange(changed);
      flame.take(changed);
    });
    openCard();
    document.documentElement.dataset.ready = String(Math.round(performance.now()));
  }, 0);
}

build();

// SPDX-License-Identifier: Apache-2.0
//
// The differential flame graph: width is the size in the chosen view, colour what became of it since
// the first snapshot. d3-flame-graph lays out and draws; which part of the tree it gets, zooming,
// searching and the keyboard are done here, because of half a million frames only those wide enough
// to see may become elements.

import flamegraph from "d3-flame-graph";
import {select} from "d3-selection";

import {element, onSchemeChange, onWidthChange, styleValue} from "./dom.js";
import {buildControls} from "./flame_controls.js";
import {onKey} from "./flame_keys.js";
import {blocks, bytes, count, percent, signedBlocks, signedBytes} from "./format.js";

const kRowHeight = 20;
const kMostFrames = 12000;  // elements on the page; the narrowest are left out beyond that

const kViews = {
  growth: {title: "Growth", text: "width: bytes that grew or shrank"},
  live: {title: "In use", text: "width: bytes in use at the last snapshot"},
  allocated: {title: "Allocated", text: "width: bytes allocated since the start, freed or not"},
};

export class Flame {
  constructor(host, data, tree) {
    this.data = data;
    this.tree = tree;
    this.view = data.growth_known ? "growth" : "live";
    this.unit = "bytes";
    this.top = 0;
    this.focused = 0;
    this.search = "";
    this.found = null;
    this.finding = null;
    this.width = 0;
    this.build(host);
    onWidthChange(this.graph, (width) => {
      this.width = width;
      this.draw();
    });
    onSchemeChange(() => this.draw());
  }

  build(host) {
    buildControls(this, host, kViews);
    // The library zooms on click by hiding what it has; here a zoom may show more than it has.
    this.graph.addEventListener("click", (event) => {
      event.stopPropagation();
      const node = nodeOf(event.target);
      if (node !== null) this.zoom(node, true);
    }, true);
    this.graph.addEventListener("mouseover", (event) => {
      const node = nodeOf(event.target);
      if (node !== null) this.tell(node);
    });
    this.graph.addEventListener("mouseleave", () => this.tell(this.focused));
    this.graph.addEventListener("focusin", (event) => {
      const node = nodeOf(event.target);
      if (node !== null) this.setFocused(node);
    });
    this.graph.addEventListener("keydown", (event) => onKey(this, event));
  }

  // Width of each node in the present view.
  values() {
    const column = `${this.view}_${this.unit}`;
    return this.view === "growth" ? this.tree.sum(column, Math.abs) : this.tree.sum(column);
  }

  nameOf(node) {
    return this.data.names[this.tree.name[node]];
  }

  setView(view) {
    this.view = view;
    this.draw();
  }

  setUnit(unit) {
    this.unit = unit;
    this.draw();
  }

  setSearch(text) {
    this.search = text.trim().toLowerCase();
    this.found = null;
    if (this.search !== "") {
      const {names, modules, files} = this.data;
      const has = (value) => value !== undefined && value.toLowerCase().includes(this.search);
      const moduleHits = modules.map(has);
      const fileHits = files.map(has);
      const hits = Uint8Array.from(names, ([text, module, file]) =>
        has(text) || moduleHits[module] || fileHits[file] ? 1 : 0);
      this.found = this.tree.matches(hits);
    }
    this.draw();
  }

  // Marks the stacks of one finding and zooms to where they meet.
  showFinding(index) {
    const {counts, meet} = this.tree.findingNodes(index);
    this.finding = {index, counts};
    this.searchBox.value = "";
    this.search = "";
    this.found = null;
    this.findingNote.replaceChildren(
      `finding ${index + 1} is marked `,
      element("button", {type: "button", onclick: () => this.clearFinding()}, "unmark"));
    this.zoom(meet);
    this.graph.scrollIntoView({block: "center"});
    this.focusFrame(meet);
  }

  clearFinding() {
    this.finding = null;
    this.findingNote.replaceChildren();
    this.draw();
  }

  zoom(node, focus = false) {
    this.top = node;
    this.focused = node;
    this.draw();
    if (focus) this.focusFrame(node);
  }

  focusFrame(node) {
    this.setFocused(node);
    this.graph.querySelector(`[data-node="${node}"]`)?.focus({preventScroll: false});
  }

  setFocused(node) {
    this.graph.querySelector('[tabindex="0"]')?.setAttribute("tabindex", "-1");
    this.focused = node;
    this.graph.querySelector(`[data-node="${node}"]`)?.setAttribute("tabindex", "0");
    this.tell(node);
  }

  color(node, values) {
    const dark = styleValue("--scheme") === "dark";
    const delta = this.tree.sum(`growth_${this.unit}`)[node];
    const share = values[node] > 0 ? Math.max(-1, Math.min(1, delta / values[node])) : 0;
    const strength = Math.sqrt(Math.abs(share));
    // Grown is red, shrunk is blue; what stayed is grey. The lightness carries it without colour.
    const hue = share >= 0 ? 12 : 215;
    const lightness = dark ? 30 + 14 * strength : 88 - 24 * strength;
    return `hsl(${hue} ${Math.round((dark ? 62 : 85) * strength)}% ${lightness.toFixed(1)}%)`;
  }

  draw() {
    if (this.width === 0) return;
    const hadFocus = this.graph.contains(document.activeElement);
    const values = this.values();
    while (this.top !== 0 && values[this.top] <= 0) this.top = this.tree.parent[this.top];
    this.graph.replaceChildren();
    this.legend.textContent = `${kViews[this.view].text.replace("bytes", this.unit)}; ` +
      (this.data.growth_known
        ? "red grew since the first snapshot, blue shrank, grey did not change."
        : "growth is unknown with a single snapshot.") +
      " Callers are above what they call.";
    if (values[0] <= 0) {
      this.graph.append(element("p", {}, `Nothing to show: no ${this.unit} in this view.`));
      this.tellStatus(values);
      return;
    }
    const root = this.limited(values);
    const chart = flamegraph()
      .width(this.width)
      .cellHeight(kRowHeight)
      .inverted(true)
      .transitionDuration(0)
      .getName((d) => this.nameOf(d.data.node)[0])
      .setLabelHandler((d) => this.describe(d.data.node, values))
      .setColorMapper((d) => this.color(d.data.node, values));
    select(this.graph).datum(root).call(chart);
    this.decorate(values);
    this.tellPath();
    this.tellStatus(values);
    if (this.graph.querySelector(`[data-node="${this.focused}"]`) === null) this.focused = this.top;
    this.setFocused(this.focused);
    if (hadFocus) this.focusFrame(this.focused);
  }

  // The visible tree, with the narrowest frames left out when there are too many.
  limited(values) {
    for (let width = this.width; ; width /= 2) {
      const root = this.tree.visible(this.top, values, width);
      let frames = 0;
      const open = [root];
      while (open.length > 0) {
        const item = open.pop();
        ++frames;
        open.push(...item.children);
      }
      if (frames <= kMostFrames) return root;
    }
  }

  decorate(values) {
    let deepest = 0;
    // The library lets widths and labels arrive by and by; here they are there at once.
    select(this.graph).selectAll("*").interrupt();
    for (const frame of this.graph.querySelectorAll("g")) {
      const d = frame.__data__;
      const node = d.data.node;
      deepest = Math.max(deepest, d.depth);
      frame.setAttribute("data-node", node);
      frame.querySelector("rect").setAttribute("width", frame.getAttribute("width"));
      frame.querySelector("foreignObject > div").textContent = this.nameOf(node)[0];
      frame.setAttribute("tabindex", "-1");
      frame.setAttribute("role", "treeitem");
      frame.setAttribute("aria-level", d.depth + 1);
      frame.setAttribute("aria-label", this.describe(node, values));
      frame.classList.toggle("above", d.data.above === true);
      frame.classList.toggle("found", this.found !== null && this.found.hit[node] === 1);
      frame.classList.toggle("unfound", this.found !== null && this.found.hit[node] !== 1);
      frame.classList.toggle("marked", this.finding !== null && this.finding.counts[node] > 0);
    }
    this.graph.querySelector("svg").setAttribute("height", (deepest + 1) * kRowHeight + 2);
  }

  describe(node, values) {
    const amount = this.unit === "bytes" ? bytes : blocks;
    const signed = this.unit === "bytes" ? signedBytes : signedBlocks;
    const [text, module, file] = this.nameOf(node);
    const parts = [text];
    if (this.data.growth_known) {
      parts.push(`${signed(this.tree.sum(`growth_${this.unit}`)[node])} growth`);
    }
    parts.push(`${amount(this.tree.sum(`live_${this.unit}`)[node])} in use`,
               `${amount(this.tree.sum(`allocated_${this.unit}`)[node])} allocated`,
               `${percent(values[node] / values[0])} of the view`);
    const place = this.data.files[file] || this.data.modules[module];
    if (place) parts.push(place);
    return parts.join(" · ");
  }

  tell(node) {
    this.details.textContent = this.describe(node, this.values());
  }

  tellPath() {
    const steps = this.top === 0 ? [] : [this.top, ...this.tree.ancestors(this.top)].reverse();
    const shown = steps.length > 8 ? [steps[0], null, ...steps.slice(-6)] : steps;
    this.path.replaceChildren(...shown.map((node) => (node === null
      ? element("span", {}, "…")
      : element("button", {type: "button", onclick: () => this.zoom(node, true)},
                this.nameOf(node)[0]))));
    this.resetButton.disabled = this.top === 0;
  }

  tellStatus(values) {
    if (this.found === null) {
      this.status.textContent = "";
      return;
    }
    const {topmost} = this.found;
    const sum = topmost.reduce((total, node) => total + values[node], 0);
    const amount = this.unit === "bytes" ? bytes(sum) : blocks(sum);
    this.status.textContent = topmost.length === 0
      ? "no match"
      : `${count(topmost.length)} ${topmost.length === 1 ? "match" : "matches"}, ` +
        `${amount}, ${percent(values[0] > 0 ? sum / values[0] : 0)} of the view`;
  }
}

function nodeOf(target) {
  const frame = target.closest?.("g[data-node]");
  return frame ? Number(frame.getAttribute("data-node")) : null;
}

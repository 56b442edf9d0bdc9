// SPDX-License-Identifier: Apache-2.0
//
// The differential flame graph: width is the size in the chosen view, colour what became of it since
// the first snapshot. d3-flame-graph lays out and draws; which part of which tree it gets, zooming,
// searching and the keyboard are done here, because of half a million frames only those wide enough
// to see may become elements. What is chosen stands in the page's address.

import flamegraph from "d3-flame-graph";
import {select} from "d3-selection";

import {element, onSchemeChange, onWidthChange, styleValue} from "./dom.js";
import {showAddress, takeAddress} from "./flame_address.js";
import {buildControls, showChoices} from "./flame_controls.js";
import {onKey} from "./flame_keys.js";
import {describe, legendText, statusText} from "./flame_words.js";
import {functionsTable} from "./functions.js";
import {bottomUp, codePresent, fold, kCode} from "./shapes.js";
import {columnsAt, widths} from "./tree.js";

const kRowHeight = 20;
const kMostFrames = 12000;  // elements on the page; the narrowest are left out beyond that

export class Flame {
  constructor(host, data, tree, range, address) {
    this.data = data;
    this.whole = tree;  // all frames, callers first
    this.range = range;
    this.present = codePresent(data);
    this.hiddenName = data.names.length;
    data.names.push(["(code of others)", -1, -1, kCode.length]);
    // Where nothing grows for good, what is in use says more than what happened to change.
    this.firstView = data.growth_known && data.rises ? "growth" : "live";
    this.firstCode = kCode.map((_, code) => code === 0 || !this.present[0]);
    this.top = 0;
    this.focused = 0;
    this.finding = null;
    this.width = 0;
    this.build(host);
    this.take(address);
    onWidthChange(this.graph, (width) => {
      this.width = width;
      this.draw();
    });
    onSchemeChange(() => this.draw());
    range.onChange(() => this.reshape());
  }

  build(host) {
    buildControls(this, host);
    // The library zooms on click by hiding what it has; here a zoom may show more than it has.
    this.graph.addEventListener("click", (event) => {
      const node = nodeOf(event.target);
      if (node === null) return;
      event.stopPropagation();
      this.zoom(node, true);
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
    return widths(this.tree, this.view, this.unit);
  }

  nameOf(node) {
    return this.data.names[this.tree.name[node]];
  }

  // What an address says, and for the rest how the page opens.
  take(address) {
    takeAddress(this, address);
  }

  // Makes the tree that is drawn anew; a zoom stays where the same way leads.
  reshape() {
    const path = this.tree && this.top !== 0 ? this.tree.pathTo(this.top) : [];
    let tree = this.whole;
    if (!this.range.isAll) {
      tree = tree.with(columnsAt(tree.stacks, this.range.from, this.range.to));
    }
    if (this.present.some((there, code) => there && !this.code[code])) {
      tree = fold(this.data, tree, this.code, this.hiddenName);
    }
    if (this.shape === "callees") tree = bottomUp(this.data, tree);
    this.tree = tree;
    this.top = this.focused = tree.nodeAt(path);
    if (this.finding !== null) this.finding.counts = tree.findingNodes(this.finding.index).counts;
    this.setSearch(this.searchBox.value);
  }

  set(key, value) {
    this[key] = value;
    if (key === "shape") this.reshape();
    this.draw();
  }

  setCode(code, shown) {
    this.code[code] = shown;
    this.reshape();
  }

  setOrder(order) {
    this.set("order", order);
    this.graph.querySelector(`th[aria-sort="descending"] button`)?.focus();
  }

  // Opens a function's callers and callees in the table.
  setFunction(name) {
    const had = this.functionName;
    this.functionName = name;
    this.draw();
    this.graph.querySelector(`[data-name="${name ?? had}"]`)?.focus();
  }

  setSearch(text) {
    this.search = text.trim().toLowerCase();
    this.found = this.hits = null;
    if (this.search !== "") {
      const {names, modules, files} = this.data;
      const has = (value) => value !== undefined && value.toLowerCase().includes(this.search);
      const moduleHits = modules.map(has);
      const fileHits = files.map(has);
      this.hits = Uint8Array.from(names, ([text, module, file]) =>
        has(text) || moduleHits[module] || fileHits[file] ? 1 : 0);
      this.found = this.tree.matches(this.hits);
    }
    this.draw();
  }

  // Marks the stacks of one finding and zooms to where they meet.
  showFinding(index) {
    if (this.shape !== "callers") this.shape = "callers";
    this.searchBox.value = "";
    this.reshape();
    const {counts, meet} = this.tree.findingNodes(index);
    this.finding = {index, counts};
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
    this.graph.toggleAttribute("role", false);
    showChoices(this);
    showAddress(this);
    this.legend.textContent = legendText(this);
    this.path.hidden = this.details.hidden = this.shape === "functions";
    if (values[0] <= 0) {
      this.graph.append(element("p", {}, `Nothing to show: no ${this.unit} in this view.`));
      this.status.textContent = statusText(this, values);
      return;
    }
    if (this.shape === "functions") {
      this.graph.append(functionsTable(this));
      this.status.textContent = statusText(this, values);
      return;
    }
    this.graph.setAttribute("role", "tree");
    const root = this.limited(values);
    const chart = flamegraph()
      .width(this.width)
      .cellHeight(kRowHeight)
      .inverted(true)
      .transitionDuration(0)
      .getName((d) => this.nameOf(d.data.node)[0])
      .setLabelHandler((d) => describe(this, d.data.node, values))
      .setColorMapper((d) => this.color(d.data.node, values));
    select(this.graph).datum(root).call(chart);
    this.decorate(values);
    this.tellPath();
    this.status.textContent = statusText(this, values);
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
      frame.setAttribute("aria-label", describe(this, node, values));
      frame.classList.toggle("above", d.data.above === true);
      frame.classList.toggle("found", this.found !== null && this.found.hit[node] === 1);
      frame.classList.toggle("unfound", this.found !== null && this.found.hit[node] !== 1);
      frame.classList.toggle("marked", this.finding !== null && this.finding.counts[node] > 0);
    }
    this.graph.querySelector("svg").setAttribute("height", (deepest + 1) * kRowHeight + 2);
  }

  tell(node) {
    this.details.textContent = describe(this, node, this.values());
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
}

function nodeOf(target) {
  const frame = target.closest?.("g[data-node]");
  return frame ? Number(frame.getAttribute("data-node")) : null;
}

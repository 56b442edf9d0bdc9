// SPDX-License-Identifier: Apache-2.0
//
// The time that is looked at: all of it, or from one snapshot to another. The chart and two lists
// choose it; cards, flame graph and charts follow. Of long recordings the stacks' values are on the
// page for some snapshots only (data.times), and those are the ones to choose from.

import {element} from "./dom.js";
import {elapsed} from "./format.js";

export class Range {
  constructor(data) {
    this.data = data;
    this.last = Math.max(0, data.times.length - 1);
    this.from = 0;
    this.to = this.last;
    this.listeners = [];
  }

  get isAll() {
    return this.from === 0 && this.to === this.last;
  }

  // Seconds of one of data.times.
  seconds(at) {
    return this.data.snapshots[this.data.times[at]].elapsed_seconds;
  }

  onChange(listener) {
    this.listeners.push(listener);
  }

  set(from, to) {
    const first = Math.max(0, Math.min(from, this.last - 1));
    const last = Math.max(first + 1, Math.min(to, this.last));
    if (!(Number.isInteger(first) && Number.isInteger(last)) || (first === this.from && last === this.to)) return;
    this.from = first;
    this.to = last;
    this.listeners.forEach((listener) => listener(this));
  }

  // The widest range of snapshots within these seconds; where there are not two, those around.
  setSeconds(least, most) {
    let from = 0;
    let to = this.last;
    while (from < this.last && this.seconds(from) < least) ++from;
    while (to > 0 && this.seconds(to) > most) --to;
    if (to - from < 1) [from, to] = [Math.max(0, Math.min(from, to)), Math.max(from, to)];
    if (from === to) from > 0 ? --from : ++to;
    this.set(from, to);
  }

  all() {
    this.set(0, this.last);
  }
}

export function buildRange(host, range) {
  if (range.last < 1) return;
  const step = (range.seconds(range.last) - range.seconds(0)) / range.last;
  const list = (title, change) => {
    const select = element("select", {onchange: () => change(Number(select.value))},
      range.data.times.map((_, at) => element("option", {value: at}, elapsed(range.seconds(at), step))));
    return [select, element("label", {}, `${title} `, select)];
  };
  const [from, fromLabel] = list("from", (at) => range.set(at, Math.max(range.to, at + 1)));
  const [to, toLabel] = list("to", (at) => range.set(Math.min(range.from, at - 1), at));
  const reset = element("button", {type: "button", onclick: () => range.all()}, "All of it");
  const show = () => {
    from.value = String(range.from);
    to.value = String(range.to);
    reset.disabled = range.isAll;
  };
  range.onChange(show);
  show();
  host.append(element("div", {class: "controls range"},
    element("span", {}, "Growth is counted"), fromLabel, toLabel, reset));
}

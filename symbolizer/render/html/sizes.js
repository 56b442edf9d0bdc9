// SPDX-License-Identifier: Apache-2.0
//
// How large the blocks in use are: a row for each power of two, with a bar that is only for the eye.

import {element, scrolled} from "./dom.js";
import {bytes, count, signedBytes} from "./format.js";

const kBinary = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

// A power of two as programmers write it.
function power(value) {
  let unit = 0;
  while (value >= 1024 && unit + 1 < kBinary.length) {
    value /= 1024;
    ++unit;
  }
  return `${value} ${kBinary[unit]}`;
}

function bar(share) {
  const made = element("span", {class: "bar", "aria-hidden": "true"});
  made.style.width = `${(100 * share).toFixed(1)}%`;
  return element("td", {class: "bars"}, made);
}

export function buildSizes(host, data) {
  const most = Math.max(...data.sizes.map((row) => row.bytes));
  host.append(
    element("p", {}, "Blocks in use by size; those of one stack count at their mean size."),
    scrolled("sizes of blocks", element("table", {class: "sizes"},
      element("thead", {}, element("tr", {},
        ["size from", "in use", "", "blocks", data.growth_known ? "growth" : null]
          .filter((head) => head !== null)
          .map((head) => (head === "" ? element("td", {}) : element("th", {scope: "col"}, head))))),
      element("tbody", {}, data.sizes.map((row) => element("tr", {},
        element("th", {scope: "row"}, power(row.from)),
        element("td", {}, bytes(row.bytes)), bar(most > 0 ? row.bytes / most : 0),
        element("td", {}, count(row.blocks)),
        data.growth_known ? element("td", {}, signedBytes(row.growth_bytes)) : null))))));
}

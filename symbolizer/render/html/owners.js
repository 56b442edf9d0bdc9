// SPDX-License-Identifier: Apache-2.0
//
// Who keeps it: the owners of a finding, or of what came in a heap, one line for each variable and
// below them the tree of all ways from the roots on. What is reached alike for a while shares a branch.

import {element} from "./dom.js";
import {bytes} from "./format.js";

function makeTree(ways) {
  const root = {children: new Map(), bytes: 0, share: 0};
  for (const owner of ways) {
    let at = root;
    for (const label of owner.steps) {
      if (!at.children.has(label)) at.children.set(label, {label, children: new Map(), bytes: 0, share: 0});
      at = at.children.get(label);
      at.bytes += owner.bytes;
      at.share += owner.share;
    }
  }
  return root;
}

// Steps that lead nowhere else are one row.
function branch(node, open) {
  const labels = [node.label];
  while (node.children.size === 1) {
    const [next] = node.children.values();
    if (next.bytes !== node.bytes) break;
    node = next;
    labels.push(node.label);
  }
  const row = [element("span", {class: "owner-share"}, `${(100 * node.share).toFixed(0)} %`), " ",
    element("span", {class: "quiet"}, bytes(node.bytes)), " ",
    labels.flatMap((label, i) => i === 0 ? [label] : [element("span", {class: "quiet"}, " → "), label])];
  if (node.children.size === 0) return element("li", {}, row);
  return element("li", {}, element("details", {open}, element("summary", {}, row),
    element("ul", {class: "owners"}, [...node.children.values()].map((child) => branch(child, false)))));
}

export function ownersBox(owners) {
  if (owners === undefined || owners.lines.length === 0) return null;
  const tree = makeTree(owners.ways);
  return element("div", {class: "owners-box"},
    element("ul", {class: "owner-lines"}, owners.lines.map((line) => element("li", {}, line))),
    element("details", {}, element("summary", {}, "The way to each from a root"),
      element("ul", {class: "owners"}, [...tree.children.values()].map((child) => branch(child, true)))));
}

export function buildHeapGrowth(host, data) {
  for (const heap of data.heap_growth) {
    host.append(element("p", {}, heap.text));
    const box = ownersBox(heap.owners);
    if (box) host.append(box);
  }
}

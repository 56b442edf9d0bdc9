// SPDX-License-Identifier: Apache-2.0
//
// All functions as a table, with what they allocate themselves and with what they call, and of one of
// them who calls it and whom it calls. A function that calls itself counts once.

import {element, placeText} from "./dom.js";
import {blocks, bytes, percent, signedBlocks, signedBytes} from "./format.js";

const kMostRows = 100;
const kMostNeighbours = 12;

// {own, all: by name, outermost: [node] of each name}
function sumsByName(tree, values, names) {
  const own = new Float64Array(names);
  const all = new Float64Array(names);
  const outermost = new Map();
  const within = new Int32Array(names);
  // Depth first without recursion: a node is left when its subtree is done.
  for (let node = 0; node !== -1;) {
    const name = tree.name[node];
    let below = 0;
    for (let child = tree.firstChild[node]; child !== -1; child = tree.nextSibling[child]) {
      below += values[child];
    }
    own[name] += values[node] - below;
    if (within[name]++ === 0) {
      all[name] += values[node];
      if (!outermost.has(name)) outermost.set(name, []);
      outermost.get(name).push(node);
    }
    let next = tree.firstChild[node];
    for (let at = node; next === -1 && at !== -1; at = tree.parent[at]) {
      --within[tree.name[at]];
      next = at === 0 ? -1 : tree.nextSibling[at];
      if (at === 0) break;
    }
    node = next;
  }
  return {own, all, outermost};
}

// Callers and callees of `name` with their sums, largest first. What is below a function that calls
// itself directly is its own callee; sums add up to that of the function.
function neighbours(tree, values, name, outermost) {
  const callers = new Map();
  const callees = new Map();
  const add = (to, key, value) => to.set(key, (to.get(key) ?? 0) + value);
  const open = [...outermost];
  for (const node of outermost) add(callers, tree.name[tree.parent[node]] ?? 0, values[node]);
  while (open.length > 0) {
    const node = open.pop();
    for (let child = tree.firstChild[node]; child !== -1; child = tree.nextSibling[child]) {
      if (tree.name[child] === name) open.push(child);
      else add(callees, tree.name[child], values[child]);
    }
  }
  const order = (map) => [...map].filter(([, value]) => value !== 0)
    .sort((a, b) => Math.abs(b[1]) - Math.abs(a[1])).slice(0, kMostNeighbours);
  return {callers: order(callers), callees: order(callees)};
}

function neighbourList(title, list, flame, amount) {
  if (list.length === 0) return null;
  return element("div", {}, element("h4", {}, title), element("ul", {class: "neighbours"},
    list.map(([name, value]) => element("li", {},
      element("span", {class: "amount"}, amount(value)), " ",
      element("button", {type: "button", class: "plain", onclick: () => flame.setFunction(name)},
              flame.data.names[name][0])))));
}

// The element for the present view; `flame.functionName` is the one that is open.
export function functionsTable(flame) {
  const {tree, data} = flame;
  const widths = flame.values();
  const signed = flame.view === "growth";
  const sums = signed ? tree.sum(`growth_${flame.unit}`) : widths;
  const {own, all, outermost} = sumsByName(tree, sums, data.names.length);
  const amount = flame.unit === "bytes" ? (signed ? signedBytes : bytes) : (signed ? signedBlocks : blocks);
  const isFunction = (name) => data.names[name][3] !== undefined || data.names[name][1] >= 0;
  const matches = (name) => flame.found === null || flame.hits[name] === 1;
  const weigh = flame.order === "own" ? own : all;
  const rows = [...outermost.keys()].filter((name) => isFunction(name) && matches(name))
    .sort((a, b) => Math.abs(weigh[b]) - Math.abs(weigh[a]) || a - b);
  const open = flame.functionName;
  if (open !== null && isFunction(open) && !rows.slice(0, kMostRows).includes(open)) rows.unshift(open);
  const whole = widths[0];  // of growth, what grew and what shrank
  const heading = (key, title) => element("th", {scope: "col", "aria-sort": flame.order === key ? "descending" : "none"},
    element("button", {type: "button", class: "plain", onclick: () => flame.setOrder(key)}, title));
  const body = rows.slice(0, kMostRows).flatMap((name) => {
    const [text, module, file] = data.names[name];
    const place = data.files[file] || data.modules[module] || "";
    const is_open = name === open;
    const row = element("tr", {},
      element("td", {}, amount(own[name])), element("td", {}, amount(all[name])),
      element("td", {}, percent(Math.abs(all[name]) / whole)),
      element("td", {class: "function"},
        element("button", {type: "button", class: "plain", "aria-expanded": String(is_open), "data-name": name,
          onclick: () => flame.setFunction(is_open ? null : name)}, text),
        " ", placeText(place)));
    if (!is_open) return [row];
    const {callers, callees} = neighbours(tree, sums, name, outermost.get(name) ?? []);
    return [row, element("tr", {}, element("td", {colspan: "4", class: "open"},
      neighbourList("Called by", callers, flame, amount),
      neighbourList("Calls", callees, flame, amount)))];
  });
  const more = rows.length > kMostRows
    ? element("p", {class: "quiet"}, `${rows.length - kMostRows} more functions; search narrows the list.`) : null;
  return element("div", {class: "wide functions", tabindex: "0", role: "group", "aria-label": "functions"},
    element("table", {}, element("thead", {}, element("tr", {},
      heading("own", "own"), heading("all", "with callees"), element("th", {scope: "col"}, "share"),
      element("th", {scope: "col"}, "function"))),
    element("tbody", {}, body)), more);
}

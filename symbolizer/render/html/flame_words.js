// SPDX-License-Identifier: Apache-2.0
//
// What the flame graph says in words: of a frame, of the view, and of a search.

import {blocks, bytes, count, elapsed, percent, signedBlocks, signedBytes} from "./format.js";

export const kViews = {
  growth: {title: "Growth", text: "bytes that grew or shrank"},
  live: {title: "In use", text: "bytes in use at the last snapshot"},
  freed: {title: "Freed again", text: "bytes allocated since the start and freed again: temporary"},
  allocated: {title: "Allocated", text: "bytes allocated since the start, freed or not"},
};

export const kShapes = {
  callers: {title: "Flame graph", text: "Callers are above what they call."},
  callees: {title: "Bottom-up", text: "Each function is above those that called it."},
  functions: {title: "Functions", text: "A function's name opens its callers and callees."},
};

export function describe(flame, node, values) {
  const {tree, data, unit} = flame;
  const amount = unit === "bytes" ? bytes : blocks;
  const signed = unit === "bytes" ? signedBytes : signedBlocks;
  const [text, module, file] = flame.nameOf(node);
  const parts = [text];
  if (data.growth_known) parts.push(`${signed(tree.sum(`growth_${unit}`)[node])} growth`);
  parts.push(`${amount(tree.sum(`live_${unit}`)[node])} in use`,
             `${amount(tree.sum(`allocated_${unit}`)[node])} allocated`,
             `${percent(values[node] / values[0])} of the view`);
  const place = data.files[file] || data.modules[module];
  if (place) parts.push(place);
  return parts.join(" · ");
}

export function legendText(flame) {
  const {data, range} = flame;
  const since = range.isAll ? "since the first snapshot" :
    `from ${elapsed(range.seconds(range.from), 0.1)} to ${elapsed(range.seconds(range.to), 0.1)}`;
  const shape = kShapes[flame.shape].text;
  const what = kViews[flame.view].text.replace("bytes", flame.unit);
  if (flame.shape === "functions") return `${what}. ${shape}`;
  return `width: ${what}; ` +
    (data.growth_known ? `red grew ${since}, blue shrank, grey did not change. `
      : "growth is unknown with a single snapshot. ") + shape;
}

export function statusText(flame, values) {
  if (flame.found === null) return "";
  const {topmost} = flame.found;
  const sum = topmost.reduce((total, node) => total + values[node], 0);
  const amount = flame.unit === "bytes" ? bytes(sum) : blocks(sum);
  return topmost.length === 0
    ? "no match"
    : `${count(topmost.length)} ${topmost.length === 1 ? "match" : "matches"}, ` +
      `${amount}, ${percent(values[0] > 0 ? sum / values[0] : 0)} of the view`;
}

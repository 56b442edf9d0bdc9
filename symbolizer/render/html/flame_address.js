// SPDX-License-Identifier: Apache-2.0
//
// View, zoom and search of the flame graph as fields of the page's address, and back. What an address
// says may come from anybody: whatever is not one of the choices is how the page opens.

import {writeAddress} from "./address.js";
import {kCode} from "./shapes.js";

const kUnits = ["bytes", "blocks"];
const kShapeWords = ["callers", "callees", "functions"];
const kOrders = ["own", "all"];

export function takeAddress(flame, address) {
  const one_of = (key, values) => (values.includes(address.get(key)) ? address.get(key) : values[0]);
  const views = ["live", "freed", "allocated"];
  if (flame.data.growth_known) views.push("growth");
  flame.view = one_of("view", [flame.firstView, ...views]);
  flame.unit = one_of("unit", kUnits);
  flame.shape = one_of("shape", kShapeWords);
  flame.order = one_of("order", kOrders);
  const code = address.get("frames")?.split(",");
  flame.code = code ? kCode.map((word) => code.includes(word)) : [...flame.firstCode];
  const name = Number(address.get("function") ?? NaN);
  flame.functionName = name >= 0 && name < flame.data.names.length && Number.isInteger(name) ? name : null;
  flame.searchBox.value = address.get("search") ?? "";
  flame.reshape();
  flame.zoom(flame.tree.nodeAt(address.get("zoom")?.split(".").map(Number) ?? []));
}

export function showAddress(flame) {
  const changed = (value, first) => (value === first ? null : value);
  const words = (flags) => String(kCode.filter((_, code) => flags[code]));
  writeAddress({
    view: changed(flame.view, flame.firstView),
    unit: changed(flame.unit, kUnits[0]),
    shape: changed(flame.shape, kShapeWords[0]),
    order: changed(flame.order, kOrders[0]),
    frames: changed(words(flame.code), words(flame.firstCode)),
    function: flame.shape === "functions" && flame.functionName !== null ? String(flame.functionName) : null,
    search: flame.searchBox.value.trim(),
    zoom: flame.tree.pathTo(flame.top).join("."),
    from: flame.range.isAll ? null : String(flame.range.from),
    to: flame.range.isAll ? null : String(flame.range.to),
  });
}

// SPDX-License-Identifier: Apache-2.0
//
// What stands around the flame graph: the choice of view and unit, search, the path of a zoom and
// the line that tells of a frame. Its elements become members of the flame graph, which keeps them
// up to date.

import {element} from "./dom.js";
import {onSearchKey} from "./flame_keys.js";

export function buildControls(flame, host, views) {
  const radio = (group, value, title, checked, change) => {
    const input = element("input", {type: "radio", name: group, value, checked, onchange: change});
    return element("label", {class: "choice"}, input, element("span", {}, title));
  };
  const viewChoices = Object.entries(views).map(([key, view]) => {
    const made = radio("view", key, view.title, key === flame.view, () => flame.setView(key));
    if (key === "growth" && !flame.data.growth_known) {
      made.firstChild.disabled = true;
      made.title = "growth needs two snapshots";
    }
    return made;
  });
  const units = ["bytes", "blocks"].map((unit) =>
    radio("unit", unit, unit, unit === flame.unit, () => flame.setUnit(unit)));
  flame.searchBox = element("input", {
    type: "search", id: "flame-search", autocomplete: "off", spellcheck: "false",
    title: "part of a function, module or file name", "aria-describedby": "flame-keys",
    oninput: () => flame.setSearch(flame.searchBox.value),
    onkeydown: (event) => onSearchKey(flame, event),
  });
  flame.resetButton = element("button", {type: "button", onclick: () => flame.zoom(0)}, "Reset zoom");
  flame.findingNote = element("span", {class: "finding-note"});
  flame.status = element("output", {class: "flame-status", for: "flame-search"});
  flame.path = element("nav", {class: "flame-path", "aria-label": "zoomed frames"});
  flame.graph = element("div", {class: "flame-graph", role: "tree", "aria-label": "flame graph"});
  flame.details = element("p", {class: "flame-details", "aria-live": "polite"});
  flame.legend = element("p", {class: "quiet"});
  host.append(
    element("div", {class: "controls"},
      element("fieldset", {}, element("legend", {}, "view"), viewChoices),
      element("fieldset", {}, element("legend", {}, "unit"), units),
      element("label", {class: "search", for: "flame-search"}, "Search ", flame.searchBox),
      flame.resetButton, flame.findingNote, flame.status),
    flame.path, flame.details, flame.graph, flame.legend,
    element("p", {class: "quiet", id: "flame-keys"},
      "Keys: / searches, Enter and Shift+Enter go from match to match, arrows move between frames, ",
      "Enter or a click zooms, Backspace zooms out, 0 resets, Escape ends search and zoom."));
}

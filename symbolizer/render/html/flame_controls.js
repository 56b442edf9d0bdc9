// SPDX-License-Identifier: Apache-2.0
//
// What stands around the flame graph: the choice of view and unit, search, the path of a zoom and
// the line that tells of a frame. Its elements become members of the flame graph, which keeps them
// up to date.

import {element} from "./dom.js";
import {onSearchKey} from "./flame_keys.js";
import {kShapes, kViews} from "./flame_words.js";
import {kCode} from "./shapes.js";

// The inputs of a group follow what the flame graph shows, whoever chose it.
function choices(flame, group, titles) {
  return Object.entries(titles).map(([key, title]) => {
    const input = element("input", {type: "radio", name: group, value: key, onchange: () => flame.set(group, key)});
    flame.inputs.push([input, () => flame[group] === key]);
    return element("label", {class: "choice"}, input, element("span", {}, title));
  });
}

function codeChoices(flame) {
  if (!flame.present[0] || flame.present.filter(Boolean).length < 2) return null;
  const boxes = kCode.map((word, code) => {
    if (code === 0 || !flame.present[code]) return null;
    const input = element("input", {type: "checkbox", name: "frames", value: word,
                                    onchange: () => flame.setCode(code, input.checked)});
    flame.inputs.push([input, () => flame.code[code]]);
    return element("label", {}, input, ` ${word}`);
  });
  return element("fieldset", {class: "code"}, element("legend", {}, "frames"),
                 element("span", {}, "frames of "), boxes);
}

export function showChoices(flame) {
  for (const [input, is_chosen] of flame.inputs) input.checked = is_chosen();
}

export function buildControls(flame, host) {
  flame.inputs = [];
  const titles = (texts) => Object.fromEntries(Object.entries(texts).map(([key, {title}]) => [key, title]));
  const viewChoices = choices(flame, "view", titles(kViews));
  if (!flame.data.growth_known) {
    viewChoices[0].firstChild.disabled = true;
    viewChoices[0].title = "growth needs two snapshots";
  }
  const units = choices(flame, "unit", {bytes: "bytes", blocks: "blocks"});
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
      element("fieldset", {}, element("legend", {}, "shape"), choices(flame, "shape", titles(kShapes))),
      codeChoices(flame),
      element("label", {class: "search", for: "flame-search"}, "Search ", flame.searchBox),
      flame.resetButton, flame.findingNote, flame.status),
    flame.path, flame.details, flame.graph, flame.legend,
    element("p", {class: "quiet", id: "flame-keys"},
      "Keys: / searches, Enter and Shift+Enter go from match to match, arrows move between frames, ",
      "Enter or a click zooms, Backspace zooms out, 0 resets, Escape ends search and zoom."));
}

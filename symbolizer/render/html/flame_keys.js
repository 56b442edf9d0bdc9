// SPDX-License-Identifier: Apache-2.0
//
// The keyboard in the flame graph: from frame to frame, in and out, and from match to match.

export function onSearchKey(flame, event) {
  if (event.key === "Escape") {
    flame.searchBox.value = "";
    flame.setSearch("");
    event.preventDefault();
  } else if (event.key === "Enter" && flame.found !== null && flame.found.topmost.length > 0) {
    // To the widest match, then on to the next.
    const values = flame.values();
    const order = flame.found.topmost.filter((node) => values[node] > 0)
      .sort((a, b) => values[b] - values[a] || a - b);
    if (order.length === 0) return;
    const step = event.shiftKey ? -1 : 1;
    const at = order.indexOf(flame.top);
    const next = at === -1 ? 0 : (at + step + order.length) % order.length;
    flame.zoom(order[next]);
    event.preventDefault();
  }
}

export function onKey(flame, event) {
  // In the table of functions, the browser's own keys do.
  if (flame.shape === "functions" || event.ctrlKey || event.altKey || event.metaKey) return;
  const move = {
    ArrowUp: () => step(flame, "up"), ArrowDown: () => step(flame, "down"),
    ArrowLeft: () => step(flame, "left"), ArrowRight: () => step(flame, "right"),
    Home: () => flame.focusFrame(0),
    Enter: () => flame.zoom(flame.focused, true),
    " ": () => flame.zoom(flame.focused, true),
    Backspace: () => flame.zoom(Math.max(0, flame.tree.parent[flame.top]), true),
    0: () => flame.zoom(0, true),
    Escape: () => flame.zoom(0, true),
  }[event.key];
  if (move === undefined) return;
  event.preventDefault();
  move();
}

// To a neighbour among the frames that are drawn.
function step(flame, direction) {
  const here = flame.graph.querySelector(`[data-node="${flame.focused}"]`)?.__data__;
  if (here === undefined) return;
  const siblings = here.parent?.children ?? [here];
  const at = siblings.indexOf(here);
  const target = {
    up: here.parent,
    down: here.children?.[0],
    left: siblings[at - 1],
    right: siblings[at + 1],
  }[direction];
  if (target) flame.focusFrame(target.data.node);
}

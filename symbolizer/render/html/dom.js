// SPDX-License-Identifier: Apache-2.0
//
// The only way in which this page makes elements. Texts come from other people's binaries: they
// become text nodes, whatever they hold, and attributes are set one by one. Nothing here or
// elsewhere parses markup; the page's policy (require-trusted-types-for) would refuse it.

// element("a", {href: "#x", class: "y", onclick: f}, "text", otherElement, null, …)
export function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) {
      made.addEventListener(key.slice(2), value);
    } else {
      made.setAttribute(key, value === true ? "" : value);
    }
  }
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined) made.append(child);
  }
  return made;
}

// A path, which rather goes on in a new line behind a slash than in the middle of a name or number.
export function placeText(place) {
  return element("span", {class: "place"},
    place.split(/(?<=\/)/).map((part, at) => [at > 0 ? element("wbr") : null, part]));
}

// What may be wider than the page: scrolled by touch, mouse and, because it can have the focus, keys.
export function scrolled(label, ...children) {
  return element("div", {class: "wide", tabindex: "0", role: "group", "aria-label": label}, children);
}

// The value of one of the style sheet's custom properties, under the present colour scheme.
export function styleValue(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

// Calls back when the user switches between light and dark.
export function onSchemeChange(callback) {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", callback);
}

// Calls back with the width of an element, once for each frame in which it changed.
export function onWidthChange(target, callback) {
  let last = -1;
  let pending = 0;
  new ResizeObserver(() => {
    cancelAnimationFrame(pending);
    pending = requestAnimationFrame(() => {
      const width = Math.floor(target.clientWidth);
      if (width === last || width === 0) return;
      last = width;
      callback(width);
    });
  }).observe(target);
}

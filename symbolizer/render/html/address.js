// SPDX-License-Identifier: Apache-2.0
//
// What is looked at, in the part of the page's address behind "#": a link shows what was meant. Only
// what differs from how the page opens is written. An address that names a card ("#finding-2") is
// the browser's, and opens that card.

export function readAddress() {
  const fields = new URLSearchParams(location.hash.slice(1));
  return new Map([...fields].filter(([, value]) => value !== ""));
}

// {key: text, or null where it is as the page opens}
export function writeAddress(fields) {
  const text = new URLSearchParams(
    Object.entries(fields).filter(([, value]) => value !== null && value !== "")).toString();
  if (text === location.hash.slice(1)) return;
  // Not a new entry in the browser's history: "back" leaves the page, as people expect.
  history.replaceState(null, "", text === "" ? location.pathname + location.search : `#${text}`);
}

// Calls back when somebody edits the address or follows a link into the page.
export function onAddress(callback) {
  addEventListener("hashchange", () => {
    if (!openCard()) callback(readAddress());
  });
}

export function openCard() {
  const card = /^#finding-\d+$/.test(location.hash) && document.getElementById(location.hash.slice(1));
  if (!card) return false;
  card.open = true;
  card.scrollIntoView();
  return true;
}

// SPDX-License-Identifier: Apache-2.0
//
// Figures as people read them, with the units and the rounding of symbolizer/base/quantity.cpp, so
// that the page and the text report say the same.

const kUnits = ["B", "kB", "MB", "GB", "TB", "PB"];

export function bytes(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  let size = Math.abs(value);
  let unit = 0;
  while (size >= 999.5 && unit + 1 < kUnits.length) {
    size /= 1000;
    ++unit;
  }
  const digits = unit === 0 || size >= 99.5 ? 0 : size >= 9.95 ? 1 : 2;
  const text = unit === 0 ? String(Math.round(size)) : String(Number(size.toFixed(digits)));
  return `${value < 0 && Number(text) !== 0 ? "−" : ""}${text} ${kUnits[unit]}`;
}

export function signedBytes(value) {
  return (value > 0 ? "+" : "") + bytes(value);
}

export function count(value) {
  return Math.round(value).toLocaleString("en-US").replace("-", "−");
}

export function blocks(value) {
  return `${count(value)} ${Math.abs(value) === 1 ? "block" : "blocks"}`;
}

export function signedBlocks(value) {
  return (value > 0 ? "+" : "") + blocks(value);
}

export function percent(fraction) {
  if (!Number.isFinite(fraction)) return "–";
  const value = 100 * fraction;
  return `${value >= 10 ? value.toFixed(0) : value >= 0.1 ? value.toFixed(1) : value > 0 ? "<0.1" : "0"} %`;
}

// Short, for an axis: "90 s", "1:30 h".
export function elapsed(seconds, step = 1) {
  if (step < 1) return `${seconds.toFixed(step < 0.1 ? 2 : 1)} s`;
  const whole = Math.round(seconds);
  if (Math.abs(whole) < 120) return `${whole} s`;
  if (Math.abs(whole) < 7200) {
    return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")} min`;
  }
  const minutes = Math.round(whole / 60);
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")} h`;
}

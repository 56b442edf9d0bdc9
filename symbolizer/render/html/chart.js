// SPDX-License-Identifier: Apache-2.0
//
// What is in use over time in every heap, stacked by finding, with RSS as a line beside it: what the
// findings explain of the growth, and what the process takes besides; and RSS as a stack of its
// parts. uPlot draws; a table below says the same to those who cannot see a canvas. The snapshot at
// exit is in that table only: what a program gives back when it ends is no change over time.

import uPlot from "uplot";

import {element, onSchemeChange, onWidthChange, scrolled, styleValue} from "./dom.js";
import {bytes, count, elapsed} from "./format.js";

// Of --series-0 … in the style sheet: what rises from the begin on, red first, all else from the
// end on. There are never more layers than colours.
const kColors = [0, 1, 6, 9, 3, 8, 2, 4, 7, 5];
const kHeight = 320;
const kMostRows = 500;
// RSS that is so many times what is in use would press the rest to the ground: it is hidden then,
// until its name is clicked.
const kMostOverhang = 3;

// [{label, values, color}], bottom of the stack first.
function layers(data) {
  const result = data.heaps.map((heap) => (
    {label: heap.label, values: heap.live_bytes, color: `--heap-${heap.key}`}));
  let rising = 0;
  let calm = 0;
  const color = (layer) => {
    if (layer.others) return "--series-others";
    const rises = ["leak", "growing"].includes(data.findings[layer.finding].verdict);
    return `--series-${rises ? kColors[rising++] : kColors[kColors.length - ++calm]}`;
  };
  data.chart.forEach((layer) => {
    result.push({label: layer.label, values: layer.live_bytes, color: color(layer)});
  });
  return result;
}

// What RSS is made of, bottom of the stack first: what matters to a developer last.
function parts(data) {
  return data.rss.map((part) => (
    {label: part.label, values: part.live_bytes, color: `--heap-${part.key}`}));
}

export function buildChart(host, data, range) {
  const plot = element("div", {
    class: "chart", tabindex: "0", role: "group",
    "aria-label": "Bytes in use over time in every heap, stacked by finding, and RSS. " +
      "Left and right arrow move the cursor; the table below has the figures.",
  });
  host.append(plot, element("div", {class: "range-place"}), element("p", {class: "quiet"},
    "Drag in the chart to choose a time, for which findings and flame graph are counted anew; " +
    "double-click for all of it; click a name below the chart to hide it."));
  const sum = element("div", {
    class: "chart rss", tabindex: "0", role: "group",
    "aria-label": "Resident memory over time as a stack of its parts. " +
      "Left and right arrow move the cursor; the table below has the figures.",
  });
  if (data.rss.length > 0 && data.judged > 1) {
    host.append(element("h3", {}, "RSS by part"), sum);
  }
  host.append(snapshotTable(data));
  if (data.judged < 2) {
    plot.remove();
    host.prepend(element("p", {}, "A single snapshot shows no change over time."));
    return;
  }

  drawChart(plot, data, layers(data), range);
  if (data.rss.length > 0) drawChart(sum, data, parts(data), range);
}

function drawChart(plot, data, all, range) {
  const snapshots = data.snapshots.slice(0, data.judged);
  const xs = snapshots.map((snapshot) => snapshot.elapsed_seconds);
  const rss = snapshots.map((snapshot) => snapshot.rss_bytes || null);
  const most = xs.reduce((so_far, _, at) =>
    Math.max(so_far, all.reduce((sum, layer) => sum + layer.values[at], 0)), 0);
  let rssShown = rss.reduce((a, b) => Math.max(a, b), 0) <= kMostOverhang * most;
  const shown = all.map(() => true);
  let chart = null;
  let width = 0;

  // Each layer is drawn from zero up to the sum of what is shown at or below it; the highest first.
  const stacked = () => {
    const sums = [];
    const sum = new Array(xs.length).fill(0);
    all.forEach((layer, i) => {
      if (shown[i]) xs.forEach((_, at) => { sum[at] += layer.values[at]; });
      sums.push([...sum]);
    });
    return [xs, ...sums.reverse(), rss];
  };

  const options = () => {
    const text = styleValue("--quiet");
    const grid = {stroke: styleValue("--line"), width: 1};
    const series = all.map((layer, i) => ({
      label: layer.label,
      show: shown[i],
      stroke: styleValue(layer.color),
      fill: styleValue(layer.color),
      width: 1,
      points: {show: xs.length <= 100, size: 4},
      value: (_, __, ___, at) => (at === null ? "" : bytes(layer.values[at])),
    })).reverse();
    return {
      width,
      height: kHeight,
      scales: {x: {time: false}, y: {range: (_, __, max) => [0, Math.max(1, max) * 1.05]}},
      axes: [
        {stroke: text, grid, ticks: grid,
         values: (_, splits, __, ___, step) => splits.map((at) => elapsed(at, step))},
        {stroke: text, grid, ticks: grid, size: 76, values: (_, splits) => splits.map(bytes)},
      ],
      series: [
        {label: "time", value: (_, at) => (at === null ? "" : elapsed(at, at < 100 ? 0.1 : 1))},
        ...series,
        {label: "RSS", show: rssShown, stroke: styleValue("--rss"), width: 2, dash: [6, 4], spanGaps: true,
         points: {show: false}, value: (_, value) => (value === null ? "" : bytes(value))},
      ],
      cursor: {points: {show: false}},
      legend: {live: true},
      hooks: {setSeries: [onToggle], ready: [showLast], setScale: [onZoom]},
    };
  };

  // A zoom by dragging chooses the range, and the range is what is shown: both charts follow it.
  let following = false;
  function onZoom(self, key) {
    if (key !== "x" || following || chart === null) return;
    const {min, max} = self.scales.x;
    if (min <= xs[0] && max >= xs[xs.length - 1]) range.all();
    else range.setSeconds(min, max);
    follow();
  }

  function follow() {
    if (chart === null) return;
    following = true;
    chart.setScale("x", {min: range.seconds(range.from), max: range.seconds(range.to)});
    // The scale is set in a microtask.
    queueMicrotask(() => { following = false; });
  }

  // Without a cursor the legend has the figures of the last snapshot.
  function showLast(self) {
    self.setLegend({idx: xs.length - 1}, false);
  }

  function onToggle(self, index, change) {
    if (index === null || change.show === undefined) return;
    if (index > all.length) {
      rssShown = self.series[index].show;
      return;
    }
    shown[all.length - index] = self.series[index].show;
    self.setData(stacked(), false);
    self.redraw(true);
  }

  const draw = () => {
    if (width === 0) return;
    chart?.destroy();
    chart = new uPlot(options(), stacked(), plot);
    chart.over.addEventListener("mouseleave", () => setTimeout(showLast, 0, chart));
    decorateLegend();
    if (!range.isAll) follow();
  };

  // uPlot's names are clickable headings: let the keyboard reach them.
  const decorateLegend = () => {
    plot.querySelectorAll(".u-legend .u-series th").forEach((heading, i) => {
      if (i === 0) return;
      heading.setAttribute("tabindex", "0");
      heading.setAttribute("role", "button");
      heading.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        event.stopPropagation();
        heading.click();
      });
    });
  };

  let cursor = xs.length - 1;
  plot.addEventListener("keydown", (event) => {
    const step = {ArrowLeft: -1, ArrowRight: 1, Home: -xs.length, End: xs.length}[event.key];
    if (step === undefined || chart === null) return;
    event.preventDefault();
    cursor = Math.max(0, Math.min(xs.length - 1, cursor + step));
    chart.setCursor({left: chart.valToPos(xs[cursor], "x"), top: 10});
  });
  onWidthChange(plot, (next) => {
    width = next;
    draw();
  });
  onSchemeChange(draw);
  range.onChange(follow);
}

function snapshotTable(data) {
  const heads = ["snapshot", "elapsed", "RSS", "in use", "blocks", "mappings", "allocated",
                 ...data.rss.map((part) => part.label)];
  const every = Math.ceil(data.snapshots.length / kMostRows);
  const body = element("tbody");
  const details = element("details", {class: "snapshots"},
    element("summary", {}, `Snapshots (${count(data.snapshots.length)})` +
      (every > 1 ? `, one in ${every} shown` : "")),
    scrolled("snapshots", element("table", {},
      element("thead", {}, element("tr", {}, heads.map((head) => element("th", {scope: "col"}, head)))),
      body)));
  details.addEventListener("toggle", () => {
    if (!details.open || body.childElementCount > 0) return;
    data.snapshots.forEach((line, i) => {
      if (i % every !== 0 && i + 1 !== data.snapshots.length) return;
      const cells = [line.sequence, elapsed(line.elapsed_seconds, 0.1),
                     line.rss_bytes ? bytes(line.rss_bytes) : "–", bytes(line.live_bytes),
                     count(line.live_blocks), bytes(line.mapping_bytes), bytes(line.allocated_bytes),
                     ...data.rss.map((part) => bytes(part.live_bytes[i]))];
      body.append(element("tr", {}, cells.map((cell) => element("td", {}, String(cell)))));
    });
  });
  return details;
}

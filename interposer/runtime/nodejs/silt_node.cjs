// SPDX-License-Identifier: Apache-2.0
//
// The JavaScript side of silt, which node loads before the program in each of its threads because
// libsilt.so has put a --require of it into NODE_OPTIONS. It starts V8's sampling heap profiler and,
// when a snapshot is wanted, hands what V8 knows over to the library in flat arrays. It must never
// be noticed: nothing of it throws, keeps the process alive or stays in the module cache, and the
// environment and command line are the program's own again before the program runs. Longer than 300
// lines: a second file would be found in the module cache, or have to be read once more.
'use strict';

// What a program may replace later is taken now.
const { memoryUsage, uptime } = process;

const quoted = /[ "\\]/.test(__filename)
  ? `"${__filename.replace(/["\\]/g, '\\$&')}"` : __filename;
const wish = `--require ${quoted}`;

// NODE_OPTIONS as it was: children get ours from the library again, if it is there. A worker that
// was created with options of its own may have it among these instead.
function restoreEnvironment() {
  const { execArgv } = process;
  if (execArgv.at(-1) === __filename && execArgv.at(-2) === '--require') execArgv.length -= 2;
  const options = process.env.NODE_OPTIONS;
  if (options === undefined) return;
  const at = options.lastIndexOf(wish);
  if (at < 0) return;
  const before = options.slice(0, Math.max(0, at - 1));
  if (at === 0) delete process.env.NODE_OPTIONS;
  else process.env.NODE_OPTIONS = before;
}

// The library that was preloaded, by the path under which the loader has it.
function openLibrary() {
  const { join, dirname } = require('path');
  const exported = { exports: {} };
  process.dlopen(exported, join(dirname(__filename), 'libsilt.so'));
  return exported.exports;
}

// V8 reports the bytes that a sample stands for: its object's size times the number of objects like
// it, rounded, that are expected between two samples. This finds that number again. Where several
// fit, the largest objects' is taken.
function makeCounter(interval) {
  const known = new Map();
  const step = 8; // objects are made of words
  function count(bytes) {
    const most = Math.ceil(interval / (2 * step)) + 1;
    for (let n = 1; n <= most; ++n) {
      const size = bytes / n;
      if (size % step !== 0) continue;
      if (Math.floor(1 / (1 - Math.exp(-size / interval)) + 0.5) === n) return n;
    }
    return Math.max(1, Math.round(bytes / (2 * step + Math.max(0, bytes - interval) * 2)));
  }
  return (bytes) => {
    let n = known.get(bytes);
    if (n === undefined) {
      n = count(bytes);
      if (known.size < 10000) known.set(bytes, n);
    }
    return n;
  };
}

// Numbers texts in the order in which they come.
class Texts {
  constructor() {
    this.numbers = new Map([['', 0]]);
  }

  number(text) {
    let number = this.numbers.get(text);
    if (number === undefined) {
      number = this.numbers.size;
      this.numbers.set(text, number);
    }
    return number;
  }

  bytes() {
    const clean = [...this.numbers.keys()].map((text) => text.replaceAll('\0', ' '));
    return new Uint8Array(Buffer.from(`${clean.join('\0')}\0`, 'utf8'));
  }
}

// Since when a sample lives. V8 numbers samples in the order of allocation, so what is numbered
// above everything seen at one snapshot was born after it.
class Births {
  constructor() {
    this.last = []; // last[code]: the largest number known when this code was current
  }

  note(code, largest) {
    for (let c = this.last.length; c <= code; ++c) this.last[c] = this.last[c - 1] ?? 0;
    this.last[code] = Math.max(this.last[code], largest);
  }

  code(ordinal) {
    let low = 0;
    let high = this.last.length - 1;
    while (low < high) { // first code whose largest number is not below this one
      const middle = (low + high) >> 1;
      if (this.last[middle] >= ordinal) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

function pathOf(url) {
  if (!url.startsWith('file://')) return url;
  try {
    return require('url').fileURLToPath(url);
  } catch {
    return url;
  }
}

const kMostKnown = 50000;

class Flattened {
  // `known` keeps the frame of each of V8's nodes: of a script that is collected V8 forgets name
  // and lines.
  constructor(profile, births, countOf, known) {
    this.known = known;
    this.texts = new Texts();
    this.frames = [];
    this.frameNumbers = new Map();
    this.nodes = [];
    this.rows = [];
    const samples = new Map(); // node id -> its samples
    for (const sample of profile.samples) {
      const list = samples.get(sample.nodeId);
      if (list === undefined) samples.set(sample.nodeId, [sample]);
      else list.push(sample);
    }
    for (const child of profile.head.children) this.add(child, 0, samples, births, countOf);
    this.addRows(0, profile.head, samples, births, countOf);
  }

  frame(id, now) {
    const callFrame = now.url === '' ? this.known.get(id) ?? now : now;
    if (now.url !== '' && !this.known.has(id) && this.known.size < kMostKnown) {
      this.known.set(id, now);
    }
    const key = `${callFrame.scriptId}:${callFrame.lineNumber}:${callFrame.columnNumber}:` +
      callFrame.functionName;
    let number = this.frameNumbers.get(key);
    if (number === undefined) {
      number = this.frameNumbers.size;
      this.frameNumbers.set(key, number);
      const known = callFrame.url !== '';
      this.frames.push(this.texts.number(callFrame.functionName),
        this.texts.number(pathOf(callFrame.url)),
        known ? callFrame.lineNumber + 1 : 0, known ? callFrame.columnNumber + 1 : 0);
    }
    return number;
  }

  // A node, and the nodes below it, as far as something was allocated there; false when nothing
  // was. V8 keeps stacks of at most 128 frames.
  add(node, parent, samples, births, countOf) {
    if (pathOf(node.callFrame.url) === __filename) return; // silt's own
    const nodesBefore = this.nodes.length;
    const rowsBefore = this.rows.length;
    this.nodes.push(parent, this.frame(node.id, node.callFrame));
    const id = this.nodes.length / 2;
    this.addRows(id, node, samples, births, countOf);
    for (const child of node.children) this.add(child, id, samples, births, countOf);
    if (this.rows.length === rowsBefore) this.nodes.length = nodesBefore;
  }

  addRows(id, node, samples, births, countOf) {
    const list = samples.get(node.id);
    if (list === undefined || id === 0) return;
    const byCode = new Map();
    for (const { size, ordinal } of list) {
      const code = births.code(ordinal);
      let sum = byCode.get(code);
      if (sum === undefined) byCode.set(code, sum = [0, 0, 0]);
      sum[0] += 1;
      sum[1] += countOf(size);
      sum[2] += size;
    }
    for (const code of [...byCode.keys()].sort((a, b) => a - b)) {
      this.rows.push(id, code, ...byCode.get(code));
    }
  }
}

// How fast the program allocates for a moment: what is in use at its end and was not at its begin,
// and what was collected in between.
class Pace {
  constructor(v8) {
    this.v8 = v8;
    this.since = uptime();
    this.begin = v8.getHeapStatistics().used_heap_size;
    this.collections = new v8.GCProfiler();
    this.collections.start();
  }

  // Bytes a second.
  end() {
    let bytes = this.v8.getHeapStatistics().used_heap_size - this.begin;
    for (const { beforeGC, afterGC } of this.collections.stop().statistics) {
      bytes += beforeGC.heapStatistics.usedHeapSize - afterGC.heapStatistics.usedHeapSize;
    }
    return bytes / Math.max(0.001, uptime() - this.since);
  }
}
const kPaceMs = 150;
const kRestMs = 5000;
// A burst, as when modules are loaded, is no pace: that shows in two looks so far apart, or at once
// where it is this many times too fast.
const kAgainMs = 1000;
const kFarTooFast = 10;
// A sample costs some 10 µs of processor time, one that lives some 200 bytes.
const kMostSamplesASecond = 400;
const kMostSamples = 20000;
// For a fast program, and where V8 does not tell of its collections; more only for a large heap.
const kIntervalAtAnyPace = 256 * 1024;
const kLongestInterval = 1024 * 1024;

// As long as there is a session, V8 keeps the last thousand messages of the console, with the
// objects in them. Plain node keeps none, unless a debugger can be attached.
const kMessagesMs = 1000;

// One isolate's profiler.
class Heap {
  constructor(library, interval) {
    this.inspector = require('inspector');
    const { Session } = this.inspector;
    this.library = library;
    this.untilLook = 0;
    this.waited = 0;
    this.interval = interval;
    this.v8 = require('v8');
    this.pace = undefined;
    this.wasFast = false;
    this.session = new Session();
    this.session.connect();
  }

  start() {
    this.births = new Births();
    this.known = new Map();
    this.countOf = makeCounter(this.interval);
    if (this.interval === 0) return;
    this.session.post('HeapProfiler.startSampling', { samplingInterval: this.interval }, () => {});
  }

  stop() {
    this.pace?.end();
    if (this.interval !== 0) this.session.post('HeapProfiler.stopSampling', () => {});
    this.session.disconnect();
  }

  // With an interval of at least so much, in all isolates. V8 forgets its samples by that.
  sampleAnew(least) {
    const interval = this.library.interval(Math.min(least, kLongestInterval));
    if (interval <= this.interval) return;
    this.session.post('HeapProfiler.stopSampling', () => {});
    this.interval = interval;
    this.start();
  }

  forgetMessages() {
    if (this.inspector.url() !== undefined) return;
    this.session.post('Runtime.discardConsoleEntries', () => {});
  }

  // After how many milliseconds to be called again.
  tick() {
    this.forgetMessages();
    this.untilLook -= this.waited;
    if (this.untilLook <= 0) this.untilLook = (this.library.adapts && this.look()) || Infinity;
    this.waited = Math.min(this.untilLook, kMessagesMs);
    return this.waited;
  }

  // After how many milliseconds to look again, 0: never.
  look() {
    this.sampleAnew(0); // another one may have lengthened it
    if (this.v8.GCProfiler === undefined) {
      this.sampleAnew(kIntervalAtAnyPace);
      return 0;
    }
    if (this.pace === undefined) {
      this.pace = new Pace(this.v8);
      return kPaceMs;
    }
    const pace = this.pace.end();
    this.pace = undefined;
    const excess = pace / this.interval / kMostSamplesASecond;
    if (excess > 1 && excess < kFarTooFast && !this.wasFast) {
      this.wasFast = true;
      return kAgainMs;
    }
    this.wasFast = false;
    let least = this.interval;
    while (pace / least > kMostSamplesASecond && least < kIntervalAtAnyPace) least *= 4;
    this.sampleAnew(least);
    return this.interval < kIntervalAtAnyPace ? kRestMs : 0;
  }

  // Collects garbage; the numbers are those just after that.
  profile(totals) {
    let profile;
    this.forgetMessages();
    const collections = this.v8.GCProfiler === undefined ? undefined : new this.v8.GCProfiler();
    if (collections !== undefined) collections.start();
    const method = this.interval === 0 ? 'HeapProfiler.collectGarbage'
      : 'HeapProfiler.getSamplingProfile';
    this.session.post(method, (error, result) => {
      if (!error) profile = result.profile ?? { head: { id: 0, children: [] }, samples: [] };
    });
    const usage = memoryUsage();
    totals.set([this.interval, usage.heapUsed, usage.heapTotal, usage.external, usage.arrayBuffers,
      this.v8.getHeapStatistics().total_physical_size]);
    // What reading the profile has allocated since is not the program's.
    const last = collections?.stop()?.statistics
      ?.findLast(({ gcType }) => gcType === 'MarkSweepCompact')?.afterGC?.heapStatistics;
    if (last !== undefined) {
      totals[1] = last.usedHeapSize;
      totals[2] = last.totalHeapSize;
    }
    return profile;
  }

  capture() {
    const code = this.library.generation();
    const totals = new Float64Array(6);
    const profile = this.profile(totals);
    if (profile === undefined) {
      this.start(); // somebody else's profiler has stopped ours
      return;
    }
    let largest = 0;
    for (const { ordinal } of profile.samples) if (ordinal > largest) largest = ordinal;
    this.births.note(code, largest);
    const flat = new Flattened(profile, this.births, this.countOf, this.known);
    this.library.give(totals, new Uint32Array(flat.frames), new Uint32Array(flat.nodes),
      new Float64Array(flat.rows), flat.texts.bytes());
    this.sampleAnew(profile.samples.length > kMostSamples ? this.interval * 4 : 0);
  }
}

// The options of a new worker, with ours where node does not hand ours on by itself.
function workerOptions(options) {
  const { SHARE_ENV } = require('worker_threads');
  if (Array.isArray(options.execArgv)) {
    return { ...options, execArgv: [...options.execArgv, '--require', __filename] };
  }
  const { env } = options;
  if (typeof env !== 'object' || env === null || env === SHARE_ENV || env === process.env) {
    return options;
  }
  const own = env.NODE_OPTIONS;
  const given = own === undefined || own === '' ? wish : `${own} ${wish}`;
  return { ...options, env: { ...env, NODE_OPTIONS: given } };
}

// Workers with `env` or `execArgv` of their own load this script too. The class stays what it is in
// every other respect.
function joinWorkers() {
  const threads = require('worker_threads');
  threads.Worker = new Proxy(threads.Worker, {
    construct(target, [file, options, ...rest], newTarget) {
      let ours = options;
      try {
        if (typeof options === 'object' && options !== null) ours = workerOptions(options);
      } catch {
        // node says itself what is wrong with them
      }
      const all = options === undefined ? [file] : [file, ours, ...rest];
      return Reflect.construct(target, all, newTarget);
    },
  });
  require('module').syncBuiltinESMExports();
}

function join(library) {
  const { isMainThread, threadId } = require('worker_threads');
  let heap;
  const capture = () => {
    try {
      heap?.capture();
    } catch {
      // Without a profile the snapshot says that this heap was missed.
    }
  };
  // Without a path: returns what is used. With one: writes the heap.
  const { writeHeapSnapshot, getHeapStatistics } = require('v8');
  const heapOf = (path) => {
    try {
      if (path === undefined) return getHeapStatistics().used_heap_size;
      writeHeapSnapshot(path);
      return 1;
    } catch {
      return -1;
    }
  };
  // Asleep there is no profiler, no inspector's session, and V8 tells of no code.
  let interval = -1;
  const wake = (awake) => {
    try {
      library.run(() => {
        library.watch(awake);
        heap?.stop();
        heap = awake ? new Heap(library, library.interval(0)) : undefined;
        heap?.start();
      });
    } catch {
      // A node without inspector: the native half works.
    }
  };
  const tick = () => {
    let next = kRestMs;
    try {
      library.run(() => { next = heap === undefined ? kRestMs : heap.tick(); });
    } catch {
      // It stays as it is.
    }
    return next;
  };
  interval = library.join(threadId, capture, heapOf, wake, tick);
  if (interval < 0) return;
  if (!library.inlining) {
    const { setFlagsFromString } = require('v8');
    setFlagsFromString('--no-turbo-inlining');
    // The compiler whose code tells neither what it has inlined nor any line. A version without it
    // says on standard error that it knows no such flag.
    if (parseInt(process.versions.v8, 10) >= 11) setFlagsFromString('--no-maglev');
  }
  if (library.awake()) wake(1);
  joinWorkers();
  if (isMainThread && library.atExit) {
    process.on('exit', () => {
      if (!library.awake()) return;
      library.run(capture);
      library.leave();
    });
  }
}

try {
  restoreEnvironment();
  delete require.cache[__filename];
  const library = openLibrary();
  // Without `join` libsilt.so is not preloaded here, or not joining. What `run` runs is silt's own.
  if (library.join !== undefined) library.run(() => join(library));
} catch {
  // A node without inspector, or one that forbids addons: the native half works.
}

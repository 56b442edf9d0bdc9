// SPDX-License-Identifier: Apache-2.0
//
// Each way in which servers keep what they should have dropped, and two that drop it. A line `grow`
// on standard input lets it keep (or use) some thousand more; with a number of milliseconds as second
// argument it does so by itself as often. usage: keepers.cjs KIND [EVERY]
'use strict';
const { AsyncLocalStorage } = require('async_hooks');
const { EventEmitter } = require('events');
const Module = require('module');
const { PassThrough } = require('stream');
const { Worker, isMainThread, workerData } = require('worker_threads');

const [kind, every] = isMainThread ? process.argv.slice(2) : [workerData.kind];
const kRound = 2000;
let number = 0;

class Session {
  constructor(id) {
    this.sessionNumber = id;
    this.sessionText = `very secret session ${id}`;
  }
}

const cache = new Map();
function remember() {
  cache.set(`key of ${number}`, new Session(number));
}
function rememberSome() {
  remember();
  if (cache.size > kRound) cache.delete(cache.keys().next().value);
}

const bus = new EventEmitter().setMaxListeners(0);
function listen() {
  const session = new Session(number);
  bus.on('event', function onEvent() { return session; });
}
function listenOnce() {
  const session = new Session(number);
  function onEvent() { return session; }
  bus.on('event', onEvent);
  bus.emit('event');
  bus.off('event', onEvent);
}

function makeRecorder() {
  const seen = [];
  return function record(session) { seen.push(session); };
}
const record = makeRecorder();

function expire() {
  const session = new Session(number);
  setTimeout(function onExpiry() { return session; }, 1e9).unref();
}

const pool = { idle: [], busy: 0 };
function lend() {
  pool.idle.push(new Session(number));
}

// A table by names that nobody but its owner shall read.
const accounts = {};
function account() {
  accounts[`secret key ${number}`] = new Session(number);
}

// Modules that are loaded under ever new names.
function load() {
  const loaded = new Module(`/templates/${number}.js`);
  loaded.exports = new Session(number);
  require.cache[loaded.id] = loaded;
}

// Readers that never end.
const source = new PassThrough().setMaxListeners(0);
function pipe() {
  const reader = new PassThrough();
  reader.session = new Session(number);
  source.pipe(reader);
}

// The target lives for ever, and with it what is held for its end.
const registry = new FinalizationRegistry(() => {});
function register() {
  registry.register(bus, new Session(number));
}

// The context of a call that never ends.
const storage = new AsyncLocalStorage();
const pending = [];
function enter() {
  storage.run(new Session(number), () => { pending.push(new Promise(() => {}).then(() => {})); });
}

// Only weakly.
const references = new Map();
function refer() {
  references.set(number % 100, new WeakRef(new Session(number)));
}

const steps = {
  map: remember,
  listeners: listen,
  closure: () => record(new Session(number)),
  timers: expire,
  pool: lend,
  table: account,
  module: load,
  stream: pipe,
  registry: register,
  storage: enter,
  weak: refer,
  full: rememberSome,
  removed: listenOnce,
};

function grow() {
  for (let i = 0; i < kRound; i++, number++) steps[kind]();
}

// A worker that nobody ends has a heap of its own.
if (kind === 'worker' && isMainThread) {
  const worker = new Worker(__filename, { workerData: { kind: 'map' } });
  steps.worker = () => {};
  worker.unref();
  process.stdin.on('data', () => worker.postMessage('grow'));
} else if (!isMainThread) {
  require('worker_threads').parentPort.on('message', grow);
}

// Everything is reached through what a server would have: a handler of the process.
process.on('message', () => [bus, cache, record, pool, accounts, source, registry, pending, references]);
// What is bounded has its size: V8 doubles the table of a Map that entries leave until half of it is
// free.
for (let i = 0; i < 5; i++) grow();
if (every !== undefined) setInterval(grow, Number(every));
let rest = '';
if (isMainThread) process.stdin.on('data', (data) => {
  const lines = (rest + data).split('\n');
  rest = lines.pop();
  for (const line of lines) {
    if (line === 'grow') grow();
    console.log(`done ${line}`);
  }
});
if (isMainThread) process.stdin.on('end', () => { if (every === undefined) process.exit(7); });
console.log('ready');

// SPDX-License-Identifier: Apache-2.0
//
// Each way in which servers keep what they should have dropped, and two that drop it. A line `grow`
// on standard input lets it keep (or use) some thousand more; with a number of milliseconds as second
// argument it does so by itself as often. usage: keepers.cjs KIND [EVERY]
'use strict';
const { EventEmitter } = require('events');

const [kind, every] = process.argv.slice(2);
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

const steps = {
  map: remember,
  listeners: listen,
  closure: () => record(new Session(number)),
  timers: expire,
  pool: lend,
  table: account,
  full: rememberSome,
  removed: listenOnce,
};

function grow() {
  for (let i = 0; i < kRound; i++, number++) steps[kind]();
}

// Everything is reached through what a server would have: a handler of the process.
process.on('message', () => [bus, cache, record, pool, accounts]);
// What is bounded has its size: V8 doubles the table of a Map that entries leave until half of it is
// free.
for (let i = 0; i < 5; i++) grow();
if (every !== undefined) setInterval(grow, Number(every));
let rest = '';
process.stdin.on('data', (data) => {
  const lines = (rest + data).split('\n');
  rest = lines.pop();
  for (const line of lines) {
    if (line === 'grow') grow();
    console.log(`done ${line}`);
  }
});
process.stdin.on('end', () => { if (every === undefined) process.exit(7); });
console.log('ready');

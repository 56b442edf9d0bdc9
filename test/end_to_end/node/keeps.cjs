// SPDX-License-Identifier: Apache-2.0
//
// Two or more heap snapshots of a Map that keeps all sessions, of one that keeps the newest, or of
// an emitter whose listeners nobody takes away. usage: keeps.cjs map|full|listeners FOLDER COUNT
'use strict';
const { EventEmitter } = require('events');
const path = require('path');
const v8 = require('v8');

const [kind, folder, count] = process.argv.slice(2);
const kRound = 3000;
const kWarmUp = kind === 'full' ? 4 : 0;
const bus = new EventEmitter().setMaxListeners(0);
const cache = new Map();

class Session {
  constructor(number) {
    this.number = number;
    this.text = `session ${number}`;
  }
}

function remember(number) {
  cache.set(number, new Session(number));
  if (kind === 'full' && cache.size > kRound) cache.delete(cache.keys().next().value);
}

function listen(number) {
  const text = `listener ${number}`;
  bus.on('event', function onEvent() { return text; });
}

// Everything is reached through what a server would have: a handler of the process.
process.on('message', () => [bus, cache]);

let number = 0;
function round(left) {
  for (let i = 0; i < kRound; i++) (kind === 'listeners' ? listen : remember)(number++);
  // Before the first, what is kept has its size: V8 doubles the table of a Map that entries leave
  // until half of it is free.
  const snapshots = number / kRound - kWarmUp;
  if (snapshots > 0) v8.writeHeapSnapshot(path.join(folder, `${snapshots}.heapsnapshot`));
  if (left > 1) setImmediate(round, left - 1);
}
setImmediate(round, Number(count) + kWarmUp);

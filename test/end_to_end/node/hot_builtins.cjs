// SPDX-License-Identifier: Apache-2.0
// Code that V8 compiles calls V8's built-in functions, below which native memory is allocated.
// Prints where memory of node's own file is executable.
'use strict';
const { EventEmitter } = require('events');
const fs = require('fs');

class Request extends EventEmitter {
  constructor(number) {
    super();
    this.body = Buffer.from('x'.repeat(5000 + (number % 7)));
    this.on('end', () => this.body.length);
  }
}

const kept = [];
function keep(number) {
  kept.push(new Request(number));
  if (kept.length > 20000) kept.length = 0;
}

let rounds = 0;
const timer = setInterval(() => {
  for (let i = 0; i < 3000; i++) keep(i);
  if (++rounds < 30) return;
  clearInterval(timer);
  for (const line of fs.readFileSync('/proc/self/maps', 'utf8').split('\n')) {
    const [range, permissions, , , , path] = line.split(/ +/);
    if (path === process.execPath && permissions[2] === 'x') console.log(range);
  }
}, 2);

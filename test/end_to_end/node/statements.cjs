// SPDX-License-Identifier: Apache-2.0
//
// Functions that allocate in one of several statements: where in them is known by the statement. As
// many calls as standard input says, a line each time.
'use strict';
const readline = require('readline');

const kept = [];

function attach(i) {
  const size = 3000 + (i & 1);
  if (size < i) kept.push(Buffer.alloc(size));

  const buffer = Buffer.alloc(size); // attached
  return buffer;
}

function describe(i) {
  const key = i % 10;
  const text = key.toString();

  const rows = new Array(500).fill(text); // described
  return { key, rows };
}

function connect(i) {
  kept.push(
    attach(i), // attaches
  );
  kept.push(describe(i)); // describes
}

// Two functions on one line, which only a column tells apart.
const pair = [(i) => { kept.push(Buffer.alloc(5000 + i)); }, (i) => { kept.push(Buffer.alloc(9000 + i)); }];

function run(times) {
  for (let i = 0; i < times; ++i) {
    connect(i);
    if (i % 16 === 0) pair[0](1);
    if (i % 16 === 8) pair[1](2);
  }
}

console.log('ready');
readline.createInterface({ input: process.stdin }).on('line', (line) => {
  run(Number(line));
  console.log(`done ${line}`);
});

// SPDX-License-Identifier: Apache-2.0
//
// A ring of recent buffers, full after three rounds, and beside it one buffer in twelve that is
// pinned by mistake.
//
// truth: leak pinned

'use strict';

const {serve} = require('../rounds.js');

const ring = new Array(144);
const pinned = [];
let next = 0;

function remember(number) {
  ring[next] = Buffer.alloc(10000 + (number % 7) * 500);
  next = (next + 1) % ring.length;
}

function pin(number) {  // LEAK: pinned
  const copy = Buffer.alloc(9000, number & 255);  // LEAK: pinned
  pinned.push(copy);
}

serve({
  rounds: 12,
  requests: 48,
  request: (round, i) => {
    remember(i);
    if (i % 12 === 5) pin(i);
  },
});

// SPDX-License-Identifier: Apache-2.0
//
// Templates are loaded into buffers in the first three rounds and then only read.
//
// truth: healthy

'use strict';

const {serve} = require('../rounds.js');

const templates = [];
let total = 0;

function load(number) {
  templates.push(Buffer.alloc(20000 + (number % 10) * 800, 't'));
}

serve({
  rounds: 10,
  requests: 32,
  request: (round, i) => {
    if (round < 3) load(i);
    total += templates[(round * 32 + i) % templates.length][100];
  },
});

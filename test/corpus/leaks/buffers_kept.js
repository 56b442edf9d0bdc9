// SPDX-License-Identifier: Apache-2.0
//
// The body of each request is kept in an array that nobody empties.
//
// truth: leak body

'use strict';

const {serve} = require('../rounds.js');

const bodies = [];

function collectBody(number) {  // LEAK: body
  const body = Buffer.alloc(16384, number & 255);  // LEAK: body
  bodies.push(body);
}

serve({rounds: 10, requests: 48, request: (round, i) => collectBody(i)});

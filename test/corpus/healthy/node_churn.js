// SPDX-License-Identifier: Apache-2.0
//
// Buffers and strings that live for one request.
//
// truth: healthy

'use strict';

const {chance, serve} = require('../rounds.js');

let total = 0;

function handle(number) {
  const body = Buffer.alloc(8192 + chance(30000), number & 255);
  total += JSON.parse(JSON.stringify({id: number, size: body.length})).size;
}

serve({rounds: 10, requests: 240, request: (round, i) => handle(i)});

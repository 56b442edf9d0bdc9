// SPDX-License-Identifier: Apache-2.0
//
// Deflate streams as in zlib_not_closed.js, but closed; and whole texts compressed at once.
//
// truth: healthy

'use strict';

const zlib = require('node:zlib');
const {chance, serve} = require('../rounds.js');

let total = 0;

function handle(number) {
  const stream = zlib.createDeflateRaw({windowBits: 9, memLevel: 1});
  stream.reset();
  stream.close();
  total += zlib.deflateSync('text '.repeat(100 + chance(400)) + number).length;
}

serve({rounds: 10, requests: 48, request: (round, i) => handle(i)});

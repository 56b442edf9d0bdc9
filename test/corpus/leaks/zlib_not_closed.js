// SPDX-License-Identifier: Apache-2.0
//
// A deflate stream for each connection that is never closed: its native state stays. reset() makes
// that state on the main thread, below the JavaScript frames.
//
// truth: leak stream

'use strict';

const zlib = require('node:zlib');
const {serve} = require('../rounds.js');

const connections = new Set();

function openConnection() {  // LEAK: stream
  const stream = zlib.createDeflateRaw({windowBits: 9, memLevel: 1});  // LEAK: stream
  stream.reset();  // LEAK: stream
  connections.add(stream);
}

serve({rounds: 10, requests: 16, request: openConnection});

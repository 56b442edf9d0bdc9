// SPDX-License-Identifier: Apache-2.0
//
// A listener added for each request and never removed; its closure keeps the request's buffer.
//
// truth: leak upload

'use strict';

const {EventEmitter} = require('node:events');
const {serve} = require('../rounds.js');

const bus = new EventEmitter();
bus.setMaxListeners(0);

function receive(number) {  // LEAK: upload
  const upload = Buffer.alloc(12000 + (number % 5) * 1000);  // LEAK: upload
  bus.on('done', () => upload.length);
}

serve({rounds: 8, requests: 32, request: (round, i) => receive(i)});

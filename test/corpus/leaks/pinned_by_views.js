// SPDX-License-Identifier: Apache-2.0
//
// Of each upload only the first bytes are kept, but as a view, which keeps the whole of it.
//
// truth: leak body

'use strict';

const express = require('express');
const {ask, drive, listen} = require('../requests.js');

const heads = [];

function keepHead(body) {
  heads.push(body.subarray(0, 16));
  if (heads.length > 1000) heads.shift();
}

function collectBody(request, response) {  // LEAK: body
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => {  // LEAK: body
    const body = Buffer.concat(parts);  // LEAK: body
    keepHead(body);
    response.end(String(body.length));
  });
}

async function main() {
  const app = express();
  app.post('/upload', collectBody);
  const server = await listen(app);
  const upload = Buffer.alloc(40000, 'x');
  await drive({server, rounds: 9, requests: 48,
               request: (round, i) => ask(server, '/upload', upload.subarray(0, 30000 + 100 * i))});
}

main();

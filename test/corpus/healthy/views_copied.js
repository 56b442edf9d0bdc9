// SPDX-License-Identifier: Apache-2.0
//
// Of each upload only a copy of the first bytes is kept, for the last thousand uploads.
//
// truth: healthy

'use strict';

const express = require('express');
const {ask, drive, listen} = require('../requests.js');

const heads = [];

function keepHead(body) {
  heads.push(Buffer.from(body.subarray(0, 16)));
  if (heads.length > 1000) heads.shift();
}

function collectBody(request, response) {
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => {
    const body = Buffer.concat(parts);
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

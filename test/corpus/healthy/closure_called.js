// SPDX-License-Identifier: Apache-2.0
//
// Callbacks wait in a list until the next request calls them; each closure holds a report meanwhile.
//
// truth: healthy

'use strict';

const express = require('express');
const {ask, drive, listen} = require('../requests.js');

const finished = [];

function makeReport(request, response) {
  const rows = [];
  for (let i = 0; i < 1200; i++) rows.push([i, `row ${i}`, Date.now()]);
  while (finished.length > 4) finished.shift()();
  finished.push(() => rows.length);
  response.json({total: rows.length});
}

async function main() {
  const app = express();
  app.get('/report', makeReport);
  const server = await listen(app);
  await drive({server, rounds: 9, requests: 48, request: () => ask(server, '/report')});
}

main();

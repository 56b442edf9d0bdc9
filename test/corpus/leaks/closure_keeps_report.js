// SPDX-License-Identifier: Apache-2.0
//
// Callbacks wait in a list that nobody empties; each closure holds the report that it was made beside.
//
// truth: leak report

'use strict';

const express = require('express');
const {ask, drive, listen} = require('../requests.js');

const finished = [];

function makeReport(request, response) {  // LEAK: report
  const rows = [];
  for (let i = 0; i < 1200; i++) rows.push([i, `row ${i}`, Date.now()]);
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

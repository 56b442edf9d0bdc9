// SPDX-License-Identifier: Apache-2.0
//
// A handler opens a connection of a native addon and closes it.
//
// truth: healthy

'use strict';

const path = require('node:path');
const express = require('express');
const {ask, drive, listen} = require('../requests.js');

const database = require(path.join(process.env.CORPUS_PROGRAMS, 'connections.node'));

function readOrder(request, response) {
  const connection = database.open();
  const order = {number: Number(request.params.number), open: connection !== undefined};
  database.close(connection);
  response.json(order);
}

async function main() {
  const app = express();
  app.get('/order/:number', readOrder);
  const server = await listen(app);
  await drive({server, rounds: 9, requests: 48, request: (round, i) => ask(server, `/order/${i}`)});
}

main();

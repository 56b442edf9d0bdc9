// SPDX-License-Identifier: Apache-2.0
//
// A listener is added to a bus for each request and stays when the request is done; with it all that
// the request had gathered.
//
// truth: leak watchers

'use strict';

const {EventEmitter} = require('node:events');
const express = require('express');
const {ask, drive, listen} = require('../requests.js');

const bus = new EventEmitter();
bus.setMaxListeners(0);

function watchPrices(request, response) {  // LEAK: watchers
  const quotes = [];
  for (let i = 0; i < 1000; i++) quotes.push({symbol: `S${i}`, price: Math.random()});
  const onPrices = (update) => { quotes[update.at].price = update.price; };
  bus.on('prices', onPrices);
  response.json({best: quotes[7].symbol});
}

async function main() {
  const app = express();
  app.get('/prices', watchPrices);
  const server = await listen(app);
  await drive({server, rounds: 9, requests: 48, request: () => ask(server, '/prices')});
}

main();

// SPDX-License-Identifier: Apache-2.0
//
// A WebSocket server (package ws) starts a timer for each client and clears it when the client goes.
//
// truth: healthy

'use strict';

const {WebSocket, WebSocketServer} = require('ws');
const {drive, listen} = require('../requests.js');

function openSession(socket) {
  const history = [];
  for (let i = 0; i < 1000; i++) history.push({at: i, text: `line ${i}`});
  const timer = setInterval(() => history.reverse(), 60000);
  socket.on('close', () => clearInterval(timer));
  socket.on('message', () => socket.send(String(history.length)));
}

function talk(server) {
  return new Promise((resolve, reject) => {
    const client = new WebSocket(`ws://127.0.0.1:${server.address().port}/`);
    client.on('open', () => client.send('hello'));
    client.on('message', () => client.close());
    client.on('close', resolve);
    client.on('error', reject);
  });
}

async function main() {
  const server = await listen();
  new WebSocketServer({server}).on('connection', openSession);
  await drive({server, rounds: 9, requests: 48, request: () => talk(server)});
  process.exit(0);
}

main();

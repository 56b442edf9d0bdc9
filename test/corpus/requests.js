// SPDX-License-Identifier: Apache-2.0
//
// A server and its clients in one process, over the loopback interface: the programs of the corpus
// that are built on packages drive themselves. Connections are kept alive, as browsers and proxies
// do; a request waits for its answer before the next one is made.

'use strict';

const http = require('node:http');
const {serve} = require('./rounds.js');

const agent = new http.Agent({keepAlive: true, maxSockets: 4});

function listen(handler) {
  return new Promise((resolve, reject) => {
    const server = http.createServer(handler);
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}

// The answer's body as text. `body`, if given, is posted.
function ask(server, path, body) {
  return new Promise((resolve, reject) => {
    const options = {agent, host: '127.0.0.1', port: server.address().port, path,
                     method: body === undefined ? 'GET' : 'POST'};
    const request = http.request(options, (answer) => {
      let text = '';
      answer.setEncoding('latin1');
      answer.on('data', (part) => { text += part; });
      answer.on('end', () => resolve(text));
      answer.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}

// Rounds of requests as rounds.js has them; then the server closes and the program ends.
async function drive({server, rounds, requests, request}) {
  await serve({rounds, requests, request});
  agent.destroy();
  server.close();
  if (server.closeAllConnections) server.closeAllConnections();
}

module.exports = {ask, drive, listen};

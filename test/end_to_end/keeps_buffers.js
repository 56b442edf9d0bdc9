// SPDX-License-Identifier: Apache-2.0
//
// An HTTP server that keeps a buffer of each request. usage: node keeps_buffers.js
'use strict';
const http = require('http');

const kept = [];

function rememberRequest(request) {
  kept.push(Buffer.alloc(100003, request.url));
  return kept.length;
}

const server = http.createServer((request, response) => {
  if (request.url === '/quit') {
    response.end('bye\n', () => process.exit(0));
    return;
  }
  response.end(`${rememberRequest(request)}\n`);
});

server.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port}`));

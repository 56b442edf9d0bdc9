// SPDX-License-Identifier: Apache-2.0
//
// An HTTP server as people write them: a query parsed, a few objects made, JSON out; on plain http
// or on express. `GET /usage` answers with the CPU time that the process has used and the requests
// that it has served. usage: node server.cjs http|express
'use strict';
const http = require('http');

let served = 0;

function answer(query) {
  ++served;
  const rows = [];
  for (let i = 0; i < 20; ++i) {
    rows.push({ id: i, name: `${query.get('name')} ${i}`, tags: ['a', 'b', String(i % 3)], when: served });
  }
  return rows.filter((row) => row.id % 2 === 0).map((row) => ({ ...row, shown: true }));
}

function plain() {
  return http.createServer((request, response) => {
    const url = new URL(request.url, 'http://localhost');
    const body = JSON.stringify(answer(url.searchParams));
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(body);
  });
}

function withExpress() {
  const app = require(require.resolve('express', { paths: [process.cwd()] }))();
  app.get('/items', (request, response) => {
    response.json(answer(new URLSearchParams(request.query)));
  });
  return http.createServer(app);
}

const server = process.argv[2] === 'express' ? withExpress() : plain();
server.keepAliveTimeout = 0;
server.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port}`));
process.on('SIGTERM', () => process.exit(0));

// SPDX-License-Identifier: Apache-2.0
//
// A compressing stream is made for each download; clients that go away in the middle leave it open,
// with zlib's state, since nobody destroys it.
//
// truth: leak stream

'use strict';

const http = require('node:http');
const zlib = require('node:zlib');
const {drive, listen} = require('../requests.js');

const downloads = new Set();

function download(request, response) {  // LEAK: stream
  const gzip = zlib.createGzip();
  downloads.add(gzip);
  gzip.pipe(response);
  gzip.write(Buffer.alloc(2000, 'report '));
  gzip.flush();
}

// Reads the beginning and goes away.
function abandon(server) {
  return new Promise((resolve, reject) => {
    const request = http.get({host: '127.0.0.1', port: server.address().port, agent: false});
    request.on('response', (response) => {
      response.on('error', () => {});
      response.on('close', resolve);
      response.once('data', () => response.destroy());
    });
    request.on('error', reject);
  });
}

async function main() {
  const server = await listen(download);
  await drive({server, rounds: 9, requests: 32, request: () => abandon(server)});
}

main();

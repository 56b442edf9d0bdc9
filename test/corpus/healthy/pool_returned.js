// SPDX-License-Identifier: Apache-2.0
//
// Connections from a pool (package generic-pool) are given back whether or not the query fails.
//
// truth: healthy

'use strict';

const {createPool} = require('generic-pool');
const express = require('express');
const {ask, drive, listen} = require('../requests.js');

class Connection {
  constructor() {
    this.incoming = Buffer.alloc(48 * 1024);
    this.outgoing = Buffer.alloc(16 * 1024);
    this.statements = new Map();
  }
  query(i) {
    this.incoming.writeUInt32LE(i);
    return i % 3 === 0 ? undefined : this.incoming.length;
  }
}

const create = async () => new Connection();
const pool = createPool({create, destroy: async () => {}},
                        {max: 100000});

async function question(i) {
  const connection = await pool.acquire();
  try {
    return connection.query(i) ?? 0;
  } finally {
    await pool.release(connection);
  }
}

async function main() {
  const app = express();
  app.get('/rows/:i', async (request, response) => {
    response.json({rows: await question(Number(request.params.i))});
  });
  const server = await listen(app);
  await drive({server, rounds: 9, requests: 72, request: (round, i) => ask(server, `/rows/${i}`)});
}

main();

// SPDX-License-Identifier: Apache-2.0
//
// Hashes begun and never finished, kept in a list: small native blocks of OpenSSL, several for
// each.
//
// truth: leak hash

'use strict';

const crypto = require('node:crypto');
const {serve} = require('../rounds.js');

const unfinished = [];

function begin(number) {  // LEAK: hash
  const hash = crypto.createHash('sha256');  // LEAK: hash
  hash.update(`request ${number}`);
  unfinished.push(hash);
}

serve({rounds: 10, requests: 64, request: (round, i) => begin(i)});

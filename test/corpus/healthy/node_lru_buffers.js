// SPDX-License-Identifier: Apache-2.0
//
// A least-recently-used cache of buffers that fills through the first half of the run and then
// turns over at its bound.
//
// truth: healthy

'use strict';

const {chance, serve} = require('../rounds.js');

const cache = new Map();

function get(key) {
  let value = cache.get(key);
  if (value !== undefined) {
    cache.delete(key);
  } else {
    value = Buffer.alloc(9000 + chance(3000));
  }
  cache.set(key, value);
  if (cache.size > 288) cache.delete(cache.keys().next().value);
  return value;
}

serve({rounds: 12, requests: 48, request: (round, i) => get(`${round}/${i}`)});

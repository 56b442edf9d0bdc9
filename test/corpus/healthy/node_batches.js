// SPDX-License-Identifier: Apache-2.0
//
// Uploads gathered as buffers, written out and dropped every third round.
//
// truth: healthy

'use strict';

const {chance, serve} = require('../rounds.js');

let batch = [];

function gather() {
  batch.push(Buffer.alloc(9000 + chance(2000)));
}

serve({
  rounds: 11,
  requests: 48,
  request: (round, i) => {
    if (i === 0 && round % 3 === 0) batch = [];
    gather();
  },
});

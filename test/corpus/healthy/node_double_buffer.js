// SPDX-License-Identifier: Apache-2.0
//
// Two frames that swap roles; the one in the back is made anew with a size that varies.
//
// truth: healthy

'use strict';

const {chance, serve} = require('../rounds.js');

let front = null;
let back = null;

function draw() {
  back = new Uint8Array(40000 + chance(20000));
  [front, back] = [back, front];
}

serve({rounds: 8, requests: 48, request: draw});
module.exports = {get frame() { return front; }};

// SPDX-License-Identifier: Apache-2.0
//
// A leak that V8 inlines into its callers after a moment: what `entry` makes is kept by `store`, of
// another file. What `noise` makes is dropped. Buffers are kept by `attach`.
'use strict';
const store = require('./inlined_store.cjs');

function entry(i) {
  const text = 'x' + i;
  return {i, text, list: [i, i, i, i]};
}

function noise(i) {
  return [i, i + 1, i + 2].map((x) => ({x}));
}

function attach(i) {
  const size = 4096 + (i & 1);
  return Buffer.alloc(size);
}

function handle(i) {
  store.put(entry(i));
  if (i % 16 === 0) store.put(attach(i));
  return noise(i).length;
}

let i = 0;
let sum = 0;
console.log('ready');
setInterval(() => {
  for (let k = 0; k < 400; k++) sum += handle(i++);
}, 10);

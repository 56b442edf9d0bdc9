// SPDX-License-Identifier: Apache-2.0
//
// Allocates as fast as it can, or next to nothing, until a line comes. usage: paces.cjs fast|slow
'use strict';
const fast = process.argv[2] === 'fast';
const ring = new Array(1000);
let next = 0;

function work() {
  const end = process.uptime() + (fast ? 0.02 : 0);
  do {
    for (let i = 0; i < 100; i++) ring[next++ % 1000] = { a: i, list: [i, i, i, i], more: { i } };
  } while (process.uptime() < end);
}
const timer = setInterval(work, fast ? 1 : 20);
process.stdin.on('data', () => {
  clearInterval(timer);
  process.stdin.destroy();
});
console.log('ready');

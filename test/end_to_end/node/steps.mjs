// SPDX-License-Identifier: Apache-2.0
//
// What steps.cjs does, as far as it concerns an ES module.
import { createInterface } from 'node:readline';

const kept = [];

function keepObjects() {
  for (let i = 0; i < 1000; ++i) kept.push(new Array(1000).fill(i));
}

function keepBuffers() {
  for (let i = 0; i < 50; ++i) kept.push(Buffer.alloc(100003));
}

const commands = { objects: keepObjects, buffers: keepBuffers };

console.log('ready');
for await (const line of createInterface({ input: process.stdin })) {
  commands[line]();
  console.log(`done ${line}`);
}

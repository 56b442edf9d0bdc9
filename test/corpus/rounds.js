// SPDX-License-Identifier: Apache-2.0
//
// What every JavaScript program of the corpus shares: pacing, chance from a seed, and snapshots
// that the program takes of itself. A signal to oneself may be handled by any thread, so each
// snapshot waits until its file is there. The collector runs first (node --expose-gc): what is
// left then is kept by the program and not waiting for the collector. Where CORPUS_IS_ASKED is 1
// somebody else asks, at times of their own.
//
// Without the interposer each snapshot prints the bytes outside the JavaScript heap that node
// knows of and the size of all data mappings, by which `score --behaviour` proves what each program claims.

'use strict';

const fs = require('node:fs');
const path = require('node:path');

let state = (2463534242 + 7919 * Number(process.env.CORPUS_SEED || 0)) >>> 0;

// A whole number in [0, below), from xorshift32.
function chance(below) {
  state ^= state << 13;
  state >>>= 0;
  state ^= state >>> 17;
  state ^= state << 5;
  state >>>= 0;
  return state % below;
}

function rest(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

const isRecorded = (process.env.LD_PRELOAD || '').includes('libsilt');
const isAsked = process.env.CORPUS_IS_ASKED === '1';
const slowness = Number(process.env.CORPUS_SLOWNESS || 1);
const parent = process.env.SILT_OUT || '.';

// The recording's folder is there from the first snapshot on.
function countSnapshots() {
  const isOurs = (name) => name.startsWith('silt.') && name.endsWith(`.${process.pid}`);
  const folder = fs.readdirSync(parent).find(isOurs);
  if (folder === undefined) return 0;
  const names = fs.readdirSync(path.join(parent, folder));
  return names.filter((name) => /^\d+\.silt$/.test(name)).length;
}

async function takeSnapshot() {
  if (isRecorded && isAsked) return;
  // Array buffers are swept beside the program, after the collection that found them dead.
  globalThis.gc();
  await rest(20);
  globalThis.gc();
  await rest(20);
  if (!isRecorded) {
    const dataPages = Number(fs.readFileSync('/proc/self/statm', 'latin1').split(' ')[5]);
    const inUse = process.memoryUsage().external;
    const figures = `in use ${inUse} data ${dataPages * 4096}`;
    process.stderr.write(`corpus: process ${process.pid} ${figures}\n`);
    return;
  }
  const before = countSnapshots();
  process.kill(process.pid, 'SIGUSR2');
  const limit = Date.now() + 20000;
  while (countSnapshots() === before) {
    if (Date.now() > limit) throw new Error(`snapshot ${before} did not appear in '${parent}'`);
    await rest(2);
  }
}

// Calls `request(round, i)` `requests` times in each of `rounds` rounds, with a snapshot after each
// round; 16 naps a round make it 0.13 to 0.32 s long, and CORPUS_SLOWNESS times that.
async function serve({rounds, requests, request}) {
  const share = Math.max(1, Math.floor(requests / 16));
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < requests; i++) {
      await request(round, i);
      if (i % share === share - 1) await rest((6 + chance(10)) * slowness);
    }
    await takeSnapshot();
  }
}

module.exports = {chance, rest, serve};

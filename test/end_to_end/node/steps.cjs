// SPDX-License-Identifier: Apache-2.0
//
// Does what standard input says, a command a line, and answers each with `done COMMAND`. It ends by
// itself when standard input ends and nothing is left to do.
'use strict';
const fs = require('fs');
const path = require('path');
const readline = require('readline');
const { Worker } = require('worker_threads');

const kept = [];

function keepObjects() {
  for (let i = 0; i < 1000; ++i) kept.push(new Array(1000).fill(i));
}

function keepBuffers() {
  for (let i = 0; i < 50; ++i) kept.push(Buffer.alloc(100003));
}

function dropBuffers() {
  for (let i = 0; i < 50; ++i) Buffer.alloc(100003);
}

let worker;

const commands = {
  objects: keepObjects,
  buffers: keepBuffers,
  drop: dropBuffers,
  listen: () => process.on('SIGUSR2', () => console.log('heard SIGUSR2')),
  // Busy, with no turn of the event loop, until the file is there.
  block: (file) => {
    console.log('blocked');
    while (!fs.existsSync(file));
  },
  worker: (answer, ...options) => {
    worker = new Worker(path.join(__dirname, 'worker.mjs'), JSON.parse(options.join(' ') || '{}'));
    worker.on('message', (message) => console.log(`done ${message}`));
    return false;
  },
  tell: (command) => {
    worker.postMessage(command);
    return false;
  },
  'end-worker': () => {
    worker.on('exit', (code) => console.log(`done end-worker ${code}`));
    worker.terminate();
    return false;
  },
  environment: () => console.log(JSON.stringify([process.env.NODE_OPTIONS, process.execArgv])),
  exit: (code) => process.exit(Number(code)),
  throw: () => { throw new Error('thrown by the program'); },
};

console.log(`ready ${process.pid}`);
readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const [name, ...rest] = line.split(' ');
  const argumentsOf = name === 'worker' ? ['', ...rest] : rest;
  if (commands[name](...argumentsOf) !== false) console.log(`done ${line}`);
}).on('close', () => worker?.terminate());

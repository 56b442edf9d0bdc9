// SPDX-License-Identifier: Apache-2.0
//
// A server that keeps its sessions, told by lines what to do: `grow` keeps more of them, `work`
// allocates until it is told otherwise, `worker` starts a thread that does the same as this one,
// `fds` says which descriptors are open.
'use strict';
const fs = require('fs');
const { Worker, isMainThread, parentPort } = require('worker_threads');

const kRound = 3000;
const cache = new Map();
let number = 0;

class Session {
  constructor(id) {
    this.sessionNumber = id;
    this.sessionText = `very secret session ${id}`;
  }
}

function grow() {
  for (let i = 0; i < kRound; i++) cache.set(number, new Session(number++));
}

let working = false;
let rounds = 0;
const recent = []; // as large from its beginning on as it will ever be
function fill() {
  recent[rounds++ % 20000] = [rounds, -rounds];
}
function work() {
  for (let i = 0; i < 2000; i++) fill();
  if (working) setImmediate(work);
}

let worker;
const commands = {
  grow,
  work() {
    working = true;
    while (rounds < 20000) fill();
    work();
  },
  rest() { working = false; },
  fds() {
    const open = fs.readdirSync('/proc/self/fd').map((fd) => {
      try {
        return `${fd} ${fs.readlinkSync(`/proc/self/fd/${fd}`)}`;
      } catch {
        return ''; // of reading the folder
      }
    });
    console.log(`open ${JSON.stringify(open.filter((line) => line !== ''))}`);
  },
  worker() {
    worker = new Worker(__filename);
    worker.on('message', (text) => console.log(text));
  },
};

function obey(command) {
  commands[command]();
  return `done ${command}`;
}

if (isMainThread) {
  // Everything is reached through what a server would have: a handler of the process.
  process.on('message', () => [cache, recent]);
  let rest = '';
  process.stdin.on('data', (data) => {
    const lines = (rest + data).split('\n');
    rest = lines.pop();
    for (const line of lines) {
      if (line.startsWith('worker ')) worker.postMessage(line.slice(7));
      else console.log(obey(line));
    }
  });
  process.stdin.on('end', () => process.exit(7));
  console.log('ready');
} else {
  parentPort.on('message', (command) => parentPort.postMessage(`worker ${obey(command)}`));
  parentPort.postMessage('worker ready');
}

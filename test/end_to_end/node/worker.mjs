// SPDX-License-Identifier: Apache-2.0
//
// A worker thread that keeps what it is told to keep.
import { parentPort } from 'node:worker_threads';

const kept = [];

function keepInWorker() {
  for (let i = 0; i < 1000; ++i) kept.push(new Array(1000).fill(i));
}

parentPort.on('message', (command) => {
  if (command === 'objects') keepInWorker();
  const told = JSON.stringify([process.env.NODE_OPTIONS ?? null, process.execArgv,
    Object.keys(process.env).sort()]);
  parentPort.postMessage(command === 'environment' ? `environment ${told}` : command);
});
parentPort.postMessage('worker');

// SPDX-License-Identifier: Apache-2.0
//
// Two processes of a cluster, each of which keeps objects when told to and ends when told to.
'use strict';
const cluster = require('cluster');
const readline = require('readline');

const kept = [];

function keepInCluster() {
  for (let i = 0; i < 1000; ++i) kept.push(new Array(1000).fill(i));
}

if (cluster.isPrimary) {
  const workers = [cluster.fork(), cluster.fork()];
  let waiting = workers.length;
  const answered = (message) => {
    if (--waiting === 0) {
      waiting = workers.length;
      console.log(`done ${message} ${workers.map((worker) => worker.process.pid).join(' ')}`);
    }
  };
  for (const worker of workers) worker.on('message', answered);
  readline.createInterface({ input: process.stdin })
    .on('line', (line) => workers.forEach((worker) => worker.send(line)))
    .on('close', () => workers.forEach((worker) => worker.send('end')));
} else {
  process.on('message', (command) => {
    if (command === 'objects') keepInCluster();
    if (command === 'end') process.disconnect();
    else process.send(command);
  });
  process.send('started');
}

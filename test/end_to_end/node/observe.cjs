// SPDX-License-Identifier: Apache-2.0
//
// Prints what a program can see of itself and what silt must not change. The listener that silt
// has for `exit` is the one exception.
'use strict';
const { execFileSync } = require('child_process');
const { Worker, isMainThread } = require('worker_threads');

function facts() {
  const listeners = process.eventNames().filter((name) => name !== 'exit' && name !== 'worker')
    .map((name) => [String(name), process.listenerCount(name)]).sort();
  return {
    options: process.env.NODE_OPTIONS,
    names: Object.keys(process.env).filter((name) => /^NODE/.test(name)).sort(),
    arguments: [process.argv.length, process.execArgv],
    cache: Object.keys(require.cache).length,
    listeners,
    resources: process.getActiveResourcesInfo?.() ?? [],
    globals: Object.getOwnPropertyNames(globalThis).sort(),
    inspector: require('inspector').url(),
    exitCode: process.exitCode,
    mine: process.listenerCount('SIGUSR2'),
  };
}

if (!isMainThread || process.argv[2] === 'child') {
  console.log(JSON.stringify(facts()));
} else {
  console.log(JSON.stringify(facts()));
  console.log(execFileSync(process.execPath, [__filename, 'child']).toString());
  console.log(execFileSync(process.execPath, [__filename, 'child'],
    { env: { ...process.env, NODE_OPTIONS: '--no-deprecation' } }).toString());
  new Worker(__filename).on('exit', () => {
    new Worker(__filename, { execArgv: ['--no-warnings'] }).on('exit', () => {
      new Worker(__filename, { env: { A: 'b' } }).on('exit', (code) => {
        console.log('worker ended', code);
        process.exitCode = 3;
      });
    });
  });
}

#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
//
// Runs the tool of this package with the words it was given; its streams, signals and exit status
// are the tool's own.
'use strict';

const { spawn } = require('child_process');
const { constants } = require('os');
const { tool } = require('./index.js');

const child = spawn(tool, process.argv.slice(2), { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2']) {
  process.on(signal, () => child.kill(signal));
}
child.on('error', (error) => {
  process.stderr.write(`silt: cannot run '${tool}': ${error.message}\n`);
  process.exit(126);
});
child.on('exit', (code, signal) => {
  process.exit(code ?? 128 + constants.signals[signal]);
});

// SPDX-License-Identifier: Apache-2.0
//
// Where the parts of silt for this machine are: `library` goes into LD_PRELOAD, `tool` is `silt`.
'use strict';

const { dirname, join } = require('path');

function root() {
  const name = `silt-${process.platform}-${process.arch}`;
  try {
    return dirname(require.resolve(`${name}/package.json`));
  } catch {
    throw new Error(`silt: there is no part of silt for this machine (${name}): `
      + 'silt runs on Linux, x64 and arm64, with glibc, and a package has what it was made for');
  }
}

const folder = root();
module.exports = {
  library: join(folder, 'lib', 'silt', 'libsilt.so'),
  tool: join(folder, 'bin', 'silt'),
};

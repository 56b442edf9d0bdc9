// SPDX-License-Identifier: Apache-2.0
//
// A program that does nothing.
//
// truth: healthy

'use strict';

const {serve} = require('../rounds.js');

serve({rounds: 8, requests: 16, request: () => {}});

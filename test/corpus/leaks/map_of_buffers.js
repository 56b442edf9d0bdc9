// SPDX-License-Identifier: Apache-2.0
//
// A Map without a bound, from a user to a session's buffer.
//
// truth: leak session

'use strict';

const {chance, serve} = require('../rounds.js');

class Sessions {
  constructor() {
    this.byUser = new Map();
  }

  open(user) {  // LEAK: session
    if (this.byUser.has(user)) return this.byUser.get(user);
    const session = new Uint8Array(9000 + chance(4000));  // LEAK: session
    this.byUser.set(user, session);
    return session;
  }
}

const sessions = new Sessions();
serve({
  rounds: 9,
  requests: 64,
  request: (round, i) => sessions.open(`${round}/${chance(60)}/${i & 7}`),
});

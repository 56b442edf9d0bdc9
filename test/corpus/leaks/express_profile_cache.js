// SPDX-License-Identifier: Apache-2.0
//
// An express server that remembers every user's profile "to save the database a question", for ever.
//
// truth: leak profiles

'use strict';

const express = require('express');
const {ask, drive, listen} = require('../requests.js');

const profiles = new Map();

function loadProfile(id) {  // LEAK: profiles
  const friends = [];
  for (let i = 0; i < 400; i++) friends.push({id: id * 1000 + i, since: `2026-01-${i % 28 + 1}`});
  return friends;
}

function getProfile(id) {  // LEAK: profiles
  let profile = profiles.get(id);
  if (profile === undefined) {
    profile = {id, name: `user ${id}`, friends: loadProfile(id)};
    profiles.set(id, profile);
  }
  return profile;
}

async function main() {
  const app = express();
  app.get('/profile/:id', (request, response) => {
    response.json({name: getProfile(Number(request.params.id)).name});
  });
  const server = await listen(app);
  await drive({server, rounds: 9, requests: 64,
               request: (round, i) => ask(server, `/profile/${round * 64 + i}`)});
}

main();

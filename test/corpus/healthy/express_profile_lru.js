// SPDX-License-Identifier: Apache-2.0
//
// An express server that remembers the profiles of the users seen last (package lru-cache); it fills
// in the second round and turns over from then on.
//
// truth: healthy

'use strict';

const express = require('express');
const {LRUCache} = require('lru-cache');
const {ask, drive, listen} = require('../requests.js');

const profiles = new LRUCache({max: 100});

function loadProfile(id) {
  const friends = [];
  for (let i = 0; i < 400; i++) friends.push({id: id * 1000 + i, since: `2026-01-${i % 28 + 1}`});
  return friends;
}

function getProfile(id) {
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
  await drive({server, rounds: 12, requests: 64,
               request: (round, i) => ask(server, `/profile/${round * 64 + i}`)});
}

main();

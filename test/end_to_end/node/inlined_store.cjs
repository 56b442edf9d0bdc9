// SPDX-License-Identifier: Apache-2.0
'use strict';
const kept = [];

exports.put = function put(value) {
  kept.push(value);
};

// SPDX-License-Identifier: Apache-2.0
// A server that remembers each visitor for ever, for the picture in README.md. It sends itself
// requests.
const http = require('http');

const carts = new Map();

class Cart {
  constructor(visitor) {
    this.visitor = visitor;
    this.items = ['tea', 'bread', visitor % 7 ? 'milk' : 'butter'];
  }
}

function cartOf(visitor) {
  const cart = new Cart(visitor);
  carts.set(`visitor-${visitor}`, cart); // nothing ever removes it
  return cart;
}

let visitors = 0;
const server = http.createServer((request, response) => {
  response.end(JSON.stringify(cartOf(visitors++)));
});

server.listen(0, '127.0.0.1', () => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 2 });
  const visit = () =>
    http.get({ port: server.address().port, host: '127.0.0.1', agent }, (response) => {
      response.resume();
      response.on('end', () => setTimeout(visit, 4));
    });
  visit();
  visit();
});

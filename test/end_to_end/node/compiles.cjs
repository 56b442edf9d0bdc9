// SPDX-License-Identifier: Apache-2.0
//
// Makes code at run time and drops it, in one of the ways in which programs do, and tells four times
// what is on the heap. usage: node --expose-gc compiles.cjs KIND ROUNDS|SECONDSs
'use strict';
const fs = require('fs');
const os = require('os');
const path = require('path');
const vm = require('vm');

const [, , kind, length] = process.argv;

// A rule as a tenant might write it: different in each round, so that no cache of V8's knows it.
function ruleText(round) {
  const steps = Array.from({ length: 30 }, (_, step) =>
    `  if (cart.total > ${step * 10}) cart.total -= ${step} * 0.01; // rule ${round}, ${step}`);
  return `${steps.join('\n')}\n  return cart.total;`;
}

function inFunction(round) {
  return `(function (cart) {\n${ruleText(round)}\n})`;
}

// As ejs and its like do.
function template(round) {
  const rows = Array.from({ length: 20 }, (_, row) =>
    `out += '<td class="c${row}">'; out += escape(row.value${row}); out += '</td>';`);
  return `let out = ''; with (locals) { rows.forEach(function (row) { out += '<tr>'; ` +
    `${rows.join('\n')} out += '</tr>'; }); } return out; // page ${round}`;
}

const own = fs.mkdtempSync(path.join(os.tmpdir(), 'compiles-'));
process.on('exit', () => fs.rmSync(own, { recursive: true }));

function write(name, text) {
  const file = path.join(own, name);
  fs.writeFileSync(file, text);
  return file;
}

const kinds = {
  compileFunction: (round) =>
    vm.compileFunction(ruleText(round), ['cart'], { filename: `rule-${round}.js` })({ total: 300 }),
  script: (round) => new vm.Script(inFunction(round), { filename: `rule-${round}.js` })
    .runInThisContext()({ total: 300 }),
  function: (round) => new Function('cart', ruleText(round))({ total: 300 }),
  eval: (round) => (0, eval)(inFunction(round))({ total: 300 }),
  template: (round) => new Function('locals', 'escape', template(round))(
    { rows: [{ value0: 1 }, { value1: 2 }] }, (value) => String(value)),
  // As Jest runs each test file in a context of its own.
  contexts: (round) => {
    const context = vm.createContext({ cart: { total: 300 }, Buffer });
    vm.runInContext(`${inFunction(round)}(cart); Buffer.alloc(100);`, context);
  },
  // As programs reload what was edited.
  require: (round) => {
    const file = write('rule.cjs', `module.exports = ${inFunction(round)};`);
    delete require.cache[require.resolve(file)];
    module.children.length = 0;
    return require(file)({ total: 300 });
  },
  // Node keeps modules for ever, and lets none of them go: what they take is the same, though.
  import: async (round) => {
    const file = write('rule.mjs', `export default ${inFunction(0)};`);
    return (await import(`${file}?round=${round}`)).default({ total: 300 });
  },
};

const turn = () => new Promise((done) => { setImmediate(done); });

async function tell(round) {
  await turn();
  for (let i = 0; i < 4; ++i) {
    gc();
    await turn();
  }
  const { heapUsed, rss } = process.memoryUsage();
  console.log(`${round} rounds, heap ${heapUsed} rss ${rss}`);
}

(async () => {
  const start = Date.now();
  const done = length.endsWith('s')
    ? () => (Date.now() - start) / 1000 / parseFloat(length) : (round) => round / Number(length);
  let told = 0;
  for (let round = 0; told < 4; ++round) {
    if (done(round) >= (told + 1) / 4) {
      await tell(round);
      ++told;
    }
    await kinds[kind](round);
    if (round % 300 === 299) await turn();
  }
})();

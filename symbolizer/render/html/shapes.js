// SPDX-License-Identifier: Apache-2.0
//
// Other trees from the tree of calls: without the frames of other people's code, and from the inside
// out. Both count the same stacks, so that every sum stays what it was.

import {Tree} from "./tree.js";

// Whose code a name is; the page's data has the index of one of these beside each.
export const kCode = ["app", "dependencies", "runtime", "native"];

// Which of them the report has, as flags.
export function codePresent(data) {
  const present = kCode.map(() => false);
  for (const name of data.names) {
    if (name[3] !== undefined) present[name[3]] = true;
  }
  return present;
}

class Maker {
  constructor(rootName) {
    this.parent = [-1];
    this.name = [rootName];
    this.children = new Map();
  }

  child(parent, name) {
    // Exact: both are below 2^26.
    const key = parent * 0x4000000 + name;
    let at = this.children.get(key);
    if (at === undefined) {
      at = this.parent.length;
      this.parent.push(parent);
      this.name.push(name);
      this.children.set(key, at);
    }
    return at;
  }

  tree(stacks, nodes) {
    return new Tree({parent: this.parent, name: this.name, stacks: {...stacks, node: nodes}});
  }
}

// Frames of code that `shown` leaves out are left out, and what they allocate is their caller's. A
// stack with nothing else keeps one frame, named `hiddenName`, that says so.
export function fold(data, tree, shown, hiddenName) {
  const maker = new Maker(tree.name[0]);
  const to = new Int32Array(tree.size);
  const isTitle = new Uint8Array(tree.size);  // of a heap, or of why frames are missing
  isTitle[0] = 1;
  for (let node = 1; node < tree.size; ++node) {
    const code = data.names[tree.name[node]][3];
    const above = to[tree.parent[node]];
    if (code !== undefined && !shown[code]) {
      to[node] = above;
      continue;
    }
    to[node] = maker.child(above, tree.name[node]);
    isTitle[to[node]] = code === undefined ? 1 : 0;
  }
  const nodes = tree.stacks.node.map((node) =>
    isTitle[to[node]] && data.names[tree.name[node]][3] !== undefined
      ? maker.child(to[node], hiddenName) : to[node]);
  return maker.tree(tree.stacks, nodes);
}

// Each function above those that called it.
export function bottomUp(data, tree) {
  const maker = new Maker(tree.name[0]);
  const nodes = tree.stacks.node.map((node) => {
    let at = 0;
    for (let here = node; here > 0; here = tree.parent[here]) at = maker.child(at, tree.name[here]);
    return at;
  });
  return maker.tree(tree.stacks, nodes);
}

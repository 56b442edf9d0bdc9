// SPDX-License-Identifier: Apache-2.0
//
// The call tree in flat arrays. A node's parent always has a smaller index, so sums over subtrees
// are one loop from the end, and half a million nodes take some tens of milliseconds.

export class Tree {
  // `data`: {parent: [index], name: [index of a name], stacks: {node, growth_bytes, live_bytes, …}}
  constructor(data) {
    this.parent = Int32Array.from(data.parent);
    this.name = Int32Array.from(data.name);
    this.size = this.parent.length;
    this.stacks = data.stacks;
    this.firstChild = new Int32Array(this.size).fill(-1);
    this.nextSibling = new Int32Array(this.size).fill(-1);
    for (let node = this.size - 1; node > 0; --node) {
      const parent = this.parent[node];
      this.nextSibling[node] = this.firstChild[parent];
      this.firstChild[parent] = node;
    }
    this.sums = new Map();
  }

  // Of each node: the sum of `column` over the stacks at or below it. `shape` changes each value
  // before it is added.
  sum(column, shape = null) {
    const key = `${column} ${shape?.name ?? ""}`;
    if (this.sums.has(key)) return this.sums.get(key);
    const result = new Float64Array(this.size);
    const values = this.stacks[column];
    const nodes = this.stacks.node;
    for (let i = 0; i < nodes.length; ++i) {
      result[nodes[i]] += shape ? shape(values[i]) : values[i];
    }
    this.addUp(result);
    this.sums.set(key, result);
    return result;
  }

  // The same calls with other columns.
  with(stacks) {
    const made = Object.create(Tree.prototype);
    return Object.assign(made, this, {stacks, sums: new Map()});
  }

  addUp(values) {
    for (let node = this.size - 1; node > 0; --node) values[this.parent[node]] += values[node];
  }

  // Of each node: how many stacks of this finding are at or below it; and where they all meet.
  findingNodes(finding) {
    const counts = new Float64Array(this.size);
    const {node, finding: findings} = this.stacks;
    for (let i = 0; i < node.length; ++i) {
      if (findings[i] === finding) ++counts[node[i]];
    }
    this.addUp(counts);
    let meet = 0;
    for (let next = 0; next !== -1;) {
      meet = next;
      next = -1;
      for (let child = this.firstChild[meet]; child !== -1; child = this.nextSibling[child]) {
        if (counts[child] > 0 && counts[child] === counts[meet]) next = child;
      }
    }
    return {counts, meet};
  }

  ancestors(node) {
    const result = [];
    for (let at = this.parent[node]; at >= 0; at = this.parent[at]) result.push(at);
    return result;  // nearest first
  }

  // The way to a node as names, outermost first, and the node to which such a way leads: as far as
  // it goes.
  pathTo(node) {
    return [node, ...this.ancestors(node)].slice(0, -1).reverse().map((at) => this.name[at]);
  }

  nodeAt(path) {
    let node = 0;
    for (const name of path) {
      let child = this.firstChild[node];
      while (child !== -1 && this.name[child] !== name) child = this.nextSibling[child];
      if (child === -1) break;
      node = child;
    }
    return node;
  }

  // Nodes whose name matches, with everything below counted once: [node flags, topmost matches].
  matches(nameMatches) {
    const hit = new Uint8Array(this.size);
    const covered = new Uint8Array(this.size);
    const topmost = [];
    for (let node = 1; node < this.size; ++node) {
      hit[node] = nameMatches[this.name[node]];
      covered[node] = covered[this.parent[node]] | hit[this.parent[node]];
      if (hit[node] && !covered[node]) topmost.push(node);
    }
    return {hit, topmost};
  }

  // What is wide enough to see when `top` fills `width` pixels, as objects for the drawing library:
  // the way from the root down to `top`, each as wide as `top`, and all of top's visible subtree.
  visible(top, values, width) {
    const least = values[top] / width;
    const build = (node) => ({node, value: values[node], children: []});
    const root = build(top);
    const open = [root];
    while (open.length > 0) {
      const item = open.pop();
      for (let child = this.firstChild[item.node]; child !== -1; child = this.nextSibling[child]) {
        if (values[child] <= 0 || values[child] < least) continue;
        const made = build(child);
        item.children.push(made);
        open.push(made);
      }
      item.children.sort((a, b) => b.value - a.value || a.node - b.node);
    }
    let result = root;
    for (const node of this.ancestors(top)) {
      result = {node, value: values[top], children: [result], above: true};
    }
    return result;
  }
}

// Columns of a range of time: what was in use at its end, and how that differs from its start. Values
// are kept until the last that differs: it goes on.
export function columnsAt(stacks, from, to) {
  const at = (values, time) => values[Math.min(time, values.length - 1)] ?? 0;
  const result = {...stacks};
  for (const unit of ["bytes", "blocks"]) {
    const over_time = stacks[`${unit}_over_time`];
    result[`live_${unit}`] = over_time.map((values) => at(values, to));
    result[`growth_${unit}`] = over_time.map((values) => at(values, to) - at(values, from));
  }
  return result;
}

// How wide each node of a tree is in a view. What was freed again is what was allocated and is not in
// use any more.
export function widths(tree, view, unit) {
  if (view === "growth") return tree.sum(`growth_${unit}`, Math.abs);
  if (view !== "freed") return tree.sum(`${view}_${unit}`);
  const key = `freed_${unit}`;
  if (!tree.sums.has(key)) {
    const live = tree.sum(`live_${unit}`);
    tree.sums.set(key, tree.sum(`allocated_${unit}`).map((value, node) => Math.max(0, value - live[node])));
  }
  return tree.sums.get(key);
}

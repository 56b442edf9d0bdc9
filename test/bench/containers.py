# SPDX-License-Identifier: Apache-2.0
"""Objects by the million: run with PYTHONMALLOC=malloc each is an allocation of its own.

usage: containers.py ROUNDS
"""

import sys


class Node:
    def __init__(self, key, left, right):
        self.key, self.left, self.right = key, left, right


def tree(depth, key=1):
    if depth == 0:
        return None
    return Node(key, tree(depth - 1, 2 * key), tree(depth - 1, 2 * key + 1))


def total(node):
    return 0 if node is None else node.key + total(node.left) + total(node.right)


def words(number):
    counts = {}
    for i in range(20000):
        word = f"word {i * number % 997}"
        counts.setdefault(word, []).append(str(i))
    return sum(len("".join(texts)) for texts in counts.values())


def main():
    checksum = 0
    for number in range(int(sys.argv[1])):
        checksum = (checksum * 31 + total(tree(13)) + words(number + 1)) % 1000000007
    print("checksum", checksum)


main()

# SPDX-License-Identifier: Apache-2.0
"""Work for python3 under silt: containers, text, sorting, a digest of all; keeps some at each line
read. The output does not depend on time, addresses or the hash seed."""

import hashlib
import json
import sys


def keep(store, number):
    store.append(bytearray(200003))
    store[-1][0] = number


def work(number):
    table = {f"key {i * number % 1009}": [i, str(i) * 3] for i in range(3000)}
    return json.dumps(table, sort_keys=True)


def main():
    digest = hashlib.sha256()
    store = []
    number = 0
    print("ready", flush=True)
    for _ in sys.stdin:
        for _ in range(10):
            number += 1
            digest.update(work(number).encode())
            keep(store, number % 256)
        print(f"ready {number} {len(store)} {digest.hexdigest()}", flush=True)


if __name__ == "__main__":
    main()

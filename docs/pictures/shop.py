# SPDX-License-Identifier: Apache-2.0
"""A worker that remembers each visitor for ever, for the picture in README.md."""
import itertools
import json
import time


class Cart:
    def __init__(self, visitor):
        self.visitor = visitor
        self.items = ["tea", "bread", f"voucher {visitor}"]


CARTS = {}
VISITORS = itertools.count(1000)


def new_cart():
    visitor = next(VISITORS)
    cart = Cart(visitor)
    CARTS[visitor] = cart  # nothing ever removes it
    return cart


def answer():
    return json.dumps(", ".join(new_cart().items))


if __name__ == "__main__":
    while True:
        answer()
        time.sleep(0.002)

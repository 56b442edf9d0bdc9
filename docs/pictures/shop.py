# SPDX-License-Identifier: Apache-2.0
"""A worker that remembers each visitor for ever, for the picture in README.md."""
import json
import time


class Cart:
    def __init__(self, visitor):
        self.visitor = visitor
        self.items = ["tea", "bread", f"voucher {visitor}"]


CARTS = {}


def cart_of(visitor):
    cart = Cart(visitor)
    CARTS[visitor] = cart  # nothing ever removes it
    return cart


def answer(visitor):
    return json.dumps(cart_of(visitor).items)


if __name__ == "__main__":
    visitors = 0
    while True:
        answer(visitors)
        visitors += 1
        time.sleep(0.002)

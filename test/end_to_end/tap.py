# SPDX-License-Identifier: Apache-2.0
"""Runs the tests of a module and reports them as TAP, so that each case counts on its own. Behind
each stands how long it took, and how much processor time it and its children used."""

import os
import sys
import time
import unittest


def used_seconds():
    times = os.times()
    return time.monotonic(), sum(times[:4])


class TapResult(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.number = 0
        self.began = used_seconds()

    def startTest(self, test):
        super().startTest(test)
        self.began = used_seconds()

    def _line(self, test, passed, directive="", details=""):
        self.number += 1
        name = getattr(test, "_testMethodName", str(test)).removeprefix("test_").replace("_", " ")
        print(f"{'ok' if passed else 'not ok'} {self.number} - {name}{directive}")
        took, used = (now - then for now, then in zip(used_seconds(), self.began))
        print(f"# {took:.1f} s, {used:.1f} s of processor time", flush=True)
        # Details go to standard error: of a TAP test, Meson prints that and keeps the rest.
        if details:
            print(f"{name}:\n{details}", file=sys.stderr, flush=True)

    def addSuccess(self, test):
        self._line(test, True)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._line(test, False, details=self._exc_info_to_string(err, test))

    def addError(self, test, err):
        super().addError(test, err)
        self._line(test, False, details=self._exc_info_to_string(err, test))

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._line(test, False, details=f"{subtest}\n{self._exc_info_to_string(err, test)}")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._line(test, True, f" # SKIP {reason}")


def main(module="__main__"):
    """Runs the tests of a module; arguments select those whose names contain one of them."""
    suite = unittest.defaultTestLoader.loadTestsFromName(module)
    cases = [case for group in suite for case in group]
    wanted = sys.argv[1:]
    if wanted:
        cases = [case for case in cases if any(word in case.id() for word in wanted)]
    result = TapResult()
    unittest.TestSuite(cases).run(result)
    print(f"1..{result.number}")
    sys.exit(0 if result.wasSuccessful() and result.number > 0 else 1)

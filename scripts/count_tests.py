# SPDX-License-Identifier: Apache-2.0
"""Counts test cases in Meson's log of a run and prints the closing line of scripts/test.

A test that reports cases (TAP, or Catch2's summary) counts as those; any other counts as one. A
test that failed as a whole counts as at least one failure even when no case says so.

usage: count_tests.py TESTLOG.json STATUS_OF_MESON_TEST
"""

import json
import re
import sys

TAP_CASE = re.compile(r"^(not )?ok\b[^#\n]*(?:#\s*(skip|todo)\b)?", re.IGNORECASE | re.MULTILINE)
TAP_PLAN = re.compile(r"^1\.\.(\d+)", re.MULTILINE)
CATCH_ALL_PASSED = re.compile(r"^All tests passed \(.* in (\d+) test cases?\)", re.MULTILINE)
CATCH_MIXED = re.compile(r"^test cases:\s+\d+(.*)$", re.MULTILINE)


def count_cases(stdout):
    """(passed, failed, skipped) as the test's own output has them; None when it has none."""
    if TAP_PLAN.search(stdout):
        passed = failed = skipped = 0
        for match in TAP_CASE.finditer(stdout):
            if (match.group(2) or "").lower() == "skip":
                skipped += 1
            elif match.group(1):
                failed += 1
            else:
                passed += 1
        return passed, failed, skipped
    match = CATCH_ALL_PASSED.search(stdout)
    if match:
        return int(match.group(1)), 0, 0
    match = CATCH_MIXED.search(stdout)
    if match:
        counts = {word: int(number) for number, word in re.findall(r"(\d+) (\w+)", match.group(1))}
        return counts.get("passed", 0), counts.get("failed", 0), 0
    return None


def count_test(test):
    passed, failed, skipped = count_cases(test.get("stdout") or "") or (0, 0, 0)
    result = test["result"]
    if passed + failed + skipped == 0:
        if result in ("OK", "EXPECTEDFAIL"):
            return 1, 0, 0
        if result == "SKIP":
            return 0, 0, 1
    if result not in ("OK", "EXPECTEDFAIL", "SKIP"):
        failed = max(failed, 1)
    return passed, failed, skipped


def main():
    passed = failed = skipped = 0
    try:
        with open(sys.argv[1], encoding="utf-8") as log:
            for line in log:
                counts = count_test(json.loads(line))
                passed, failed, skipped = (a + b for a, b in zip((passed, failed, skipped), counts))
    except OSError as error:
        print(f"no test log: {error}", file=sys.stderr)
        failed = 1
    if int(sys.argv[2]) != 0 and failed == 0:
        failed = 1  # Meson itself failed, for example on a name that matches no test
    if passed + failed == 0:
        failed = 1
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

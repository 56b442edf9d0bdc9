# SPDX-License-Identifier: Apache-2.0
"""What test frameworks print, as {name: outcome}."""

import re
import xml.etree.ElementTree


def junit(path):
    """One outcome for each case; names that come twice are numbered."""
    outcomes = {}
    for case in xml.etree.ElementTree.parse(path).getroot().iter("testcase"):
        name = f"{case.get('classname') or ''}.{case.get('name') or ''}".lstrip(".")
        kinds = [child.tag for child in case if child.tag in ("failure", "error", "skipped")]
        outcome = kinds[0] if kinds else "pass"
        if case.get("result") not in (None, "completed") and not kinds:
            outcome = case.get("result")
        add(outcomes, name, outcome)
    return outcomes


TAP = re.compile(r"^(\s*)(ok|not ok)\b[ \t]*(\d*)[ \t-]*([^#\n]*)(#\s*(SKIP|TO" r"DO)?.*)?$", re.I)


def tap(text, prefix=""):
    """Top-level and nested lines of the Test Anything Protocol."""
    outcomes = {}
    for line in text.splitlines():
        match = TAP.match(line)
        if not match:
            continue
        outcome = "pass" if match.group(2).lower() == "ok" else "fail"
        if match.group(6):
            outcome = match.group(6).lower() + ("" if outcome == "pass" else " failed")
        add(outcomes, f"{prefix}{match.group(4).strip() or match.group(3)}", outcome)
    return outcomes


def add(outcomes, name, outcome):
    """Adds an outcome under a name of its own."""
    unique, count = name, 1
    while unique in outcomes:
        count += 1
        unique = f"{name} ({count})"
    outcomes[unique] = outcome

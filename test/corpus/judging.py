# SPDX-License-Identifier: Apache-2.0
"""Compares one report with what a program of the corpus says of itself."""

import os

from cases import ACCUSING

# Fewer may be `growing`, as a report says itself (its detection limit). How many a program leaks
# while it is asked from outside is chance; what it does in its own rounds is enough.
PROMISED_BLOCKS = 16


def series(finding, model):
    """Live bytes of the finding at each snapshot, as text."""
    live = finding.get("live_bytes")
    if not live:
        by_id = {stack["id"]: stack["live_bytes"] for stack in model["stacks"]}
        rows = [by_id[i] for i in finding.get("stacks", []) if i in by_id]
        live = [sum(column) for column in zip(*rows)]
    return " ".join(str(value) for value in live or [])


def describe(finding, model):
    site = finding.get("site") or {}
    place = f"{site.get('function')} {os.path.basename(site.get('file') or '?')}:{site.get('line')}"
    return (f"{finding['verdict']} ({finding.get('confidence')}, {finding.get('heap')}) at {place}, "
            f"growth {finding.get('growth_bytes')} B / {finding.get('growth_blocks')} blocks, "
            f"{len(finding.get('stacks', []))} stacks: {finding.get('reason')}\n"
            f"      live: {series(finding, model)}")


def describe_stacks_at(case, name, model):
    """The stacks that pass a leak's marked lines, for the text about a miss."""
    rows = []
    for stack in model["stacks"]:
        if any(name in case.markers(frame) for frame in stack.get("frames", [])):
            rows.append(f"      stack {stack['id']} {stack['verdict']}: "
                        f"live {' '.join(map(str, stack['live_bytes']))}")
    return "\n".join(rows[:6]) or "      no stack passes the marked line"


def passes(case, finding, model):
    """The leaks whose marked lines the finding's stacks pass, at whatever depth."""
    ids = set(finding.get("stacks", []))
    return {name for stack in model["stacks"] if stack["id"] in ids
            for frame in stack.get("frames", []) for name in case.markers(frame)}


def judge(case, model, outcome, options):
    """Compares one report with the truth. Returns the names of the leaks that it reports."""
    hits = {}
    astray = []
    for finding in model["findings"]:
        if finding["verdict"] not in ACCUSING:
            continue
        if options.sample and finding["verdict"] != "leak":
            continue
        names = case.markers(finding.get("site"))
        few = (outcome.way is not None and outcome.way.asked and
               (finding.get("growth_blocks") or 0) < PROMISED_BLOCKS)
        right = [name for name in names
                 if few or finding["verdict"] in case.expected[name]]
        if right:
            outcome.accusations += 1
            if all(name in hits for name in right):
                outcome.false += 1
                outcome.mistakes.append(f"split: a second finding for '{right[0]}': "
                                        f"{describe(finding, model)}")
            for name in right:
                if name not in hits:
                    hits[name] = finding
                    outcome.located += 1
                    outcome.locatable += 1
        elif names:
            outcome.mistakes.append(f"undecided: '{names[0]}' must be leak: "
                                    f"{describe(finding, model)}")
        else:
            astray.append(finding)
    for finding in sorted(astray, key=lambda f: -abs(f.get("growth_bytes") or 0)):
        if finding["verdict"] == "growing" and case.tolerates_growing:
            continue
        outcome.accusations += 1
        open_names = [name for name, verdicts in case.expected.items()
                      if name not in hits and finding["verdict"] in verdicts]
        site = finding.get("site") or {}
        if not open_names:
            outcome.false += 1
            part_of = passes(case, finding, model) & set(hits)
            kind = f"split: a second finding for '{min(part_of)}'" if part_of else "false accusation"
            outcome.mistakes.append(f"{kind}: {describe(finding, model)}")
        elif case.language == "Python" and site.get("kind") != "python":
            # Without Python frames the site is a place in the interpreter: found, not located.
            hits[open_names[0]] = finding
        else:
            hits[open_names[0]] = finding
            outcome.locatable += 1
            outcome.mistakes.append(f"wrong site for '{open_names[0]}': {describe(finding, model)}")
    return hits

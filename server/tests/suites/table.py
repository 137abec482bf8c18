"""Compares what was run: a table of the suites, and each difference under a named reason.

A reason is a pattern that the test's name or what it failed with matches, in `reasons.toml`; the first one counts.
"""

import re
import tomllib
from collections import defaultdict
from pathlib import Path

import outcomes


def reasons():
    entries = tomllib.loads((Path(__file__).parent / "reasons.toml").read_text())["reason"]
    return [(entry["name"], re.compile(entry["matches"], re.I)) for entry in entries]


def reason_of(known, test, outcome):
    text = f"{test} {outcome['why']}"
    return next((name for name, pattern in known if pattern.search(text)), "not looked into")


def write(cache, suites, verbose):
    known, differences = reasons(), {}
    print("| Suite | PostgreSQL 15 passes | both | share | PostgreSQL only | Muster only |")
    print("|---|---|---|---|---|---|")
    for suite in suites:
        read = [outcomes.kept(cache / "results" / server / f"{suite}.json") for server in ("postgresql", "muster")]
        if None in read:
            print(f"| {suite} | not run against both | | | | |")
            continue
        passed = [{test for test, outcome in found.items() if outcome["result"] == "passed"} for found in read]
        both, lost, gained = passed[0] & passed[1], passed[0] - passed[1], passed[1] - passed[0]
        share = len(both) / max(len(passed[0]), 1)
        print(f"| {suite} | {len(passed[0])} | {len(both)} | {share:.1%} | {len(lost)} | {len(gained)} |")
        differences[suite] = (lost, read[1])
    for suite, (lost, found) in differences.items():
        print(f"\n{suite}:\n")
        grouped = defaultdict(list)
        for test in sorted(lost):
            outcome = found.get(test, {"result": "failed", "why": "not run"})
            grouped[reason_of(known, test, outcome)].append((test, outcome))
        for name, tests in sorted(grouped.items(), key=lambda item: -len(item[1])):
            print(f"- {name}: {len(tests)}")
            if verbose or name == "not looked into":
                for test, outcome in tests:
                    print(f"  - {test} ({outcome['result']}): {outcome['why'][:300]}")

"""What the suites' runners say of each test, as one of `passed`, `failed`, `skipped`, and the first line of why it failed."""

import json
import re
import xml.etree.ElementTree as xml


def of_junit(path):
    """From the report that pytest writes."""
    outcomes = {}
    for case in xml.parse(path).iter("testcase"):
        name = f"{case.get('classname')}::{case.get('name')}"
        result, why = "passed", ""
        for child in case:
            if child.tag in ("failure", "error"):
                result, why = "failed", of_traceback(child)
            elif child.tag == "skipped" and result == "passed":
                result, why = "skipped", child.get("message") or ""
        known = outcomes.get(name)
        # A test and its teardown are two cases; parts of a test may be several.
        if known is None or known["result"] != "failed":
            outcomes[name] = {"result": result, "why": why}
    return outcomes


def of_traceback(child):
    lines = [line[1:].strip() for line in (child.text or "").splitlines() if line.startswith("E ")]
    told = [line for line in lines if line and not line.startswith(("+", "-", "?"))]
    # What the server said comes first, what drivers make of it last.
    return " | ".join(told[:6])[:600] or (child.get("message") or "")[:600]


CARGO_TEST = re.compile(r"^test (\S+)(?: - should panic)? \.\.\. (ok|FAILED|ignored)", re.M)
PANIC = re.compile(r"^---- (\S+) stdout ----\n(.*?)(?=^---- |^failures:|\Z)", re.M | re.S)


def of_cargo(output, binary):
    """From what a test binary prints."""
    outcomes = {}
    reasons = {name: " | ".join(text.split("\n")) for name, text in PANIC.findall(output)}
    words = {"ok": "passed", "FAILED": "failed", "ignored": "skipped"}
    for name, word in CARGO_TEST.findall(output):
        why = reasons.get(name, "") if word == "FAILED" else ""
        outcomes[f"{binary}::{name}"] = {"result": words[word], "why": why[:600]}
    return outcomes


def keep(path, outcomes):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(outcomes, indent=1, sort_keys=True))


def kept(path):
    return json.loads(path.read_text()) if path.exists() else None

"""Verdicts as JUnit's XML, which continuous integration shows as passed, failed and skipped tests."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, indent, tostring

PASSED, FAILED, UNDECIDED = "passed", "failed", "undecided"
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Signs that no XML may hold, not even escaped."""


@dataclass(frozen=True, slots=True)
class Case:
    """One verdict: what was judged, its outcome, one line about it, and all that there is to say."""

    name: str
    outcome: str
    line: str = ""
    detail: str = ""


def junit(suite: str, cases: Sequence[Case]) -> str:
    """The XML of a suite: what is refuted failed, what is undecided was skipped."""
    outcomes = [c.outcome for c in cases]
    counts = {"tests": len(cases), "failures": outcomes.count(FAILED), "skipped": outcomes.count(UNDECIDED)}
    root = Element("testsuites")
    own = SubElement(root, "testsuite", {"name": _clean(suite), **{k: str(n) for k, n in counts.items()}})
    for case in cases:
        found = SubElement(own, "testcase", {"classname": _clean(suite), "name": _clean(case.name)})
        if case.outcome != PASSED:
            tag = "failure" if case.outcome == FAILED else "skipped"
            SubElement(found, tag, {"message": _clean(case.line)}).text = _clean(case.detail)
    indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _clean(text: str) -> str:
    return NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)

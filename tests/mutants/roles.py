# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults in the files of a role: a line that is missing, a word that says the opposite.  Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from .faults import Fault

_OPPOSITES = (
    ("true", "false"),
    ("present", "absent"),
    (" and ", " or "),
    (" not ", " "),
    ("==", "!="),
    ("After=", "Before="),
)
_NUMBER = re.compile(r"(?<![\w.])(\d+)(?![\w.])")


def find(file: str, source: bytes) -> list[Fault]:
    """All faults of a file after which it can still be read."""
    found = []
    at = 0
    for number, raw in enumerate(source.splitlines(keepends=True), 1):
        line = raw.decode()
        code = line.strip()
        if code and not code.startswith(("#", "---", "- name:", "name:")):
            for operator, after, said in _variants(line):
                fault = Fault(file, operator, at, at + len(raw), after, number, said)
                if _can_be_read(file, fault.planted(source)):
                    found.append(fault)
        at += len(raw)
    return found


def _variants(line: str) -> Iterator[tuple[str, str, str]]:
    code = line.strip()
    yield "drop a line", "", f"without {code}"
    for pair in _OPPOSITES:
        for word, other in (pair, pair[::-1]):
            if word.strip() and word in line and (other.strip() or word == " not "):
                yield (
                    "say the opposite",
                    line.replace(word, other, 1),
                    f"{code}: {word} -> {other}",
                )
    for match in _NUMBER.finditer(line):
        more = str(int(match[0]) + 1).zfill(len(match[0]))
        after = line[: match.start()] + more + line[match.end() :]
        yield "change a number", after, f"{code}: {match[0]} -> {more}"


def _can_be_read(file: str, source: bytes) -> bool:
    if not file.endswith((".yml", ".yaml")):
        return True
    try:
        return yaml.safe_load(source) is not None
    except yaml.YAMLError:
        return False

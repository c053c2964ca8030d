# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The state of a host and its containers as sorted lines of ip(8), tc(8) and /proc.

What the kernel chooses is left out: interface indexes, automatic handles, counters. What remains is
the same text for the same state.
"""

from __future__ import annotations

import difflib
import functools
import re

from engine import Engine

_LINK = re.compile(r"^\d+: ([^:@]+)(@\S+)?: <([^>]*)> mtu (\d+)")
_DROPPED = (
    (re.compile(r"\bindex \d+ ref \d+ bind \d+"), ""),
    (re.compile(r"\b(fh|ht) 8[0-9a-f]{2}\b"), r"\1 root"),
    (re.compile(r"\bfh (\w+):(\w*):[89a-f][0-9a-f]{2}\b"), r"fh \1:\2:any"),
    (re.compile(r"\border \d+ key"), "key"),
    (re.compile(r"\bbkt \w+\b|\brefcnt \d+"), ""),
    (re.compile(r" (valid_lft|preferred_lft) \w+"), ""),
    (re.compile(r"\bused_hw_stats \w+"), ""),  # comes and goes, without hardware too
    (re.compile(r"\btag \w+|\bid \d+|\bjited\b|\bnot_in_hw\b|\bchain 0\b"), ""),
    (re.compile(r"^\d+: "), ""),
    (re.compile(r"\bqdisc (\w+) \w+: dev"), r"qdisc \1 dev"),
    (re.compile(r" linkdown\b"), ""),  # follows the link some time later
    (re.compile(r"\s+"), " "),
)


def look(engine: Engine, container: str = "") -> list[str]:
    """Every object of the host and of its containers, or of one container, one per line."""
    found: list[str] = []
    for section, text in engine.look(container).items():
        read = {"links": _links, "filters": _filters, "mounts": _mounts}
        lines = read.get(section.split(" ")[-1], _plain)(text)
        found += [f"{section}: {line}" for line in lines]
    return sorted(found)


def difference(one: list[str], other: list[str]) -> str:
    """The lines in which two looks differ; empty when they are the same."""
    if one == other:
        return ""
    found = difflib.unified_diff(one, other, n=0, lineterm="")
    return "\n".join(line for line in found if not line.startswith(("---", "+++", "@@")))


def without(looked: list[str], *words: str) -> list[str]:
    """The lines in which none of the words occurs."""
    return [line for line in looked if not any(word in line for word in words)]


def _links(text: str) -> list[str]:
    lines = []
    for line in text.splitlines():
        link = _LINK.match(line)
        assert link, line
        name, _peer, flags, mtu = link.groups()
        words = line.replace("\\", " ").split()
        up = "up" if "UP" in flags.split(",") else "down"
        values = [
            f"{key} {words[words.index(key) + 1]}"
            for key in ("link/ether", "link/loopback", "alias", "group")
            if key in words
        ]
        kind = [word for word in ("veth", "dummy", "vlan", "bridge") if word in words]
        lines.append(" ".join([name, *kind, up, f"mtu {mtu}", *values]))
    return lines


def _filters(text: str) -> list[str]:
    lines: list[str] = []
    link = ""
    for line in text.splitlines():
        if line.startswith("link "):
            link = line[5:]
        elif line.startswith("qdisc "):
            lines.append(_tidy(line))
        elif line.startswith("filter "):
            lines.append(f"{link} {_tidy(line)}")
        elif lines and (more := _tidy(line)):
            lines[-1] += f" {more}"
    return lines


def _mounts(text: str) -> list[str]:
    """Where, of what kind, and whether shared."""
    lines = []
    for line in text.splitlines():
        before, _, after = line.partition(" - ")
        shared = " shared" if "shared:" in before else ""
        lines.append(f"{before.split()[4]} {after.split()[0]}{shared}")
    return lines


def _plain(text: str) -> list[str]:
    return [_tidy(line) for line in text.splitlines() if line.strip()]


@functools.lru_cache(maxsize=1 << 16)  # most lines of a look were there in the one before
def _tidy(line: str) -> str:
    for pattern, instead in _DROPPED:
        line = pattern.sub(instead, line)
    return line.strip()

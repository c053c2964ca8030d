# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the kernel counts in /proc/net/snmp and /proc/net/netstat.  Pure."""

from __future__ import annotations


def group(text: str, name: str) -> dict[str, int]:
    """Of one protocol, such as Ip: {"Forwarding": 2}; empty when there is none of the name."""
    return groups(
        "\n".join(line for line in text.splitlines() if line.startswith(f"{name}:"))
    ).get(name, {})


def groups(text: str) -> dict[str, dict[str, int]]:
    """Of all protocols, each of which has two lines, of names and of values."""
    lines = [line.split() for line in text.splitlines()]
    return {
        names[0].rstrip(":"): dict(zip(names[1:], map(int, values[1:])))
        for names, values in zip(lines[::2], lines[1::2])
    }

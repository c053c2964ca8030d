# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Other programs of the host configure our links, or could do so.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .problem import HOST, Problem

KIND = "unmanaged"


def of_files(told: Iterable[str]) -> list[Problem]:
    """`told`: what is wrong with each file."""
    return [Problem(KIND, said, (), HOST) for said in told]


def of_links(told: Mapping[str, tuple[str, str]], owners: Mapping[str, str]) -> list[Problem]:
    """`told`: what is wrong with each link, and what ends that; `owners` are containers by veth."""
    return [
        Problem(KIND, said, (owners[link],) if link in owners else (), repair)
        for link, (said, repair) in told.items()
    ]

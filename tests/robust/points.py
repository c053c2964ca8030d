# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""At which points of an operation a run is killed, or refused."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

WHY = "3 times as many runs: each of the filters that follow one another, not some of them"
_FIRST, _EACH = 2, 5


def chosen(points: Sequence[str], thorough: bool) -> list[int]:
    """The numbers, from 1, of points to try: all, or some of those which do the same in a row.

    Of such a row these are the first two, each fifth, and the last.
    """
    numbers: list[int] = []
    for _what, row in groupby(range(1, len(points) + 1), key=lambda at: points[at - 1]):
        same = list(row)
        last = len(same) - 1
        numbers += [
            at
            for place, at in enumerate(same)
            if thorough or place < _FIRST or place % _EACH == 0 or place == last
        ]
    return numbers

# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Samples -> figures, and how they are written.

Ratios are formed between neighbours in time: within a round, and then the median is taken.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from typing import Any

Samples = list[dict[str, Any]]
NONE = "--"
NOTHING = "Not measured."


def pick(samples: Samples, **wanted: Any) -> Samples:
    return [one for one in samples if all(one.get(key) == wanted[key] for key in wanted)]


def median(samples: Samples, key: str) -> float | None:
    return statistics.median(one[key] for one in samples) if samples else None


def ratios(ours: Samples, theirs: Samples, key: str) -> list[float]:
    """Ours over theirs, round by round."""
    by_round = {one["round"]: one[key] for one in theirs}
    return sorted(one[key] / by_round[one["round"]] for one in ours if by_round.get(one["round"]))


def counts(samples: Samples) -> list[int]:
    return sorted({one["n"] for one in samples})


def said(values: Sequence[float]) -> str:
    """The median and the range."""
    if not values:
        return NONE
    middle = statistics.median(values)
    spread = f" ({min(values):.2f}-{max(values):.2f})" if len(values) > 1 else ""
    return f"{middle:.2f}{spread}"


def seconds(value: float | None) -> str:
    if value is None:
        return NONE
    return (
        f"{value:.1f} s"
        if value >= 10
        else f"{value:.2f} s"
        if value >= 1
        else f"{value * 1000:.0f} ms"
    )


def size(value: float | None) -> str:
    """Bytes, to two digits or more."""
    if value is None:
        return NONE
    for unit in ("B", "KiB", "MiB"):
        if abs(value) < 1024:
            return f"{value:.0f} {unit}"
        value /= 1024
    return f"{value:.1f} GiB"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """One line a row."""
    first, *others = [", ".join(quoted(cell) for cell in row) for row in (head, *rows)]
    if not others:
        return NOTHING
    lines = [".. csv-table::", f"   :header: {first}", ""]
    return "\n".join([*lines, *(f"   {line}" for line in others)])


def quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'

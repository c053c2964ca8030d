# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The text formats of Prometheus and OpenMetrics.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

_COUNTED = "_total"


class Sample(NamedTuple):
    labels: Mapping[str, str]
    value: float


class Family(NamedTuple):
    """All samples of one name, without the prefix; those of counters end in _total."""

    name: str
    said: str
    samples: tuple[Sample, ...]

    @property
    def kind(self) -> str:
        return "counter" if self.name.endswith(_COUNTED) else "gauge"


def written(families: Iterable[Family], openmetrics: bool = False) -> str:
    """Without families that have no samples.  OpenMetrics names counters without their ending."""
    lines = []
    for one in families:
        if one.samples:
            name = f"portmap_{one.name}"
            head = name.removesuffix(_COUNTED) if openmetrics else name
            lines += [f"# HELP {head} {_help(one.said)}", f"# TYPE {head} {one.kind}"]
            lines += [f"{name}{_labels(label)} {_number(value)}" for label, value in one.samples]
    lines += ["# EOF"] if openmetrics else []
    return "".join(f"{line}\n" for line in lines)


def _help(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n")


def _labels(labels: Mapping[str, str]) -> str:
    inner = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{{{inner}}}" if inner else ""


def _escaped(value: str) -> str:
    return _help(value).replace('"', r"\"")


def _number(value: float) -> str:
    """Whole numbers without a point, however large they are."""
    return str(int(value)) if value == int(value) else repr(value)

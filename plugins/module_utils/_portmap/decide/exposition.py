# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The text formats of Prometheus and OpenMetrics.  Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import NamedTuple

_COUNTED = "_total"
_TEXT, _OPEN = "text/plain", "application/openmetrics-text"
_VERSION = {_TEXT: "0.0.4", _OPEN: "1.0.0"}


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


def content_type(openmetrics: bool) -> str:
    kind = _OPEN if openmetrics else _TEXT
    return f"{kind}; version={_VERSION[kind]}; charset=utf-8"


def wants_openmetrics(accept: str) -> bool:
    """What an Accept header prefers; who likes both alike, or says nothing, gets the older format."""
    likes: dict[str, float] = {}
    for one in accept.split(","):
        kind, *parameters = (word.strip().lower() for word in one.split(";"))
        given = dict(word.partition("=")[::2] for word in parameters)
        if given.get("version", _VERSION[_OPEN]) == _VERSION[_OPEN] or kind != _OPEN:
            likes[kind] = max(likes.get(kind, 0), _quality(given.get("q", "1")))
    anything = likes.get("*/*", 0)
    return likes.get(_OPEN, 0) > likes.get(_TEXT, likes.get("text/*", anything))


def _quality(text: str) -> float:
    """From 0 to 1; what is no number counts as 0."""
    found = re.fullmatch(r"[01](\.\d{0,3})?", text)
    return min(float(text), 1) if found else 0


def _help(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n")


def _labels(labels: Mapping[str, str]) -> str:
    inner = ",".join([_label(name, value) for name, value in labels.items()])
    return f"{{{inner}}}" if inner else ""


@cache
def _label(name: str, value: str) -> str:
    """Every family names the same containers: to escape each anew was half the time of the text."""
    escaped = _help(value).replace('"', r"\"")
    return f'{name}="{escaped}"'


def _number(value: float) -> str:
    """Whole numbers without a point, however large they are."""
    return str(int(value)) if value == int(value) else repr(value)

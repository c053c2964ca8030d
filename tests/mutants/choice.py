# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which faults are tried: a dice with a seed, every file in turn, every operator in turn.  Pure."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from .faults import Fault


def choose(seed: int, count: int, by_file: Mapping[str, Sequence[Fault]]) -> list[Fault]:
    """`count` faults, or all: no file has two before each has one."""
    dice = random.Random(seed)
    queues = [_shuffled(dice, by_file[file]) for file in sorted(by_file)]
    dice.shuffle(queues)
    chosen: list[Fault] = []
    while any(queues) and len(chosen) < count:
        for queue in queues:
            if queue and len(chosen) < count:
                chosen.append(queue.pop())
    return chosen


def _shuffled(dice: random.Random, faults: Sequence[Fault]) -> list[Fault]:
    """In an order that takes the operators in turn: some fit nearly every line, others few."""
    by_operator: dict[str, list[Fault]] = {}
    for fault in faults:
        by_operator.setdefault(fault.operator, []).append(fault)
    groups = [dice.sample(group, len(group)) for _operator, group in sorted(by_operator.items())]
    dice.shuffle(groups)
    mixed: list[Fault] = []
    while any(groups):
        mixed += [group.pop() for group in groups if group]
    return mixed[::-1]


def read_known(text: str) -> dict[str, str]:
    """The list of survivors: `file | operator | what: reason`, one a line, by the part before it."""
    known = {}
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            key, _, reason = line.rpartition(" | ")
            known[key] = reason
    return known

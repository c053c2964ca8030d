# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which faults are tried: a dice with a seed, every file in turn, every operator in turn.  Pure."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping, Sequence

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


class Known:
    """The list of survivors: a line of `file | operator | what | reason` for each, `*` for anything."""

    def __init__(self, text: str) -> None:
        lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
        self.reasons = dict(line.rpartition(" | ")[::2] for line in lines)
        self._patterns = [
            (re.compile(re.escape(key).replace(r"\*", ".*")), reason)
            for key, reason in self.reasons.items()
        ]

    def reason(self, fault: Fault) -> str:
        """Why the fault survives; "" when nobody has said."""
        for pattern, reason in self._patterns:
            if pattern.fullmatch(fault.key):
                return reason
        return ""

    def stale(self, faults: Iterable[Fault]) -> list[str]:
        """What is in the list, but not in the code any more."""
        keys = {fault.key for fault in faults}
        patterns = zip(self.reasons, self._patterns)
        return [said for said, (one, _) in patterns if not any(map(one.fullmatch, keys))]

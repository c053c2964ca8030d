# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""When the host is looked at again after it has changed, and how what was done is told.  Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from ..memory.record import Record
from ..values.tenants import last_known

# In seconds.  One change of an operator's is many of the kernel's: a run waits until they have ended,
# but not longer than `LONGEST`.
QUIET = 0.5
LONGEST = 3.0
_PAUSE = 2.0
_SHARE = 20  # of the time, one part of so many is spent on runs
_RETRIES = (10.0, 30.0, 60.0, 300.0)
REPEAT = 3600.0  # what is still in the way is told again

_NAMED = 12  # changes


def pause(spent: float) -> float:
    """How long nothing is done after a run that took so much time of a CPU."""
    return max(_PAUSE, _SHARE * spent)


def retry(failures: int) -> float | None:
    """When a run is tried again without a change of the host; None when the last one did not fail."""
    return _RETRIES[min(failures, len(_RETRIES)) - 1] if failures else None


def told(
    old: Record, new: Record, causes: Collection[str], changes: Sequence[str], placed: Collection[str]
) -> list[str]:  # fmt: skip
    """What a run has done, and why; nothing when it has changed nothing.

    `causes` is what was announced; `placed` are the containers that were looked at.
    """
    if not changes:
        return []
    after = f"after changes of {_listed(sorted(causes))}" if causes else "at the start"
    moved = ", ".join(_moved(old, new)) or "the host was not as it shall be"
    following = ""
    if placed:
        verb = "follows" if len(placed) == 1 else "follow"
        following = f"; {_listed(sorted(placed))} {verb}"
    more = f"; and {len(changes) - _NAMED} more" if len(changes) > _NAMED else ""
    count = "1 change" if len(changes) == 1 else f"{len(changes)} changes"
    return [f"{after}: {moved}{following}", f"{count}: {'; '.join(changes[:_NAMED])}{more}"]


def _moved(old: Record, new: Record) -> Iterator[str]:
    if old.options.public != new.options.public:
        yield f"public interface {old.options.public} -> {new.options.public}"
    for name, was, now in (
        ("address", _address(old), _address(new)),
        ("MAC", old.mac, new.mac),
        ("MTU", old.mtu, new.mtu),
        ("gateway", old.gateway, new.gateway),
        ("other addresses", _others(old), _others(new)),
        ("networks", _networks(old), _networks(new)),
    ):
        if was != now:
            yield f"{name} {was or 'none'} -> {now or 'none'}"


def _address(record: Record) -> str:
    return f"{record.address}/{record.prefix}" if record.applied else ""


def _others(record: Record) -> str:
    return ", ".join(one.address for one in last_known("", "", record.applied).addresses[1:])


def _networks(record: Record) -> str:
    return ", ".join(one.destination for one in last_known("", "", record.applied).networks)


def _listed(words: Sequence[str]) -> str:
    if len(words) > _NAMED:
        return f"{', '.join(words[:_NAMED])} and {len(words) - _NAMED} more"
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))

# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""How fast a container may send and receive.  Pure.

Rates are in bytes a second, as the kernel has them; in text they are bits, as in tc(8).
"""

from __future__ import annotations

from typing import NamedTuple

_UNITS = ((10**12, "tbit"), (10**9, "gbit"), (10**6, "mbit"), (10**3, "kbit"), (1, "bit"))
_WORDS = ("send", "receive")

AUTO = "auto"  # of the link's speed: what the card says
OUTSIDE, ALL = "outside", "all"  # where what is sent is limited
SCOPES = (OUTSIDE, ALL)


class Limit(NamedTuple):
    """`burst` bytes may go at `ceil`; what is 0 is not said.  A `ceil` is above the rate."""

    rate: int
    ceil: int = 0
    burst: int = 0

    @property
    def highest(self) -> int:
        return self.ceil or self.rate

    def __str__(self) -> str:
        ceil = f" ceil {rate_text(self.ceil)}" if self.ceil else ""
        return rate_text(self.rate) + ceil + (f" burst {self.burst}b" if self.burst else "")


class Limits(NamedTuple):
    """None: that way nothing is limited."""

    send: Limit | None = None
    receive: Limit | None = None

    def __str__(self) -> str:
        told = [f"{word} {one}" for word, one in zip(_WORDS, self) if one]
        return ", ".join(told) or "none"


NONE = Limits()


def rate_text(rate: int) -> str:
    """In the largest unit in which it is a whole number."""
    bits = 8 * rate
    size, unit = next((size, unit) for size, unit in _UNITS if bits % size == 0)
    return f"{bits // size}{unit}"


# --- in the alias of a veth: the kernel has no other place for what shall be ---------------------


def words(limits: Limits) -> list[str]:
    return [
        f"{word}=" + "/".join(str(number) for number in one)
        for word, one in zip(_WORDS, limits)
        if one
    ]


def read_words(listed: list[str]) -> Limits:
    """What cannot be read limits nothing."""
    found = dict(word.partition("=")[::2] for word in listed)
    return Limits(*(_read(found.get(word, "")) for word in _WORDS))


def _read(text: str) -> Limit | None:
    parts = text.split("/")
    if len(parts) != len(Limit._fields) or not all(part.isdecimal() for part in parts):
        return None
    limit = Limit(*map(int, parts))
    return limit if is_sound(limit) else None


HIGHEST = 2**64 // 8 - 1  # the kernel counts bytes in 64 bits, and tc(8) bits
BIGGEST_BURST = 2**32 - 1


def is_sound(limit: Limit) -> bool:
    """Whether a request could have led to it."""
    rate, ceil, burst = limit
    return (
        0 < rate <= HIGHEST
        and (ceil == 0 or rate < ceil <= HIGHEST)
        and (burst == 0 or (ceil > 0 and 0 < burst <= BIGGEST_BURST))
    )

# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Limits as a task asks for them, and the rates that this comes to, as Apache Mesos computes them.  Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from ..values.errors import InvalidRequest
from ..values.limits import AUTO, BIGGEST_BURST, HIGHEST, Limit, Limits, rate_text

_WRITTEN = re.compile(r"([0-9]{1,20}(?:\.[0-9]{1,9})?)\s*([a-z%]*)")
_PREFIXES = {"": 1, **{letter: 1000**power for power, letter in enumerate("kmgt", 1)}}
_BINARY = {f"{letter}i": 1024**power for power, letter in enumerate("kmgt", 1)}
_BITS = {f"{name}bit": size for name, size in {**_PREFIXES, **_BINARY}.items()}
_BYTES = {"": 1, "b": 1}
for _power, _letter in enumerate("kmg", 1):
    _BYTES.update({_letter: 1024**_power, f"{_letter}b": 1024**_power})
SMALLEST_PER_CPU = (
    125000  # bytes a second: no container gets less by its CPUs, unless a minimum says so
)


class Rate(NamedTuple):
    """Bytes a second, or a `share` of the link's speed; `said` as it was written."""

    bytes: int
    share: Fraction
    said: str


class Way(NamedTuple):
    """What a task says of one direction; None and 0: nothing."""

    rate: Rate | None = None
    ceil: Rate | None = None
    burst: int = 0


class Wish(NamedTuple):
    """What a task says.  `per_cpu` of both directions, without bytes and share: the link's, by the host's CPUs."""

    send: Way = Way()
    receive: Way = Way()
    per_cpu: Rate | None = None
    cpus: Fraction | None = None
    minimum: Rate | None = None
    maximum: Rate | None = None


class Link(NamedTuple):
    """What rates may refer to: bytes a second, 0: not known; CPUs of the host."""

    speed: int = 0
    cpus: int = 1


UNKNOWN = Link()


# --- read ---------------------------------------------------------------------------------------


def read_rate(text: object, option: str) -> Rate:
    """A rate as tc(8) writes it, or a percentage.  Raises InvalidRequest."""
    written = str(text).strip().lower()
    found = _WRITTEN.fullmatch(written)
    number, unit = (Fraction(found[1]), found[2]) if found else (Fraction(0), "")
    if found and unit == "%" and 0 < number <= 100:
        return Rate(0, number / 100, written)
    size = _BITS.get(unit or "bit")
    rate = int(number * size / 8) if size else 0
    if not 0 < rate <= HIGHEST:
        bytes_meant = (
            " (bps of tc means bytes: write eight times as many bit)" if "bps" in unit else ""
        )
        raise InvalidRequest(
            f"cannot use {option} '{text}': expected a rate of 8bit or more, such as 500kbit, 10mbit or 2.5gbit,"
            f" or a percentage of the link's speed, such as 10%{bytes_meant}"
        )
    return Rate(rate, Fraction(0), written)


def read_speed(text: str) -> str:
    """The option `link_speed`, as it is remembered.  Raises InvalidRequest."""
    if text.strip().lower() == AUTO:
        return AUTO
    rate = read_rate(text, "link_speed")
    if rate.share:
        raise InvalidRequest(f"cannot use link_speed '{text}': a percentage of what?")
    return rate_text(rate.bytes)


def check_fair_shares(wanted: bool | None, link_speed: str) -> None:
    """Raise InvalidRequest where nobody has said what is shared."""
    if wanted and link_speed in ("", AUTO):
        raise InvalidRequest(
            f"cannot use fair_shares with link_speed {link_speed or AUTO}: the link is shared where its speed is"
            " kept to; give link_speed as a rate, a little below that of the link"
        )


def read_size(text: object, option: str) -> int:
    """Bytes as tc(8) writes them.  Raises InvalidRequest."""
    found = _WRITTEN.fullmatch(str(text).strip().lower())
    size = int(Fraction(found[1]) * _BYTES[found[2]]) if found and found[2] in _BYTES else 0
    if not 0 < size <= BIGGEST_BURST:
        raise InvalidRequest(
            f"cannot use {option} '{text}': expected a number of bytes, such as 32000, 256k or 1m"
        )
    return size


def read(given: Mapping[str, Any], name: str) -> Wish:
    """The option `limits`.  Raises InvalidRequest naming the container."""
    try:
        wish = _read(given)
        _check(wish)
    except InvalidRequest as error:
        raise _refused(name, str(error)) from error
    return wish


def _refused(name: str, why: str) -> InvalidRequest:
    return InvalidRequest(f"cannot limit {name}: {why}")


def _read(given: Mapping[str, Any]) -> Wish:
    rates = {
        option: read_rate(given[option], option)
        for option in ("send", "send_ceil", "receive", "receive_ceil", "minimum", "maximum")
        if given.get(option) is not None
    }
    bursts = {
        option: read_size(given[option], option)
        for option in ("send_burst", "receive_burst")
        if given.get(option) is not None
    }
    send, receive = (
        Way(rates.get(way), rates.get(f"{way}_ceil"), bursts.get(f"{way}_burst", 0))
        for way in ("send", "receive")
    )
    return Wish(
        send,
        receive,
        _read_per_cpu(given.get("per_cpu")),
        _read_cpus(given.get("cpus")),
        rates.get("minimum"),
        rates.get("maximum"),
    )


def _read_per_cpu(text: object) -> Rate | None:
    if text is None:
        return None
    if str(text).strip().lower() == AUTO:
        return Rate(0, Fraction(0), AUTO)
    return read_rate(text, "per_cpu")


def _read_cpus(given: object) -> Fraction | None:
    if given is None:
        return None
    found = _WRITTEN.fullmatch(str(given))
    cpus = Fraction(found[1]) if found and not found[2] else Fraction(0)
    if cpus <= 0:
        raise InvalidRequest(f"cannot use cpus '{given}': expected how many, such as 2 or 1.5")
    return cpus


def _check(wish: Wish) -> None:
    """Raise InvalidRequest for options that do not go together."""
    if (wish.per_cpu is None) != (wish.cpus is None):
        raise InvalidRequest("per_cpu and cpus go together")
    for word, way in (("send", wish.send), ("receive", wish.receive)):
        if way.rate and wish.per_cpu:
            raise InvalidRequest(f"{word} and per_cpu exclude each other")
        if way.ceil and not (way.rate or wish.per_cpu):
            raise InvalidRequest(f"{word}_ceil is nothing without {word} or per_cpu")
        if way.burst and not way.ceil:
            raise InvalidRequest(
                f"{word}_burst goes at the speed of {word}_ceil, which is missing"
            )
    rated = wish.send.rate or wish.receive.rate or wish.per_cpu
    if (wish.minimum or wish.maximum) and not rated:
        raise InvalidRequest("minimum and maximum are nothing without a rate or per_cpu")


# --- computed -----------------------------------------------------------------------------------


def computed(wish: Wish, name: str, link: Link) -> Limits:
    """The rates.  Raises InvalidRequest when the link's speed is needed and not known, or too low."""
    try:
        return Limits(_way(wish, wish.send, link), _way(wish, wish.receive, link))
    except InvalidRequest as error:
        raise _refused(name, str(error)) from error


def _way(wish: Wish, way: Way, link: Link) -> Limit | None:
    if way.rate is None and wish.per_cpu is None:
        return None
    base = _bytes(way.rate, link) if way.rate else _by_cpus(wish, link)
    rate = _within(base, wish, link)
    _check_speed(rate, link)
    ceil = _bytes(way.ceil, link) if way.ceil else 0
    if ceil <= rate:  # as Mesos: it lets nothing through that the rate does not
        return Limit(rate)
    return Limit(rate, ceil, way.burst)


def _bytes(rate: Rate, link: Link) -> int:
    if not rate.share:
        return rate.bytes
    return max(int(_speed(link, rate.said) * rate.share), 1)


def _by_cpus(wish: Wish, link: Link) -> int:
    """A fraction of a CPU counts for nothing; `auto` is the link's speed by the CPUs, rounded down."""
    if wish.per_cpu is None or wish.cpus is None:
        return 0
    if wish.per_cpu.said == AUTO:
        each = _speed(link, f"per_cpu {AUTO}") // link.cpus
    else:
        each = _bytes(wish.per_cpu, link)
    return each * int(wish.cpus)


def _within(rate: int, wish: Wish, link: Link) -> int:
    """At least the minimum, and then at most the maximum."""
    least = _bytes(wish.minimum, link) if wish.minimum else SMALLEST_PER_CPU if wish.per_cpu else 0
    most = _bytes(wish.maximum, link) if wish.maximum else HIGHEST
    if wish.minimum and wish.maximum and least > most:
        raise InvalidRequest(
            f"the minimum {wish.minimum.said} is above the maximum {wish.maximum.said}"
        )
    return min(max(rate, least), most)


def _check_speed(rate: int, link: Link) -> None:
    if 0 < link.speed < rate:
        raise InvalidRequest(
            f"{rate_text(rate)} is more than the link's speed, {rate_text(link.speed)}"
        )


def _speed(link: Link, said: str) -> int:
    if not link.speed:
        raise InvalidRequest(
            f"{said} refers to the speed of the link, which is not known; give link_speed to"
            " netiso.portmap.portmap_host"
        )
    return link.speed

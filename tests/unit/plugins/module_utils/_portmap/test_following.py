# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.decide import following
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.memory.record import Record
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.options import (
    HostOptions,
)

MADE = "as now"
OLD = Record(
    HostOptions("eth0", "lo", None, None, 16, None, "relax"),
    before={},
    qdiscs=(),
    applied=("10.0.0.1", "24", "02:00:00:00:00:10", "1500", "10.0.0.254", MADE),
)


def moved(**applied: str) -> Record:
    names = ("address", "prefix", "mac", "mtu", "gateway", "made")
    return OLD._replace(applied=tuple({**dict(zip(names, OLD.applied)), **applied}.values()))


@pytest.mark.parametrize(
    ("new", "said"),
    [
        (moved(address="10.0.0.2"), "address 10.0.0.1/24 -> 10.0.0.2/24"),
        (moved(prefix="16"), "address 10.0.0.1/24 -> 10.0.0.1/16"),
        (moved(mac="02:00:00:00:00:11"), "MAC 02:00:00:00:00:10 -> 02:00:00:00:00:11"),
        (moved(mtu="1400", gateway=""), "MTU 1500 -> 1400, gateway 10.0.0.254 -> none"),
        (
            OLD._replace(
                applied=(*OLD.applied, "also 10.9.0.1", "to 10.9.0.0/24 from 10.9.0.1 mtu 0")
            ),
            "other addresses none -> 10.9.0.1, networks none -> 10.9.0.0/24",
        ),
        (moved(made="before"), "the host was not as it shall be"),
        (
            OLD._replace(options=OLD.options._replace(public="wan0")),
            "public interface eth0 -> wan0",
        ),
    ],
)
def test_what_has_moved_is_told_with_both_values(new: Record, said: str) -> None:
    first, _second = following.told(OLD, new, {"routes"}, ["set x"], [])
    assert first == f"after changes of routes: {said}"


def test_what_was_done_is_told_with_its_cause_and_who_is_concerned() -> None:
    new, changes = moved(address="10.0.0.2"), [f"change {number}" for number in range(14)]
    said = following.told(OLD, new, {"routes", "addresses", "links"}, changes, ["web", "db"])
    moves = "address 10.0.0.1/24 -> 10.0.0.2/24; db and web follow"
    assert said == [
        f"after changes of addresses, links and routes: {moves}",
        f"14 changes: {'; '.join(changes[:12])}; and 2 more",
    ]
    assert following.told(OLD, OLD, (), ["set x"], ["web"]) == [
        "at the start: the host was not as it shall be; web follows",
        "1 change: set x",
    ]


def test_a_host_of_which_nothing_was_known_before() -> None:
    first, _second = following.told(OLD._replace(applied=()), OLD, (), ["set x"], ())
    assert "address none -> 10.0.0.1/24" in first


def test_nothing_is_told_when_nothing_was_done() -> None:
    assert following.told(OLD, OLD, {"links"}, [], ["web"]) == []


def test_a_run_is_followed_by_twenty_times_as_much_of_nothing() -> None:
    assert following.pause(0.01) == 2.0
    assert following.pause(0.5) == 10.0
    assert following.pause(30) == 600.0


def test_what_fails_is_tried_again_for_ever() -> None:
    assert following.retry(0) is None
    assert [following.retry(count) for count in (1, 2, 3, 4, 5, 1000)] == [
        10.0, 30.0, 60.0, 300.0, 300.0, 300.0,
    ]  # fmt: skip

# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Containers without limits share the link by container; the bytes that arrive and tc are the witnesses."""

from __future__ import annotations

import pytest

from lab import state
from lab.flow import CARRIED, flowing
from lab.machines import HOST, PEER, Lab
from lab.modules import ModuleError, Modules
from lab.pools import POOLS
from scene import DB, inventory

OUTSIDE = 8080
SPEED = 30e6
FAIR = {"fair_shares": True, "link_speed": "30mbit"}


@pytest.fixture
def placed(prepared: Modules) -> Modules:
    prepared.container(containers=inventory())
    return prepared


def classes(lab: Lab) -> str:
    return lab.host.run("tc", "class", "show", "dev", "pm--lim0", check=False).stdout


def shares(lab: Lab, seconds: float = 2) -> tuple[float, float]:
    """What the one with eight connections and the one with one get, in bits a second."""
    web, db, peer = lab.container("web"), lab.container("db"), lab.peer.place
    with (
        flowing(web, peer, PEER, OUTSIDE, streams=8) as many,
        flowing(db, peer, PEER, OUTSIDE + 1) as one,
    ):
        start = many.received
        alone = one.rate(seconds)
        return (many.received - start) * 8 / CARRIED / seconds, alone


def test_each_container_has_the_same_whatever_it_opens(lab: Lab, placed: Modules) -> None:
    placed.host(**POOLS, **FAIR)
    for got in shares(lab):
        assert got == pytest.approx(SPEED / 2, rel=0.15)


def test_who_is_alone_has_all_and_who_stays_inside_is_not_slowed(
    lab: Lab, placed: Modules
) -> None:
    placed.host(**POOLS, **FAIR)
    web, db, peer = lab.container("web"), lab.container("db"), lab.peer.place
    with flowing(web, peer, PEER, OUTSIDE) as flow:
        assert flow.rate(1) == pytest.approx(SPEED, rel=0.1)
    for to, address, port in ((lab.host.place, HOST, OUTSIDE), (db, HOST, DB)):
        with flowing(web, to, address, port) as flow:
            assert max(flow.rate(0.2) for _ in range(3)) > 2 * SPEED


def test_they_come_and_go_under_a_connection_and_leave_nothing(lab: Lab, placed: Modules) -> None:
    placed.host(**POOLS, link_speed="30mbit")
    before = state.unnumbered(state.of(lab.host))
    with flowing(lab.container("web"), lab.peer.place, PEER, OUTSIDE) as flow:
        assert placed.host(**POOLS, **FAIR)["host"]["fair_shares"]
        assert flow.reaches(SPEED)
        told = placed.host(**POOLS, fair_shares=False)
        assert "take fair_shares back" in told["changes"]
        assert max(flow.rate(0.3) for _ in range(5)) > 2 * SPEED
        assert flow.broken == ""
    assert state.difference(before, state.unnumbered(state.of(lab.host))) == ""
    assert placed.info()["problems"] == []


def test_check_mode_tells_all_of_it_and_changes_nothing(lab: Lab, placed: Modules) -> None:
    before = state.of(lab.host)
    told = placed.checking().differing().host(**POOLS, **FAIR)
    assert state.difference(before, state.of(lab.host)) == ""
    assert sum(line.startswith("add class htb 706d:") for line in told["changes"]) == 4
    assert "set fair_shares to yes" in told["changes"]
    assert "class htb 706d:754 dev pm--lim0" in told["diff"]["after"]
    done = placed.host(**POOLS, **FAIR)
    assert done["changes"] == told["changes"]
    assert not placed.host(**POOLS)["changed"]
    assert not placed.container(containers=inventory(), purge=True)["changed"]
    info = placed.info()
    assert (info["host"]["fair_shares"], info["problems"]) == (True, [])


def test_each_has_a_class_and_who_is_limited_its_own(lab: Lab, placed: Modules) -> None:
    placed.container(name="web", limits={"send": "10mbit"})
    placed.host(**POOLS, **FAIR)
    assert classes(lab).count(" parent 706d:1 ") == 3
    assert "rate 10Mbit ceil 10Mbit" in classes(lab)
    placed.container(name="web", limits={})
    assert classes(lab).count("ceil 30Mbit") == 4  # and the one above them
    placed.container(name="web", state="absent")
    assert classes(lab).count(" parent 706d:1 ") == 2
    placed.container(containers=inventory())
    assert classes(lab).count(" parent 706d:1 ") == 3
    placed.container(containers=[], purge=True)
    assert classes(lab) == ""
    placed.host(**POOLS, state="absent")


def test_another_speed_reaches_every_class(lab: Lab, placed: Modules) -> None:
    placed.host(**POOLS, **FAIR)
    placed.host(**POOLS, link_speed="2gbit")
    assert classes(lab).count("ceil 2Gbit") == 4


def test_a_class_that_is_missing_is_told_and_mended(lab: Lab, placed: Modules) -> None:
    placed.host(**POOLS, **FAIR)
    whole = state.unnumbered(state.of(lab.host))
    lab.host.run("tc", "qdisc", "del", "dev", "pm--lim0", "root")
    (problem,) = placed.info()["problems"]
    assert (problem["kind"], problem["containers"]) == ("drift", ["cache", "db", "web"])
    placed.container(containers=inventory())
    assert placed.info()["problems"] == []
    assert state.difference(whole, state.unnumbered(state.of(lab.host))) == ""


@pytest.mark.parametrize("given", [{}, {"link_speed": "auto"}])
def test_nothing_is_shared_whose_speed_nobody_has_said(
    lab: Lab, placed: Modules, given: dict[str, str]
) -> None:
    with pytest.raises(ModuleError, match="cannot use fair_shares with link_speed auto"):
        placed.host(**POOLS, **given, fair_shares=True)
    assert classes(lab) == ""

# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Containers receive no faster than they may; tc and the bytes that arrive are the witnesses."""

from __future__ import annotations

import os
import re
import time
from typing import Any

import pytest

from lab import state
from lab.flow import arriving, asked, flowing
from lab.machines import HOST, Lab
from lab.modules import ModuleError, Modules
from lab.pools import POOLS
from scene import DB, WEB, inventory


@pytest.fixture
def placed(prepared: Modules) -> Modules:
    prepared.container(containers=inventory())
    return prepared


def limit(modules: Modules, **limits: object) -> dict[str, Any]:
    return modules.container(name="web", limits=limits)


def classes(lab: Lab) -> str:
    """Without the numbers that the kernel chose."""
    said = lab.host.run("tc", "class", "show", "dev", "pm-web").stdout
    return re.sub(r"(leaf|tbf|parent) 8\S+", r"\1", said)


def roots(lab: Lab, link: str = "pm-web") -> str:
    return lab.host.run("tc", "qdisc", "show", "dev", link, "root").stdout


@pytest.mark.parametrize("mbit", [1, 10, 100])
def test_a_container_receives_as_fast_as_it_may(lab: Lab, placed: Modules, mbit: int) -> None:
    limit(placed, receive=f"{mbit}mbit")
    to = lab.container("web")
    with arriving(lab.peer.place, to, HOST, WEB, twice=mbit * 2e6) as flow:
        assert flow.reached() == pytest.approx(mbit * 1e6, rel=0.05)


def test_a_gigabit_is_received(lab: Lab, placed: Modules) -> None:
    """What a busy machine can do: the best of some moments."""
    limit(placed, receive="1gbit")
    with flowing(lab.peer.place, lab.container("web"), HOST, WEB) as flow:
        best = max(flow.rate(0.3) for _ in range(5))
    assert 0.7e9 < best < 1.12e9


def test_from_the_host_and_from_a_sibling_it_is_the_same(lab: Lab, placed: Modules) -> None:
    limit(placed, receive="10mbit")
    for source in (lab.host.place, lab.container("db")):
        with flowing(source, lab.container("web"), HOST, WEB) as flow:
            assert flow.rate(1.5) == pytest.approx(10e6, rel=0.07)


def test_what_a_container_sends_is_not_slowed(lab: Lab, placed: Modules) -> None:
    limit(placed, receive="10mbit")
    with flowing(lab.container("web"), lab.peer.place, "10.0.0.254", 8080) as flow:
        assert flow.rate(0.5) > 60e6


def test_what_waits_waits_shortly_and_a_neighbour_not_at_all(lab: Lab, placed: Modules) -> None:
    limit(placed, receive="10mbit")
    web, db = lab.container("web"), lab.container("db")
    idle = asked(lab.peer.place, db, HOST, DB)
    with flowing(lab.peer.place, web, HOST, WEB):
        own = asked(lab.peer.place, web, HOST, WEB + 1)
        beside = asked(lab.peer.place, db, HOST, DB)
    assert own[len(own) * 95 // 100] < 0.06
    # A moment of the machine's own shall not count: 20 of 100 are left out.
    assert beside[len(beside) * 80 // 100] < 1.5 * idle[len(idle) * 80 // 100] + 0.002


def test_a_limit_changes_under_a_connection(lab: Lab, placed: Modules) -> None:
    with flowing(lab.peer.place, lab.container("web"), HOST, WEB) as flow:
        for rate, mbit in (("20mbit", 20), ("40mbit", 40)):
            limit(placed, receive=rate)
            assert flow.reaches(mbit * 1e6)
        limit(placed)
        assert max(flow.rate(0.3) for _ in range(5)) > 80e6
        assert flow.broken == ""


def test_a_burst_goes_at_the_ceil(lab: Lab, placed: Modules) -> None:
    """As the original's: a megabyte at 80 Mbit/s, the rest at 4 Mbit/s."""
    limit(placed, receive="4mbit", receive_ceil="80mbit", receive_burst="1m")
    with arriving(lab.peer.place, lab.container("web"), HOST, WEB, twice=90e6, settle=0) as flow:
        assert 30e6 < flow.reached(0.1, 1) < 90e6
        time.sleep(0.5)
        assert flow.reached() == pytest.approx(4e6, rel=0.05)


def test_rates_above_32_bits_arrive_in_the_kernel(lab: Lab, placed: Modules) -> None:
    placed.host(**POOLS, link_speed="400gbit")
    told = limit(placed, receive="100gbit", receive_ceil="400gbit")
    assert "rate 100Gbit ceil 400Gbit" in classes(lab)
    assert told["container"]["limits"]["receive"]["rate"] == 12_500_000_000
    assert not placed.container(name="web")["changed"]


def test_a_second_run_changes_nothing_and_left_out_a_limit_stays(
    lab: Lab, placed: Modules
) -> None:
    assert limit(placed, receive="10mbit")["changed"]
    was = classes(lab)
    assert "rate 10Mbit ceil 10Mbit" in was
    for run in (limit(placed, receive="10000kbit"), placed.container(name="web")):
        assert not run["changed"]
        assert run["container"]["limits"]["receive"]["text"] == "10mbit"
    assert placed.ranges(container="web", ports=["31200"])["changed"]
    assert classes(lab) == was


def test_taken_away_nothing_is_left(lab: Lab, placed: Modules) -> None:
    before = state.of(lab.host)
    limit(placed, receive="10mbit")
    told = limit(placed)
    assert told["changes"][0] == "web: limits receive 10mbit -> none"
    assert told["container"]["limits"] == {}
    assert state.difference(before, state.of(lab.host)) == ""


def test_check_mode_tells_and_changes_nothing(lab: Lab, placed: Modules) -> None:
    before = state.of(lab.host)
    told = placed.checking().differing().container(name="web", limits={"receive": "10mbit"})
    assert state.difference(before, state.of(lab.host)) == ""
    assert "limits receive 10mbit" in told["diff"]["after"]
    assert any(line.startswith("add class htb 706d:1 dev pm-web") for line in told["changes"])
    assert limit(placed, receive="10mbit")["changes"] == told["changes"]


def test_limits_are_found_again_from_the_kernel_alone(lab: Lab, placed: Modules) -> None:
    limit(placed, receive="10mbit")
    lab.host.run("rm", "/run/portmap/host.json")
    placed.host(**POOLS)
    (told,) = placed.info(container="web")["containers"]
    assert told["limits"]["receive"]["rate"] == 1_250_000


DAMAGE = {
    "another rate": "class change dev pm-web classid 706d:1 htb rate 20mbit",
    "no leaf": "qdisc del dev pm-web parent 706d:1",
    "no root": "qdisc del dev pm-web root",
    "another root": "qdisc replace dev pm-web root handle 7: tbf rate 1mbit burst 10k latency 9ms",
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_told_and_mended(lab: Lab, placed: Modules, damage: str) -> None:
    limit(placed, receive="10mbit")
    whole = classes(lab)
    lab.host.tc(DAMAGE[damage])
    (told,) = placed.info()["problems"]
    assert (told["kind"], told["containers"]) == ("drift", ["web"])
    assert "htb" in told["description"]
    assert placed.container(name="web")["changes"][0] == "web: repaired"
    assert placed.info()["problems"] == []
    assert classes(lab) == whole


def test_who_is_not_limited_keeps_the_qdisc_of_a_stranger(lab: Lab, placed: Modules) -> None:
    lab.host.tc("qdisc add dev pm-web root handle 1: htb default 5")
    assert not placed.container(name="web")["changed"]
    assert "htb 1:" in roots(lab)
    for link in ("eth0", "pm-db", "lo"):
        assert "htb" not in roots(lab, link)


def test_a_percentage_is_of_the_speed_that_the_host_was_given(lab: Lab, placed: Modules) -> None:
    told = placed.host(**POOLS, link_speed="200mbit")
    assert told["changes"] == ["set link_speed to 200mbit"]
    assert told["host"]["link_speed"] == "200mbit"
    told = limit(placed, receive="10%", receive_ceil="50%")
    assert told["container"]["limits"]["receive"]["text"] == "20mbit ceil 100mbit"
    told = limit(placed, per_cpu="auto", cpus=os.cpu_count())
    assert told["container"]["limits"]["receive"]["rate"] == pytest.approx(25e6, rel=1e-6)


REFUSED = {
    "cannot use receive '10bps'.*eight times": {"receive": "10bps"},
    "cannot use receive '0'": {"receive": "0"},
    "cannot use receive 'fast'": {"receive": "fast"},
    "20gbit is more than the link's speed, 10gbit": {"receive": "20gbit"},  # so veth says
    "the minimum 2mbit is above the maximum 1mbit": {
        "receive": "1mbit", "minimum": "2mbit", "maximum": "1mbit",
    },
    "receive and per_cpu exclude": {"receive": "1mbit", "per_cpu": "1mbit", "cpus": 2},
    "per_cpu and cpus go together": {"per_cpu": "1mbit"},
    "receive_burst goes at the speed of receive_ceil": {"receive": "1mbit", "receive_burst": "5k"},
}  # fmt: skip


@pytest.mark.parametrize("message", REFUSED)
def test_what_makes_no_sense_is_refused(lab: Lab, placed: Modules, message: str) -> None:
    with pytest.raises(ModuleError, match=message):
        placed.container(name="web", limits=REFUSED[message])
    assert "htb" not in roots(lab)


def test_usage_tells_limits_as_the_original_does(lab: Lab, placed: Modules) -> None:
    limit(placed, receive="10mbit", receive_ceil="20mbit", receive_burst="64k", send="1mbit")
    (told,) = placed.info(container="web", usage=["counters"])["containers"]
    limits = {name: value for name, value in told["usage"].items() if "_limit" in name}
    assert limits == {
        "net_rx_rate_limit": 1_250_000,
        "net_rx_burst_rate_limit": 2_500_000,
        "net_tx_rate_limit": 125_000,
    }
    assert told["usage"]["net_rx_burst_size"] == 65_536

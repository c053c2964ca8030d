# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Damage: portmap_info names it, one run repairs it, strangers' objects survive."""

from __future__ import annotations

import random

import pytest

import damage
import programs
import stage as stages
from lab import state, steering
from lab.pools import POOLS
from lab.state import State
from lab.steering import BPF
from stage import Stage

SEED = 20261122
DAMAGES, OF_BPF = 300, 100  # fewer kinds of objects can be damaged with bpf
INVENTORY = {"containers": stages.inventory()}
# Strangers: filters at our priorities and at others, hash tables, addresses, links named like ours.
STRANGERS = (
    "tc filter add dev eth0 ingress protocol ip pref 770 u32 match ip protocol 50 0xff flowid 1:",
    "tc filter add dev eth0 ingress protocol ip pref 100 u32 match ip protocol 51 0xff flowid 1:",
    "tc filter add dev eth0 ingress protocol ip pref 100 handle 77: u32 divisor 4",
    "tc filter add dev lo ingress protocol ip pref 513 u32 match ip protocol 50 0xff flowid 1:",
    "tc filter add dev lo ingress chain 5 protocol ip pref 770 u32 match u32 0 0 flowid 1:",
    "ip address add 10.0.0.77/24 dev eth0",
    "ip link add pm-stranger type veth peer name pm-other",
    "ip route add 198.51.100.0/24 via 10.0.0.253",
)


def marks(looked: State) -> list[str]:
    """The lines of the strangers' objects."""
    signs = ("00320000/00ff0000", "00330000/00ff0000", " 77:", "chain 5", "10.0.0.77", "pm-stranger",
             "pm-other", "198.51.100.0", "clsact")  # fmt: skip
    return [line for line in state.lines(looked) if any(sign in line for sign in signs)]


@pytest.mark.thorough("33 times as many damages: 10,000, each with a run that repairs it")
def test_every_damage_is_named_and_repaired_by_one_run(placed: Stage, thorough: bool) -> None:
    modules = placed.modules
    dice = random.Random(SEED)
    assert modules.problems() == []
    whole = stages.look(modules)
    log = []
    for number in range(10_000 if thorough else steering.by_way(DAMAGES, OF_BPF)):
        done = damage.choose(dice, modules.machine)
        told = f"damage {number} of seed {SEED}: {done.what}: {done.script}"
        log.append(told)
        modules.machine.shell(done.script, check=False)
        if modules.problems() == []:  # the value was that already
            assert state.difference(whole, stages.look(modules)) == "", told
            continue
        if done.host:
            modules.call("portmap_host", POOLS)
        if not done.host or state.difference(whole, stages.look(modules)):
            modules.call("portmap_container", INVENTORY)
        assert state.difference(whole, stages.look(modules)) == "", told
    assert modules.problems() == []
    with stages.traffic(placed, "web", "db") as running:
        assert running.finish()["lost"] == []


@pytest.mark.parametrize("qdisc", ["ingress", "clsact"])
def test_strangers_survive_everything(bare: Stage, qdisc: str) -> None:
    modules = bare.modules
    start = stages.look(modules)
    modules.machine.shell(f"tc qdisc add dev eth0 {qdisc}; tc qdisc add dev lo {qdisc}")
    for line in STRANGERS:
        modules.machine.shell(line)
    theirs = marks(stages.look(modules))
    assert len(theirs) >= len(STRANGERS)
    alone = stages.look(modules)

    def unharmed() -> None:
        found = marks(stages.look(modules))
        assert [line for line in theirs if line not in found] == []

    modules.call("portmap_host", POOLS)
    unharmed()
    modules.call("portmap_container", INVENTORY)
    unharmed()
    dice = random.Random(SEED)
    for _ in range(20):
        done = damage.choose(dice, modules.machine)
        if "qdisc" in done.what:
            continue  # that takes the strangers' filters away, too
        modules.machine.shell(done.script, check=False)
        modules.call("portmap_host", POOLS)
        modules.call("portmap_container", INVENTORY)
        unharmed()
    modules.call("portmap_container", {"containers": [], "purge": True})
    unharmed()
    modules.call("portmap_host", {"state": "absent"})
    unharmed()
    # The loopback keeps its MAC. A filter in another chain keeps its priority in ours, empty.
    unlike = ('"link_type": "loopback"', "/run/portmap", "ingress lo: filter protocol ip pref 770")
    left = state.difference(
        state.without(alone, *unlike), state.without(stages.look(modules), *unlike)
    )
    assert left == ""
    assert start != alone


def test_strangers_files_among_the_handles_survive(placed: Stage) -> None:
    """An empty one is what a killed `ip netns add` leaves; a killed run of ours leaves another."""
    modules = placed.modules
    modules.machine.shell("install -m 0 /dev/null /run/netns/empty; echo theirs > /run/netns/full")
    refused = modules.run("portmap_container", {"name": "full"})
    assert refused.failed
    assert "/run/netns/full" in refused.msg
    modules.machine.shell("install -m 1000 /dev/null /run/netns/ours")
    assert [problem["containers"] for problem in modules.problems()] == [["ours"]]
    modules.call("portmap_container", {"containers": [], "purge": True})
    assert modules.machine.shell("cd /run/netns; stat -c '%n %a' *; cat full").split("\n") == [
        *("empty 0", "full 644"),
        *("theirs", ""),
    ]
    assert modules.problems() == []


MISTAKEN = {
    "on the public interface": [("", "eth0")],
    "on the loopback": [("", "lo")],
    "on both": [("", "eth0"), ("", "lo")],
    "on a veth": [("", "pm-web")],
    "inside": [("web", "eth0"), ("web", "lo")],
}


@pytest.mark.parametrize("where", MISTAKEN)
def test_a_program_with_maps_of_its_own_is_named_and_replaced(placed: Stage, where: str) -> None:
    steering.only(BPF, "u32 has no maps")
    modules = placed.modules
    whole = stages.look(modules)
    programs.put(placed.lab.host, MISTAKEN[where], same_maps=False)
    assert {one["kind"] for one in modules.problems()} == {"drift"}
    if where.startswith("on the") or where == "on both":
        modules.call("portmap_host", POOLS)
    else:
        modules.call("portmap_container", INVENTORY)
    assert state.difference(whole, stages.look(modules)) == ""
    assert modules.problems() == []


@pytest.mark.parametrize("port", [31001, 31015, 30016, 30020, 30031])
@pytest.mark.parametrize("number", [0, 1, 2])
def test_ports_that_somebody_gave_away_come_back_with_one_run(
    placed: Stage, port: int, number: int
) -> None:
    """The map alone says whose a port is: what it says is no problem, but not what was asked for."""
    steering.only(BPF, "u32 has no maps")
    modules = placed.modules
    whole = stages.look(modules)
    modules.machine.shell(damage.given(modules.machine, port, number))
    modules.call("portmap_container", INVENTORY)
    assert state.difference(whole, stages.look(modules)) == ""

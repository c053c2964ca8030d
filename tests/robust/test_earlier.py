# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts that an earlier version has prepared: they get what is new under traffic, by one run."""

from __future__ import annotations

import re

import pytest

import programs
import stage as stages
from lab import state, steering
from lab.pools import POOLS
from lab.steering import BPF, U32
from stage import Stage

OF_U32 = "what the first releases had"

# What the first release did not have.
NEW = """
tc filter delete dev eth0 ingress protocol ip pref 256
tc filter delete dev pm-web ingress protocol all pref 256
tc filter delete dev pm-db ingress protocol all pref 256
for number in 0 1 2 3 4 5 6 7; do ip link delete portmap-sink$number; done
"""


def test_a_host_of_the_first_release_gets_what_is_new_without_a_lost_packet(placed: Stage) -> None:
    steering.only(U32, OF_U32)
    modules = placed.modules
    before = stages.look(modules)
    with stages.traffic(placed, "web", "db") as running:
        modules.machine.shell(NEW)
        told = modules.problems()
        assert {item["kind"] for item in told} == {"drift"}
        assert {name for item in told for name in item["containers"]} == {"web", "db"}
        assert [] in [item["containers"] for item in told]
        refused = modules.run("portmap_container", {"containers": stages.inventory()})
        assert refused.failed
        assert "run netiso.portmap.portmap_host first" in refused.msg
        made = modules.call("portmap_host", POOLS)["changes"]
        assert running.finish()["lost"] == []
    filters = [line.split(" bpf ")[0] for line in made if line.startswith("add filter")]
    assert sorted(filters) == [
        "add filter dev eth0 ingress protocol ip prio 256",
        *["add filter dev pm-db ingress protocol all prio 256"] * 2,
        *["add filter dev pm-web ingress protocol all prio 256"] * 2,
    ]
    assert not modules.call("portmap_container", {"containers": stages.inventory()})["changed"]
    assert stages.look(modules) == before
    assert modules.problems() == []


def test_a_host_of_the_second_release_gets_the_program_for_offloads(placed: Stage) -> None:
    """Its record does not say that containers have it, and no packet is lost."""
    steering.only(U32, OF_U32)
    modules = placed.modules
    before = stages.look(modules)
    with stages.traffic(placed, "web", "db") as running:
        for name in ("web", "db"):
            modules.machine.shell(f"tc filter delete dev pm-{name} {JUDGING}")
        modules.machine.shell("sed -i s/judged/bridged/ /run/portmap/host.json")
        told = modules.problems()
        assert {name for item in told for name in item["containers"]} == {"db", "web"}
        made = modules.call("portmap_host", POOLS)["changes"]
        assert running.finish()["lost"] == []
    assert [line.split(" tag ")[0] for line in made if line.startswith("add")] == [
        "add filter dev pm-db ingress protocol all prio 256 bpf pm_offload",
        "add filter dev pm-web ingress protocol all prio 256 bpf pm_offload",
    ]
    assert stages.look(modules) == before
    assert modules.problems() == []


JUDGING = "ingress protocol all pref 256 handle 0x200 bpf"


@pytest.mark.parametrize("damage", ["delete", "another program", "not asked for a verdict"])
def test_a_program_for_offloads_that_is_gone_or_another_is_told_and_mended(
    placed: Stage, damage: str
) -> None:
    steering.only(U32, OF_U32)
    modules = placed.modules
    before = stages.look(modules)
    where = f"dev pm-web {JUDGING}"
    modules.machine.shell({
        "delete": f"tc filter delete {where}",
        "another program": f"tc filter replace {where} da bytecode '1,6 0 0 4294967295'",
        "not asked for a verdict": f"tc filter replace {where} bytecode '1,6 0 0 0'",
    }[damage])  # fmt: skip
    (told,) = modules.problems()
    assert told["containers"] == ["web"]
    assert "prio 256 bpf pm_offload" in told["description"]
    change = modules.call("portmap_container", {"containers": stages.inventory()})["changes"]
    assert len(change) == 2  # one for people
    assert stages.look(modules) == before
    assert modules.problems() == []


def test_all_veths_have_one_program_whichever_run_made_them(placed: Stage) -> None:
    steering.only(U32, OF_U32)
    placed.modules.call("portmap_container", {"name": "late", "ports": ["31200"]})
    shown = [
        placed.modules.machine.shell(f"tc filter show dev pm-{name} ingress pref 256")
        for name in ("web", "db", "late")
    ]
    assert len({re.findall(r" id (\d+) name pm_offload ", one)[0] for one in shown}) == 1


@pytest.mark.parametrize("link", ["eth0", "pm-web"])
def test_a_first_filter_that_is_gone_or_lets_all_pass_is_told_and_mended(
    placed: Stage, link: str
) -> None:
    steering.only(U32, OF_U32)
    modules = placed.modules
    before = stages.look(modules)
    where = f"dev {link} ingress protocol {'ip' if link == 'eth0' else 'all'} pref 256 handle 0x100 bpf"
    for damage in (f"delete {where}", f"replace {where} da bytecode '1,6 0 0 4294967295'"):
        modules.machine.shell(f"tc filter {damage}")
        assert [item["containers"] for item in modules.problems()] == [
            [] if link == "eth0" else ["web"]
        ]
        modules.call("portmap_host", POOLS)
        modules.call("portmap_container", {"containers": stages.inventory()})
        assert stages.look(modules) == before
        assert modules.problems() == []


def test_a_stranger_s_program_at_the_same_priority_stays(placed: Stage) -> None:
    """Of another handle: the kernel gives the first one 1."""
    modules = placed.modules
    stranger = f"dev eth0 ingress protocol ip pref {steering.by_way(256, 127)}"
    modules.machine.shell(f"tc filter add {stranger} bpf da bytecode '1,6 0 0 4294967295'")
    assert {item["kind"] for item in modules.problems()} == {"earlier_filter"}
    assert not modules.call("portmap_host", POOLS)["changed"]
    for name in ("web", "db"):
        modules.call("portmap_container", {"name": name, "state": "absent"})
    modules.call("portmap_host", {"state": "absent"})
    left = modules.machine.shell(f"tc filter show {stranger}")
    assert left.count("direct-action") == 1


def test_a_newer_program_takes_over_without_a_lost_packet(placed: Stage) -> None:
    """What it knew stays, since the maps do."""
    steering.only(BPF, "with u32 only the program for offloads is loaded")
    modules = placed.modules
    before = stages.look(modules)
    with stages.traffic(placed, "web", "db") as running:
        programs.put(placed.lab.host, programs.EVERYWHERE, same_maps=True)
        assert {item["kind"] for item in modules.problems()} == {"drift"}
        made = modules.call("portmap_host", POOLS)["changes"]
        assert running.finish()["lost"] == []
    replaced = [line for line in made if line.startswith("replace filter dev ")]
    assert len(replaced) == len(made) == len(programs.EVERYWHERE)
    assert state.difference(before, stages.look(modules)) == ""
    assert modules.problems() == []
    assert not modules.call("portmap_container", {"containers": stages.inventory()})["changed"]

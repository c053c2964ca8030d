# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host goes over from one steering to the other, and back, under traffic; and is killed on its way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

import stage as stages
from lab import probes, state
from lab.machines import HOST, PEER, Lab
from lab.pools import POOLS
from lab.probes import Answer, Probe, Servers
from operations import Step
from stage import LOCAL, Stage
from traffic import Traffic, traffic

U32: Step = ("portmap_host", {**POOLS, "steering": "u32"})
BPF: Step = ("portmap_host", {**POOLS, "steering": "bpf"})
WAYS = {"to bpf": (U32, BPF), "to u32": (BPF, U32)}
POINTS = 6  # of each way in `make test`; a run of each kind at each costs a second of the CPUs

WEB, DB, OF_HOST, OF_PEER = 31003, 31011, 2200, 5300
TALKING = {"web": 31001, "db": 31009, "host": 22, "peer": 53}


@contextmanager
def servers(lab: Lab) -> Iterator[Servers]:
    with probes.servers() as made:
        made.listen(lab.container("web"), WEB)
        made.listen(lab.container("db"), DB)
        made.listen(lab.host.place, OF_HOST)
        made.listen(lab.peer.place, OF_PEER)
        yield made


def wrong(lab: Lab) -> dict[str, Answer]:
    """Who answered instead of whose the port is, TCP and UDP, from everywhere."""
    inside = {"host": lab.host.place, "web": lab.container("web"), "db": lab.container("db")}
    owners = {WEB: "web", DB: "db", OF_HOST: "host"}
    asked = {
        Probe(source, protocol, address, port): owner
        for protocol in ("tcp", "udp")
        for port, owner in owners.items()
        for source, address in [
            (lab.peer.place, HOST),
            *[(place, at) for place in inside.values() for at in (HOST, LOCAL)],
        ]
    }
    asked |= {
        Probe(place, protocol, PEER, OF_PEER): "peer"
        for protocol in ("tcp", "udp")
        for place in inside.values()
    }
    given = probes.run(asked)
    return {
        str(probe): given[probe] for probe, owner in asked.items() if given[probe].who != owner
    }


@contextmanager
def talking(lab: Lab) -> Iterator[Traffic]:
    """Each kind of connection: two protocols, kept and new ones, between all that there is."""
    host, peer, web, db = (
        lab.host.place, lab.peer.place, lab.container("web"), lab.container("db"),
    )  # fmt: skip
    listening = [
        (host, TALKING["host"], [HOST, LOCAL]),
        (peer, TALKING["peer"], [PEER]),
        (web, TALKING["web"], [HOST, LOCAL]),
        (db, TALKING["db"], [HOST, LOCAL]),
    ]
    streams = [
        ("peer to host", peer, HOST, TALKING["host"]),
        ("host to peer", host, PEER, TALKING["peer"]),
        ("peer to web", peer, HOST, TALKING["web"]),
        ("web to peer", web, PEER, TALKING["peer"]),
        ("host to web", host, HOST, TALKING["web"]),
        ("host to web by its loopback", host, LOCAL, TALKING["web"]),
        ("web to host", web, HOST, TALKING["host"]),
        ("web to host by its loopback", web, LOCAL, TALKING["host"]),
        ("web to db", web, HOST, TALKING["db"]),
        ("web to db by its loopback", web, LOCAL, TALKING["db"]),
        ("web to itself", web, HOST, TALKING["web"]),
        ("web to itself by its loopback", web, LOCAL, TALKING["web"]),
    ]
    with traffic(listening, streams) as running:
        yield running


def test_no_connection_of_any_kind_notices_that_the_host_goes_over(bare: Stage) -> None:
    modules = bare.modules
    modules.call(*U32)
    modules.call("portmap_container", {"containers": stages.inventory()})
    before = stages.look(modules)
    with talking(bare.lab) as running, servers(bare.lab):
        for turn in range(3):
            for step in (BPF, U32):
                running.now(f"turn {turn}: {step[1]['steering']}")
                assert modules.call(*step)["changed"]
                assert modules.problems() == []
                assert wrong(bare.lab) == {}
                assert not modules.call(*step)["changed"]
        assert running.finish()["lost"] == []
    assert state.difference(before, stages.look(modules)) == ""


def test_where_the_kernel_takes_no_program_everything_stays(bare: Stage) -> None:
    modules = bare.modules
    modules.call(*U32)
    modules.call("portmap_container", {"containers": stages.inventory()})
    before = stages.look(modules)
    run = modules.run(*BPF, fault="powerless")
    assert "CAP_SYS_ADMIN" in run.msg
    assert "all of it was undone" in run.msg or "nothing was changed" in run.msg
    assert state.difference(before, stages.look(modules)) == ""
    assert modules.problems() == []


@pytest.mark.thorough("30 times as many runs: each point on the way, not some of them")
@pytest.mark.parametrize("way", WAYS)
def test_a_host_that_is_killed_on_its_way_works_and_goes_on_or_back(
    bare: Stage, way: str, thorough: bool
) -> None:
    modules = bare.modules
    back, over = WAYS[way]
    modules.call(*back)
    modules.call("portmap_container", {"containers": stages.inventory()})
    modules.call(*over)
    modules.call(*back)
    start = stages.look(modules)
    points = modules.run(*over).points
    done = stages.look(modules)
    modules.call(*back)
    assert state.difference(start, stages.look(modules)) == ""
    chosen = range(1, len(points) + 1)
    if not thorough:
        chosen = range(2, len(points), len(points) // POINTS)
    with talking(bare.lab) as running, servers(bare.lab):
        for number, at in enumerate(chosen):
            told = f"killed at {at} of {len(points)}, {points[at - 1]}"
            running.now(told)
            assert modules.run(*over, at=at).killed, told
            assert wrong(bare.lab) == {}, told
            if number % 2:
                modules.call(*back)
            else:
                modules.call(*over)
                assert state.difference(done, stages.look(modules)) == "", told
                assert modules.problems() == [], told
                modules.call(*back)
            assert state.difference(start, stages.look(modules)) == "", told
            assert running.losses() == []
        assert running.finish()["lost"] == []

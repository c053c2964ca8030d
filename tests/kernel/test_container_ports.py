# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which ports a container has, and which are handed out."""

from __future__ import annotations

import pytest

from lab import probes
from lab.machines import HOST, Lab
from lab.modules import ModuleError, Modules
from lab.pools import POOLS
from lab.probes import Probe
from scene import inventory


def test_ephemeral_ranges_are_the_lowest_free_aligned_ones(prepared: Modules) -> None:
    made = prepared.container(containers=inventory())["containers"]
    assert [item["ephemeral_ports"] for item in made] == [
        "30016-30031",
        "30032-30047",
        "30048-30063",
    ]


def test_a_freed_ephemeral_range_is_handed_out_again(prepared: Modules) -> None:
    prepared.container(containers=inventory())
    prepared.container(name="web", state="absent")
    made = prepared.container(name="new", ports=["31000"])["container"]
    assert made["ephemeral_ports"] == "30016-30031"


def test_an_ephemeral_range_can_be_chosen(lab: Lab, prepared: Modules) -> None:
    made = prepared.container(name="web", ports=["31000"], ephemeral_ports="30112-30143")
    assert made["container"]["ephemeral_ports"] == "30112-30143"
    assert lab.container("web").sysctl("ipv4/ip_local_port_range") == "30112\t30143"
    kept = prepared.container(name="web", ports=["31000"])
    assert not kept["changed"]
    assert kept["container"]["ephemeral_ports"] == "30112-30143"


def test_a_range_goes_round_one_that_was_chosen(prepared: Modules) -> None:
    prepared.container(name="web", ephemeral_ports="30016-30031")
    assert prepared.container(name="db")["container"]["ephemeral_ports"] == "30032-30047"


def test_the_pool_may_be_too_small_for_a_second(modules: Modules) -> None:
    modules.host(**{**POOLS, "ephemeral_ports_per_container": 512})
    made = modules.container(name="web", ports=["31000"])["container"]
    assert made["ephemeral_ports"] == "30208-30719"
    with pytest.raises(ModuleError, match="30001-30999"):
        modules.container(name="db", ports=["31001"])


def test_ports_not_named_stay_as_they_are(prepared: Modules) -> None:
    prepared.container(name="web", ports=["31000-31007"])
    again = prepared.container(name="web")
    assert not again["changed"]
    assert again["container"]["ports"] == ["31000-31007"]


def test_an_empty_list_of_ports_takes_all_away(prepared: Modules) -> None:
    prepared.container(name="web", ports=["31000-31007"])
    again = prepared.container(name="web", ports=[])
    assert again["changed"]
    assert again["container"]["ports"] == []


def test_ports_are_returned_sorted_and_joined(prepared: Modules) -> None:
    made = prepared.container(name="web", ports=["31100", "31004-31007", "31000-31003"])
    assert made["container"]["ports"] == ["31000-31007", "31100"]
    assert not prepared.container(name="web", ports=["31000-31007", "31100-31100"])["changed"]


@pytest.mark.parametrize("ports", [["1-65535"], ["65535"], ["1"], ["31001-32766"]])
def test_ports_at_the_ends_of_the_world(lab: Lab, modules: Modules, ports: list[str]) -> None:
    """65535 can be owned; large ranges are steered at their first, middle and last port."""
    lab.host.place.set_sysctl("ipv4/ip_local_port_range", "1024 1025")
    pools = (
        {"ports": ["1-1023", "1026-60000", "60064-65535"], "ephemeral_ports": "60001-60063"}
        if ports == ["1-65535"]
        else {"ports": ports, "ephemeral_ports": "60001-60063"}
    )
    modules.host(**pools, ephemeral_ports_per_container=16, host_ephemeral_ports="1024-1025")
    made = modules.container(name="web", ports=pools["ports"])["container"]
    assert made["ports"] == pools["ports"]
    edges = {int(edge) for item in pools["ports"] for edge in item.split("-")}
    with probes.servers() as servers:
        for port in edges:
            servers.listen(lab.container("web"), port, HOST)
        asked = [
            Probe(source.place, "tcp", HOST, port)
            for source in (lab.peer, lab.host)
            for port in edges
        ]
        answers = probes.run(asked)
    assert {str(probe): answer.who for probe, answer in answers.items()} == {
        str(probe): "web" for probe in asked
    }

# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts that an earlier version has prepared: they get what is new under traffic, by one run."""

from __future__ import annotations

import stage as stages
from lab.pools import POOLS
from stage import Stage

# What the first release did not have.
NEW = (
    "dev eth0 ingress protocol ip pref 256",
    "dev pm-web ingress protocol all pref 256",
    "dev pm-db ingress protocol all pref 256",
)


def test_a_host_of_the_first_release_gets_the_first_filters_without_a_lost_packet(
    placed: Stage,
) -> None:
    modules = placed.modules
    before = stages.look(modules)
    with stages.traffic(placed, "web", "db") as running:
        for where in NEW:
            modules.machine.shell(f"tc filter delete {where}")
        told = {(item["container"], item["kind"]) for item in modules.problems()}
        assert told == {(None, "missing"), ("web", "missing"), ("db", "missing")}
        refused = modules.run("portmap_container", {"containers": stages.inventory()})
        assert refused.failed
        assert "run netiso.portmap.portmap_host first" in refused.msg
        made = modules.call("portmap_host", POOLS)["changes"]
        made += modules.call("portmap_container", {"containers": stages.inventory()})["changes"]
        assert running.finish()["lost"] == []
    objects = [line for line in made if line.startswith("add ")]
    assert sorted(line.split(" bpf ")[0] for line in objects) == [
        "add filter dev eth0 ingress protocol ip prio 256",
        "add filter dev pm-db ingress protocol all prio 256",
        "add filter dev pm-web ingress protocol all prio 256",
    ]
    assert stages.look(modules) == before
    assert modules.problems() == []

# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ports by name, in the kernel: found, kept, served, given back, and there again after a boot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lab import probes
from lab.machines import HOST, Lab
from lab.modules import ModuleError, Modules
from lab.probes import Probe
from reboots import restore, saved, text, write

REQUEST = {"http": 1, "rtp": 20}
ASSIGNED = {"http": "31000", "rtp": "31008-31027"}


def assigned(result: dict[str, Any]) -> dict[str, str]:
    return dict(result["container"]["assigned"])


def test_check_mode_names_the_ports_that_the_run_takes(prepared: Modules) -> None:
    foretold = prepared.checking().container(name="web", request=REQUEST)
    done = prepared.container(name="web", request=REQUEST)
    assert assigned(done) == assigned(foretold) == ASSIGNED
    assert done["container"]["ports"] == ["31000", "31008-31027"]
    assert done["changes"][0] == foretold["changes"][0]
    assert done["changes"][0].startswith(
        "web: placed with ports 31000, 31008-31027 (http 31000, rtp 31008-31027), ephemeral"
    )


def test_named_ports_are_kept_and_everybody_tells_them(lab: Lab, prepared: Modules) -> None:
    prepared.container(name="web", request=REQUEST)
    for again in ({"request": REQUEST}, {}, {"ports": []}):
        assert not prepared.container(name="web", **again)["changed"]
    (link,) = lab.host.json("ip", "-j", "link", "show", "dev", "pm-web")
    assert link["ifalias"] == "portmap:web ports=http:31000,rtp:31008-31027"
    (told,) = prepared.info()["containers"]
    assert (told["assigned"], told["ports"]) == (ASSIGNED, ["31000", "31008-31027"])
    assert prepared.problems() == []
    with probes.servers() as servers:
        servers.listen(lab.container("web"), 31020, HOST)
        assert Probe(lab.peer.place, "tcp", HOST, 31020).run().who == "web"


def test_another_number_moves_that_name_and_no_other(lab: Lab, prepared: Modules) -> None:
    prepared.container(name="web", request=REQUEST)
    changed = prepared.container(name="web", request={"http": 1, "rtp": 30, "admin": 1})
    assert assigned(changed) == {"admin": "31001", "http": "31000", "rtp": "31008-31037"}
    assert changed["changes"][0] == (
        "web: ports 31000, 31008-31027 -> 31000-31001, 31008-31037, admin none -> 31001,"
        " rtp 31008-31027 -> 31008-31037"
    )
    given_back = prepared.container(name="web", request={"rtp": 30})
    assert given_back["container"]["ports"] == ["31008-31037"]
    assert prepared.container(name="web", request={})["container"]["ports"] == []
    assert prepared.problems() == []


def test_portmap_ranges_keeps_what_was_requested(prepared: Modules) -> None:
    prepared.container(name="web", request=REQUEST)
    exact = prepared.ranges(container="web", ports=["31500"], state="exact")
    assert exact["container"]["ports"] == ["31000", "31008-31027", "31500"]
    assert (assigned(exact), exact["removed"]) == (ASSIGNED, [])
    with pytest.raises(ModuleError, match="cannot take ports 31000 from web: it has them as http"):
        prepared.ranges(container="web", ports=["31000"], state="absent")
    gone = prepared.ranges(container="web", ports=["31500"], state="absent")
    assert gone["container"]["ports"] == ["31000", "31008-31027"]


def test_containers_of_one_task_and_processes_of_the_host_share_nothing(
    lab: Lab, prepared: Modules
) -> None:
    with probes.servers() as servers:
        servers.listen(lab.host.place, 31001, protocols="tcp")
        placed = prepared.container(
            containers=[
                {"name": "web", "request": {"http": 1}},
                {"name": "db", "request": {"sql": 1}},
                {"name": "cache", "ports": ["31002"]},
            ]
        )["containers"]
    assert [one["assigned"] for one in placed] == [{"http": "31000"}, {"sql": "31003"}, {}]


def test_what_is_requested_comes_back_after_a_boot(
    lab: Lab, keeping: Modules, reboot: Lab, shipped: Path
) -> None:
    keeping.host(
        ports=["31000-32000"], ephemeral_ports="30001-30999", ephemeral_ports_per_container=16
    )
    keeping.container(name="web", ports=["31500"], request=REQUEST)
    assert saved(lab.host)["web"]["assigned"] == ASSIGNED
    write(reboot.host, text(lab.host))
    assert restore(reboot.host, shipped).returncode == 0
    modules = Modules(reboot.host)
    (told,) = modules.info()["containers"]
    assert (told["assigned"], told["ports"]) == (ASSIGNED, ["31000", "31008-31027", "31500"])
    assert not modules.container(name="web", ports=["31500"], request=REQUEST)["changed"]
    assert modules.problems() == []


def test_more_names_than_the_kernel_has_room_for_are_refused(prepared: Modules) -> None:
    request = {f"a-long-name-{number}": 1 for number in range(14)}
    with pytest.raises(ModuleError, match="the kernel has room for 255 at a link; request less"):
        prepared.container(name="web", request=request)
    assert prepared.info()["containers"] == []
    fitting = dict(list(request.items())[:11])
    assert assigned(prepared.container(name="web", request=fitting)).keys() == fitting.keys()
    assert not prepared.container(name="web", request=fitting)["changed"]
    assert prepared.problems() == []

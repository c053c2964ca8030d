# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many runs at once: the result is that of some order of them, and nobody owns another's port."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ansible_collections.netiso.portmap.plugins.module_utils._portmap.linux.view import viewed
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.steering import choose
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.places import Place

import stage as stages
from lab import state, steering
from lab.netns import inside
from lab.pools import POOLS
from stage import Stage

Step = tuple[str, dict[str, Any]]


def blocks(told: dict[str, Any]) -> list[tuple[str, str]]:
    """(ports, owner) of every range."""
    return [
        (text, item["name"])
        for item in told["containers"]
        for text in (*item["ports"], item["ephemeral_ports"])
    ]


def numbers(ranges: list[tuple[str, str]]) -> list[int]:
    found: list[int] = []
    for text, _owner in ranges:
        first, _, last = text.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


def test_sixteen_runs_at_once_equal_some_order_of_them(placed: Stage) -> None:
    steps: list[Step] = [
        *[
            ("portmap_container", {"name": f"n{n}", "ports": [f"{31200 + 8 * n}-{31207 + 8 * n}"]})
            for n in range(5)
        ],
        # The same ports: one gets them.
        ("portmap_container", {"name": "one", "ports": ["31900-31907"]}),
        ("portmap_container", {"name": "other", "ports": ["31900-31907"]}),
        # The same container: no addition is lost.
        *[("portmap_ranges", {"container": "web", "ports": [f"{31800 + n}"]}) for n in range(5)],
        ("portmap_container", {"name": "db", "state": "absent"}),
        ("portmap_container", {"name": "gone", "state": "absent"}),
        ("portmap_info", {}),
        ("portmap_host", POOLS),
    ]
    assert len(steps) == 16
    with ThreadPoolExecutor(16) as pool, stages.traffic(placed, "web") as running:
        results = list(pool.map(lambda step: placed.modules.result(*step), steps))
        assert running.finish()["lost"] == []
    failed = [step for step, result in zip(steps, results) if result.get("failed")]
    assert [step[1]["name"] for step in failed] in (["one"], ["other"])
    told = placed.modules.call("portmap_info", {})
    names = {item["name"] for item in told["containers"]}
    winner = {"one", "other"} - {failed[0][1]["name"]}
    assert names == {"web", *(f"n{n}" for n in range(5)), *winner}
    owned = numbers(blocks(told))
    assert len(owned) == len(set(owned))
    web = next(item for item in told["containers"] if item["name"] == "web")
    assert web["ports"] == ["31000-31007", "31800-31804"]
    assert told["problems"] == []


def test_who_waits_for_the_lock_too_long_is_told_who_holds_it(placed: Stage) -> None:
    """The wait is two minutes; the test shortens it in the process that waits."""
    modules = placed.modules
    holder = placed.lab.host.start(
        *("flock", "-o", "/run/portmap/lock", "sh", "-c"),
        "echo $PPID > /run/portmap/lock; echo ready; exec sleep 20",
    )
    try:
        assert holder.stdout is not None
        holder.stdout.readline()
        begun = time.monotonic()
        run = modules.run("portmap_container", {"name": "new"}, at=1, fault="impatient")
        assert run.failed
        assert "held by pid" in run.msg
        held = modules.machine.shell("cat /run/portmap/lock").split()[0]
        assert held in run.msg
        assert time.monotonic() - begun < 10
    finally:
        holder.kill()
        holder.communicate()


def test_containers_that_die_while_they_are_placed_leave_nothing(placed: Stage) -> None:
    modules = placed.modules
    start = stages.look(modules)
    points = modules.run("portmap_container", {"name": "new", "ports": ["31200"]}).points
    modules.call("portmap_container", {"name": "new", "state": "absent"})
    for at in range(3, len(points), 8):
        with placed.lab.host.tenant() as tenant:
            given = {"name": "new", "ports": ["31200"], "pid": tenant.pid}
            modules.run("portmap_container", given, at=at, fault=f"run:kill -9 {tenant.pid}")
        modules.call("portmap_container", {"name": "new", "state": "absent"})
        assert state.difference(start, stages.look(modules)) == "", at


def test_nothing_hangs_on_a_link_that_has_gone_since_it_was_listed(bare: Stage) -> None:
    gone = Place("", "pm-gone")
    with inside(bare.lab.host.place.netns), viewed() as view:
        seen = choose.plane(steering.used).see_link(
            view.socket, gone, view.ifindex(gone), view.names
        )
        assert (seen.objects, seen.foreign) == ([], [])


def test_a_namespace_that_dies_under_a_run_is_told_or_placed_anew(placed: Stage) -> None:
    """Without its handle the kernel takes it apart, and its pair, while runs look and write."""
    modules = placed.modules
    whole = stages.look(modules)
    steps: list[Step] = [
        ("portmap_info", {}),
        ("portmap_host", POOLS),
        ("portmap_container", {"containers": stages.inventory()}),
    ]
    for number in range(20):
        modules.machine.shell("umount -l /run/netns/web; rm -f /run/netns/web", check=False)
        time.sleep(number % 10 * 0.003)
        for step in steps:
            modules.call(*step)
        assert state.difference(whole, stages.look(modules)) == ""

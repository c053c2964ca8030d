# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kernel's table of neighbours is one for all: who fills it is told.

The table of this machine is filled half, no more, and for a second: half stays for everybody else. The
command that the problem names would change the bounds of this machine, so nobody runs it here.
"""

from __future__ import annotations

import re
import time

import pytest

from lab.modules import Modules

ROOM = 300  # entries of others that the test leaves room for


@pytest.fixture
def web(prepared: Modules) -> Modules:
    prepared.container(name="web", ports=["31000-31007"])
    return prepared


def shown(modules: Modules) -> tuple[int, int, int]:
    """Entries and bounds, as ip(8) tells them."""
    said = modules.machine.shell("ip -s ntable show name arp_cache")
    numbers = [re.search(rf"{word} (\d+)", said) for word in ("entries", "thresh2", "thresh3")]
    entries, pressed, most = (int(found.group(1)) for found in numbers if found)
    return entries, pressed, most


def fill(modules: Modules, count: int, state: str) -> None:
    lines = [
        f"neigh add 10.7.{number // 250}.{number % 250} lladdr 02:00:00:00:07:07 dev eth0 nud {state}"
        for number in range(count)
    ]
    modules.machine.ip(*lines, container="web")


def test_a_container_that_fills_the_table_is_named_with_what_bounds_it(web: Modules) -> None:
    entries, pressed, most = shown(web)
    if entries > ROOM or pressed > 2000 or pressed * 2 > most:
        pytest.skip(f"this machine's table has {entries} entries of {most}: no room to try it")
    assert web.problems() == []
    fill(web, pressed, "stale")
    began = time.monotonic()
    (told,) = web.problems()
    assert time.monotonic() - began < 5  # or the kernel might have thrown them away
    assert (told["kind"], told["containers"]) == ("neighbours", ["web"])
    assert f"there is room for {most}: the host has " in told["description"]
    assert f"container web has {pressed} entries" in told["description"]
    assert "gc_thresh3=" in told["repair"]
    web.container(name="web", state="absent")
    assert web.problems() == []


def test_entries_that_the_bound_is_not_for_are_no_problem(web: Modules) -> None:
    _entries, pressed, _most = shown(web)
    fill(web, pressed, "permanent")
    assert shown(web)[0] >= pressed
    assert web.problems() == []

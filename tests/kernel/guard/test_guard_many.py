# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A thousand guards on one host, each of a group of its own and with a port of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from guarding import group as group
from guarding import lab as lab
from guarding import modules as modules
from guarding import on_host, programs
from lab.cgroups import Group
from lab.machines import Lab
from lab.modules import Modules
from lab.ways import I4, TCP, bind

COUNT = 1000
FIRST = 31000
SOME = (0, 499, COUNT - 1)


def asks(groups: list[Group]) -> list[dict[str, Any]]:
    return [
        {
            "name": f"g{number}",
            "cgroup": f"/{one.path.parent.name}/{one.path.name}",
            "ports": [str(FIRST + number)],
        }
        for number, one in enumerate(groups)
    ]


def test_each_of_a_thousand_has_its_own_port(lab: Lab, modules: Modules, group: Group) -> None:
    groups = [group.child(str(number)) for number in range(COUNT)]
    wanted = {"policed": ["31000-31999"], "action": "deny", "guards": asks(groups)}
    assert len(modules.guard(**wanted)["guards"]) == COUNT
    assert not modules.guard(**wanted)["changed"]
    others = programs(groups[-1])

    def taken(port: int) -> Callable[[], object]:
        return on_host(lab, lambda: bind(I4, TCP, port))

    for number in SOME:
        assert groups[number].run(taken(FIRST + number)) == "bound"
        assert groups[number].run(taken(FIRST + (number + 1) % COUNT)) == "EPERM"
    more = [{**wanted["guards"][0], "ports": [str(FIRST), str(FIRST + 1)]}]
    assert modules.guard(**{**wanted, "guards": more})["changed"]
    assert groups[0].run(taken(FIRST + 1)) == "bound"
    assert programs(groups[-1]) == others, "of the others none is attached again"
    modules.guard(guards=[], purge=True)
    assert not any(map(programs, (groups[0], groups[-1])))

# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A container gets another name in one task, while the namespace that others keep stays."""

from __future__ import annotations

import shape
from lab import probes, state
from lab.machines import HOST, Lab
from lab.modules import Modules
from lab.pools import POOLS
from lab.probes import Probe


def test_a_container_in_a_kept_namespace_is_renamed_in_one_task(
    lab: Lab, modules: Modules
) -> None:
    lab.host.run("ip", "netns", "add", "kept")
    modules.host(**POOLS)
    old = {"name": "old", "netns": "kept", "ports": ["31000-31007"]}
    new = {"name": "new", "netns": "kept", "ports": ["31000-31009"]}
    modules.container(**old)
    before = state.of(lab.host)
    task = {"containers": [{"name": "old", "state": "absent"}, new]}
    assert modules.checking().container(**task)["changed"]
    assert state.difference(before, state.of(lab.host)) == ""
    assert modules.container(**task)["changed"]
    assert not modules.container(**task)["changed"]
    assert modules.problems() == []
    with probes.servers() as servers:
        servers.listen(lab.container("kept"), shape.WEB, HOST)
        asked = [
            Probe(place, protocol, HOST, shape.WEB)
            for place in (lab.peer.place, lab.host.place)
            for protocol in ("tcp", "udp")
        ]
        assert {answer.who for answer in probes.run(asked).values()} == {"kept"}
    back = {"containers": [{"name": "new", "state": "absent"}, old]}
    modules.container(**back)
    assert state.difference(state.unnumbered(before), state.unnumbered(state.of(lab.host))) == ""

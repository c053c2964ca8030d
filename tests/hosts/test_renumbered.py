# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The host gets another address, and the service of the option follow has containers follow."""

from __future__ import annotations

import shape
from lab import probes, state
from lab.follower import following
from lab.machines import HOST, PEER, Lab
from lab.modules import Modules
from lab.pools import POOLS
from lab.probes import Probe

NEW = "10.0.0.77"


def test_everybody_is_reached_again_without_a_run_of_ansible(lab: Lab, modules: Modules) -> None:
    shape.place(modules)
    assert shape.matrix(lab) == {}
    with following(lab.host) as follower:
        follower.rests()
        for address in (NEW, HOST):
            lab.host.ip(
                "address flush dev eth0",
                f"address add {address}/24 dev eth0",
                f"route replace default via {PEER} dev eth0",
            )
            follower.says(f"-> {address}/24; db and web follow")
            assert shape.matrix(lab, address) == {}
            follower.rests()
    before = state.of(lab.host)
    assert not modules.host(**POOLS)["changed"]
    assert not modules.container(containers=shape.CONTAINERS, purge=True)["changed"]
    assert modules.problems() == []
    assert state.difference(before, state.of(lab.host)) == ""


def test_without_it_they_are_dead_until_a_run(lab: Lab, modules: Modules) -> None:
    """So that the test above shows something."""
    shape.place(modules)
    lab.host.ip(
        "address flush dev eth0",
        f"address add {NEW}/24 dev eth0",
        f"route replace default via {PEER} dev eth0",
    )
    with probes.servers() as servers:
        servers.listen(lab.container("web"), shape.WEB)
        assert Probe(lab.peer.place, "tcp", NEW, shape.WEB).run().who == probes.REFUSED
        modules.host(**POOLS)
        assert Probe(lab.peer.place, "tcp", NEW, shape.WEB).run().who == "web"

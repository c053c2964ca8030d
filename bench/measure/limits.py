# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""How exact limits of rates are, what waiting for them costs, and who shares what."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from lab import machines
from lab.flow import CARRIED, arriving, asked, flowing
from lab.machines import HOST, PEER, Lab
from lab.modules import Modules
from lab.pools import POOLS

Sample = dict[str, Any]
WEB, DB, OUTSIDE = 31000, 31008, 8080
PLACED = [{"name": "web", "ports": ["31000-31007"]}, {"name": "db", "ports": ["31008-31015"]}]
WAYS = ("receive", "send")
TURNS = 6  # a machine that does other work is fast at times


def measure(rates: Iterable[int], rounds: int, say: Callable[[str], None]) -> Iterator[Sample]:
    """`rates` in Mbit/s.  Both ways of steering take turns."""
    rates = tuple(rates)
    for number in range(rounds):
        for steering in ("u32", "bpf"):
            with machines.lab() as lab:
                lab.host.own_directories()
                modules = Modules(lab.host)
                modules.host(**POOLS, steering=steering)
                modules.container(containers=PLACED)
                for one in samples(lab, modules, rates):
                    yield {**one, "steering": steering, "round": number}
            say(f"limits, {steering}, round {number}")


def samples(lab: Lab, modules: Modules, rates: tuple[int, ...]) -> Iterator[Sample]:
    for way in WAYS:
        for mbit in rates:
            modules.container(name="web", limits={way: f"{mbit}mbit"})
            reached = flow(lab, way, mbit)
            yield {"what": "rate", "way": way, "mbit": mbit, "reached": reached}
        modules.container(name="web", limits={way: "10mbit"})
        yield {"what": "times", "way": way, **times(lab, way)}
        modules.container(name="web", limits={})
    yield from unlimited(lab, modules)
    yield from shared(lab, modules)


def flow(lab: Lab, way: str, mbit: int) -> float:
    """The highest of some rates that come to: a machine may be slower, but no limit lets more through."""
    source, to, address, port = ends(lab, way)
    if mbit <= 100:  # datagrams, twice as many as may pass
        with arriving(source, to, address, port, twice=mbit * 2e6) as arrival:
            return arrival.reached()
    with flowing(source, to, address, port) as stream:
        return max(stream.rate(0.5) for _ in range(5))


def ends(lab: Lab, way: str) -> tuple[Any, Any, str, int]:
    web, peer = lab.container("web"), lab.peer.place
    return (peer, web, HOST, WEB) if way == "receive" else (web, peer, PEER, OUTSIDE)


def times(lab: Lab, way: str) -> Sample:
    """How long answers take while the limit is used up: through it, and of a container beside it."""
    source, to, address, port = ends(lab, way)
    db, peer = lab.container("db"), lab.peer.place
    idle = asked(peer, db, HOST, DB)
    with flowing(source, to, address, port):
        own = asked(source, to, address, port + 1)
        beside = asked(peer, db, HOST, DB)
    return {
        f"{name}_p{part}": found[len(found) * part // 100]
        for name, found in (("idle", idle), ("own", own), ("beside", beside))
        for part in (50, 95)
    }


def unlimited(lab: Lab, modules: Modules) -> Iterator[Sample]:
    """The best that a container without limits can send, beside one that has some and beside one that has none."""
    best = {False: 0.0, True: 0.0}
    for turn in range(TURNS):
        for limited in (False, True) if turn % 2 == 0 else (True, False):
            modules.container(name="web", limits={"send": "10mbit"} if limited else {})
            with flowing(lab.container("db"), lab.peer.place, PEER, OUTSIDE + 1) as stream:
                best[limited] = max(best[limited], *(stream.rate(0.2) for _ in range(4)))
    modules.container(name="web", limits={})
    for limited, rate in best.items():
        yield {"what": "unlimited", "beside": limited, "reached": rate}


def shared(lab: Lab, modules: Modules) -> Iterator[Sample]:
    """Eight connections against one: with a rate of their own and all that is left, and with fair shares."""
    both = {"limits": {"send": "5mbit", "send_ceil": "100%"}}
    modules.host(**POOLS, link_speed="30mbit")
    modules.container(containers=[{"name": name, **both} for name in ("web", "db")])
    yield {"what": "shares", "by": "send_ceil", **shares(lab)}
    modules.container(containers=[{"name": name, "limits": {}} for name in ("web", "db")])
    modules.host(**POOLS, fair_shares=True)
    yield {"what": "shares", "by": "fair_shares", **shares(lab)}


def shares(lab: Lab) -> Sample:
    peer = lab.peer.place
    with (
        flowing(lab.container("web"), peer, PEER, OUTSIDE, streams=8) as many,
        flowing(lab.container("db"), peer, PEER, OUTSIDE + 1) as one,
    ):
        start = many.received
        single = one.rate(2)
        return {"one": single, "many": (many.received - start) * 8 / CARRIED / 2}

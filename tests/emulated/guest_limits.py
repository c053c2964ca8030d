# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an emulated machine does whose kernel has fq_codel: limits both ways.  Says what it finds, as JSON."""

from __future__ import annotations

import json
import os
import time

from lab import machines
from lab.flow import arriving, asked, flowing
from lab.machines import HOST, PEER, Lab
from lab.modules import Modules
from lab.pools import POOLS

WEB, OUTSIDE = 31001, 8080
RATE = 2_000_000  # bits a second: what a machine without acceleration can send for certain
LIMITS = {"send": "2mbit", "receive": "2mbit"}
SETTLE = 3.0


def reached(lab: Lab) -> dict[str, float]:
    """Bits a second of datagrams that come at twice the rate."""
    web, peer = lab.container("web"), lab.peer.place
    found = {}
    for way, source, to, address, port in (
        ("send", web, peer, PEER, OUTSIDE),
        ("receive", peer, web, HOST, WEB),
    ):
        with arriving(source, to, address, port, twice=2 * RATE, settle=SETTLE) as flow:
            found[way] = flow.reached(2)
    return found


def waited(lab: Lab) -> list[float]:
    """How long answers take while four connections use up what the container may receive."""
    web, peer = lab.container("web"), lab.peer.place
    with flowing(peer, web, HOST, WEB, streams=4, settle=SETTLE):
        return asked(peer, web, HOST, WEB + 1, times=40)


def queues(lab: Lab, link: str) -> dict[str, int]:
    """The kinds of qdiscs of a link, and what each has sent."""
    told = lab.host.json("tc", "-s", "-j", "qdisc", "show", "dev", link)
    return {one["kind"]: one["packets"] for one in told}


def main() -> None:
    say = {"kernel": os.uname().release}
    print(f"GUEST {json.dumps(say)}", flush=True)
    with machines.lab() as lab:
        modules = Modules(lab.host)
        modules.host(**POOLS)
        done = modules.container(name="web", ports=["31000-31007"], limits=LIMITS)
        found: dict[str, object] = {
            "changes": [line for line in done["changes"] if "class htb" in line],
            "again": modules.container(name="web")["changed"],
            "reached": reached(lab),
            "waited": waited(lab),
            "queues": {link: queues(lab, link) for link in ("pm-web", "pm--lim0")},
            "problems": modules.problems(),
        }
        modules.container(name="web", limits={})
        time.sleep(0.1)
        found["left"] = queues(lab, "pm-web")
    print(f"GUEST {json.dumps({**found, 'end': True})}", flush=True)


if __name__ == "__main__":
    main()

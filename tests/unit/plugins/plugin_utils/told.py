# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What portmap_info tells of hosts: a small one, a crowded one, an empty one, and those that cannot be asked."""

from __future__ import annotations

import random
from typing import Any

NAMES = ("web", "api", "db", "cache", "queue", "batch", "auth", "search", "mail", "log")


def container(name: str, *ports: str, ephemeral: str | None = None, **more: Any) -> dict[str, Any]:
    counted = dict.fromkeys(
        ("rx_bytes", "tx_bytes", "rx_dropped", "tx_dropped", "rx_unassembled", "tx_filtered"), 0
    )
    return {
        "name": name,
        "ports": list(ports),
        "assigned": more.pop("assigned", {}),
        "ephemeral_ports": ephemeral,
        "statistics": {**counted, **more},
    }


def problem(
    kind: str, description: str, *containers: str, repair: str | None = None
) -> dict[str, Any]:
    named = list(containers)
    return {"kind": kind, "description": description, "containers": named, "repair": repair}


def told(*containers: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A result; `more` replaces what the host was prepared with."""
    problems = more.pop("problems", [])
    host = {
        "public_interface": "eth0",
        "address": "198.51.100.10/24",
        "mac": "02:00:00:00:00:10",
        "ports": ["31000-31999"],
        "ephemeral_ports": "20000-29999",
        "ephemeral_ports_per_container": 1024,
        "host_ephemeral_ports": "32768-60999",
        **more,
    }
    return {"host": host, "containers": list(containers), "problems": problems}


def small() -> dict[str, Any]:
    """The host of the demonstration."""
    web = container(
        "web",
        "31000-31007",
        ephemeral="20480-21503",
        assigned={"http": "31000"},
        rx_bytes=81_234,
        tx_bytes=1_412_345,
    )
    db = container("db", "31100-31107", "31150", ephemeral="21504-22527", tx_filtered=3)
    cache = container("cache", "31200-31999", ephemeral="22528-23551", rx_bytes=512)
    deaf = problem(
        "host_listener",
        "python3[812] of the host listens on 0.0.0.0:31100 (TCP), a port of db, and hears nothing there",
        "db",
    )
    link = problem(
        "drift",
        "links: pm-web is down",
        "web",
        repair="ansible HOST -b -m netiso.portmap.portmap_container -a name=web",
    )
    return told(web, db, cache, problems=[deaf, link])


def empty() -> dict[str, Any]:
    return told()


def crowded(seed: int = 1, count: int = 300) -> dict[str, Any]:
    """So many containers of some ports each, with gaps between them."""
    chance = random.Random(seed)
    port, made = 30000, []
    for number in range(count):
        size = chance.choice([1, 1, 2, 4, 4, 8, 8, 8, 16])
        port += chance.choice([0, 0, 0, 0, 1, 3, 40 if number % 50 == 0 else 0])
        first = 36000 + 64 * number
        one = container(
            f"{chance.choice(NAMES)}-{number:03}",
            f"{port}-{port + size - 1}" if size > 1 else str(port),
            ephemeral=f"{first}-{first + 63}",
            rx_bytes=int(chance.paretovariate(0.9) * 2e5),
            tx_bytes=int(chance.paretovariate(0.9) * 1e5),
        )
        made.append(one)
        port += size
    problems = [
        problem(
            "drift", f"links: pm-{one['name']} is down", one["name"], repair="ansible HOST -m x"
        )
        for one in made[5::40]
    ]
    return told(
        *made,
        ports=["30000-32767", "33000-35999"],
        ephemeral_ports="36000-57343",
        ephemeral_ports_per_container=64,
        host_ephemeral_ports="57344-60999",
        problems=problems,
    )


def unprepared() -> dict[str, Any]:
    why = problem(
        "not_prepared",
        "nobody has run portmap_host since the host was booted",
        repair="ansible-playbook netiso.portmap.site -i inventory --limit HOST",
    )
    return {"host": None, "containers": [], "problems": [why]}


def unreachable() -> dict[str, Any]:
    said = "Failed to connect to the host via ssh: ssh: connect to host lost port 22: No route to host"
    return {"unreachable": True, "changed": False, "msg": said}


def fleet() -> dict[str, Any]:
    return {
        "node1": small(),
        "node2": crowded(),
        "node10": empty(),
        "node11": unprepared(),
        "lost": unreachable(),
    }

# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What may be asked for, in few words, and what is said of it."""

from __future__ import annotations

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.errors import (
    InvalidRequest,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.options import Pools
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.ports import (
    Range,
    parse_all,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.sockets import (
    HostSocket,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.tenants import (
    Container,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.wanted import claims
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.wanted.busy import Busy
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.wanted.claims import (
    Ask,
    Namespace,
)

POOLS = Pools((Range(31000, 32000),), Range(30001, 30999), 16)


def ranges(*texts: str) -> tuple[Range, ...]:
    return parse_all(texts, "ports")


def wish(name: str, *service: str, ephemeral: str | None = None, **more) -> Ask:
    return Ask(
        name,
        ports=ranges(*service),
        ephemeral=ranges(ephemeral)[0] if ephemeral else None,
        **more,
    )


def have(name: str, *service: str, ephemeral: str) -> Container:
    return Container(name, name, "created", 7, ranges(*service), ranges(ephemeral)[0])


def resolve(
    *asks: Ask, pools=POOLS, current=(), others=None, listening=(), connected=(), owner_name=str
) -> list[Container]:
    sockets = [HostSocket("UDP", port, "", 1) for port in listening]
    sockets += [HostSocket("TCP", port, "192.0.2.1:443", 2) for port in connected]
    return claims.resolve(
        asks,
        pools,
        {item.name: item for item in current},
        others or {},
        {item.name: Namespace(item.name, "created", 0, "") for item in asks},
        Busy(sockets, lambda one: f"curl (pid {one.inode})"),
        owner_name,
    )


def complaint(function, *args, **more) -> str:
    with pytest.raises(InvalidRequest) as refused:
        function(*args, **more)
    return str(refused.value)

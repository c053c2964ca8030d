# Copyright (c) 2026 netiso.portmap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host as portmap_info told it, or why it could not be asked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from ansible.errors import AnsibleFilterError
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.decide import ownership
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values import ports
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.errors import (
    InvalidRequest,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.options import Pools
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.ports import (
    Range,
    Ranges,
)

_LOST = ("rx_dropped", "tx_dropped", "rx_unassembled", "tx_filtered")


class Container(NamedTuple):
    """`received`, `sent`: bytes since it was placed; `lost`: packets; `assigned`: ports by name.

    `rate`: bytes a second that it receives and sends, where somebody has measured them.
    """

    name: str
    service: Ranges
    ephemeral: Range | None
    assigned: tuple[tuple[str, str], ...]
    received: int
    sent: int
    lost: int
    rate: tuple[int, int] | None = None


class Problem(NamedTuple):
    """`repair` "": the operator has to choose."""

    kind: str
    description: str
    containers: tuple[str, ...]
    repair: str


class Prepared(NamedTuple):
    """What a host was prepared with."""

    interface: str
    address: str
    mac: str
    pools: Pools
    host_ephemeral: Range


class Seen(NamedTuple):
    """`why` it could not be asked, "" when it was; `prepared` None: nobody has prepared it."""

    name: str
    why: str = ""
    prepared: Prepared | None = None
    containers: tuple[Container, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def pool(self) -> Ranges:
        return self.prepared.pools.service if self.prepared else ()

    @property
    def owned(self) -> Ranges:
        """The service ports that containers own."""
        return ports.join(one for container in self.containers for one in container.service)

    @property
    def free(self) -> list[Range]:
        """Free service ports, the longest run first."""
        return sorted(ports.subtract(self.pool, self.owned), key=lambda one: (-one.size, one))

    @property
    def room(self) -> int:
        """How many containers more can be given ephemeral ports."""
        taken = [one.ephemeral for one in self.containers if one.ephemeral]
        return ownership.room(self.prepared.pools, taken) if self.prepared else 0

    @property
    def suffering(self) -> set[str]:
        return {name for problem in self.problems for name in problem.containers}


def seen(name: str, result: Any) -> Seen:
    """What is known of the host `name`; AnsibleFilterError: it is no result of portmap_info."""
    try:
        if "containers" not in result and (result.get("failed") or result.get("unreachable")):
            return Seen(name, " ".join(str(result.get("msg") or "no reason was told").split()))
        return Seen(
            name,
            prepared=_prepared(result["host"]) if result["host"] is not None else None,
            containers=tuple(_container(one) for one in result["containers"]),
            problems=tuple(_problem(one, name) for one in result["problems"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError, InvalidRequest) as error:
        raise AnsibleFilterError(
            f"expected a result of portmap_info with 'host', 'containers' and 'problems' for {name},"
            f" not {result!r}"
        ) from error


def _prepared(host: Mapping[str, Any]) -> Prepared:
    pools = Pools(
        ports.parse_all(host["ports"], "ports"),
        ports.parse(host["ephemeral_ports"], "ephemeral_ports"),
        int(host["ephemeral_ports_per_container"]),
    )
    own = ports.parse(host["host_ephemeral_ports"], "host_ephemeral_ports")
    return Prepared(host["public_interface"], host["address"], host["mac"], pools, own)


def _container(told: Mapping[str, Any]) -> Container:
    ephemeral, counted = told["ephemeral_ports"], told["statistics"]
    return Container(
        str(told["name"]),
        ports.parse_all(told["ports"], "ports"),
        ports.parse(ephemeral, "ephemeral_ports") if ephemeral else None,
        tuple(sorted(told["assigned"].items())),
        counted["rx_bytes"],
        counted["tx_bytes"],
        sum(counted[kind] for kind in _LOST),
        _rate(told.get("rates")),
    )


def _rate(told: Mapping[str, Any] | None) -> tuple[int, int] | None:
    return (int(told["rx_bytes"]), int(told["tx_bytes"])) if told else None


def _problem(told: Mapping[str, Any], host: str) -> Problem:
    """A command for the control node has the host's name where portmap_info says HOST."""
    repair = told["repair"] or ""
    if repair.startswith("ansible"):
        repair = re.sub(r"\bHOST\b", lambda _found: host, repair)
    return Problem(told["kind"], told["description"], tuple(told["containers"]), repair)

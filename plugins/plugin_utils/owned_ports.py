# Copyright (c) 2026 netiso.portmap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who owns which ports of one host, as the result of portmap_info tells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ansible.errors import AnsibleFilterError
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values import ports
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.errors import (
    InvalidRequest,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.options import Pools
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.ports import (
    Range,
    Ranges,
)


class Owned(NamedTuple):
    """The pools of a host, and the ports of each container."""

    pools: Pools
    owners: dict[str, Ranges]

    @property
    def taken(self) -> list[Range]:
        return [item for owned in self.owners.values() for item in owned]


def owned(result: Any) -> Owned:
    """Raises AnsibleFilterError when it is no result of portmap_info of a host that is prepared."""
    if isinstance(result, Mapping) and "host" in result and result["host"] is None:
        raise AnsibleFilterError("cannot tell ports: the host is not prepared; run portmap_host")
    try:
        host = result["host"]
        pools = Pools(
            ports.parse_all(host["ports"], "ports"),
            ports.parse(host["ephemeral_ports"], "ephemeral_ports"),
            int(host["ephemeral_ports_per_container"]),
        )
        return Owned(pools, {one["name"]: _of(one) for one in result["containers"]})
    except (KeyError, TypeError, ValueError, InvalidRequest) as error:
        raise AnsibleFilterError(
            f"expected a result of portmap_info with 'host' and 'containers', not {result!r}"
        ) from error


def _of(container: Mapping[str, Any]) -> Ranges:
    ephemeral = container["ephemeral_ports"]
    return ports.parse_all([*container["ports"], *([ephemeral] if ephemeral else [])], "ports")


def number(value: object, what: str, highest: int) -> int:
    """A whole number from 1, such as a template writes it, too."""
    try:
        found = int(str(value))
    except ValueError:
        found = 0
    if not 1 <= found <= highest:
        raise AnsibleFilterError(
            f"cannot use {what} {value!r}: expected a number from 1 to {highest}"
        )
    return found

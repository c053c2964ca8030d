# Copyright (c) 2026 netiso.portmap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where ports with a name are served, as results of portmap_info tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ansible.errors import AnsibleFilterError


class Served(NamedTuple):
    """One port of a container; `alone`: its name stands for this one only."""

    container: str
    address: str
    port: int
    alone: bool

    @property
    def endpoint(self) -> str:
        return f"{self.address}:{self.port}"


def served(results: object, name: str) -> list[Served]:
    """All ports of this name; `results` is one result of portmap_info, or one for each host."""
    every = [results] if isinstance(results, Mapping) else results
    if not isinstance(every, Sequence) or isinstance(every, str):
        raise AnsibleFilterError(f"expected results of portmap_info, not {results!r}")
    return [one for result in every for one in _of_host(result, name)]


def _of_host(result: Any, name: str) -> Iterator[Served]:
    try:
        if result["host"] is None:  # it is not prepared
            return
        address = result["host"]["address"].partition("/")[0]
        assigned = {one["name"]: one["assigned"].get(name) for one in result["containers"]}
    except (KeyError, TypeError, AttributeError) as error:
        raise AnsibleFilterError(
            f"expected a result of portmap_info with 'host' and 'containers', not {result!r}"
        ) from error
    for container, ports in assigned.items():
        if ports:
            first, _dash, last = ports.partition("-")
            every = range(int(first), int(last or first) + 1)
            for port in every:
                yield Served(container, address, port, len(every) == 1)

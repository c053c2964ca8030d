# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether other programs of the host could configure our links, or have done so.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ..linux.managers import NetworkFile
from ..linux.messages import AddressSeen
from ..linux.routes import LinkRoute
from ..objects.unmanaged import Unmanaged
from ..values.errors import InvalidRequest
from ..values.tenants import Host
from ..wanted import unmanaged


def check(host: Host, network_files: Sequence[NetworkFile]) -> None:
    """Raise InvalidRequest where our files could not keep systemd-networkd from our links."""
    found = unmanaged.clash(host, network_files)
    if found:
        raise InvalidRequest(f"cannot prepare the host: {found}")


def files_differ(wanted: Iterable[Unmanaged], found: Iterable[Unmanaged]) -> list[str]:
    """What is wrong with our files."""
    have = {item.path: item for item in found}
    told = []
    for item in wanted:
        now = have.pop(item.path, None)
        if now != item:
            what = "changed" if now else "missing"
            told.append(f"the {item}, is {what}")
    told += [f"the {item}, is not wanted any more" for item in have.values()]
    return told


def configured(
    links: Mapping[int, str], addresses: Iterable[AddressSeen], routes: Iterable[LinkRoute]
) -> dict[str, tuple[str, str]]:
    """What is wrong with links of ours, by name: they carry addresses or routes.  And what ends that.

    `links` are the names of ours by index.
    """
    told: dict[str, tuple[str, str]] = {}
    for one in addresses:
        name = links.get(one.ifindex)
        if name and not one.address.startswith("fe80:"):  # the kernel's own, where IPv6 is on
            said = f"link {name} has the address {one.address}/{one.prefix}, but is no uplink"
            told.setdefault(name, (said, f"ip address flush dev {name}"))
    for route in routes:
        name = links.get(route.ifindex)
        if name:
            said = f"link {name} has the route {route.target}, but is no uplink"
            told.setdefault(name, (said, f"ip route flush dev {name}"))
    return told

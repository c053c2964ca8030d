# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who is placed and who owns which ports, as the host's interfaces and veths tell."""

from __future__ import annotations

from collections.abc import Iterable

from ..linux.messages import LinkSeen
from ..linux.view import View
from ..objects.kind import Object
from ..steering.plane import Plane, Seen
from ..values import ports, tenants
from ..values.errors import InvalidRequest
from ..values.marks import LINK_GROUP, VETH_PREFIX
from ..values.options import Pools
from ..values.places import HOST, Place
from ..values.tenants import Container, Host
from ..wanted import claims
from .seen import Placed, Survey
from .statistics import counted


def survey(
    view: View,
    plane: Plane,
    host: Host,
    names: Iterable[str] | None,
    pools: Pools | None = None,
    interfaces: bool = False,
) -> Survey:
    """Look at the containers named, or at everything when `names` is None.

    `interfaces`: at everything on the host's interfaces, whatever the containers.  The `pools` tell
    service from ephemeral ports.
    """
    steered = plane.see_host(view, host, names is None or interfaces)
    found = Seen([], steered.shared.handles, steered.shared.foreign)
    placed: dict[str, Placed] = {}
    veths: dict[str, list[Object]] = {}
    for name, one in _placed(view, names, steered.blocks).items():
        place = Place(HOST, one.veth.name)
        seen = plane.see_link(view.socket, place, view.ifindex(place), view.names)
        veths[name], seen.objects = seen.objects, []
        found.add(seen)
        listed = plane.ports_of(veths[name])
        owned = ports.cover([*listed, *steered.blocks.get(one.veth.name, ())])
        placed[name] = one._replace(container=_owning(one.container, owned, pools))
    return Survey(host, steered, placed, veths, found)


def _owning(container: Container, owned: ports.Ranges, pools: Pools | None) -> Container:
    if pools is None:
        return container
    local = ports.intersect(owned, [pools.ephemeral])
    named = [one.ports for one in container.named]
    return container._replace(
        service=ports.intersect([*owned, *named], pools.service),
        ephemeral=claims.whole_ephemeral(local, pools.per_container),
    )


def _placed(
    view: View, names: Iterable[str] | None, targets: Iterable[str] = ()
) -> dict[str, Placed]:
    """Containers by their veths.  Raises InvalidRequest for a stranger's link named like ours.

    `targets` are links that ports lead to: a veth that somebody gave another name is among them.
    """
    if names is None:
        return all_placed(view)
    placed = {}
    wanted = list(dict.fromkeys(names))
    links = view.links([tenants.veth_name(name) for name in wanted])
    for name, seen in zip(wanted, links):
        if seen is None:
            continue
        found = tenants.read_alias(seen.alias)
        if seen.group != LINK_GROUP and not found:
            raise InvalidRequest(
                f"cannot place {name}: the link {seen.name} exists and is not ours"
            )
        _name, handle, origin = found or (name, name, tenants.CREATED)
        placed[name] = _portless((name, handle, origin), seen)
    strange = [link for link in targets if link and not link.startswith(VETH_PREFIX)]
    for seen in view.links(strange):
        found = tenants.read_alias(seen.alias) if seen and seen.group == LINK_GROUP else None
        if seen and found and found[0] in wanted:
            placed.setdefault(found[0], _portless(found, seen))
    return placed


def all_placed(view: View, statistics: bool = False) -> dict[str, Placed]:
    """All containers as their veths tell, without ports."""
    placed = {}
    for link in view.all_links(statistics):
        found = tenants.read_alias(link.alias)
        if link.group == LINK_GROUP or found:
            one = _portless(found or _unnamed(link.name), link)
            placed[one.container.name] = one
    return placed


def all_counted(view: View, plane: Plane, statistics: bool = True) -> dict[str, Placed]:
    """The same with what the steering has counted itself.  The plane has seen the host."""
    placed = all_placed(view, statistics)
    if not statistics:
        return placed
    counts = plane.counted(one.veth.name for one in placed.values())
    return {
        name: one._replace(veth=counted(one.veth, counts.get(one.veth.name)))
        for name, one in placed.items()
    }


def steered(
    view: View, plane: Plane, host: Host, pools: Pools | None, statistics: bool = False
) -> dict[str, Placed]:
    """All containers with the ports that the host's interfaces lead to them.

    A survey of all also asks every veth.  Without the `pools` all ports count as service ports.
    """
    blocks = plane.see_host(view, host, False).blocks
    found = {}
    for name, one in sorted(all_counted(view, plane, statistics).items()):
        owned = ports.cover(blocks.get(one.veth.name, ()))
        container = one.container._replace(service=owned)
        found[name] = one._replace(container=_owning(container, owned, pools))
    return found


def _portless(told: tuple[str, str, str], veth: LinkSeen) -> Placed:
    """What the alias alone tells: name, handle, origin, names of ports, and limits."""
    return Placed(Container(*told, 0, (), None, *tenants.read_told(veth.alias)), veth)


def _unnamed(link: str) -> tuple[str, str, str]:
    """A veth that a killed run made and had not marked yet."""
    name = link[len(VETH_PREFIX) :]
    return name, name, tenants.CREATED


def placed_names(view: View) -> list[str]:
    """The names of all containers on this host."""
    return list(_placed(view, None))


def owner_name(view: View, veth: str) -> str:
    """The container that a veth belongs to, for messages; the veth itself when it does not say."""
    link = view.link(veth) if veth.startswith(VETH_PREFIX) else None
    found = tenants.read_alias(link.alias) if link else None
    return found[0] if found else veth

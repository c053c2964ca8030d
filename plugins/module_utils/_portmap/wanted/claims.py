# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who may own what: asks checked against pools, other containers and the host.  Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from ..values import ports
from ..values.access import OPEN, Access
from ..values.errors import InvalidRequest
from ..values.limits import NONE, Limits
from ..values.options import Pools
from ..values.ports import Range, Ranges
from ..values.tenants import ALIAS_ROOM, Container, Named, alias, veth_name
from . import access, limits, requests
from .busy import Busy

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
SMALLEST_EPHEMERAL = 16
FIRST_EPHEMERAL = 1024


class Ask(NamedTuple):
    """A container as the user wants it; None and "" stand for what was left out.

    `ignore_listeners`: do not refuse ports that a process of the host uses (after a boot).
    `force`: do not refuse ports from which the host has connections open.
    `request`: ports by name and number.  `named`: those that it had before a boot.  `limits` and `access`:
    as they were then, or what a task says of them.
    """

    name: str
    present: bool = True
    netns: str = ""
    pid: int | None = None
    ports: Ranges | None = None
    ephemeral: Range | None = None
    ignore_listeners: bool = False
    force: bool = False
    request: requests.Request | None = None
    named: tuple[Named, ...] = ()
    limits: limits.Wish | Limits | None = None
    access: access.Wish | Access = access.Wish()


class Namespace(NamedTuple):
    """The namespace that a request leads to; `inode` 0: to be made, `source`: how to open it."""

    handle: str
    origin: str
    inode: int
    source: str


def check_name(name: str, option: str = "name") -> str:
    if not _NAME.fullmatch(name):
        raise InvalidRequest(
            f"cannot use {option} '{name}': a container's name has 1 to 63 letters, digits, '.',"
            " '_' and '-', and starts with a letter or a digit"
        )
    return name


def check_pools(pools: Pools, host_ephemeral: ports.Range | None) -> None:
    """Raise InvalidRequest unless the pools are usable next to each other and to the host.

    None: the host's own range is not known yet.
    """
    size = pools.per_container
    if size < SMALLEST_EPHEMERAL or size & (size - 1):
        raise InvalidRequest(
            f"cannot use ephemeral_ports_per_container {size}: it must be a power of two,"
            f" {SMALLEST_EPHEMERAL} or more"
        )
    if pools.ephemeral.first < FIRST_EPHEMERAL:
        raise InvalidRequest(
            f"cannot use ephemeral_ports {pools.ephemeral}: ports below {FIRST_EPHEMERAL} are those of"
            f" well-known services; start at {FIRST_EPHEMERAL} or later"
        )
    if ports.lowest_free(pools.ephemeral, size, ()) is None:
        raise InvalidRequest(
            f"cannot use ephemeral_ports {pools.ephemeral}: no range of {size} ports that starts"
            f" at a multiple of {size} fits in (ephemeral_ports_per_container)"
        )
    shared = ports.intersect(pools.service, [pools.ephemeral])
    if shared:
        raise InvalidRequest(
            f"cannot use ports {ports.text(pools.service)} and ephemeral_ports {pools.ephemeral}:"
            f" {ports.text(shared)} is in both"
        )
    for option, pool in (("ports", pools.service), ("ephemeral_ports", (pools.ephemeral,))):
        shared = ports.intersect(pool, [host_ephemeral] if host_ephemeral else [])
        if shared:
            raise InvalidRequest(
                f"cannot use {option} {ports.text(pool)}: {ports.text(shared)} is in {host_ephemeral}, from"
                " which the host takes its own ports (net.ipv4.ip_local_port_range); move that"
                " with host_ephemeral_ports"
            )


def check_owners(
    pools: Pools, owners: Mapping[str, ports.Ranges], owner_name: Callable[[str], str] = str
) -> None:
    """Raise InvalidRequest when containers own ports that the pools no longer hold."""
    pool = (*pools.service, pools.ephemeral)
    outside = {owner: ports.subtract(owned, pool) for owner, owned in sorted(owners.items())}
    lost = [
        f"{ports.text(left)} of {owner_name(owner)}" for owner, left in outside.items() if left
    ]
    if lost:
        raise InvalidRequest(
            f"cannot change the pools: these ports of containers would be outside:"
            f" {'; '.join(lost)}; take them away or remove the containers first"
        )


def resolve(
    asks: Sequence[Ask],
    pools: Pools,
    current: Mapping[str, Container],
    others: Mapping[str, Sequence[Range]],
    namespaces: Mapping[str, Namespace],
    busy: Busy,
    owner_name: Callable[[str], str] = str,
    link: limits.Link = limits.UNKNOWN,
) -> list[Container]:
    """The containers that shall be present, with every port decided.

    `current` are the placed containers among the requested, `others` the ports of everybody else
    (`owner_name` says in messages who that is), `busy` the ports in use on the host; `link` is what
    limits may refer to.  Raises InvalidRequest with the value and the reason.
    """
    _check_veth_names(asks)
    wanted = [ask for ask in asks if ask.present]
    service = _service(wanted, pools, current)
    ephemeral = _ephemeral(wanted, pools, current)
    known = [item for owned in (*others.values(), *service.values()) for item in owned]
    known += [*ephemeral.values(), *busy.heard]
    named = _named(wanted, pools, current, known, busy)
    free = ports.FreePorts([pools.ephemeral], known)
    placed = []
    for ask in wanted:
        given = ephemeral.get(ask.name) or free.take(pools.per_container, busy.connections)
        if given is None:
            raise InvalidRequest(
                f"cannot place {ask.name}: no free range of {pools.per_container} ephemeral"
                f" ports is left in {pools.ephemeral}"
            )
        before = current.get(ask.name)
        ranges = service[ask.name], given, named[ask.name]
        container = _container(namespaces[ask.name], ask.name, *ranges, *_said(ask, before, link))
        fresh = ports.subtract(container.owned, before.owned if before else ())
        busy.check(ask.name, fresh, ask.force)
        placed.append(container)
    _check_free(placed, others, owner_name)
    return placed


def _service(
    wanted: Iterable[Ask], pools: Pools, current: Mapping[str, Container]
) -> dict[str, ports.Ranges]:
    """The ports given by number; those of a placed container stay when nothing is said."""
    service = {}
    for ask in wanted:
        have = current.get(ask.name)
        before = have.unnamed if have else ()
        service[ask.name] = before if ask.ports is None else ask.ports
        check_service(ask.name, service[ask.name], pools)
    return service


def _named(
    wanted: Sequence[Ask],
    pools: Pools,
    current: Mapping[str, Container],
    known: Iterable[Range],
    busy: Busy,
) -> dict[str, tuple[Named, ...]]:
    """The ports by name: those that stay, and the lowest free ones for what is requested besides."""
    before = {
        ask.name: current[ask.name].named if ask.name in current else ask.named for ask in wanted
    }
    staying = {ask.name: requests.kept(ask.request, before[ask.name]) for ask in wanted}
    taken = [one.ports for names in staying.values() for one in names]
    free = ports.FreePorts(pools.service, [*known, *taken])
    named = {}
    for ask in wanted:
        new = requests.missing(ask.request, before[ask.name])
        found = requests.find(ask.name, new, pools.service, free, busy)
        named[ask.name] = tuple(sorted((*staying[ask.name], *found)))
        check_service(ask.name, ports.join(one.ports for one in named[ask.name]), pools)
    return named


def _said(ask: Ask, have: Container | None, link: limits.Link) -> tuple[Limits, Access]:
    """Left out, a container keeps those that it has."""
    limited = ask.limits if ask.limits is not None else have.limits if have else NONE
    if isinstance(limited, limits.Wish):
        limited = limits.computed(limited, ask.name, link)
    return limited, access.computed(ask.access, ask.name, have.access if have else OPEN)


def _container(
    found: Namespace, name: str, by_number: Ranges, ephemeral: Range, named: tuple[Named, ...],
    limited: Limits, allowed: Access,
) -> Container:  # fmt: skip
    """Raises InvalidRequest when the kernel has no room for what its link has to tell."""
    service = ports.join((*by_number, *(one.ports for one in named)))
    container = Container(
        name, found.handle, found.origin, found.inode, service, ephemeral, named, limited, allowed
    )
    length = len(alias(container))
    access.check_room(container)
    if container.named and length > ALIAS_ROOM:
        raise InvalidRequest(
            f"cannot keep the names of the {len(container.named)} requests of {container.name}: with its own"
            f" name and limits they take {length} characters, and the kernel has room for {ALIAS_ROOM} at a link;"
            " request less, or under shorter names"
        )
    return container


def _ephemeral(
    wanted: Iterable[Ask], pools: Pools, current: Mapping[str, Container]
) -> dict[str, ports.Range]:
    """The ephemeral ranges given or owned; the others are still to be found."""
    ephemeral = {}
    for ask in wanted:
        have = current.get(ask.name)
        given = ask.ephemeral or (have.ephemeral if have else None)
        if given:
            _check_ephemeral(ask.name, given, pools)
            ephemeral[ask.name] = given
    return ephemeral


def _check_veth_names(asks: Sequence[Ask]) -> None:
    names: dict[str, str] = {}
    for ask in asks:
        link = veth_name(check_name(ask.name))
        other = names.setdefault(link, ask.name)
        if other != ask.name:
            raise InvalidRequest(
                f"cannot place {ask.name} beside {other}: both would have the link {link};"
                " rename one"
            )


def check_unique(names: Sequence[str]) -> None:
    for name, times in Counter(names).items():
        if times > 1:
            raise InvalidRequest(f"cannot place {name}: the list has it {times} times")


def _check_pool(name: str, option: str, wanted: ports.Ranges, pool: ports.Ranges) -> None:
    outside = ports.subtract(wanted, pool)
    if outside:
        raise InvalidRequest(
            f"cannot give {option} {ports.text(outside)} to {name}: outside the host's pool"
            f" {ports.text(pool) or '(empty)'}"
        )


def check_service(name: str, wanted: ports.Ranges, pools: Pools) -> None:
    """Raise InvalidRequest when service ports lie outside the pool."""
    _check_pool(name, "ports", wanted, pools.service)


def _check_ephemeral(name: str, wanted: ports.Range, pools: Pools) -> None:
    _check_pool(name, "ephemeral_ports", (wanted,), (pools.ephemeral,))
    if not _is_block(wanted):
        raise InvalidRequest(
            f"cannot give ephemeral_ports {wanted} to {name}: the size must be a power of two,"
            f" {SMALLEST_EPHEMERAL} or more, and the first port a multiple of it"
        )


def _is_block(wanted: Range) -> bool:
    size = wanted.size
    return size >= SMALLEST_EPHEMERAL and not size & (size - 1) and not wanted.first % size


def whole_ephemeral(found: Ranges, size: int) -> Range | None:
    """The range that a container has, of which a port may be lost, or which others may be beside.

    None: it has no range, or nobody can say which one.
    """
    blocks = [one for one in found if _is_block(one)]
    if not blocks:
        first = {one.first // size * size for one in found} | {
            one.last // size * size for one in found
        }
        blocks = [Range(one, one + size - 1) for one in first]
    return blocks[0] if len(blocks) == 1 else None


def _check_free(
    placed: Iterable[Container],
    others: Mapping[str, Sequence[Range]],
    owner_name: Callable[[str], str],
) -> None:
    """Raise InvalidRequest when two would own one port."""
    names = {container.name for container in placed}
    owned = [(item, container.name) for container in placed for item in container.owned]
    wanted = [item for item, _name in owned]
    taken = [item for items in others.values() for item in items]
    once = sum(item.size for item in wanted) == sum(item.size for item in ports.join(wanted))
    if once and not ports.intersect(wanted, taken):
        return
    owned += [(item, owner) for owner, items in others.items() for item in ports.join(items)]
    for shared, one, other in ports.overlaps(owned):
        if names.isdisjoint((one, other)):
            continue  # two others: not this task's affair
        newcomer, owner = (one, other) if other not in names else (other, one)
        raise InvalidRequest(
            f"cannot give ports {shared} to {newcomer}: container"
            f" {owner if owner in names else owner_name(owner)} owns them"
        )


def changed_ports(have: ports.Ranges, given: ports.Ranges, state: str) -> ports.Ranges:
    """The service ports after adding (`present`), taking away (`absent`) or setting (`exact`)."""
    if state == "present":
        return ports.join((*have, *given))
    return ports.subtract(have, given) if state == "absent" else given

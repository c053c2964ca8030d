# Copyright (c) 2026 netiso.portmap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All ports of a host side by side, for orientation: 64 in a column.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values import ports
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.ports import Range

from .markup import Markup, tag
from .seen import Seen

_HIGH = 64
_WIDE = 65536 // _HIGH
_TICKS = range(0, 65536, 8192)


def drawing(host: Seen) -> Markup:
    """The strip with its axis, and what its colours mean."""
    groups = list(_groups(host))
    label = f"All ports of {host.name}, from 0 on the left to 65535 on the right."
    shapes = [_shape(kind, among, f"{said}: {ports.text(among)}") for kind, said, among in groups]
    size = {"viewBox": f"0 0 {_WIDE} {_HIGH}", "preserveAspectRatio": "none"}
    whole = tag(
        "svg",
        tag("title", label),
        *shapes,
        class_="whole",
        role="img",
        shape_rendering="crispEdges",
        **size,
    )
    axis = tag("div", *(tag("span", port) for port in _TICKS), class_="axis")
    return tag("div", whole, axis, tag("ul", *map(_explained, groups), class_="key"))


_Group = tuple[str, str, ports.Ranges]  # class, what it is, its ports


def _groups(host: Seen) -> Iterator[_Group]:
    """What is drawn later lies above."""
    yield "s-known", "well-known ports", (Range(0, 1023),)
    if host.prepared:
        pools = host.prepared.pools
        yield "s-own", "ports that the host itself sends from", (host.prepared.host_ephemeral,)
        yield "s-pool", "ephemeral ports for containers", (pools.ephemeral,)
        yield "s-pool", "service ports for containers", pools.service
    ephemeral = [one.ephemeral for one in host.containers if one.ephemeral]
    owned = ports.join([*host.owned, *ephemeral])
    if owned:
        yield "s-owned", "ports that containers own", owned


def _explained(group: _Group) -> Markup:
    kind, said, among = group
    shown = ports.text(among) if len(among) <= 3 else f"{sum(one.size for one in among)} of them"
    swatch = tag("rect", width=11, height=11, class_=kind)
    drawn = tag("svg", swatch, width=11, height=11, aria_hidden="true")
    return tag("li", drawn, f"{said}: {shown}")


def _shape(kind: str, among: Iterable[Range], title: str) -> Markup:
    lines = "".join(line for one in among for line in _outlines(one))
    return tag("path", tag("title", title), d=lines, class_=kind)


def _outlines(among: Range) -> Iterator[str]:
    """Rectangles of an SVG path: a column that begins late, whole ones, a column that ends early."""
    first = among.first
    while first <= among.last:
        column, top = divmod(first, _HIGH)
        whole = (among.last + 1 - first) // _HIGH if not top else 0
        height = _HIGH if whole else min(_HIGH - top, among.last + 1 - first)
        width = max(whole, 1)
        yield f"M{column} {top}h{width}v{height}h-{width}z"
        first += width * _HIGH if whole else height

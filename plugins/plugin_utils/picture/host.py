# Copyright (c) 2026 netiso.portmap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page of a host: what is wrong, what is free, who sends most, who owns what.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ansible_collections.netiso.portmap.plugins.module_utils._portmap.decide.answers import scaled
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values import ports

from . import grid, pages, strip
from .markup import Markup, meter, number, table, tag
from .seen import Container, Problem, Seen
from .style import classes

_PROBLEMS, _RUNS, _TALKERS = 5, 8, 8  # shown at once


def page(host: Seen, time: str = "") -> str:
    back = tag("nav", tag("a", "All hosts", href=f"../{pages.INDEX}"), aria_label="Pages")
    if host.why:
        said = tag("p", f"It could not be asked: {host.why}", class_="bad")
        return pages.page(_title(host), _head(host, back), tag("main", said), time=time)
    words = tag("div", _attention(host), _free(host), _talkers(host), class_="words")
    first = tag("div", words, _pool(host), class_="host")
    body = tag("main", first, _whole(host), _containers(host))
    skip = tag("a", "Skip to the table of containers", href="#containers", class_="skip")
    return pages.page(_title(host), skip, _head(host, back), body, time=time)


def _title(host: Seen) -> str:
    return f"Ports of {host.name}"


def _head(host: Seen, back: Markup) -> Markup:
    facts = [tag("div", tag("dt", name), tag("dd", value)) for name, value in _facts(host)]
    listed = [tag("dl", *facts, class_="facts")] if facts else []
    return tag("header", back, tag("h1", host.name), *listed)


def _facts(host: Seen) -> Iterator[tuple[str, str]]:
    if host.prepared:
        yield "address", host.prepared.address
        yield "interface", f"{host.prepared.interface}, {host.prepared.mac}"
        yield "service ports", ports.text(host.pool) or "none"
        yield "of these owned", f"{share(host)[0]} of {share(host)[1]}"
        yield "containers", f"{len(host.containers)}, ephemeral ports for {host.room} more"
    elif not host.why:
        yield "state", "not prepared"


def share(host: Seen) -> tuple[int, int]:
    """How many ports of the pool are owned, and how many there are."""
    free = sum(one.size for one in host.free)
    whole = sum(one.size for one in host.pool)
    return whole - free, whole


# --- in words -----------------------------------------------------------------------------------


def _attention(host: Seen) -> Markup:
    items = [_problem(one) for one in host.problems]
    if not items:
        said: list[Markup] = [tag("p", "Nothing: no problem was found.", class_="none")]
    else:
        said = [tag("ul", *items[:_PROBLEMS], class_="problems")]
    if len(items) > _PROBLEMS:
        more = tag("summary", f"and {len(items) - _PROBLEMS} more")
        said.append(tag("details", more, tag("ul", *items[_PROBLEMS:], class_="problems")))
    heading = f"Needs attention: {len(items)}" if items else "Needs attention"
    return tag("section", tag("h2", heading), *said, id="attention")


def _problem(one: Problem) -> Markup:
    suffer = ", ".join(one.containers[:_RUNS])
    more = f" and {len(one.containers) - _RUNS} more" if len(one.containers) > _RUNS else ""
    return tag(
        "li",
        tag("p", tag("strong", one.kind), f": {one.description}"),
        *([tag("p", f"Containers: {suffer}{more}", class_="sub")] if suffer else []),
        tag("p", "Repair: ", tag("code", one.repair))
        if one.repair
        else tag("p", "You have to choose what to do.", class_="sub"),
    )


def _free(host: Seen) -> Markup:
    free = host.free
    rows = [
        tag(
            "tr",
            tag("th", one, scope="row"),
            number(one.size),
            tag("td", meter(one.size / free[0].size)),
        )
        for one in free[:_RUNS]
    ]
    if len(free) > _RUNS:
        left = free[_RUNS:]
        said = f"and {len(left)} smaller runs"
        rows.append(tag("tr", tag("td", said), number(sum(one.size for one in left)), tag("td")))
    head = ("ports", number("how many", heading=True), tag("td", class_="wide"))
    body = table("Runs of free service ports, the longest first", head, rows)
    none = tag("p", "No service port is free." if host.prepared else "There is no pool.")
    return tag("section", tag("h2", "Free"), body if free else none, id="free-ports")


def _talkers(host: Seen) -> Markup:
    """By rates where they were measured, else by bytes since each was placed: what a single look can tell."""
    measured = any(one.rate for one in host.containers)
    counted = [
        ((one.rate or (0, 0)) if measured else (one.received, one.sent), one.name)
        for one in host.containers
    ]
    most = sorted(counted, key=lambda one: (-sum(one[0]), one[1]))[:_TALKERS]
    unit = "B/s" if measured else "B"
    rows = [_talker(name, both, sum(most[0][0]), unit) for both, name in most if sum(both)]
    head = (
        "container",
        number("received", heading=True),
        number("sent", heading=True),
        tag("td", class_="wide"),
    )
    since = "a second, as was measured" if measured else "since each container was placed"
    body = table(f"Bytes {since}, the busiest first", head, rows)
    none = tag(
        "p", "Nobody receives or sends." if measured else "Nobody has received or sent anything."
    )
    return tag("section", tag("h2", "Top talkers"), body if rows else none, id="talkers")


def _talker(name: str, both: tuple[int, int], most: int, unit: str) -> Markup:
    counts = (number(f"{scaled(count)}{unit}") for count in both)
    return tag("tr", _named(name), *counts, tag("td", meter(sum(both) / most)))


def _named(container: str, **attributes: object) -> Markup:
    swatch = tag("span", class_=f"swatch {classes(container)}", aria_hidden="true")
    return tag("th", swatch, container, scope="row", **attributes)


# --- drawn --------------------------------------------------------------------------------------


def _pool(host: Seen) -> Markup:
    drawn = grid.svg(host)
    if not drawn:
        return tag("section", tag("h2", "Service ports"), tag("p", "There is no pool."), id="pool")
    said = (
        f"{grid.COLUMNS} ports in a row; the number is that of the first. Grey cells are free. A dashed"
        " frame and an exclamation mark: the container needs attention. Rows that are alike are one."
    )
    figure = tag("figure", drawn, tag("figcaption", said))
    return tag("section", tag("h2", "Service ports"), figure, id="pool")


def _whole(host: Seen) -> Markup:
    return tag("section", tag("h2", "All 65,536 ports"), strip.drawing(host), id="all-ports")


# --- the same as a table ------------------------------------------------------------------------


def _containers(host: Seen) -> Markup:
    suffering = host.suffering
    rows = [_container(one, one.name in suffering) for one in host.containers]
    head = (
        "container",
        "service ports",
        "ephemeral ports",
        *(number(name, heading=True) for name in ("received", "sent", "packets lost")),
        "needs attention",
    )
    body = table("Who owns which ports", head, rows)
    none = tag("p", "There is no container.")
    heading = tag("h2", f"Containers: {len(rows)}")
    return tag("section", heading, body if rows else none, id="containers")


def _container(one: Container, suffers: bool) -> Markup:
    named = [f"{name} {assigned}" for name, assigned in one.assigned]
    return tag(
        "tr",
        _named(one.name),
        tag("td", ports.text(one.service) or "none", _remark(named), class_="ports"),
        tag("td", one.ephemeral or "unclear"),
        *(number(f"{scaled(count)}B") for count in (one.received, one.sent)),
        number(one.lost),
        tag("td", tag("a", "yes", href="#attention"), class_="bad")
        if suffers
        else tag("td", "no"),
    )


def _remark(named: Sequence[str]) -> Markup | str:
    return tag("span", f" ({', '.join(named)})", class_="sub") if named else ""

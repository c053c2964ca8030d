# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the grid and the strip show is what is owned, port by port; and its colours."""

from __future__ import annotations

import colorsys
import re

import pytest
from ansible_collections.netiso.portmap.plugins.plugin_utils.picture import grid, strip, style
from ansible_collections.netiso.portmap.plugins.plugin_utils.picture.seen import Seen, seen
from ansible_collections.netiso.portmap.tests.unit.plugins.plugin_utils import told
from hypothesis import given
from hypothesis import strategies as st

Owners = dict[int, str]


@st.composite
def hosts(draw: st.DrawFn) -> Seen:
    """Containers side by side and with gaps, some of them outside of the pool."""
    port, made = draw(st.integers(30900, 31100)), []
    for number in range(draw(st.integers(0, 8))):
        port += draw(st.sampled_from([0, 0, 1, 40, 300]))
        size = draw(st.sampled_from([1, 3, 8, 64, 200]))
        made.append(told.container(f"web-{number}", f"{port}-{port + size - 1}"))
        port += size
    return seen("node1", told.told(*made))


def ports_of(host: Seen) -> Owners:
    """Who owns each port of the pool, "" is nobody, and of those outside what is owned."""
    pool = {port: "" for one in host.pool for port in range(one.first, one.last + 1)}
    owned = {
        port: container.name
        for container in host.containers
        for one in container.service
        for port in range(one.first, one.last + 1)
    }
    return {**pool, **owned}


def drawn(host: Seen) -> Owners:
    """Who owns each port as the rectangles tell, by where they lie; a folded row by what is written there."""
    svg, found = str(grid.svg(host)), Owners()
    ticks = {
        int(top) - 12: int(first)
        for top, first in re.findall(r'<text x="42" y="(\d+)" class="tick".*>(\d+)</text>', svg)
    }
    boxes = re.findall(
        r'(?:<g transform="translate\(0 (\d+)\)">)?'
        r'<rect (?:class="[\w ]+" )?x="([\d.]+)" y="([\d.]+)" width="([\d.]+)".*?><title>(.*?)</title>',
        svg,
    )
    for moved, left, top, width, title in boxes:
        first = ticks[int(float(moved or top))] + (int(float(left)) - grid.LEFT) // grid.CELL
        rows = re.search(r": (\d+) rows", title)
        count = grid.COLUMNS * int(rows[1]) if rows else round((float(width) + 1) / grid.CELL)
        owner = title.split(", ")[0].replace("free", "")
        for port in range(first, first + count):
            assert port not in found
            found[port] = owner
    return found


@given(hosts())
def test_the_grid_shows_each_port_once_with_its_owner(host: Seen) -> None:
    assert drawn(host) == ports_of(host)


def test_two_owners_of_a_port_are_both_shown() -> None:
    """A damage; rows of two owners are not folded into those of one."""
    twice = told.told(told.container("a", "31008-31999"), told.container("b", "31104-31135"))
    rows = grid.rows(grid.pieces(seen("node1", twice)))
    shown = {(piece.owner, str(piece.whole)) for row in rows for piece in row.pieces}
    assert {("a", "31008-31999"), ("b", "31104-31135")} < shown


def test_rows_that_are_alike_are_one() -> None:
    host = seen("node1", told.told(told.container("a", "1024-65535"), ports=["1024-65535"]))
    assert [(row.number, row.times) for row in grid.rows(grid.pieces(host))] == [(32, 2016)]


def test_a_name_is_written_where_there_is_room_for_it() -> None:
    short = told.container("web", "31008-31011")
    long = told.container("a-name-that-is-long", "31016-31023")
    tiny = told.container("tiny", "31030")
    svg = str(grid.svg(seen("node1", told.told(short, long, tiny))))
    assert re.findall(r'class="name">(.*?)</text>', svg) == ["web", "a-name-that-is\u2026"]


@given(st.integers(0, 65535), st.integers(1, 5000))
def test_the_strip_covers_exactly_the_ports(first: int, size: int) -> None:
    last = min(first + size - 1, 65535)
    covered: set[int] = set()
    for outline in strip._outlines(strip.Range(first, last)):
        numbers = re.fullmatch(r"M(\d+) (\d+)h(\d+)v(\d+)h-(\d+)z", outline)
        assert numbers
        column, top, width, height, back = map(int, numbers.groups())
        assert back == width
        for x in range(column, column + width):
            of_column = {x * 64 + y for y in range(top, top + height)}
            assert not covered & of_column
            covered |= of_column
    assert covered == set(range(first, last + 1))


def test_a_colour_is_that_of_the_name_for_ever() -> None:
    """And containers that differ by a number have one hue."""
    assert style.classes("web") == "h5 l2"
    assert {style.classes(f"web-{number}").split()[0] for number in range(9)} == {"h5"}
    assert len({style.classes(f"web-{number}") for number in range(9)}) == 3


def luminance(hue: float, saturation: float, lightness: float) -> float:
    """Of a colour in sRGB, as WCAG 2 defines it."""
    channels = colorsys.hls_to_rgb(hue / 360, lightness / 100, saturation / 100)
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear))


def of_hex(colour: str) -> float:
    rgb = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    hue, lightness, saturation = colorsys.rgb_to_hls(*rgb)
    return luminance(hue * 360, saturation * 100, lightness * 100)


@pytest.mark.parametrize(
    ("lightnesses", "ink"), [(style.LIGHT, style.LIGHT_INK), (style.DARK, style.DARK_INK)]
)
def test_a_name_can_be_read_on_every_colour(lightnesses: tuple[int, ...], ink: str) -> None:
    """At least 4.5 to 1, which WCAG 2 asks for as AA."""
    for hue in style.HUES:
        for lightness in lightnesses:
            pair = sorted([luminance(hue, style.SATURATION, lightness), of_hex(ink)])
            assert (pair[1] + 0.05) / (pair[0] + 0.05) >= 4.5, (hue, lightness)


SCHEMES = re.findall(
    r"--page: (#\w+); --ink: (#\w+); --soft: (#\w+).*?--warn: (#\w+); --link: (#\w+)",
    style.CSS,
    re.DOTALL,
)


def full(colour: str) -> str:
    return colour if len(colour) == 7 else "#" + "".join(letter * 2 for letter in colour[1:])


@pytest.mark.parametrize("scheme", SCHEMES)
def test_text_can_be_read_by_light_and_by_dark(scheme: tuple[str, ...]) -> None:
    """At least 4.5 to 1, which WCAG 2 asks for as AA."""
    assert len(SCHEMES) == 2
    page, *inks = (of_hex(full(colour)) for colour in scheme)
    for ink in inks:
        pair = sorted([page, ink])
        assert (pair[1] + 0.05) / (pair[0] + 0.05) >= 4.5

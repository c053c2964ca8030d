# Copyright (c) 2026 netiso.portmap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The service ports of a host as a grid, 32 in a row, with the names of their owners.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.ports import Range

from .markup import Markup, tag
from .seen import Seen
from .style import classes

COLUMNS = 32
CELL = 16  # pixels, on a screen that has room
LEFT = 48  # of the numbers before the rows
_GAP = 8  # between rows that do not follow each other
_LETTER, _WIDE = 7.4, 12  # the width of one, and of capitals, m and w; in most fonts less
_SHORTEST = 4  # a name with fewer letters of it left is not written
_FOLDED = 3  # so many rows that are alike become one


class Piece(NamedTuple):
    """Ports side by side of one owner, "" is nobody; `whole` is the range that they are of."""

    among: Range
    owner: str
    whole: Range


class Row(NamedTuple):
    """Rows of the grid that are drawn as one; `times` is 1 but for those that are folded."""

    number: int
    times: int
    pieces: tuple[Piece, ...]


def pieces(host: Seen) -> list[Piece]:
    """Every range that a container owns, inside of the pool or not, and what is free of the pool, by rows."""
    owned = [(one, item.name) for item in host.containers for one in item.service]
    free = [(one, "") for one in host.free]
    return sorted(piece for one, owner in (*owned, *free) for piece in _cut(one, owner, one))


def _cut(among: Range, owner: str, whole: Range) -> Iterator[Piece]:
    first = among.first
    while first <= among.last:
        last = min(among.last, first | (COLUMNS - 1))
        yield Piece(Range(first, last), owner, whole)
        first = last + 1


def rows(found: Iterable[Piece]) -> list[Row]:
    """The rows in which there is something, those that are alike folded."""
    made: list[Row] = []
    for number, of_row in groupby(found, lambda piece: piece.among.first // COLUMNS):
        row = Row(number, 1, tuple(of_row))
        if made and _alike(made[-1], row):
            before = made.pop()
            among = Range(before.pieces[0].among.first, row.pieces[0].among.last)
            both = row.pieces[0]._replace(among=among)
            row = Row(before.number, before.times + 1, (both,))
        made.append(row)
    return [one for row in made for one in _unfolded(row)]


def _alike(one: Row, other: Row) -> bool:
    """Both are full of the same range, and follow each other."""
    mine, others = one.pieces[0], other.pieces[0]
    return (
        len(one.pieces) == len(other.pieces) == 1
        and one.number + one.times == other.number
        and mine.among.size == COLUMNS * one.times
        and others.among.size == COLUMNS
        and (mine.owner, mine.whole) == (others.owner, others.whole)
    )


def _unfolded(row: Row) -> Iterator[Row]:
    """Two alike are drawn as they are: folding would not save anything."""
    if row.times == 1 or row.times >= _FOLDED:
        yield row
        return
    for piece in _cut(*row.pieces[0]):
        yield Row(piece.among.first // COLUMNS, 1, (piece,))


def svg(host: Seen) -> Markup:
    """The grid; "" when nobody owns anything, and nothing is free."""
    suffering = host.suffering
    parts: list[Markup] = []
    height, follows = 0, None
    for row in rows(pieces(host)):
        height += _GAP if follows not in (None, row.number) else 0
        follows = row.number + row.times
        tick = {"x": LEFT - 6, "y": height + 12, "class_": "tick", "text_anchor": "end"}
        parts.append(tag("text", row.number * COLUMNS, **tick))
        for piece in row.pieces:
            if row.times > 1:
                parts += _folded(row, height, suffering)
            else:
                parts += _drawn(piece, height, suffering)
        height += CELL
    if not parts:
        return Markup()
    width = LEFT + COLUMNS * CELL + 2
    size = {"viewBox": f"0 -2 {width} {height + 4}", "style": f"max-width:{width}px"}
    label = f"Service ports of {host.name}, {COLUMNS} in a row. The tables say the same."
    return tag("svg", tag("title", label), _CELLS, *parts, class_="grid", role="img", **size)


_CELLS = tag(
    "defs",
    tag(
        "pattern",
        tag("rect", width=CELL - 1, height=CELL - 1, class_="free"),
        id="free",
        x=LEFT,
        width=CELL,
        height=CELL,
        patternUnits="userSpaceOnUse",
    ),
)


def _drawn(piece: Piece, top: int, suffering: set[str]) -> list[Markup]:
    among, owner, _whole = piece
    left = LEFT + among.first % COLUMNS * CELL
    width = among.size * CELL - 1
    said = _said(piece, suffering)
    if not owner:
        cells = {"x": left, "y": 0, "width": width, "height": CELL - 1, "fill": "url(#free)"}
        moved = f"translate(0 {top})"  # the pattern with it
        return [tag("g", tag("rect", tag("title", said), **cells), transform=moved)]
    text = f"! {owner}" if owner in suffering else owner
    return _block(owner, owner in suffering, (left, top, width), said, _shortened(text, width))


def _folded(row: Row, top: int, suffering: set[str]) -> list[Markup]:
    """One row that stands for many."""
    piece, place = row.pieces[0], (LEFT, top, COLUMNS * CELL - 1)
    said = f"{_said(piece, suffering)}: {row.times} rows like this"
    if piece.owner:
        return _block(piece.owner, piece.owner in suffering, place, said, said)
    text = tag("text", said, x=LEFT + 4, y=top + 12, class_="folded")
    return [_box("free", place, tag("title", said)), text]


def _said(piece: Piece, suffering: set[str]) -> str:
    ending = ", needs attention" if piece.owner in suffering else ""
    return f"{piece.owner or 'free'}, {piece.whole}{ending}"


_Place = tuple[int, int, int]  # left, top, width


def _block(owner: str, suffers: bool, place: _Place, said: str, written: str) -> list[Markup]:
    left, top, _width = place
    parts = [_box("block " + classes(owner), place, tag("title", said))]
    if suffers:
        parts.append(_box("mark", place))
    if written:
        parts.append(tag("text", written, x=left + 4, y=top + 12, class_="name"))
    return parts


def _box(kind: str, place: _Place, *inside: Markup) -> Markup:
    """A rectangle whose line lies inside of the cells."""
    left, top, width = place
    size = {"x": left + 0.5, "y": top + 0.5, "width": width - 1, "height": CELL - 2}
    return tag("rect", *inside, class_=kind, **size)


def _shortened(text: str, width: int) -> str:
    """As much as there is room for; nothing when that would say nothing."""
    if _length(text) <= width - 6:
        return text
    kept = [
        text[:count]
        for count in range(_SHORTEST, len(text))
        if _length(text[:count]) <= width - 16
    ]
    return f"{kept[-1]}\u2026" if kept else ""


def _length(text: str) -> float:
    return sum(_WIDE if letter.isupper() or letter in "mw" else _LETTER for letter in text)

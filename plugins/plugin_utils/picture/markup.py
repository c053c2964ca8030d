# Copyright (c) 2026 netiso.portmap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""HTML and SVG out of values, escaped.  Every page is well-formed XML, too.  Pure."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

# What a page may not have, and what turns the direction of text around: names and commands come from hosts.
_CONTROL = "\x00-\x1f\x7f-\x9f"
_UNSEEN = "\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufffe\uffff"
_UNSEEMLY = re.compile(f"[{_CONTROL}{_UNSEEN}]")
_SPECIAL = re.compile(f"[&<>\"'{{{_CONTROL}{_UNSEEN}]")
_ONE_LINE = str.maketrans("\n\r\t", "   ")
_VOID = {"meta", "link", "br", "rect", "path", "line"}
_BLOCKS = {"tr", "table", "section", "svg", "rect", "text", "path", "li", "p", "h1", "h2", "div"}


class Markup(str):
    """Text that is markup already."""

    __slots__ = ()


def escaped(value: object) -> str:
    """`value` as text of a page; without the braces that a template would read."""
    text = str(value)
    if not _SPECIAL.search(text):
        return text
    text = _UNSEEMLY.sub("\ufffd", text.translate(_ONE_LINE))
    return html.escape(text).replace("{", "&#123;")


def joined(parts: Iterable[object]) -> Markup:
    return Markup("".join(one if isinstance(one, Markup) else escaped(one) for one in parts))


def tag(element: str, /, *inside: object, **attributes: object) -> Markup:
    """An element: attributes that are None are left out, `class_` is `class`, `aria_label` `aria-label`.

    What is `inside` is escaped, unless it is Markup.  Blocks end their lines, for people who read a diff.
    """
    words = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escaped(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    ending = "\n" if element in _BLOCKS else ""
    if not inside and element in _VOID:
        return Markup(f"<{element}{words}/>{ending}")
    return Markup(f"<{element}{words}>{joined(inside)}</{element}>{ending}")


def table(
    caption: str, head: Iterable[object], rows: Iterable[Markup], **attributes: object
) -> Markup:
    """A table in a region that scrolls by itself, also with the keyboard.

    A column whose heading is Markup has that as its heading cell.
    """
    cells = [one if isinstance(one, Markup) else tag("th", one, scope="col") for one in head]
    whole = tag(
        "table",
        tag("caption", caption),
        tag("thead", tag("tr", *cells)),
        tag("tbody", *rows),
        **attributes,
    )
    return scrolling(caption, whole)


def scrolling(label: str, inside: Markup) -> Markup:
    return tag("div", inside, class_="scroll", role="region", aria_label=label, tabindex=0)


def number(value: object, heading: bool = False, **attributes: object) -> Markup:
    if heading:
        return tag("th", value, scope="col", class_="num", **attributes)
    return tag("td", value, class_="num", **attributes)


def meter(part: float) -> Markup:
    """How much of a whole, beside a number that says it."""
    width = f"width:{100 * min(max(part, 0), 1):.0f}%"
    return tag("span", tag("i", style=width), class_="bar", aria_hidden="true")

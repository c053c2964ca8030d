# Copyright (c) 2026 netiso.portmap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the pages of hosts and the index of the fleet have in common: head, foot, places.  Pure."""

from __future__ import annotations

from urllib.parse import quote

from .markup import Markup, tag
from .style import CSS

INDEX = "index.html"
_FOLDER = "hosts"
# A page has no scripts, and asks for nothing.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_STYLE = Markup(f"<style>\n{CSS}\n</style>\n")  # a style is not escaped


def file_of(host: str) -> str:
    """Where the page of a host lies, beside the index; a name has no way out of its folder."""
    return f"{_FOLDER}/{quote(host, safe='', errors='replace')}.html"


def link_to(host: str) -> str:
    """How the index leads there."""
    return quote(file_of(host))


def page(title: str, *body: Markup, time: str = "") -> str:
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("title", title),
        tag("link", rel="icon", href="data:,"),
        _STYLE,
    )
    foot = tag(
        "footer",
        tag("p", f"As of {time}." if time else "From what portmap_info told.", class_="sub"),
    )
    whole = tag("html", head, tag("body", *body, foot), lang="en")
    return f"<!DOCTYPE html>\n{whole}\n"

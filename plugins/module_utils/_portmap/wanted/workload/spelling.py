# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""How systemd wants things written in its files: see systemd.syntax(7) and systemd-escape(1).  Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ...values.errors import InvalidRequest

_PLAIN = re.compile(r"[\w@%+=:,./$-]+", re.ASCII)
_KEPT = re.compile(r"[A-Za-z0-9:_.]")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
_NAMED = re.compile(r"\$(?:\$|\{(\w+)\})", re.ASCII)


def unit_of_path(path: str, suffix: str) -> str:
    """The unit of a path, as systemd-escape --path --suffix=SUFFIX names it."""
    text = "/".join(filter(None, path.split("/")))
    escaped = "".join(
        one if _KEPT.match(one) and (at or one != ".") else _escaped(one)
        for at, one in enumerate(text)
    )
    return f"{escaped or '-'}.{suffix}"


def _escaped(one: str) -> str:
    return "-" if one == "/" else "".join(f"\\x{byte:02x}" for byte in one.encode())


def word(text: str) -> str:
    """One word of a line: blanks, quotes and specifiers have no meaning in it."""
    text = text.replace("%", "%%")
    if _PLAIN.fullmatch(text):
        return text
    text = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + _CONTROLS.sub(lambda found: f"\\x{ord(found[0]):02x}", text) + '"'


def argument(text: str) -> str:
    """One word of a command line, in which systemd would replace variables, too."""
    return word(text.replace("$", "$$"))


def filled(text: str, known: Mapping[str, str], option: str) -> str:
    """The text with values in the place of ${NAME}; $$ stands for $, and another $ for itself.

    Raises InvalidRequest for a name that is not known.
    """

    def value(found: re.Match[str]) -> str:
        name = found[1]
        if name is None:
            return "$"
        if name not in known:
            raise InvalidRequest(
                f"cannot use {option} {text!r}: there is no {name}, but there are"
                f" {', '.join(sorted(known))}; what is not for us but for a shell is written"
                f" $${{{name}}}"
            )
        return known[name]

    return _NAMED.sub(value, text)

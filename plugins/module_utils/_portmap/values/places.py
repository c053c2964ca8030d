# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where something is: a link in a network namespace, and whose link that is.  Pure."""

from __future__ import annotations

from typing import NamedTuple

HOST = ""  # the namespace that the module runs in; containers' namespaces have their names

# Whose a link is.  All containers share the host's public and loopback interface; every other link
# that we touch is one container's: its veth, or a link inside its namespace.
SHARED, OWN = "shared", "own"


class Place(NamedTuple):
    """A link: the namespace that it is in, its name there, and its role."""

    netns: str
    link: str
    role: str = OWN

    def __str__(self) -> str:
        return f"{self.netns}:{self.link}" if self.netns else self.link

# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A namespace that we made is left so that no packet goes on running in it.

Links of its own that send to each other go on without any process, and hold the namespace that
nobody can enter any more.
"""

from __future__ import annotations

import contextlib

from ..linux import rtnl
from ..linux import uapi as k
from ..linux.netlink import opened
from ..linux.requests import Request
from ..linux.view import dump_links
from ..values.errors import KernelRefused
from ..values.marks import ALIAS_PREFIX


def take_down(namespace: int, made: bool) -> None:
    """Take down all links in a namespace that has lost its handle, as far as they can be.

    Only then: a link that goes down loses its routes, so nobody could take that back.
    Not `made`: only if its loopback says that it is ours, for the veth that told otherwise is gone.
    """
    with contextlib.suppress(KernelRefused, OSError), opened(namespace) as sock:
        links = list(dump_links(sock))
        ours = any(one.loopback and one.alias.startswith(ALIAS_PREFIX) for one in links)
        if made or ours:
            sock.send([
                Request(k.RTM_SETLINK, k.NLM_F_ACK, rtnl.link_up(one.name, False))
                for one in links
                if one.up
            ])  # fmt: skip

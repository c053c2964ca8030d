# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""By which number the program finds the sockets of a container: that of its namespace, as the host's knows it."""

from __future__ import annotations

from array import array

from ...linux import nsids

_SIZE = 8  # of struct namespace of bpf/notes.h, which begins with the number


def entry(number: int, veth: int) -> tuple[int, array[int]]:
    """Where in its map the entry of a container begins, and what it is; `veth`: the index, 0 for none."""
    behind = nsids.number_behind(veth) if veth else None
    return number * _SIZE, array("I", [0 if behind is None else behind + 1])

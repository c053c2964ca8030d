# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What containers leave to the kernel or a network card to finish cannot be judged here.  Pure."""

from __future__ import annotations

from .problem import Problem

KIND = "offloads"


def problems(unseen: str) -> list[Problem]:
    return [Problem(KIND, said) for said in warnings(unseen)]


def warnings(unseen: str) -> list[str]:
    """`unseen`: why steering cannot judge it; "" where it can."""
    if not unseen:
        return []
    said = (
        "root of a container can have the kernel or the network card change packets which the filters"
        f" have passed: {unseen}; give no container that is not trusted CAP_NET_RAW or CAP_NET_ADMIN"
    )
    return [said]

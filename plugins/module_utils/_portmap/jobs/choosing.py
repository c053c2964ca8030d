# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options with which a host is prepared: what is given, what it had, and what it chooses by itself."""

from __future__ import annotations

from ..decide.host import check_interfaces
from ..memory.record import Record
from ..steering import choose
from ..values.options import HostOptions


def completed(given: HostOptions, old: Record | None) -> tuple[HostOptions, str]:
    """Also why it has this steering, "" where it did not choose.  Raises InvalidRequest."""
    before, why = old.options if old else None, ""
    if given.steering == choose.AUTO:
        chosen, why = choose.chosen(before.steering if before else "")
        given = given._replace(steering=chosen)
    options = given.completed(before)
    whole = choose.serves_whole_host(options.steering)
    check_interfaces(given, options.steering, whole)
    if not whole:  # of another steering, which it had before
        options = options._replace(interfaces=None, ipv6=None)
    return options, why

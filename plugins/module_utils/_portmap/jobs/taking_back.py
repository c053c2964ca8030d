# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What taking the preparation of a host back compares."""

from __future__ import annotations

from ..decide import host as decide
from ..decide import host_absent
from ..engine.comparison import Comparison
from ..linux import netns
from ..linux.view import View
from ..memory.record import Record
from ..objects.kind import Object
from ..sight import survey as surveys
from ..sight.host import base_objects, hooked_by_others, sysctl_objects
from ..sight.shaping import pairs
from ..sight.unmanaged import see_files
from ..steering import choose
from ..values.errors import InvalidRequest
from ..values.options import HostOptions
from ..wanted import shaping
from .comparing import Observer
from .uplink import look_anyway, look_without_record


class TakingBack:
    """The engine's job."""

    def __init__(self, options: HostOptions, old: Record | None) -> None:
        self._old = old
        self._given = options

    def compare(self, view: View, in_full: bool) -> Comparison:
        names = sorted({*surveys.placed_names(view), *(netns.made_by_us() if self._old else ())})
        if names:
            raise InvalidRequest(
                f"cannot take the preparation back: containers are placed, at least in part"
                f" ({', '.join(names)}); remove them with netiso.portmap.portmap_container first"
            )
        return self.compare_again(view, in_full)

    def compare_again(self, view: View, in_full: bool) -> Comparison:
        old = self._old
        if old:
            uplink = look_anyway(view, old, closely=True)
        else:
            uplink = look_without_record(view, self._given, "")
        host = uplink.host
        plane = choose.whole(old.options.steering if old else "", view, host)
        found: list[Object] = [*base_objects(view, host), *see_files()]
        found += pairs(view, *shaping.PAIRS)
        survey = surveys.survey(view, plane, host, [], interfaces=True)
        comparison = Observer(view, plane, survey).comparison(in_full)
        comparison.complete = True
        if old is None:
            comparison.before, comparison.after = host_absent.taken_back_unknown(survey, found)
            return comparison
        old = decide.known_as(old, host.public, moved=False)
        old = host_absent.sparing(old, hooked_by_others(view, host))
        comparison.before, comparison.after = host_absent.taken_back(
            survey,
            found,
            sysctl_objects(host_absent.changed_sysctls(old)),
            old,
            netns.can_unshare(old.before.get("handles", "")),
        )
        return comparison

    def begin(self) -> None:
        """The record stays until all of it is done."""

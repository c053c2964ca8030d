# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The links that limited containers share: made with the first limit, and removed with the last one."""

from __future__ import annotations

from collections.abc import Set

from ..decide import limits as decide
from ..decide.containers import Decision
from ..decide.limits import Shared
from ..engine.comparison import Comparison
from ..linux.view import View
from ..objects.kind import state
from ..sight import shaping as sight
from ..sight.host import link
from ..sight.seen import Survey
from ..steering.plane import Plane, Seen
from ..wanted import shaping


def look(view: View, plane: Plane, survey: Survey, veths: Set[str]) -> tuple[Shared, Seen]:
    """What there is of that, for a task about these veths.  Where nobody is limited, nothing is asked."""
    found = Seen()
    there = [pair for pair in shaping.PAIRS if view.ifindex(pair[0]) or view.ifindex(pair[1])]
    concerned = decide.Concerned(survey.steered.blocks if there else {}, veths)
    for pair in there:
        found.add(sight.on_pair(view, plane, pair, concerned))
    return decide.shared(found.objects, concerned), found


def add(
    comparison: Comparison, plane: Plane, survey: Survey, there: Shared, decision: Decision
) -> None:
    """What everybody shares stays as long as somebody needs it.

    For others alone it is left as it is.  Raises InvalidRequest when it is needed, and somebody else's
    links are in the way.
    """
    comparison.before.update(state(there.common))
    if not any(map(survey.host.shapes, decision.placed)):
        comparison.after.update(state(there.common if there.others else ()))
    else:
        decide.check(there.common)
        comparison.after.update(state(shaping.common(survey.host, link(survey.host).speed)))
        for pair in shaping.pairs_of(survey.host):
            comparison.after.update(state(plane.of_shaper(survey.host, pair)))

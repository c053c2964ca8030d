# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.decide import summary
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.decide.containers import (
    Decision,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.ports import Range
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.wanted.claims import Ask
from ansible_collections.netiso.portmap.tests.unit.plugins.module_utils._portmap.seen import WEB

MORE = WEB._replace(service=(Range(31000, 31015),))
MOVED = WEB._replace(ephemeral=Range(30064, 30079))
BARE = WEB._replace(service=())


@pytest.mark.parametrize(
    ("had", "now", "touched", "line"),
    [
        (None, WEB, True, "web: placed with ports 31000-31007, ephemeral ports 30016-30031"),
        (None, BARE, True, "web: placed with ports none, ephemeral ports 30016-30031"),
        (WEB, MORE, True, "web: ports 31000-31007 -> 31000-31015"),
        (WEB, BARE, True, "web: ports 31000-31007 -> none"),
        (WEB, MOVED, True, "web: ephemeral ports 30016-30031 -> 30064-30079"),
        (WEB._replace(ephemeral=None), WEB, True, "web: ephemeral ports unclear -> 30016-30031"),
        (WEB, WEB, True, "web: repaired"),
        (WEB, WEB, False, None),
        (WEB, None, True, "web: removed"),
        (None, None, True, "web: what was left of it removed"),
        (None, None, False, None),
    ],
)
def test_what_happens_to_a_container_is_one_line(had, now, touched, line):
    decision = Decision(
        [Ask("web", present=now is not None)], [now] if now else [], {"web": had} if had else {}
    )
    for owner in (("web", ""), ("", "pm-web")):
        told = summary.changes(decision, {owner} if touched else {("db", ""), ("", "pm-db")})
        assert told == ([line] if line else [])


def test_a_diff_begins_with_the_containers_before_and_after():
    decision = Decision([Ask("web")], [MORE], {"web": WEB})
    assert summary.diff(decision) == (
        "web: ports 31000-31007, ephemeral ports 30016-30031\n",
        "web: ports 31000-31015, ephemeral ports 30016-30031\n",
    )

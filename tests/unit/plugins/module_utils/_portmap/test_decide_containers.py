# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.decide import (
    containers as decide,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.decide.containers import (
    Decision,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.ports import (
    Block,
    Range,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.wanted.claims import (
    Ask,
    Namespace,
)
from ansible_collections.netiso.portmap.tests.unit.plugins.module_utils._portmap.seen import (
    DB,
    WEB,
    survey,
    veth,
)

NEW, GONE = Ask("web", ports=(Range(31000, 31007),)), Ask("web", present=False)


def test_purging_asks_that_all_others_be_absent():
    asks = decide.purging([NEW], ["web", "old", "db"])
    assert [(ask.name, ask.present) for ask in asks] == [
        ("web", True),
        ("db", False),
        ("old", False),
    ]


def test_what_others_own_is_told_by_their_names_or_by_the_link():
    seen = survey(
        WEB, DB, blocks={"pm-web": [Block(1, 1)], "pm-db": [Block(2, 2)], "pm-x": [Block(8, 8)]}
    )
    assert decide.owned_by_others(seen, [NEW]) == {"db": [Range(2, 3)], "pm-x": [Range(8, 15)]}


def test_ports_that_lead_nowhere_are_nobody_s():
    assert decide.owned_by_others(survey(blocks={"": [Block(2, 2)]}), [NEW]) == {}


def test_a_veth_that_somebody_has_renamed_is_its_container_s_still():
    seen = survey(WEB, blocks={"renamed": [Block(31000, 8)]})
    seen.placed["web"] = seen.placed["web"]._replace(veth=veth(WEB, "renamed"))
    assert decide.veths_of(seen, [NEW]) == {"pm-web", "renamed"}
    assert decide.owned_by_others(seen, [NEW]) == {}


@pytest.mark.parametrize(
    ("ask", "had", "asked"),
    [
        (Ask("web"), {}, True),
        (Ask("web", ports=()), {"web": WEB}, False),
        (Ask("web"), {"web": WEB}, False),
        (Ask("web", ports=WEB.service), {"web": WEB}, False),
        (Ask("web", ports=(Range(31000, 31008),)), {"web": WEB}, True),
        (Ask("web", ephemeral=WEB.ephemeral), {"web": WEB}, False),
        (Ask("web", ephemeral=Range(30048, 30063)), {"web": WEB}, True),
        (Ask("web"), {"web": WEB._replace(ephemeral=None)}, True),
        (Ask("web", present=False), {}, False),
        (Ask("web", ignore_listeners=True), {}, False),
    ],
)  # fmt: skip
def test_the_host_s_listeners_matter_when_somebody_may_get_new_ports(ask, had, asked):
    assert decide.new_ports([ask], had) is asked


def test_newcomers_join_what_everybody_gets_and_those_who_go_leave_it():
    seen = survey(WEB, DB)
    assert decide.sharing(seen, [Ask("new")]) == ({"pm-new", "pm-web", "pm-db"}, set())
    assert decide.sharing(seen, [GONE]) == ({"pm-db"}, {"pm-web"})


def test_of_a_host_that_is_not_known_as_a_whole_nobody_else_leaves():
    seen = survey(WEB, complete=False)
    assert decide.sharing(seen, [Ask("new")]) == ({"pm-new"}, set())
    assert decide.sharing(seen, [GONE]) == (set(), {"pm-web"})


def test_who_gets_copies_and_is_placed_no_more_leaves():
    seen = survey(WEB, copies={"arp": {1: ("pm-web", "pm-old", "")}})
    assert decide.sharing(seen, [Ask("web")]) == ({"pm-web"}, {"pm-old", ""})


def test_a_decision_stands_but_for_namespaces_that_were_made_since():
    decision = Decision([NEW], [WEB], {})
    later = decision.standing(
        survey(WEB), {"web": Namespace("web", "created", 7, "/run/netns/web")}
    )
    assert later.placed == [WEB._replace(inode=7)]
    assert later.had == {"web": WEB}
    assert decision.placed == [WEB]


def test_blocks_before_and_after_and_those_that_a_veth_lists_concern_a_task():
    after = WEB._replace(service=(Range(31016, 31016),))
    blocks = decide.blocks_of(Decision([NEW], [after], {"web": WEB}), [Block(1, 1)])
    assert blocks == {Block(31000, 8), Block(31016, 1), Block(30016, 16), Block(1, 1)}

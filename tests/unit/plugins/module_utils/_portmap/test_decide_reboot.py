# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.decide.problems import (
    reboot,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.memory.next_boot import (
    Entry,
    Saved,
    SavedFile,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.options import (
    HostOptions,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.ports import (
    Range,
)
from ansible_collections.netiso.portmap.tests.unit.plugins.module_utils._portmap.seen import (
    WEB,
)

SITE = "ansible-playbook netiso.portmap.site -i inventory --limit HOST"
OPTIONS = HostOptions("", "", (), Range(30016, 30999), 16, None, "relax")
KEPT = Entry("web", "web", "created", WEB.service, WEB.ephemeral)


@pytest.mark.parametrize(
    ("saved", "now", "told"),
    [
        ({"web": KEPT}, {"web": KEPT}, []),
        ({"web": KEPT}, {}, ["web is saved in"]),
        ({}, {"web": KEPT}, ["the next boot"]),
        ({"web": KEPT}, {"web": KEPT._replace(ephemeral=None)}, ["the next boot"]),
        ({"web": KEPT}, {"web": KEPT._replace(origin="attached")}, ["the next boot"]),
        ({"web": KEPT}, {"web": KEPT._replace(service=())}, ["the next boot"]),
        ({"web": KEPT._replace(netns="/a")}, {"web": KEPT._replace(netns="")}, []),  # no path is known
        ({"a": KEPT, "b": KEPT}, {"c": KEPT, "d": KEPT}, ["a, b are saved", "the next boot"]),
    ],
)  # fmt: skip
def test_what_would_not_come_back_after_a_boot_is_told(saved, now, told):
    found = reboot.problems(SavedFile(Saved(OPTIONS, saved), ""), now, None)
    assert len(found) == len(told)
    for one, said in zip(found, told):
        assert one.description.startswith(said)


def test_of_a_name_that_is_neither_saved_nor_placed_nothing_is_told():
    file = SavedFile(Saved(OPTIONS, {"web": KEPT}), "")
    assert reboot.problems(file, {}, ["nosuch"]) == []
    assert [one.containers for one in reboot.problems(file, {}, ["web"])] == [("web",)]
    assert reboot.problems(file, {}, None, ["web"]) == []  # that it is gone is told already


@pytest.mark.parametrize("why", ["", "it is torn"])
def test_a_file_for_the_next_boot_that_cannot_be_used_is_told(why):
    (found,) = reboot.problems(SavedFile(None, why), {}, None)
    assert (why or "missing") in found.description
    assert found.repair == SITE

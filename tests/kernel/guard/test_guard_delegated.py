# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The slice of a user, below which groups are the user's own: he moves processes there, and not out of it."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from guarding import FOREIGN, FREE, OWN, guard, on_host
from guarding import group as group
from guarding import lab as lab
from guarding import modules as modules
from lab.cgroups import Group
from lab.ways import I4, TCP, bind

USER = 65534
# What systemd gives to a user of the group of his own manager: systemd.resource-control(5), Delegate=.
DELEGATED = ("", "cgroup.procs", "cgroup.subtree_control", "cgroup.threads")


@pytest.fixture
def manager(group: Group) -> Group:
    """Where the user's own manager would be: user.slice/user-65534.slice/user@65534.service."""
    made = group
    for name in ("user.slice", f"user-{USER}.slice", f"user@{USER}.service"):
        made = made.child(name)
    for name in DELEGATED:
        os.chown(made.path / name, USER, USER)
    return made


def guarded(modules, slice_: Group, group: Group, **more: object) -> dict:
    path = f"/{slice_.path.relative_to(group.path.parent)}"
    return dict(modules.guard(**guard(group, cgroup=path, **more)))


def as_user(act: Callable[[], object]) -> Callable[[], object]:
    def there() -> object:
        os.setgroups([])
        os.setegid(USER)
        os.seteuid(USER)
        try:
            return act()
        finally:  # only root goes back to the network that he came from
            os.seteuid(0)

    return there


def moved(into: Group, act: Callable[[], object]) -> Callable[[], object]:
    def there() -> object:
        into.path.mkdir(exist_ok=True)
        into.join()
        return act()

    return there


def bound(lab, manager: Group, port: int, into: Group) -> str:
    """What the kernel says to a process of the user that has moved itself."""
    act = as_user(moved(into, lambda: bind(I4, TCP, port)))
    return manager.run(on_host(lab, act))


@pytest.mark.parametrize("whose", ["user-65534.slice", "user.slice"])
def test_what_is_in_the_slice_keeps_to_its_ports_wherever_it_moves(
    lab, modules, group, manager, whose
):
    slice_ = next(Group(one) for one in manager.path.parents if one.name == whose)
    guarded(modules, slice_, group)
    for into in (manager, Group(manager.path / "app.slice"), Group(manager.path / "other")):
        told = [bound(lab, manager, port, into) for port in (OWN, FOREIGN, FREE)]
        assert told == ["bound", "EPERM", "bound"]


def test_nobody_moves_out_of_it(lab, modules, group, manager):
    """Not even into another group that is his own: the kernel asks for the right to what both have in common."""
    slice_ = Group(manager.path.parent)
    guarded(modules, slice_, group)
    other = group.child("other")
    for name in DELEGATED:
        os.chown(other.path / name, USER, USER)
    for outside in (group, Group(slice_.path.parent), slice_, other):
        assert bound(lab, manager, FOREIGN, outside) == "EACCES"


def test_of_two_guards_each_must_let_a_port_be(lab, modules, group, manager):
    """That of all users, and that of one: what only one of them gives is refused."""
    inner, outer = Group(manager.path.parent), Group(manager.path.parents[1])
    guarded(modules, outer, group, name="all", ports=["31000-31003"])
    guarded(modules, inner, group, name="one", ports=["31003-31007"])
    told = {port: bound(lab, manager, port, manager) for port in (OWN, 31003, 31007)}
    assert told == {OWN: "EPERM", 31003: "bound", 31007: "EPERM"}

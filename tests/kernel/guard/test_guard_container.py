# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ports guard of what runs in a container: its ports are the container's, as they are now."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from guarding import attach, programs, server, watching
from guarding import group as group
from guarding import journal as journal
from guarding import lab as lab
from lab.cgroups import Group
from lab.machines import Lab
from lab.modules import ModuleError, Modules
from lab.netns import inside
from lab.pools import POOLS
from lab.ways import I4, I6, MPTCP, TCP, UDP, bind

OWN, LATER, SIBLINGS, NOBODYS = 31000, 31064, 31200, 8080
GUARDS = "/etc/netiso-portmap/guards.json"


EPHEMERAL = "30016-30031"
CONTAINERS = [
    {"name": "web", "ports": [f"{OWN}-{OWN + 7}"], "ephemeral_ports": EPHEMERAL},
    {"name": "db", "ports": [str(SIBLINGS)]},
]


@pytest.fixture(scope="module")
def prepared(lab: Lab) -> Modules:
    made = Modules(lab.host)
    made.host(**POOLS)
    return made


@pytest.fixture
def modules(prepared: Modules) -> Iterator[Modules]:
    """Of a host with the containers `web` and `db`, and no guards."""
    prepared.container(containers=CONTAINERS)
    yield prepared
    prepared.guard(guards=[], purge=True)


def guard(group: Group, **more: Any) -> dict[str, Any]:
    given = {"name": "web", "cgroup": f"/{group.path.name}", "container": "web"}
    return {"guards": [{**given, **more}], "action": "deny", "scan_interval": 0}


@pytest.fixture
def guarded(modules: Modules, group: Group) -> Group:
    modules.guard(**guard(group))
    return group


def in_container(lab: Lab, act: Callable[[], object]) -> Callable[[], object]:
    def there() -> object:
        with inside(lab.container("web").netns):
            return act()

    return there


def tried(lab: Lab, group: Group, port: int, host: str = "") -> str:
    return group.run(in_container(lab, lambda: bind(I4, TCP, port, host=host)))


# --- refused, and not ---------------------------------------------------------------------------

WAYS: dict[str, Callable[[int], str]] = {
    "tcp": lambda port: bind(I4, TCP, port),
    "mptcp": lambda port: bind(I4, TCP, port, MPTCP),
    "tcp6": lambda port: bind(I6, TCP, port),
    "udp": lambda port: bind(I4, UDP, port),
    "loopback": lambda port: bind(I4, TCP, port, host="127.0.0.1"),
    "udp at the loopback": lambda port: bind(I4, UDP, port, host="127.0.0.1"),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_port_that_is_not_the_containers_is_refused_at_once(lab, guarded, way):
    told = {
        port: guarded.run(in_container(lab, lambda port=port: WAYS[way](port)))
        for port in (OWN, NOBODYS, SIBLINGS)
    }
    assert told == {OWN: "bound", NOBODYS: "EPERM", SIBLINGS: "EPERM"}


def heard() -> str:
    """Who comes to a listener at the loopback, from inside."""
    with socket.create_server(("127.0.0.1", NOBODYS)) as listener, socket.socket() as client:
        listener.settimeout(1)
        client.settimeout(1)
        try:
            client.connect(("127.0.0.1", NOBODYS))
            listener.accept()
        except OSError:
            return "nobody"
        return "somebody"


def test_without_a_guard_it_is_had_and_nobody_is_heard_not_from_inside_either(lab, modules, group):
    """The witness: why the loopback is no exception."""
    assert group.run(in_container(lab, heard)) == "nobody"


@pytest.mark.parametrize("kind", [TCP, UDP])
def test_what_the_kernel_chooses_is_the_containers_own(lab, guarded, kind):
    def chosen() -> int:
        with socket.socket(I4, kind) as made:
            made.bind(("", 0))
            return int(made.getsockname()[1])

    assert 30016 <= int(guarded.run(in_container(lab, chosen))) <= 30031


def test_what_the_group_binds_in_the_hosts_own_network_is_not_judged(lab, guarded):
    def act() -> str:
        with inside(lab.host.place.netns):
            return bind(I4, TCP, NOBODYS)

    assert guarded.run(act) == "bound"


# --- other ports --------------------------------------------------------------------------------


def test_other_ports_come_with_the_run_that_gives_them(lab, modules, guarded):
    given = {"container": "web", "ports": [str(LATER)]}
    before = programs(guarded)
    assert tried(lab, guarded, LATER) == "EPERM"
    foretold = modules.checking().differing().ranges(**given)
    assert tried(lab, guarded, LATER) == "EPERM"
    done = modules.differing().ranges(**given)
    assert (foretold["changes"], foretold["diff"]) == (done["changes"], done["diff"])
    assert done["changes"][-2:] == [f"write {GUARDS}", "give the guard web its ports"]
    assert (
        f"on {EPHEMERAL}, {OWN}-{OWN + 7}, {LATER} of the container web" in done["diff"]["after"]
    )
    assert tried(lab, guarded, LATER) == "bound"
    assert modules.ranges(**given)["changes"] == []
    assert modules.guard(**guard(guarded))["changes"] == []
    modules.ranges(**given, state="absent")
    assert tried(lab, guarded, LATER) == "EPERM"
    assert programs(guarded) == before


def test_a_container_that_is_placed_with_other_ports_tells_its_guard(lab, modules, guarded):
    modules.container(name="web", ports=[str(LATER)])
    assert (tried(lab, guarded, OWN), tried(lab, guarded, LATER)) == ("EPERM", "bound")


def test_other_containers_and_their_ports_are_not_its_matter(modules, guarded):
    done = modules.ranges(container="db", ports=["31300"])
    assert [one for one in done["changes"] if "guard" in one] == []


def test_a_container_that_is_made_anew_has_its_guard_in_its_new_namespace(lab, modules, guarded):
    modules.container(name="web", state="absent")
    (told,) = modules.problems()
    assert told["kind"] == "guard_detached"
    assert "its container web is not placed" in told["description"]
    modules.container(containers=CONTAINERS)
    assert modules.problems() == []
    assert (tried(lab, guarded, OWN), tried(lab, guarded, NOBODYS)) == ("bound", "EPERM")


def test_a_run_that_was_killed_before_it_told_the_guard_is_told_and_made_up_for(
    lab, modules, guarded
):
    path = Path(lab.host.path(GUARDS))
    before = path.read_text()
    given = {"container": "web", "ports": [str(LATER)]}
    points = modules.run("portmap_ranges", given, at=10_000).points
    modules.ranges(**given, state="absent")
    assert modules.run("portmap_ranges", given, at=len(points) - 1).killed
    assert path.read_text() == before or tried(lab, guarded, LATER) == "EPERM"
    (told,) = modules.problems()
    assert told["kind"] == "guard_detached"
    modules.ranges(**given)
    assert modules.problems() == []
    assert tried(lab, guarded, LATER) == "bound"


def test_a_guard_that_knows_other_ports_is_told_and_repaired_by_its_command(lab, modules, guarded):
    path = Path(lab.host.path(GUARDS))
    data = json.loads(path.read_text())
    data["guards"][0]["ports"] = ["31001"]
    path.write_text(json.dumps(data))
    (told,) = modules.info(detail=True)["problems"]
    assert told["kind"] == "guard_detached"
    assert "the container web has other ports than when the guard was told" in str(told)
    modules.guard(guards=[])
    assert modules.problems() == []
    assert tried(lab, guarded, OWN) == "bound"


# --- the module ---------------------------------------------------------------------------------


def test_check_mode_foretells_and_a_second_run_changes_nothing(modules, group):
    told = modules.checking().differing().guard(**guard(group))
    assert programs(group) == set()
    done = modules.differing().guard(**guard(group))
    assert (told["changes"], told["diff"]) == (done["changes"], done["diff"])
    (one,) = done["guards"]
    assert (one["container"], one["policed"]) == ("web", ["1-65535"])
    assert one["ports"] == [EPHEMERAL, f"{OWN}-{OWN + 7}"]
    assert modules.guard(**guard(group))["changes"] == []


WRONG = [
    ({"ports": ["31000"]}, "cannot guard web on 31000: the ports of the container web are meant"),
    (
        {"container": "cache"},
        "cannot guard web: there is no container cache on this host; place it",
    ),
    ({"container": "a b"}, "cannot use container 'a b'"),
]


@pytest.mark.parametrize(("given", "said"), WRONG, ids=[said for _, said in WRONG])
def test_bad_input_is_named_and_changes_nothing(lab, modules, group, given, said):
    with pytest.raises(ModuleError) as refused:
        modules.guard(**guard(group, **given))
    assert said in refused.value.msg
    assert not Path(lab.host.path(GUARDS)).exists()


def test_a_listener_from_before_is_one_problem_and_closed_where_that_is_asked(
    lab, modules, group, journal
):
    with server(lab.host, group, NOBODYS, netns="/run/netns/web") as process:
        modules.guard(**{**guard(group, action="close"), "scan_interval": 1})
        assert [one["kind"] for one in modules.problems()] == ["foreign_port"]
        with watching(lab.host):
            assert "closed TCP port 8080" in journal.find("web: closed")["MESSAGE"]
            assert process.stdout is not None
            assert process.stdout.readline().startswith("closed ")
    assert modules.problems() == []


def test_a_unit_attaches_it_for_the_namespace_of_the_container(lab, modules, group):
    given = guard(group)
    given["guards"] = [{"name": "web", "unit": "web.service", "container": "web"}]
    modules.guard(**given)
    assert attach(lab.host, group, "web.service", "/no/such/file") == "0"
    assert (tried(lab, group, OWN), tried(lab, group, NOBODYS)) == ("bound", "EPERM")
    modules.container(name="web", state="absent")
    said = attach(lab.host, group, "web.service", "/no/such/file")
    assert said.startswith("1 portmap-guard: cannot attach the guard web: /run/netns/web is no")

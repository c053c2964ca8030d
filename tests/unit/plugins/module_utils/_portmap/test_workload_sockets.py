# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sockets that systemd opens in a container for a workload."""

from __future__ import annotations

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.decide import (
    workloads as decide,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.decide.problems import (
    workload as problem,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.decide.workloads import Home
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.sight.processes_seen import (
    SocketSeen,
    WorkloadSeen,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.errors import (
    InvalidRequest,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.workloads import (
    ABSENT,
    STOPPED,
    Unit,
    Workload,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.wanted.workload import (
    files,
    sound,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.wanted.workload.files import (
    Label,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.wanted.workload.setting import (
    Setting,
)

HERE, ELSEWHERE = 4026531840, 4026539999
SETTING = Setting("/run/netns/web", {"PORT": "31000", "PORTS": "31000-31007,31020"}, 252)
HOME = Home(SETTING, HERE)
SOCKETS = (("http", "${PORT}"), ("echo", "31020/udp"))
WEB = Workload("site", "web", command=("/bin/httpd",), sockets=SOCKETS)
HTTP, ECHO = "site@http.socket", "site@echo.socket"
LABEL = Label("site", "web", "systemd", "site.service")
UP = Unit("loaded", "active", 7, False, "", "success", "0", 0)
DOWN = UP._replace(active="inactive", main=0)
UNKNOWN = Unit("not-found", "inactive", 0, False, "", "success", "0", 0)
DROP_IN = "/etc/systemd/system/run-netns-web.mount.d/50-portmap-site.conf"


def on_disk(workload=WEB):
    found = files.files(decide.filled_in(workload, SETTING), SETTING)
    return {file.path: file.text for file in found}


def lines(unit, workload=WEB):
    return on_disk(workload)[f"/etc/systemd/system/{unit}"].splitlines()


def running(workload=WEB, unit=UP, heard=True, spaces=frozenset({HERE})):
    have = on_disk(workload)
    seen = {one: SocketSeen(UP, heard) for one in files.sockets(have)}
    return WorkloadSeen(have, LABEL, unit, spaces, seen)


def decided(workload=WEB, seen=None, home=HOME):
    return decide.course(workload, running() if seen is None else seen, home, False)


# --- what is written ------------------------------------------------------------------------------


def test_a_socket_is_bound_in_the_container():
    found = lines(HTTP)
    assert {
        "ConditionPathIsMountPoint=/run/netns/web",
        "NetworkNamespacePath=/run/netns/web",
        "ListenStream=0.0.0.0:31000",
        "FileDescriptorName=http",
        "Service=site.service",
    } <= set(found)
    assert "ListenDatagram=0.0.0.0:31020" in lines(ECHO)


def test_a_socket_waits_at_a_boot_and_nothing_waits_for_it():
    """sockets.target comes before what restores containers."""
    assert {"DefaultDependencies=no", "After=portmap-restore.service"} <= set(lines(HTTP))


def test_the_service_gets_all_of_them_and_lives_in_the_container_or_has_no_network():
    both = f"{HTTP} {ECHO}"
    assert {f"BindsTo={both}", f"After=portmap-restore.service {both}"} <= set(
        lines("site.service")
    )
    assert "Wants=site.service" in lines(HTTP)
    assert "NetworkNamespacePath=/run/netns/web" in lines("site.service")
    alone = lines("site.service", WEB._replace(network="none"))
    assert "PrivateNetwork=yes" in alone
    assert not any(line.startswith("NetworkNamespacePath") for line in alone)


def test_the_mount_opens_them_and_closes_them():
    tie = on_disk()[DROP_IN].splitlines()
    units = f"{HTTP} {ECHO} site.service"
    assert {f"Before={units}", f"Upholds={units}", f"PropagatesStopTo={units}"} <= set(tie)


def test_what_may_end_is_not_upheld_but_its_sockets_are():
    tie = on_disk(WEB._replace(restart_policy="no"))[DROP_IN].splitlines()
    assert f"Upholds={HTTP} {ECHO}" in tie


def test_a_unit_of_others_gets_them_wherever_it_is():
    bound = Workload("site", "web", unit="nginx.service", sockets=SOCKETS)
    drop_in = on_disk(bound)["/etc/systemd/system/nginx.service.d/50-portmap.conf"]
    assert f"BindsTo={HTTP} {ECHO}" in drop_in.splitlines()
    assert "Service=nginx.service" in lines(HTTP, bound)
    assert bound.elsewhere
    assert files.is_elsewhere(on_disk(bound))
    assert not bound._replace(join=True).elsewhere
    assert not files.is_elsewhere(on_disk(bound._replace(join=True)))
    assert not files.is_elsewhere(on_disk())


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sockets", "said"),
    [
        ((("http", "80"),), "on port 80: that is no port of web, which has 31000-31007,31020"),
        ((("http", "31000-31007"),), "expected a port, as 31000 or 31000/udp"),
        ((("http", "31000/sctp"),), "expected a port"),
        ((("http", "0"),), "expected a port"),
        ((("http", "${PORT_HTTP}"),), "there is no PORT_HTTP"),
        ((("a", "31000"), ("b", "${PORT}/tcp")), "another socket of it listens there"),
    ],
)
def test_a_socket_without_a_port_of_its_own(sockets, said):
    with pytest.raises(InvalidRequest, match=said.replace("$", r"\$")):
        decided(WEB._replace(sockets=sockets))


def test_tcp_and_udp_share_a_number():
    assert decided(WEB._replace(sockets=(("a", "31000"), ("b", "31000/udp")))).changes


@pytest.mark.parametrize(
    ("workload", "said"),
    [
        (WEB._replace(sockets=(("a:b", "1"),)), "cannot use socket 'a:b' for site"),
        (WEB._replace(sockets=(("../x", "1"),)), "cannot use socket '../x' for site"),
        (WEB._replace(engine="podman", image="x"), "podman does not hand them over"),
        (WEB._replace(sockets=(), network="none"), "without sockets nobody would reach it"),
    ],
)
def test_sockets_that_cannot_be_had(workload, said):
    with pytest.raises(InvalidRequest, match=said):
        sound.check_all([workload])


# --- what is done ---------------------------------------------------------------------------------


def test_a_new_workload_is_started_with_its_sockets():
    found = decided(seen=WorkloadSeen({}, None, UNKNOWN, frozenset()))
    assert found.units("start") == ["site.service", HTTP, ECHO]


def test_what_serves_is_left_alone():
    assert not decided().changes


def test_a_restart_goes_on_listening():
    found = decided(WEB._replace(command=("/bin/httpd", "-v")))
    assert found.units("restart") == ["site.service"]


def test_a_changed_port_opens_that_socket_anew():
    """systemd 252 restarts a service and its sockets in an order in which some stay closed."""
    found = decided(WEB._replace(sockets=(("http", "31001"), SOCKETS[1])))
    assert found.units("stop") == found.units("start") == ["site.service", HTTP]
    assert found.units("restart") == []
    assert found.why == "restarted: its socket http changed"


def test_a_socket_that_is_not_wanted_is_closed():
    found = decided(WEB._replace(sockets=SOCKETS[:1]))
    assert (found.units("stop"), found.units("restart")) == ([ECHO], ["site.service"])
    assert f"stop {ECHO}" in decide.changes([found])


@pytest.mark.parametrize("restart", [True, False])
def test_sockets_in_a_dead_namespace_are_opened_anew_whatever_is_asked(restart):
    found = decided(WEB._replace(restart=restart), running(heard=False))
    assert found.units("stop") == found.units("start") == ["site.service", HTTP, ECHO]
    assert found.why == "restarted: nobody listened for it on http, echo"


def test_what_has_no_network_is_not_called_deaf():
    alone = WEB._replace(network="none")
    assert not decided(alone, running(alone, spaces=frozenset({ELSEWHERE}))).changes
    assert decide.fault(decided(alone), running(alone, spaces=frozenset({5})), HERE, "") == ""


def test_what_has_ended_waits_for_who_comes():
    idle = WEB._replace(restart_policy="on-failure")
    assert not decided(idle, running(idle, DOWN)).changes
    before, after = decide.diff(
        [decided(idle, running(idle, DOWN))], {"site": running(idle, DOWN)}
    )
    assert before == after
    assert decided(idle, running(idle, DOWN._replace(result="signal"))).act == "start"
    assert decided(WEB, running(WEB, DOWN)).act == "start"


def test_a_changed_socket_of_what_waits_is_closed_before_it_is_opened():
    idle = WEB._replace(restart_policy="no")
    moved = idle._replace(sockets=(("http", "31001"), SOCKETS[1]))
    found = decided(moved, running(idle, DOWN))
    assert (found.units("stop"), found.units("start")) == ([HTTP], ["site.service", HTTP])


@pytest.mark.parametrize("state", [STOPPED, ABSENT])
def test_the_sockets_end_with_it_though_it_waits(state):
    found = decided(WEB._replace(state=state), running(WEB, DOWN))
    assert found.units("stop") == ["site.service", HTTP, ECHO]


def test_who_does_not_listen_is_told():
    said = decide.fault(decided(), running(heard=False), HERE, "")
    assert "nobody listens on http, echo, site@http.socket is active" in said


# --- what is wrong --------------------------------------------------------------------------------


def told(seen):
    return list(problem.problems([("site", seen)], {"web": HERE}))


def test_sockets_in_a_dead_namespace_are_a_problem_that_a_command_repairs():
    (found,) = told(running(heard=False))
    assert found.description.startswith("nobody listens for workload site on http, echo")
    units = f"site.service {HTTP} {ECHO}"
    assert found.repair == f"systemctl stop {units} && systemctl start {units}"


def test_what_waits_or_has_no_network_is_no_problem():
    alone = WEB._replace(network="none")
    assert told(running(unit=DOWN)) == []
    assert told(running(alone, spaces=frozenset({ELSEWHERE}))) == []
    assert told(running(unit=DOWN._replace(active="failed")))

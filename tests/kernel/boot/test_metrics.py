# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Metrics of a host with real packets, read by the parsers of others: prometheus_client, and promtool where it is."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import parser
from prometheus_client.openmetrics import parser as open_parser

from asking import ask
from lab.cgroups import group as group_made
from lab.machines import HOST, PEER, Lab, Machine
from lab.modules import Modules
from lab.netns import inside
from scene import PORTS

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]
EVERYBODY = sorted(PORTS)
FILE = "/var/lib/node-exporter/portmap.prom"


@pytest.fixture
def host(wired: Lab) -> Machine:
    return wired.host


def samples(text: str) -> Samples:
    return {
        (one.name, frozenset(one.labels.items())): one.value
        for family in parser.text_string_to_metric_families(text)
        for one in family.samples
    }


def value(found: Samples, name: str, **labels: str) -> float:
    return found[f"portmap_{name}", frozenset(labels.items())]


def test_everybody_has_what_ip_and_the_kernel_count(wired: Lab, host: Machine) -> None:
    host.run("ping", "-c", "3", "-i", "0.05", "-s", "1000", PEER, container="web")
    found = samples(ask(host, "metrics").stdout)
    for name in EVERYBODY:
        (inner,) = host.json("ip", "-s", "-j", "link", "show", "dev", "eth0", container=name)
        for way, verb in (("rx", "receive"), ("tx", "transmit")):
            for counter in ("bytes", "packets", "errors"):
                told = value(found, f"container_{verb}_{counter}_total", container=name)
                assert told == inner["stats64"][way][counter]
        assert value(found, "container_info", container=name, interface=f"pm-{name}") == 1
        resent = wired.container(name).snmp("Tcp", "RetransSegs")
        assert value(found, "container_tcp_retransmitted_segments_total", container=name) == resent
    assert value(found, "container_ports", container="web", kind="service") == 9
    assert value(found, "container_ports", container="web", kind="ephemeral") == 16


def test_pools_add_up(host: Machine) -> None:
    found = samples(ask(host, "metrics", "counters").stdout)
    given = value(found, "pool_ports", pool="service", state="given")
    assert given == 9 + 24 + 500 + 1
    assert given + value(found, "pool_ports", pool="service", state="free") == 1001
    assert value(found, "pool_ports", pool="ephemeral", state="given") == 48


def test_connections_and_their_times_are_told(wired: Lab, host: Machine) -> None:
    with inside(wired.container("web").netns):
        server = socket.create_server((HOST, 31000))
    with inside(wired.peer.place.netns):
        client = socket.create_connection((HOST, 31000), 10)
    with server, client, server.accept()[0]:
        found = samples(ask(host, "metrics", "sockets").stdout)
        said = host.run("ss", "-Htin", "state", "established", container="web").stdout
    rtt = float(said.split(" rtt:")[1].split("/")[0]) / 1000
    for percentile in ("50", "99"):
        told = value(found, "container_tcp_rtt_seconds", container="web", percentile=percentile)
        assert told == pytest.approx(rtt, abs=1e-6)
    assert value(found, "container_tcp_connections", container="web", state="active") == 2


def test_a_limit_is_told_with_what_it_has_cost(wired: Lab, host: Machine) -> None:
    Modules(host).container(name="web", limits={"receive": "1mbit", "send": "2mbit"})
    try:
        with inside(wired.peer.place.netns):
            client = socket.socket(type=socket.SOCK_DGRAM)
        with client:
            for _ in range(300):
                client.sendto(bytes(1400), (HOST, 31000))
            found = samples(ask(host, "metrics", "counters").stdout)
        (witness,) = host.json("tc", "-s", "-j", "qdisc", "show", "dev", "pm-web", "root")
        sent, queues = _sent(wired, host)
    finally:
        Modules(host).container(name="web", limits={})
    web = {"container": "web", "direction": "receive"}
    assert value(found, "container_rate_limit_bytes_per_second", **web) == 125_000
    assert (
        value(
            found, "container_rate_limit_bytes_per_second", container="web", direction="transmit"
        )
        == 250_000
    )
    lost = value(found, "container_shaper_dropped_packets_total", **web)
    assert 0 < lost <= witness["drops"]
    assert 0 < value(found, "container_shaper_overlimits_total", **web) <= witness["overlimits"]
    back = {"container": "web", "direction": "transmit"}
    (leaf,) = (one for one in queues if one.get("parent") == "706d:754")
    lost = value(sent, "container_shaper_dropped_packets_total", **back)
    assert 0 < lost <= leaf["drops"]
    assert value(sent, "container_shaper_overlimits_total", **back) > 0
    shaped = {labels for name, labels in sent if "_shaper_" in name}
    assert shaped == {frozenset(one.items()) for one in (web, back)}


def _sent(wired: Lab, host: Machine) -> tuple[Samples, list[dict[str, Any]]]:
    """What is told after web has sent more than it may, and what tc says after that."""
    with inside(wired.container("web").netns):
        client = socket.socket(type=socket.SOCK_DGRAM)
    with client:
        for _ in range(300):
            client.sendto(bytes(1400), (PEER, 9))
    found = samples(ask(host, "metrics", "counters").stdout)
    return found, host.json("tc", "-s", "-j", "qdisc", "show", "dev", "pm--lim0")


def test_a_guard_counts_what_it_does_not_give(wired: Lab, host: Machine) -> None:
    """A second time, too, which is told to nobody: the journal has the first one."""
    with group_made() as group:
        group.child("later")
        guards = [
            {"name": "app", "cgroup": f"/{group.path.name}", "ports": ["31990"]},
            {"name": "off", "cgroup": "/of/nobody", "ports": ["31991"], "action": "report"},
            {"name": "mild", "cgroup": f"/{group.path.name}/later", "action": "report"},
        ]
        Modules(host).guard(guards=guards, policed=["31900-31999"], action="deny")
        try:
            before = samples(ask(host, "metrics", "counters").stdout)
            for said in ("EPERM", "EPERM", "bound"):
                port = 31990 if said == "bound" else 31995
                assert group.run(lambda port=port: _bound(host, port)) == said
            found = samples(ask(host, "metrics", "counters").stdout)
        finally:
            Modules(host).guard(guards=[], purge=True)
    owners = {labels for name, labels in found if name == "portmap_guard_violations_total"}
    app, mild = (
        frozenset({"owner": owner, "action": action}.items())
        for owner, action in (("app", "deny"), ("mild", "report"))
    )
    assert owners == {app, mild}
    for labels, counts in ((app, (0, 2)), (mild, (0, 0))):
        told = [one["portmap_guard_violations_total", labels] for one in (before, found)]
        assert told == [*counts]


def _bound(host: Machine, port: int) -> str:
    with inside(host.place.netns), socket.socket() as one:
        one.bind(("", port))
    return "bound"


def test_a_damaged_file_of_guards_is_a_problem_and_not_the_end(host: Machine) -> None:
    host.run("mkdir", "-p", "/etc/netiso-portmap")
    Path(host.path("/etc/netiso-portmap/guards.json")).write_text("{")
    try:
        found = samples(ask(host, "metrics").stdout)
    finally:
        host.run("rm", "-r", "/etc/netiso-portmap")
    assert value(found, "problems", kind="guard_detached") == 1


def test_a_damaged_container_is_a_problem_of_its_kind(host: Machine) -> None:
    before = samples(ask(host, "metrics", "problems").stdout)
    assert value(before, "problems", kind="drift") == 0
    host.run("ip", "link", "set", "pm-web", "down")
    try:
        found = samples(ask(host, "metrics", "problems").stdout)
    finally:
        host.run("ip", "link", "set", "pm-web", "up")
    assert value(found, "problems", kind="drift") == 1
    assert value(found, "problems", kind="route") == 0


def test_what_nobody_asked_for_is_left_out(host: Machine) -> None:
    found = {name for name, _labels in samples(ask(host, "metrics", "counters").stdout)}
    assert "portmap_container_receive_bytes_total" in found
    assert not [name for name in found if "tcp" in name or "udp" in name or "problems" in name]


def test_both_formats_say_the_same(host: Machine) -> None:
    plain = ask(host, "metrics", "counters").stdout
    text = ask(host, "metrics", "counters", "--openmetrics").stdout
    families = list(open_parser.text_string_to_metric_families(text))
    assert text.endswith("\n# EOF\n")
    names = {one.name for family in families for one in family.samples}
    assert names == {name for name, _labels in samples(plain)}
    assert {one.type for one in families} == {"counter", "gauge"}


def test_promtool_finds_no_fault(host: Machine) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("no promtool: tools/setup could not fetch Debian's package of prometheus")
    text = ask(host, "metrics").stdout
    done = subprocess.run(
        [promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_file_is_replaced_and_never_written_in_part(host: Machine) -> None:
    host.run("mkdir", "-p", os.path.dirname(FILE))
    here = Path(host.path(FILE))
    ask(host, "metrics", "counters", "--output", FILE)
    with here.open() as old:
        first = old.read()
        ask(host, "metrics", "counters", "--output", FILE)
        old.seek(0)
        assert old.read() == first
    assert samples(here.read_text()).keys() == samples(first).keys()
    assert os.listdir(here.parent) == [here.name]
    assert here.stat().st_mode & 0o777 == 0o644


def test_a_file_that_cannot_be_written_is_an_error(host: Machine) -> None:
    said = ask(host, "metrics", "counters", "--output", "/nowhere/portmap.prom", code=3)
    assert said.stderr.startswith("portmapctl: cannot ")
    assert "/nowhere" in said.stderr


def test_who_is_not_root_is_told_so(host: Machine) -> None:
    assert "not root" in ask(host, "metrics", nobody=True, code=3).stderr


def test_an_unknown_group_is_an_error(host: Machine) -> None:
    said = ask(host, "metrics", "everything", code=3).stderr
    assert said.startswith("portmapctl: cannot collect everything: expected some of counters")


def test_a_host_that_is_prepared_no_more_says_so(host: Machine) -> None:
    record = "/run/portmap/host.json"
    host.run("mv", record, f"{record}.away")
    try:
        found = samples(ask(host, "metrics").stdout)
    finally:
        host.run("mv", f"{record}.away", record)
    assert value(found, "problems", kind="not_prepared") == 1
    assert not [name for name, _labels in found if "container" in name]
    assert not Modules(host).problems()

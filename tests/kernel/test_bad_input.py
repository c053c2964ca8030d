# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Input that is refused: with the value and the reason in the message, and nothing touched."""

from __future__ import annotations

import re

import pytest

from refusals import Witness, container, host, ranges

HOST = {
    "pool reversed": (host(ports=["32000-31000"]), ["32000-31000"]),
    "pool from 0": (host(ports=["0-1000"]), ["0-1000"]),
    "pool beyond 65535": (host(ports=["60000-65536"]), ["60000-65536"]),
    "pool not a number": (host(ports=["http"]), ["http"]),
    "pool with a stray sign": (host(ports=["31000-31001-31002"]), ["31000-31001-31002"]),
    "pool negative": (host(ports=["-5"]), ["-5"]),
    "ephemeral pool reversed": (host(ephemeral_ports="30999-30001"), ["30999-30001"]),
    "ephemeral pool in several pieces": (
        host(ephemeral_ports="30001-30100,30200-30300"),
        ["30200"],
    ),
    "pools overlapping": (host(ephemeral_ports="30001-31007"), ["31000", "31007|30001-31007"]),
    "ephemeral pool over the host's own": (
        host(ephemeral_ports="32001-33000"),
        ["32001-33000|32768-33000", "32768-60999", "host_ephemeral_ports"],
    ),
    "service pool over the host's own": (
        host(ports=["32000-33000"]),
        ["32000-33000|32768-33000", "32768-60999", "host_ephemeral_ports"],
    ),
    "the host's own moved into a pool": (
        host(host_ephemeral_ports="31900-35000"),
        ["31900-35000|31900-32000", "31000-32000|31900-32000"],
    ),
    "share not a power of two": (host(ephemeral_ports_per_container=100), ["100", "power of two"]),
    "share too small": (host(ephemeral_ports_per_container=8), ["8", "16"]),
    "share 0": (host(ephemeral_ports_per_container=0), ["0", "16|power of two"]),
    "share larger than the pool": (
        host(ephemeral_ports_per_container=1024),
        ["1024", "30001-30999"],
    ),
    "public interface missing": (host(public_interface="eth9"), ["eth9"]),
    "loopback interface missing": (host(loopback_interface="lo9"), ["lo9"]),
    "public interface is loopback": (host(public_interface="lo"), ["lo"]),
    "unknown state": (host(state="gone"), ["gone"]),
    "unknown rp_filter": (host(rp_filter="maybe"), ["maybe"]),
    "pools missing": (("portmap_host", {}), ["ports"]),
}

CONTAINER = {
    "range reversed": (container(name="new", ports=["31207-31200"]), ["31207-31200"]),
    "range from 0": (container(name="new", ports=["0-7"]), ["0-7"]),
    "port 0": (container(name="new", ports=["0"]), ["0"]),
    "range beyond 65535": (container(name="new", ports=["65535-65536"]), ["65535-65536"]),
    "port not a number": (container(name="new", ports=["ssh"]), ["ssh"]),
    "range of another": (
        container(name="new", ports=["31200", "31004-31005"]),
        ["31004-31005", "web"],
    ),
    "range of another in the same task": (
        container(
            containers=[{"name": "x", "ports": ["31200-31207"]}, {"name": "y", "ports": ["31207"]}]
        ),
        ["31207", "x", "y"],
    ),
    "range outside the pool": (
        container(name="new", ports=["31999-32001"]),
        ["32001", "31000-32000"],
    ),
    "range in the other pool": (container(name="new", ports=["30500"]), ["30500"]),
    "ephemeral range outside its pool": (
        container(name="new", ephemeral_ports="31200-31215"),
        ["31200-31215", "30001-30999"],
    ),
    "ephemeral range of another": (
        container(name="new", ephemeral_ports="30016-30031"),
        ["30016-30031", "web"],
    ),
    "ephemeral range reversed": (
        container(name="new", ephemeral_ports="30031-30016"),
        ["30031-30016"],
    ),
    "ephemeral range that is no power of two": (
        container(name="new", ephemeral_ports="30512-30611"),
        ["30512-30611", "power of two"],
    ),
    "ephemeral range that is not aligned": (
        container(name="new", ephemeral_ports="30520-30535"),
        ["30520-30535", "multiple|aligned"],
    ),
    "ephemeral range too small": (
        container(name="new", ephemeral_ports="30512-30519"),
        ["30512-30519", "16"],
    ),
    "dead pid": (container(name="new", pid=4194304, ports=["31200"]), ["4194304"]),
    "pid 0": (container(name="new", pid=0, ports=["31200"]), ["0"]),
    "pid and netns": (
        container(name="new", pid=1, netns="new", ports=["31200"]),
        ["pid", "netns"],
    ),
    "missing namespace": (
        container(name="new", netns="/run/elsewhere/none", ports=["31200"]),
        ["/run/elsewhere/none"],
    ),
    "namespace is a plain file": (
        container(name="new", netns="/run/portmap/host.json", ports=["31200"]),
        ["/run/portmap/host.json"],
    ),
    "namespace of the host itself": (
        container(name="new", netns="/proc/self/ns/net", ports=["31200"]),
        ["/proc/self/ns/net"],
    ),
    "namespace of another container": (
        container(name="new", netns="web", ports=["31200"]),
        ["new", "eth0|web"],
    ),
    "relative path": (container(name="new", netns="a/b", ports=["31200"]), ["a/b"]),
    **{
        f"netns {space}": (
            container(name="new", netns=space, ports=["31200"]),
            [f"cannot use netns '{re.escape(space)}'"],
        )
        for space in ("..", "../netns/web", ".hidden", "a b", "-x", "a\nb")
    },
    "name too long": (container(name="n" * 300, ports=["31200"]), ["long|n{20}"]),
    "name with a slash": (container(name="a/b", ports=["31200"]), ["a/b"]),
    "name with a space": (container(name="a b", ports=["31200"]), ["a b"]),
    "name of dots": (container(name="..", ports=["31200"]), [r"\.\."]),
    "name empty": (container(name="", ports=["31200"]), ["name"]),
    "name with a line break": (container(name="a\nb", ports=["31200"]), ["name|a"]),
    "two of one name": (
        container(containers=[{"name": "x"}, {"name": "x", "ports": ["31200"]}]),
        ["x", "twice|two|2 times"],
    ),
    "neither name nor list": (container(ports=["31200"]), ["name", "containers"]),
    "name and list": (container(name="x", containers=[]), ["name", "containers"]),
    **{
        f"{option} beside a list": (
            container(containers=[{"name": "x"}], **{option: value}),
            [option, "containers", "mutually exclusive"],
        )
        for option, value in {
            "netns": "web",
            "pid": 1,
            "ports": ["31200"],
            "ephemeral_ports": "30512-30527",
        }.items()
    },
    "purge without a list": (container(name="x", purge=True), ["purge|containers"]),
    "unknown state": (container(name="x", state="gone"), ["gone"]),
}

RANGES = {
    "no container": (ranges(ports=["31200"]), ["missing required arguments: container"]),
    "no ports": (ranges(container="web"), ["missing required arguments: ports"]),
    "unknown container": (ranges(container="nobody", ports=["31200"]), ["nobody"]),
    "range reversed": (ranges(container="web", ports=["31207-31200"]), ["31207-31200"]),
    "range beyond 65535": (ranges(container="web", ports=["70000"]), ["70000"]),
    "port 0": (ranges(container="web", ports=["0"], state="exact"), ["0"]),
    "range of another": (ranges(container="web", ports=["31500"]), ["31500", "db"]),
    "range outside the pool": (ranges(container="web", ports=["32001"]), ["32001", "31000-32000"]),
    "range in the other pool": (ranges(container="web", ports=["30500"]), ["30500"]),
    "own ephemeral range": (ranges(container="web", ports=["30016"]), ["30016"]),
    "unknown state": (ranges(container="web", ports=["31200"], state="gone"), ["gone"]),
}


@pytest.mark.parametrize("case", HOST)
def test_the_host_refuses(bare_host: Witness, case: str) -> None:
    call, says = HOST[case]
    bare_host.refuses(*call, *says)


@pytest.mark.parametrize("case", CONTAINER)
def test_a_container_refuses(crowded_host: Witness, case: str) -> None:
    call, says = CONTAINER[case]
    crowded_host.refuses(*call, *says)


@pytest.mark.parametrize("case", RANGES)
def test_ranges_refuse(crowded_host: Witness, case: str) -> None:
    call, says = RANGES[case]
    crowded_host.refuses(*call, *says)

# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Input that is refused: with the value and the reason in the message, and nothing touched."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from lab import machines, probes, state
from lab.machines import Lab, Machine
from lab.modules import Modules
from lab.netns import inside
from lab.pools import POOLS
from scene import inventory


@pytest.fixture
def crowded(prepared: Modules) -> Modules:
    prepared.container(containers=inventory())
    return prepared


def refused(
    lab: Lab, modules: Modules, module: str, parameters: dict[str, Any], *says: str
) -> None:
    before = state.of(lab.host)
    says_no(modules, module, parameters, *says)
    assert state.difference(before, state.of(lab.host)) == ""


def says_no(modules: Modules, module: str, parameters: dict[str, Any], *says: str) -> None:
    """The module fails, with these words in its message, and in check mode just so."""
    for asked in (modules, modules.checking()):
        result = asked.result(module, parameters)
        assert result.get("failed"), f"accepted: {result}"
        missing = [word for word in says if not re.search(word, result["msg"])]
        assert missing == [], result["msg"]


@contextmanager
def listener(machine: Machine, address: str, port: int, kind: str) -> Iterator[None]:
    """A process of the machine that uses a port."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with inside(machine.place.netns):
        server = socket.socket(family, probes.KINDS[kind])
    with server:
        server.bind((address, port))
        if kind == "tcp":
            server.listen()
        yield


class Witness:
    """A host that refusals leave as it is, and so serves for many; made anew when one did not."""

    def __init__(self, steps: list[tuple[str, dict[str, Any]]]) -> None:
        self._steps = steps
        self._stack = ExitStack()
        self._modules: Modules | None = None
        self._before: state.State = {}

    @property
    def modules(self) -> Modules:
        if self._modules is None:
            self._modules = Modules(self._stack.enter_context(machines.lab()).host)
            for step in self._steps:
                self._modules.call(*step)
            self._before = state.of(self._modules.machine)
        return self._modules

    def refuses(self, module: str, parameters: dict[str, Any], *says: str) -> None:
        modules = self.modules
        try:
            says_no(modules, module, parameters, *says)
            after = state.of(modules.machine)
            assert state.difference(self._before, after) == ""
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._stack.close()
        self._modules = None


@pytest.fixture(scope="module")
def bare_host() -> Iterator[Witness]:
    witness = Witness([])
    yield witness
    witness.close()


@pytest.fixture(scope="module")
def crowded_host() -> Iterator[Witness]:
    witness = Witness([host(), container(containers=inventory())])
    yield witness
    witness.close()


def host(**changes: Any) -> tuple[str, dict[str, Any]]:
    return "portmap_host", {**POOLS, **changes}


def container(**parameters: Any) -> tuple[str, dict[str, Any]]:
    return "portmap_container", parameters


def ranges(**parameters: Any) -> tuple[str, dict[str, Any]]:
    return "portmap_ranges", parameters


HOST = {
    "pool reversed": (host(ports=["32000-31000"]), ["32000-31000"]),
    "pool from 0": (host(ports=["0-1000"]), ["0-1000"]),
    "pool beyond 65535": (host(ports=["60000-65536"]), ["60000-65536"]),
    "pool not a number": (host(ports=["http"]), ["http"]),
    "pool with a stray sign": (host(ports=["31000-31001-31002"]), ["31000-31001-31002"]),
    "pool negative": (host(ports=["-5"]), ["-5"]),
    "pool empty text": (host(ports=[""]), ["range|port"]),
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


def test_containers_need_a_prepared_host(lab: Lab, modules: Modules) -> None:
    refused(lab, modules, *container(name="web", ports=["31000"]), "portmap_host")
    refused(lab, modules, *ranges(container="web", ports=["31000"]), "portmap_host|web")


def test_the_pool_of_ephemeral_ports_may_be_exhausted(lab: Lab, modules: Modules) -> None:
    modules.host(**{**POOLS, "ephemeral_ports": "30000-30031"})
    modules.container(containers=[{"name": "a"}, {"name": "b"}])
    refused(lab, modules, *container(name="c"), "30000-30031", "16")


def test_a_list_that_exhausts_the_pool_places_nobody(lab: Lab, modules: Modules) -> None:
    modules.host(**{**POOLS, "ephemeral_ports": "30000-30031"})
    many = [{"name": name} for name in "abc"]
    refused(lab, modules, *container(containers=many), "30000-30031")


CALLS = {
    "a new container": container(name="new", ports=["31200-31207"]),
    "one that gets more": container(name="web", ports=["31200-31207"]),
    "one that gets less and more": container(name="web", ports=["31203"]),
    "ranges": ranges(container="web", ports=["31200-31207"]),
    "ranges exactly": ranges(container="web", ports=["31203"], state="exact"),
    "an item of a list": container(containers=[{"name": "db"}, {"name": "x", "ports": ["31203"]}]),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("kind", ["tcp", "udp"])
@pytest.mark.parametrize("address", ["0.0.0.0", "127.0.0.1", "::", "::1"])
def test_a_port_on_which_the_host_listens_is_refused(
    crowded_host: Witness, call: str, kind: str, address: str
) -> None:
    """A socket of IPv6 often takes IPv4, too, and the kernel lists it once."""
    with listener(crowded_host.modules.machine, address, 31203, kind):
        crowded_host.refuses(*CALLS[call], "31203", "a process of the host")


@pytest.mark.parametrize("name", ["web", "new"])
def test_an_ephemeral_range_in_which_the_host_listens_is_refused(
    crowded_host: Witness, name: str
) -> None:
    with listener(crowded_host.modules.machine, "0.0.0.0", 30530, "tcp"):
        call = container(name=name, ephemeral_ports="30528-30543")
        crowded_host.refuses(*call, "30530", "a process of the host")


def test_a_range_that_is_handed_out_goes_round_a_listener(lab: Lab, crowded: Modules) -> None:
    with listener(lab.host, "0.0.0.0", 30070, "udp"):
        made = crowded.container(name="new")["container"]
    assert made["ephemeral_ports"] == "30080-30095"


def test_ports_that_a_container_has_already_are_not_asked_for(lab: Lab, crowded: Modules) -> None:
    """The host may listen there: it hears nothing, and the next run is no reason to fail."""
    with listener(lab.host, "0.0.0.0", 31003, "tcp"):
        assert not crowded.container(name="web", ports=["31000-31007", "31100"])["changed"]
        crowded.ranges(container="web", ports=["31004-31007"], state="absent")


def test_a_port_on_which_a_container_listens_is_not_the_hosts(lab: Lab, crowded: Modules) -> None:
    with inside(lab.container("db").netns):
        server = socket.create_server(("0.0.0.0", 31203))
    with server:
        crowded.container(name="new", ports=["31200-31207"])


def test_a_pool_may_not_shrink_away_from_a_container(lab: Lab, crowded: Modules) -> None:
    refused(lab, crowded, *host(ports=["31000-31499"]), "db|cache")


def test_an_ephemeral_pool_may_not_shrink_away_from_a_container(
    lab: Lab, crowded: Modules
) -> None:
    refused(lab, crowded, *host(ephemeral_ports="30500-30999"), "web|db|cache")


def test_a_host_without_address_is_refused(lab: Lab, modules: Modules) -> None:
    lab.host.ip("address flush dev eth0")
    refused(lab, modules, *host(public_interface="eth0"), "eth0", "address")


def test_an_interface_without_mac_is_refused(lab: Lab, modules: Modules) -> None:
    lab.host.ip("tuntap add mode tun tun0", "address add 172.16.0.1/24 dev tun0")
    refused(lab, modules, *host(public_interface="tun0"), "tun0", "no MAC address")


def test_a_host_without_default_route_must_name_its_interface(lab: Lab, modules: Modules) -> None:
    lab.host.ip("route del default")
    refused(lab, modules, *host(), "public_interface")


def test_a_namespace_with_an_interface_of_that_name_is_refused(lab: Lab, crowded: Modules) -> None:
    lab.host.run("ip", "netns", "add", "busy")
    lab.host.ip("link add eth0 type veth peer name eth9", container="busy")
    refused(
        lab, crowded, *container(name="new", netns="busy", ports=["31200"]), "eth0", "busy|new"
    )


def test_a_link_of_somebody_else_with_our_name_is_refused(lab: Lab, crowded: Modules) -> None:
    lab.host.ip("link add pm-new type veth peer name theirs")
    refused(lab, crowded, *container(name="new", ports=["31200"]), "pm-new")


def test_a_run_without_root_is_refused(lab: Lab, modules: Modules) -> None:
    before = state.of(lab.host)
    nobody = modules.under("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    said = nobody.result("portmap_host", POOLS)
    assert said["failed"]
    assert "root" in said["msg"]
    assert state.difference(before, state.of(lab.host)) == ""


def test_a_machine_without_pyroute2_is_told_the_package(
    lab: Lab, modules: Modules, tmp_path: Any
) -> None:
    (tmp_path / "pyroute2.py").write_text("raise ImportError('No module named pyroute2')\n")
    os.chmod(tmp_path, 0o755)
    before = state.of(lab.host)
    blind = Modules(lab.host, paths=(str(tmp_path), *modules.paths))
    said = blind.result("portmap_host", POOLS)
    assert said["failed"]
    assert "pyroute2" in said["msg"]
    assert state.difference(before, state.of(lab.host)) == ""


def test_other_languages_change_no_message(modules: Modules) -> None:
    said = modules.under("env", "LC_ALL=de_DE.UTF-8").result(*host(ports=["9-1"]))
    assert "9-1" in said["msg"]


def test_the_module_ends_with_an_error_code(modules: Modules) -> None:
    done = modules.execute(*host(ports=["9-1"]))
    assert done.code != 0

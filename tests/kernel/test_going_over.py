# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host that goes over from one way of steering to another, and one that lost what steers."""

from __future__ import annotations

import re
import shutil
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lab import probes, state, steering
from lab.flow import arriving
from lab.machines import HOST, PEER, Lab
from lab.modules import COLLECTIONS, ModuleError, Modules
from lab.netns import inside
from lab.pools import POOLS
from lab.state import State
from scene import WEB, inventory

WAYS = ("u32", "bpf")


@pytest.fixture(params=WAYS)
def there(request: pytest.FixtureRequest, lab: Lab) -> tuple[Modules, str, str]:
    """A host with three containers that is steered in one way, and the other way."""
    steering.only(steering.U32, "each test tries both ways by itself")
    modules = Modules(lab.host)
    modules.host(**POOLS, steering=request.param)
    modules.container(containers=inventory())
    (other,) = set(WAYS) - {request.param}
    return modules, request.param, other


def problems(modules: Modules) -> list[str]:
    return [one["description"] for one in modules.problems()]


def test_a_host_goes_over_with_all_its_containers_and_back(
    lab: Lab, there: tuple[Modules, str, str]
) -> None:
    modules, one, other = there
    before = state.of(lab.host)
    for way in (other, one):
        foretold = modules.checking().host(steering=way)
        done = modules.host(steering=way)
        assert done["changes"] == foretold["changes"]
        assert f"set steering to {way}" in done["changes"]
        assert done["host"]["steering"] == way
        assert not modules.host()["changed"]
        assert not modules.container(containers=inventory())["changed"]
        assert problems(modules) == []
    assert state.difference(comparable(before), comparable(state.of(lab.host))) == ""


def comparable(whole: State) -> State:
    """Without the numbers that containers have in the maps: they are given anew."""
    found = {name: re.sub(r"(flowid :[48]?)\w+", r"\1", text) for name, text in whole.items()}
    return state.unnumbered(found)


def test_a_connection_goes_on_while_the_host_goes_over(
    lab: Lab, there: tuple[Modules, str, str]
) -> None:
    modules, one, other = there
    with inside(lab.container("web").netns):
        server = socket.create_server((HOST, WEB))
    with inside(lab.peer.place.netns):
        client = socket.create_connection((HOST, WEB), 2)
    accepted, _address = server.accept()
    with server, client, accepted:
        accepted.settimeout(2)
        for way in (other, one):
            modules.host(steering=way)
            client.sendall(way.encode())
            assert accepted.recv(10) == way.encode()


def test_a_host_that_was_killed_on_its_way_takes_no_container_before_it_has_arrived(
    lab: Lab, modules: Modules
) -> None:
    """The program, which comes first, does not know the new ports: it would drop what is sent from them."""
    modules.host(**POOLS, steering="u32")
    modules.container(name="web", ports=["31000"])
    points = len(modules.run("portmap_host", {"steering": "bpf"}).points)
    modules.host(steering="u32")
    assert modules.run("portmap_host", {"steering": "bpf"}, at=points // 2).killed
    assert "pm_steer" in lab.host.run("tc", "filter", "show", "dev", "eth0", "ingress").stdout
    before = state.of(lab.host)
    with pytest.raises(ModuleError, match="is of steering bpf"):
        modules.ranges(container="web", ports=["31001"])
    assert state.difference(before, state.of(lab.host)) == ""
    modules.host(steering="bpf")
    assert modules.ranges(container="web", ports=["31001"])["changed"]
    assert problems(modules) == []


def test_limits_go_over_and_back(lab: Lab, there: tuple[Modules, str, str]) -> None:
    modules, one, other = there
    limits = {"receive": "20mbit", "send": "10mbit"}
    limited = modules.container(name="web", ports=["31000"], limits=limits)["container"]["limits"]
    before = state.of(lab.host)
    for way in (other, one):
        modules.host(steering=way)
        assert not modules.host()["changed"]
        assert modules.info(container="web")["containers"][0]["limits"] == limited
        assert not modules.container(name="web", ports=["31000"], limits=limits)["changed"]
        assert problems(modules) == []
        with arriving(lab.container("web"), lab.peer.place, PEER, 5201, twice=20e6) as flow:
            assert flow.reached() == pytest.approx(10e6, rel=0.05)
        with arriving(lab.peer.place, lab.container("web"), HOST, 31000, twice=40e6) as flow:
            assert flow.reached() == pytest.approx(20e6, rel=0.05)
    assert state.difference(comparable(before), comparable(state.of(lab.host))) == ""


def test_nothing_is_left_when_a_host_that_has_gone_over_is_taken_back(
    lab: Lab, modules: Modules
) -> None:
    before = state.of(lab.host)
    modules.host(**POOLS, steering="u32")
    modules.container(containers=inventory())
    modules.host(steering="bpf")
    modules.container(containers=[], purge=True)
    modules.host(state="absent")
    left = state.of(lab.host)
    left["links"] = left["links"].replace("02:70:6d:00:00:02", "00:00:00:00:00:00")  # stays on lo
    assert state.difference(before, left) == ""


@pytest.mark.parametrize("damage", ["filter del dev {} ingress", "qdisc del dev {} clsact"])
def test_without_both_filters_of_the_host_one_run_leads_to_every_container_again(
    lab: Lab, modules: Modules, damage: str
) -> None:
    """The maps are found by the filters of containers."""
    modules.host(**POOLS, steering="bpf")
    modules.container(containers=inventory())
    for link in ("eth0", "lo"):
        lab.host.tc(damage.format(link))
    told = {name for one in modules.problems() for name in one["containers"]}
    assert told == {"cache", "db", "web"}
    modules.host(**POOLS)
    assert problems(modules) == []
    with probes.servers() as servers:
        servers.listen(lab.container("web"), WEB, HOST)
        for source in (lab.peer.place, lab.host.place, lab.container("db")):
            assert probes.Probe(source, "tcp", HOST, WEB).run().who == "web"


def test_a_new_host_that_may_choose_takes_the_program_where_the_kernel_does(lab: Lab) -> None:
    steering.only(steering.U32, "the host chooses by itself")
    modules = Modules(lab.host)
    before = state.of(lab.host)
    foretold = modules.checking().host(**POOLS, steering="auto")
    assert state.difference(before, state.of(lab.host)) == ""
    done = modules.host(**POOLS, steering="auto")
    assert done["changes"] == foretold["changes"]
    for one in (foretold, done):
        assert one["host"]["steering"] == "bpf"
        assert one["steering_reason"] == "this kernel takes the program of bpf"
    modules.host(state="absent")
    options = {**POOLS, "steering": "auto"}
    refused = modules.run("portmap_host", options, fault="powerless").result
    assert refused["host"]["steering"] == "u32"
    assert "does not take the program of bpf: cannot make the map" in refused["steering_reason"]
    kept = modules.host(steering="auto")
    assert kept["changes"] == []
    assert kept["steering_reason"] == "the host is prepared with u32"
    assert "steering_reason" not in modules.host()


def test_a_version_whose_maps_are_others_is_followed_without_a_lost_packet(
    lab: Lab, tmp_path: Path
) -> None:
    """Whose ports are whose is taken over: nothing else on the host knows."""
    steering.only(steering.U32, "both versions have one way of steering")
    old, new = Modules(lab.host, paths=(_with_other_maps(tmp_path),)), Modules(lab.host)
    old.host(**POOLS, steering="bpf")
    old.container(containers=inventory())
    old.container(name="db", allow_from=["10.0.0.0/24"])
    refused = new.checking()
    with pytest.raises(ModuleError, match="the host is not as portmap_host left it"):
        refused.container(containers=inventory())
    with inside(lab.container("web").netns):
        web = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with web:
        web.setsockopt(socket.SOL_SOCKET, 33, 1 << 24)  # SO_RCVBUFFORCE
        web.bind((HOST, WEB))
        over = threading.Event()
        with ThreadPoolExecutor() as pool:
            sent = pool.submit(_send_until, over, lab)
            assert any("pm_steer" in one for one in new.host()["changes"])
            over.set()
            count = sent.result()
        web.settimeout(0.2)
        assert count > 100
        assert sum(1 for _one in range(count) if web.recv(1)) == count
    assert problems(new) == []
    assert not new.host()["changed"]
    assert not new.container(containers=inventory())["changed"]
    (db,) = new.info(container="db")["containers"]
    assert db["allow_from"] == ["10.0.0.0/24"]


def _send_until(over: threading.Event, lab: Lab) -> int:
    """A datagram each millisecond from outside; how many."""
    with inside(lab.peer.place.netns), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        count = 0
        while not over.wait(0.001):
            count += peer.sendto(b"!", (HOST, WEB))
    return count


def _with_other_maps(place: Path) -> str:
    """A folder with a collection like ours, whose program has maps of other sizes."""
    theirs = place / "ansible_collections/netiso/portmap"
    shutil.copytree(COLLECTIONS / "ansible_collections/netiso/portmap/plugins", theirs / "plugins")
    shipped = theirs / "plugins/module_utils/_portmap/bpf/shipped.py"
    text = shipped.read_text(encoding="utf-8")
    for name in ("pm_networks", "pm_fragments", "pm_config"):
        text, count = re.subn(rf'("{name}", \d+, \d+, )(\d+), (\d+),', _larger, text)
        assert count == 1
    shipped.write_text(text, encoding="utf-8")
    return str(place)


def _larger(found: re.Match[str]) -> str:
    """Values of eight bytes more, in a map of another size."""
    return f"{found[1]}{found[2]}, {int(found[3]) + 1},"

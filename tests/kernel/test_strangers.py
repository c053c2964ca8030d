# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What others made stays as it is, is not taken for ours, and is named where it is in the way."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from lab import state, steering
from lab.machines import HOST, PEER, Lab
from lab.modules import ModuleError, Modules
from lab.pools import POOLS
from scene import inventory

STRANGER = "u32 match ip dport 5 0xffff flowid 1:5"


# --- on the host ----------------------------------------------------------------------------------


@pytest.mark.parametrize("qdisc", ["ingress", "clsact"])
@pytest.mark.parametrize("interface", ["eth0", "lo"])
def test_an_empty_qdisc_of_somebody_else_outlives_the_preparation(
    lab: Lab, modules: Modules, interface: str, qdisc: str
) -> None:
    lab.host.tc(f"qdisc add dev {interface} {qdisc}")
    before = lab.host.run("tc", "qdisc", "show").stdout
    modules.host(**POOLS)
    assert not modules.host(**POOLS)["changed"]
    modules.host(state="absent")
    assert lab.host.run("tc", "qdisc", "show").stdout == before


def test_a_handle_that_others_made_meanwhile_outlives_the_preparation(
    lab: Lab, prepared: Modules
) -> None:
    lab.host.run("ip", "netns", "add", "theirs")
    before = os.stat(lab.host.path("/run/netns/theirs")).st_ino
    prepared.host(state="absent")
    assert os.stat(lab.host.path("/run/netns/theirs")).st_ino == before
    lab.host.run("true", container="theirs")


def test_the_handle_directory_leaves_the_peer_group_of_its_parent(
    lab: Lab, modules: Modules
) -> None:
    """Below a shared /run, which systemd has, a bind mount belongs to the parent's group."""
    lab.host.run("mount", "--make-shared", "/run")
    modules.host(**POOLS)
    with open(f"/proc/{lab.host.pid}/mountinfo", encoding="utf-8") as file:
        mounts = {line.split()[4]: line.split() for line in file}
    groups = {
        path: {word for word in mounts[path] if word.startswith("shared:")}
        for path in ("/run", "/run/netns")
    }
    assert len(groups["/run"]) == len(groups["/run/netns"]) == 1
    assert groups["/run"] != groups["/run/netns"]
    assert not modules.host(**POOLS)["changed"]


def test_the_gateway_of_another_interface_is_not_the_containers(
    lab: Lab, modules: Modules
) -> None:
    lab.host.ip(
        "link add wan type veth peer name wan1",
        "link set wan up",
        "link set wan1 up",
        "address add 172.16.0.1/24 dev wan",
        "route replace default via 172.16.0.254 dev wan",
    )
    told = modules.host(**POOLS, public_interface="eth0")["host"]
    assert (told["public_interface"], told["gateway"]) == ("eth0", None)
    modules.container(name="web", ports=["31000"])
    assert lab.host.run("ip", "route", "show", "default", container="web").stdout == ""


def test_what_was_set_since_rp_filter_was_given_back_stays(lab: Lab, modules: Modules) -> None:
    def rp_filter() -> str:
        return lab.host.place.sysctl("ipv4/conf/all/rp_filter")

    lab.host.place.set_sysctl("ipv4/conf/all/rp_filter", "1")
    modules.host(**POOLS, rp_filter="relax")
    assert rp_filter() == "0"
    modules.host(**POOLS, rp_filter="keep")
    assert rp_filter() == "1"
    lab.host.place.set_sysctl("ipv4/conf/all/rp_filter", "2")
    assert not modules.host(**POOLS, rp_filter="keep")["changed"]
    modules.host(state="absent")
    assert rp_filter() == "2"


@pytest.mark.parametrize(
    "where",
    [
        "eth0 ingress protocol arp prio 258",
        "eth0 ingress protocol ip prio 513",
        "eth0 ingress protocol ip prio 514",
        "eth0 ingress protocol ip prio 770",
        "lo ingress protocol ip prio 513",
        "lo ingress protocol ip prio 770",
    ],
)
def test_a_filter_of_others_at_a_priority_of_ours_is_told(
    lab: Lab, prepared: Modules, where: str
) -> None:
    prepared.container(containers=inventory())
    # The kernel takes nothing else at the only priority of eBPF steering: only before it.
    earlier = f"{where.partition(' ')[0]} ingress protocol ip prio 100"
    where = steering.by_way(where, earlier)
    lab.host.tc(f"filter add dev {where} {STRANGER}")
    told = prepared.info()["problems"]
    assert [(item["containers"], item["kind"]) for item in told] == [([], "earlier_filter")]
    assert where.partition(" protocol")[0] in told[0]["description"]
    assert where.rpartition(" ")[2] in told[0]["description"]


# --- links named, marked or placed like ours ------------------------------------------------------


def test_a_link_of_others_that_has_our_alias_is_left_alone(lab: Lab, prepared: Modules) -> None:
    """Only with our group is it ours: who can set an alias cannot have a link deleted."""
    lab.host.run("ip", "netns", "add", "busy")
    lab.host.ip(
        "link add theirs type veth peer name eth0 netns busy",
        "link set theirs alias portmap:new",
    )
    before = state.of(lab.host)
    with pytest.raises(ModuleError, match="cannot place new: its namespace has the link eth0"):
        prepared.container(name="new", netns="busy", ports=["31200"])
    assert state.difference(before, state.of(lab.host)) == ""


def test_another_kind_of_link_with_the_indexes_of_ours_is_no_pair(
    lab: Lab, prepared: Modules
) -> None:
    """A container gives its end away, and puts a link of the same numbers in its place."""
    prepared.container(containers=inventory())
    outer = lab.host.json("ip", "-j", "link", "show", "pm-web")[0]["ifindex"]
    inner = lab.host.json("ip", "-j", "link", "show", "eth0", container="web")[0]["ifindex"]
    lab.host.run("ip", "netns", "add", "accomplice")
    lab.host.ip("link set eth0 netns accomplice", container="web")
    lab.host.ip(
        f"link add fake index {outer} type veth peer name fake1",
        f"link add link fake name eth0 index {inner} type macvlan",
        "link set fake up",
        "link set eth0 up",
        container="web",
    )
    assert [item["containers"] for item in prepared.problems()] == [["web"]]
    with pytest.raises(ModuleError, match="changed from inside: it has the link eth0"):
        prepared.container(name="web")


# --- namespaces of others -------------------------------------------------------------------------


def named(lab: Lab) -> str:
    lab.host.run("ip", "netns", "add", "web")
    return "web"


def elsewhere(lab: Lab) -> str:
    lab.host.run("mkdir", "/run/elsewhere")
    lab.host.run("touch", "/run/elsewhere/web")
    lab.host.run("unshare", "--net=/run/elsewhere/web", "true")
    return "/run/elsewhere/web"


@pytest.mark.parametrize("make", [named, elsewhere])
def test_a_namespace_of_others_is_left_without_anything_of_ours(
    lab: Lab, prepared: Modules, make: Callable[[Lab], str]
) -> None:
    space = make(lab)
    path = space if space.startswith("/") else f"/run/netns/{space}"

    def inside() -> str:
        shown = ("ip -o link", "tc qdisc show", "tc filter show dev lo ingress", "ip route")
        return lab.host.run("nsenter", f"--net={path}", "sh", "-c", ";".join(shown)).stdout

    prepared.container(name="web", netns=space, ports=["31000"])
    assert "ingress" in inside()
    assert f"via {PEER}" in inside()
    prepared.container(name="web", state="absent")
    left = inside()
    for ours in ("ingress", "filter", "eth0", HOST, "portmap:", "via"):
        assert ours not in left, left
    assert prepared.info()["problems"] == []


# --- handles --------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["by its name", "by purge"])
def test_a_handle_of_others_stays_whatever_is_said_inside(
    lab: Lab, prepared: Modules, how: str
) -> None:
    """Root inside can write our words where it likes, but not on the file below the mount."""
    lab.host.run("ip", "netns", "add", "foo")
    lab.host.run("ip", "link", "set", "lo", "alias", "portmap:foo", container="foo")
    before = os.stat(lab.host.path("/run/netns/foo")).st_ino
    assert prepared.problems() == []
    if how == "by purge":
        prepared.container(containers=[], purge=True)
    else:
        assert not prepared.container(name="foo", state="absent")["changed"]
    assert os.stat(lab.host.path("/run/netns/foo")).st_ino == before
    prepared.host(state="absent")
    assert os.stat(lab.host.path("/run/netns/foo")).st_ino == before


def test_a_kept_namespace_whose_root_takes_our_link_away_keeps_its_handle(
    lab: Lab, prepared: Modules
) -> None:
    lab.host.run("ip", "netns", "add", "foo")
    prepared.container(name="foo", ports=["31000"])
    lab.host.ip("link set lo alias portmap:foo", "link delete eth0", container="foo")
    prepared.container(name="foo", ports=["31000"])
    prepared.container(name="foo", state="absent")
    lab.host.run("true", container="foo")


def test_a_namespace_of_ours_goes_whatever_is_said_inside(lab: Lab, prepared: Modules) -> None:
    prepared.container(name="web", ports=["31000"])
    lab.host.ip("link set lo alias foreign", "link delete eth0", container="web")
    assert [(one["containers"], one["kind"]) for one in prepared.problems()] == [
        (["web"], "drift")
    ]
    prepared.container(name="web", state="absent")
    assert os.listdir(lab.host.path("/run/netns")) == []


def test_a_namespace_of_ours_is_ours_again_whatever_was_said_inside(
    lab: Lab, prepared: Modules
) -> None:
    prepared.container(name="web", ports=["31000"])
    lab.host.ip("link set lo alias portmap:db", "link delete eth0", container="web")
    prepared.container(name="web", ports=["31000"])
    assert prepared.problems() == []
    prepared.container(containers=[], purge=True)
    assert os.listdir(lab.host.path("/run/netns")) == []

# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.objects.kind import (
    Object,
    describe,
    state,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.objects.qdisc import Qdisc
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.steering.u32 import (
    layout,
    mirrors,
    rows,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.steering.u32.objects import (
    Filter,
    Offload,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values import tenants
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.places import Place
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.ports import (
    Block,
    Range,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.tenants import (
    Container,
    Host,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.wanted import layout as base
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.wanted import sysctls
from ansible_collections.netiso.portmap.tests.unit.plugins.module_utils._portmap.seen import (
    HOST,
)
from hypothesis import given
from hypothesis import strategies as st

WEB = Container("web", "web", "created", 0, (Range(31000, 31007),), Range(30016, 30031))
INSIDE = {
    "net/ipv4/conf/eth0/accept_local": "1",
    "net/ipv4/conf/eth0/arp_ignore": "8",
    "net/ipv4/conf/lo/accept_local": "1",
    "net/ipv4/conf/lo/route_localnet": "1",
    "net/ipv4/ip_local_port_range": "30016 30031",
    "net/ipv6/conf/all/disable_ipv6": "1",
    "net/core/somaxconn": "4096",
}

names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}", fullmatch=True)


def written(file: str) -> list[str]:
    """The lines of a file that lies next to this one, without its comments."""
    text = (Path(__file__).parent / file).read_text(encoding="utf-8")
    return sorted(line for line in text.splitlines() if line and not line.startswith("#"))


def placed(host: Host, container: Container, observed: list[Object] = ()) -> list[Object]:
    handle = f"/run/netns/{container.handle}"
    objects = base.container_objects(host, container, handle, INSIDE)
    return [*objects, *layout.container_filters(host, container, state(observed))]


# --- every object, as a whole -------------------------------------------------------------------


def test_a_placed_container_is_what_is_written_down():
    assert describe(placed(HOST, WEB)).splitlines() == written("placed_container.txt")


def test_a_veth_has_the_program_for_offloads_where_the_kernel_takes_one():
    there = Offload(WEB.veth, 0x0003, 256, "0011223344556677")
    known = state([there])

    def wanted(observed, tag):
        items = layout.container_filters(HOST, WEB, observed, tag)
        return [item for item in items if isinstance(item, Offload)]

    assert wanted({}, "8899aabbccddeeff") == [there._replace(tag="8899aabbccddeeff")]
    assert wanted(known, "8899aabbccddeeff") == [there._replace(tag="8899aabbccddeeff")]
    assert wanted(known, "") == [there]
    assert wanted({}, "") == []


def test_a_prepared_host_is_what_is_written_down():
    objects = [
        *base.host_objects(HOST, "/run/netns", sysctls.host_sysctls(HOST)),
        *layout.host_filters(HOST, {}),
        *mirrors.mirrors(HOST, {1: ("pm-web",)}, "arp"),
        *mirrors.mirrors(HOST, {1: ("pm-web",)}, "icmp"),
    ]
    assert describe(objects).splitlines() == written("prepared_host.txt")


def test_no_two_objects_share_an_identity():
    objects = [*placed(HOST, WEB), *layout.host_filters(HOST, {})]
    assert len(state(objects)) == len(objects)


def test_containers_share_nothing_but_the_host():
    other = WEB._replace(
        name="db", handle="db", service=(Range(31008, 31015),), ephemeral=Range(30032, 30047)
    )
    assert not state(placed(HOST, WEB)).keys() & state(placed(HOST, other)).keys()


@pytest.mark.parametrize("kind", ["ingress", "clsact"])
def test_a_qdisc_that_is_there_stays(kind):
    eth0 = Qdisc(Place("", "eth0", "shared"), kind)
    assert eth0 in layout.host_filters(HOST, state([eth0]))


def test_without_a_gateway_there_is_no_default_route():
    lines = describe(placed(HOST._replace(gateways=()), WEB)).splitlines()
    assert sorted({*written("placed_container.txt")} - {*lines}) == [
        "route default via 10.0.0.254 dev web:eth0"
    ]


def test_a_namespace_with_a_name_of_its_own_gets_no_handle_and_no_mark_from_us():
    lines = describe(placed(HOST, WEB._replace(handle="blue", origin="kept"))).splitlines()
    assert sorted({*lines} - {*written("placed_container.txt")}) == [
        (
            "link pm-web type veth peer web:eth0 address 02:00:00:00:00:01 mtu 1500 group 28781"
            ' alias "portmap:web netns=blue kept"'
        ),
        "link web:lo address 02:00:00:00:00:01 mtu 1500 up",
    ]
    assert not [line for line in lines if line.startswith("netns handle")]


def test_a_host_with_other_interfaces_is_matched_and_led_to_by_their_names():
    text = describe(placed(HOST._replace(public="bond0", loopback="dummy0"), WEB))
    assert "redirect dev bond0" in text
    assert "link web:bond0 " in text
    assert "filter dev dummy0 " in text
    assert "eth0" not in text.replace("conf.eth0", "")


def test_filters_of_a_container_follow_its_blocks_not_its_ports():
    wide = WEB._replace(service=(Range(20000, 29999),))  # 10 blocks; 43 of at most 256 ports
    per_port = [item for item in placed(HOST, wide) if isinstance(item, Filter) and item.table]
    veth = [item for item in per_port if item.place == Place("", "pm-web")]
    assert len(veth) == 4 * (10 + 1)
    eth0 = [item for item in per_port if item.place == Place("", "eth0", "shared")]
    assert len(eth0) == 2 * (43 + 1)


def test_a_service_port_and_its_neighbour_from_the_ephemeral_range_are_separate():
    mixed = WEB._replace(service=(Range(30000, 30015),))
    assert mixed.blocks == ((30000, 16), (30016, 16))
    assert mixed.owned == ((30000, 30031),)


# --- sysctls ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        # Strict for all links: each of them keeps it, eth0's own loose value is the larger one.
        (
            {"all": "1", "default": "0", "lo": "0", "eth0": "2", "eth1": "0"},
            {"all": "0", "lo": "0", "default": "1", "eth1": "1"},
        ),
        ({"all": "2", "default": "1", "lo": "1"}, {"all": "0", "lo": "0", "default": "2"}),
        ({"all": "0", "default": "0", "lo": "0", "eth0": "1"}, {"all": "0", "lo": "0"}),
    ],
)
def test_relaxing_the_reverse_path_filter_weakens_no_other_link(found, expected):
    assert sysctls.relaxed_rp_filter(HOST, found) == {
        f"net/ipv4/conf/{name}/rp_filter": value for name, value in expected.items()
    }


def test_only_sysctls_that_can_be_set_inside_are_wanted():
    values = sysctls.inside_sysctls(HOST, WEB, [], {"net/core/rmem_max": "1"})
    assert values == {
        "net/ipv4/conf/eth0/accept_local": "1",
        "net/ipv4/conf/eth0/arp_ignore": "8",
        "net/ipv4/conf/lo/accept_local": "1",
        "net/ipv4/conf/lo/route_localnet": "1",
        "net/ipv4/ip_local_port_range": "30016 30031",
    }
    settable = ["net/ipv6/conf/all/disable_ipv6", "net/core/somaxconn"]
    assert sysctls.inside_sysctls(HOST, WEB, settable, {"net/core/somaxconn": "4096"}) == INSIDE


def test_what_processes_without_rights_may_do_is_left_to_who_made_the_namespace():
    host = {
        "net/ipv4/ip_unprivileged_port_start": "80",
        "net/ipv4/ping_group_range": "0 2147483647",
    }
    for origin in ("created", "kept"):
        values = sysctls.inside_sysctls(HOST, WEB._replace(origin=origin), host, host)
        assert host.items() <= values.items()
    attached = WEB._replace(origin="attached")
    assert not host.keys() & sysctls.inside_sysctls(HOST, attached, host, host).keys()


# --- names --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("container", "link"),
    [
        ("web", "pm-web"),
        ("twelve-chars", "pm-twelve-chars"),
        ("A.b_c-d", "pm-A.b_c-d"),
        # 5 characters and the first 7 of the SHA-256 in base 32: persists, so it may not change.
        ("thirteen-char", "pm-thirthlogzos"),
        ("x" * 63, "pm-xxxxxourawrz"),
    ],
)
def test_a_link_is_named_after_its_container(container, link):
    assert tenants.veth_name(container) == link


def test_the_names_of_many_long_containers_are_distinct():
    containers = [f"{kind}-service-{number}" for kind in "abc" for number in range(5000)]
    assert len({tenants.veth_name(name) for name in containers}) == 15000


@given(names)
def test_a_name_fits_into_a_link(name):
    link = tenants.veth_name(name)
    assert link.startswith("pm-")
    assert len(link) <= 15


@given(names)
def test_no_container_s_link_has_the_name_of_a_bridge(name):
    assert tenants.veth_name(name) not in {f"portmap-sink{number}" for number in range(8)}


def test_every_container_that_a_host_has_ports_for_finds_room_on_its_bridge():
    """A bridge has 1,023 ports; with 16 ports at least to each, there are 4,096 containers."""
    for kind in ("c", "web-", "a-long-name-for-a-container-"):
        found = Counter(tenants.bridge_name(f"{kind}{number}") for number in range(4096))
        assert max(found.values()) < 700


@pytest.mark.parametrize(
    ("handle", "origin", "text"),
    [
        ("web", "created", "portmap:web"),
        ("web", "attached", "portmap:web attached"),
        ("blue", "kept", "portmap:web netns=blue kept"),
        ("blue", "created", "portmap:web netns=blue"),
    ],
)
def test_an_alias_says_whose_the_link_and_the_namespace_are(handle, origin, text):
    assert tenants.alias(WEB._replace(handle=handle, origin=origin)) == text
    assert tenants.read_alias(text) == ("web", handle, origin)


@given(names, names, st.sampled_from(["created", "attached", "kept"]))
def test_an_alias_is_read_as_it_was_written(name, handle, origin):
    text = tenants.alias(WEB._replace(name=name, handle=handle, origin=origin))
    assert tenants.read_alias(text) == (name, handle, origin)


@pytest.mark.parametrize("text", ["", "web", "Portmap:web", "docker portmap:web"])
def test_an_alias_of_somebody_else_is_not_ours(text):
    assert tenants.read_alias(text) is None


# --- handles of the hash tables -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("block", "bucket", "node"),
    [
        (Block(31000, 8), 0x79, 0x418),
        (Block(30016, 16), 0x75, 0x540),
        (Block(80, 1), 0x00, 0x150),
        (Block(31232, 256), 0x7A, 0x900),
        (Block(65535, 1), 0xFF, 0x1FF),
    ],
)
def test_a_handle_says_whose_ports_it_is(block, bucket, node):
    assert rows.hashed_handle(block) == (bucket, node)


def test_every_block_has_a_handle_of_its_own_that_leads_back_to_it():
    handles = {}
    for size in (1, 2, 4, 8, 16, 32, 64, 128, 256):
        for first in range(0, 65536, size):
            bucket, node = rows.hashed_handle(Block(first, size))
            assert 0 <= bucket <= 255
            assert 0 < node <= 0xFFF
            handles[bucket, node] = (first, size)
    assert len(handles) == 2 * 65536 - 256
    for (bucket, node), block in handles.items():
        assert rows.hashed_block(bucket, node) == block


@pytest.mark.parametrize("node", [0x000, 0x001, 0x201, 0x3FE + 1, 0x9FF, 0xA00, 0x800 | 1, 0xFFF])
def test_a_handle_that_no_block_has_means_none(node):
    assert rows.hashed_block(0x79, node) is None


@given(st.integers(0, 255), st.integers(0, 0xFFF))
def test_a_handle_is_either_a_block_s_or_nobody_s(bucket, node):
    block = rows.hashed_block(bucket, node)
    if block is not None:
        assert rows.hashed_handle(block) == (bucket, node)

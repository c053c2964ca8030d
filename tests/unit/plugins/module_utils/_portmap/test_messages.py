# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.linux import messages, routes
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.linux.attributes import (
    attribute,
    attributes,
    chosen,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.sight import statistics
from ansible_collections.netiso.portmap.tests.unit.plugins.module_utils._portmap.recordings import (
    readable,
    recorded,
)
from hypothesis import given
from hypothesis import strategies as st

pytestmark = readable

AF_INET, AF_INET6 = 2, 10
ANSWERS = dict(recorded("kernel_links.txt"))


def test_a_link_is_read_with_its_marks_its_other_end_and_its_counters():
    seen = messages.read_link(ANSWERS["link pm-web"])
    assert seen._replace(statistics=seen.statistics[:8]) == messages.LinkSeen(
        ifindex=21,
        name="pm-web",
        kind="veth",
        mac="02:00:00:00:00:01",
        mtu=1400,
        up=True,
        loopback=False,
        alias="portmap:web",
        group=28781,
        peer_ifindex=31,
        statistics=(4, 3, 368, 266, 0, 0, 0, 0),  # ip says: RX 368 bytes, TX 266
        qdisc="noqueue",
    )


def test_what_the_host_receives_the_container_has_sent():
    assert statistics.of_link((4, 3, 368, 266, 5, 6, 7, 8)) == {
        "rx_packets": 3,
        "rx_bytes": 266,
        "rx_errors": 6,
        "rx_dropped": 8,
        "tx_packets": 4,
        "tx_bytes": 368,
        "tx_errors": 5,
        "tx_dropped": 7,
    }


@pytest.mark.parametrize(
    ("answer", "seen"),
    [
        ("127.0.0.1/8 dev lo", (1, AF_INET, "127.0.0.1", 8, False, 254, False)),
        ("10.9.0.1 peer 10.9.0.2/32 dev pm-web", (21, AF_INET, "10.9.0.1", 32, False, 0, False)),
        ("10.0.0.1/24 dev eth0", (31, AF_INET, "10.0.0.1", 24, False, 0, False)),
        ("10.0.0.2/24 secondary dev eth0", (31, AF_INET, "10.0.0.2", 24, True, 0, False)),
        ("of IPv6", (21, AF_INET6, "fe80::ff:fe00:1", 64, False, 253, True)),
    ],
)
def test_an_address_is_read_as_the_link_s_own_end(answer, seen):
    assert messages.read_address(ANSWERS[f"address {answer}"]) == seen


@pytest.mark.parametrize(
    ("answer", "seen"),
    [
        ("default via 10.0.0.254 dev eth0 metric 100", (31, AF_INET, "10.0.0.254", 100)),
        (
            "default metric 200 nexthop via 10.0.0.253 nexthop via 10.0.0.252",
            (31, AF_INET, "10.0.0.253", 200),
        ),
        ("default dev pm-web metric 300", (21, AF_INET, "", 300)),
        ("default via 10.0.0.254 dev eth0 table 7", None),
        ("unreachable default metric 400", None),
        ("10.5.0.0/16 via 10.0.0.254", None),
    ],
)
def test_only_a_default_route_that_leads_somewhere_is_one(answer, seen):
    assert routes.read_default(ANSWERS[f"route {answer}"]) == seen


def test_every_recorded_answer_is_read():
    assert len(ANSWERS) == 1 + 5 + 6


@given(
    st.lists(st.tuples(st.integers(0, 5), st.binary(max_size=9)), max_size=8),
    st.frozensets(st.integers(0, 5), max_size=3),
    st.binary(max_size=3),
)
def test_some_attributes_are_found_as_all_of_them_would_be(listed, wanted, rest):
    """The kernel gives each once."""
    once = dict(listed)
    data = b"head" + b"".join(attribute(kind, value) for kind, value in once.items()) + rest
    everything = dict(attributes(data, 4))
    found = chosen(data, wanted, 4)
    assert found == {kind: everything[kind] for kind in wanted & everything.keys()}


def test_what_every_virtual_link_has_counts_nothing():
    head = bytes(20)
    assert messages.counts_nothing(head + attribute(1, b"noqueue\0"))
    assert not messages.counts_nothing(head + attribute(1, b"noqueue2\0"))
    assert not messages.counts_nothing(head + attribute(1, b"clsact\0"))
    assert not messages.counts_nothing(head)

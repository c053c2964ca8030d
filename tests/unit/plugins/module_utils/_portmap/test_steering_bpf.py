# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What eBPF steering wants of a host and of a container, and how it numbers them."""

from __future__ import annotations

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.objects.kind import (
    Change,
    state,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.objects.qdisc import Qdisc
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.steering.bpf import numbers
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.steering.bpf.objects import (
    Config,
    Owned,
    Steer,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.steering.bpf.plane import Bpf
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.steering.plane import (
    Seen,
    Steered,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.steering.u32.plane import U32
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.errors import (
    InvalidRequest,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.places import Place
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.ports import Range
from ansible_collections.netiso.portmap.tests.unit.plugins.module_utils._portmap.model import (
    DB,
    ETH0,
    LO,
    WEB,
)
from ansible_collections.netiso.portmap.tests.unit.plugins.module_utils._portmap.seen import HOST

VETH = Place("", "pm-web")


def knowing(*owned: Owned) -> Bpf:
    plane = Bpf()
    plane._owned = list(owned)
    return plane


def test_a_host_has_one_program_on_two_links_and_what_it_must_know():
    assert list(Bpf().on_host(HOST, {})) == [
        Config("10.0.0.1", "10.0.0.255", ETH0, HOST.mac),
        Qdisc(ETH0, "clsact"),
        Steer(ETH0, 0, ""),
        Steer(ETH0, 0xC000, "", leaving=True),
        Qdisc(LO, "clsact"),
        Steer(LO, 0, ""),
    ]


def test_where_an_interface_has_no_hook_for_what_leaves_nothing_is_wanted_there_and_it_is_named():
    plain = Qdisc(ETH0, "ingress")
    wanted = list(Bpf().on_host(HOST, {plain.identity: plain}))
    assert Steer(ETH0, 0, "") in wanted
    assert not any(isinstance(item, Steer) and item.leaving for item in wanted)
    found = Steered(Seen([plain, Qdisc(LO, "ingress")]), Seen(), {}, {}, True)
    assert Bpf().unnoted(HOST, found) == [ETH0]
    assert U32().unnoted(HOST, found) is None


@pytest.mark.parametrize(("prefix", "broadcast"), [(30, "10.0.0.3"), (31, ""), (32, "")])
def test_a_network_of_two_has_no_address_of_everybody(prefix, broadcast):
    (address,) = HOST.addresses
    host = HOST._replace(addresses=(address._replace(prefix=prefix),))
    config = next(iter(Bpf().on_host(host, {})))
    assert config.broadcast == broadcast


def test_a_container_has_three_filters_and_its_ports_whatever_they_are():
    wanted = list(knowing().of_container(HOST, WEB, {}))
    assert [item for item in wanted if not isinstance(item, Qdisc)] == [
        Steer(VETH, 1, ""),
        Steer(Place("web", "lo"), 0x4001, ""),
        Steer(Place("web", "eth0"), 0x8001, ""),
        Owned("pm-web", 1, (Range(30016, 30031), Range(31000, 31007))),
    ]


def test_a_qdisc_that_is_there_is_used():
    theirs = Qdisc(VETH, "clsact")
    assert theirs in list(knowing().of_container(HOST, WEB, state([theirs])))


def number_of(plane: Bpf, container) -> int:
    (owned,) = [one for one in plane.of_container(HOST, container, {}) if isinstance(one, Owned)]
    return owned.number


def test_numbers_are_kept_and_the_lowest_free_one_is_taken():
    plane = knowing(Owned("pm-a", 1, ()), Owned("pm-web", 7, ()), Owned("", 2, (Range(5, 5),)))
    assert number_of(plane, WEB) == 7
    assert number_of(plane, DB) == 3  # 2 is still in the map, though its link is gone
    assert number_of(plane, DB) == 3
    assert number_of(plane, WEB._replace(name="new")) == 4


def test_one_container_too_many_is_refused():
    every = [Owned(f"pm-{one}", one, ()) for one in range(1, numbers.HIGHEST + 1)]
    with pytest.raises(InvalidRequest, match="4095 are placed"):
        number_of(knowing(*every), WEB)


def test_ports_without_a_link_are_nobodys():
    gone = Owned("", 2, (Range(31008, 31015),))
    plane = knowing(Owned("pm-web", 1, (Range(31000, 31007),)), gone)
    assert plane.orphans(Steered(Seen(), Seen(), {}, {}, True)) == [gone]
    assert str(gone) == "ports 31008-31015 lead to (gone) as number 2"


def test_the_ports_of_a_veth_are_those_of_its_number():
    plane = knowing(Owned("pm-web", 1, (Range(31000, 31007),)), Owned("pm-db", 2, (Range(5, 5),)))
    assert [block.first for block in plane.ports_of([Steer(VETH, 1, "")])] == [31000]


def test_a_qdisc_with_filters_of_others_stays():
    deleted = [Change(Qdisc(ETH0, "clsact"), None), Change(Qdisc(LO, "clsact"), None)]
    foreign = {(ETH0, 0x0800, 5)}
    assert Bpf().shorten(deleted, set(), foreign, True) == deleted[1:]


@pytest.mark.parametrize("damage", [{"tag": "0123"}, {"whole": False}, {"classid": 9}])
def test_a_host_with_another_filter_than_ours_takes_no_container(damage):
    sound = list(Bpf().on_host(HOST, {}))
    broken = [one._replace(**damage) if one == Steer(LO, 0, "") else one for one in sound]

    def fault(objects) -> str:
        return Bpf().fault(HOST, Steered(Seen(objects), Seen(), {}, {}, False))

    assert fault(sound) == ""
    assert fault(broken).startswith("'filter dev lo ingress protocol all prio 128 bpf pm_steer")


def test_without_a_filter_of_the_host_nobody_is_reached():
    assert Steer(ETH0, 0, "").serves_all
    assert not Steer(VETH, 1, "").serves_all

# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.decide import host as decide
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.decide import host_absent
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.memory.record import Record
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.objects.handle import (
    HandleDirectory,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.objects.kind import state
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.objects.link import Link
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.objects.qdisc import Qdisc
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.objects.sysctl import Sysctl
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.steering import choose
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.steering.plane import Seen
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.errors import (
    InvalidRequest,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.options import (
    HostOptions,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.ports import Range
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.sockets import (
    HostSocket,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.wanted.busy import Busy
from ansible_collections.netiso.portmap.tests.unit.plugins.module_utils._portmap.seen import (
    HOST,
    WEB,
    survey,
)

OWN = Range(57344, 60999)
OPTIONS = HostOptions(
    "eth0", "lo", (Range(31000, 31999),), Range(30016, 30999), 16, None, "relax", steering="u32"
)
RECORD = Record(OPTIONS, {}, (), HOST.applied)
LO = Link(HOST.loopback_place, HOST.mac, 65536, True)
FORWARD = "net/ipv4/conf/all/rp_filter"


def base(old: Record | None, before: list, options: HostOptions = OPTIONS) -> Record:
    known = state(before)
    values = {FORWARD: "0"}
    after = decide.wanted_objects(choose.plane("u32"), HOST, "/run/netns", values, known)
    return decide.record(options, HOST, known, after, old, "directory", 2, False)


def test_what_is_left_out_stays_as_it_was():
    given = HostOptions("", "", None, None, None, None, "")
    had = OPTIONS._replace(host_ephemeral=OWN, rp_filter="keep", address="10.0.0.1")
    assert given.completed(had) == had
    assert given._replace(service=()).completed(OPTIONS).service == ()
    assert given._replace(per_container=32).completed(OPTIONS) == OPTIONS._replace(
        per_container=32
    )


def test_what_is_left_out_at_first_is_what_the_documents_say():
    given = HostOptions("", "", None, Range(2048, 9999), None, None, "")
    assert given.completed(None) == (
        "",
        "",
        (),
        (2048, 9999),
        1024,
        None,
        "relax",
        "",
        "",
        "",
        "u32",
        None,
        None,
        None,
    )
    assert given._replace(fair_shares=False).completed(given).fair_shares is None
    given = given._replace(ephemeral=None)
    with pytest.raises(InvalidRequest, match="ephemeral_ports is missing"):
        given.completed(None).pools  # noqa: B018


LISTENERS = [
    HostSocket("TCP", 22, "", 7),
    HostSocket("UDP", 31005, "", 8),
    HostSocket("TCP", 99, "x", 9),
]


def sizes(per_container: int, had: int, owners: dict[str, tuple[Range, ...]]) -> list[str]:
    pools = OPTIONS.pools._replace(per_container=per_container)
    return decide.sizes_kept(pools, pools._replace(per_container=had), owners, str)


def test_another_size_is_for_containers_to_come():
    web = (Range(30016, 30031), Range(31000, 31007))
    owners = {"": web, "pm-db": (Range(30032, 30063),), "pm-web": web}
    assert sizes(16, 16, owners) == sizes(16, 32, {}) == sizes(16, 32, {"pm-web": web}) == []
    assert sizes(64, 32, owners) == [
        (
            "containers that are placed keep the ephemeral ports that they have (pm-db: 32, pm-web: 16); 64 are"
            " given to those that are placed from now on; give others with ephemeral_ports of"
            " netiso.portmap.portmap_container"
        )
    ]
    many = {f"pm-{number}": web for number in range(5)}
    assert "(pm-0: 16, pm-1: 16, pm-2: 16 and 2 more)" in sizes(64, 16, many)[0]


def test_a_pool_in_which_the_host_listens_is_told():
    pools = OPTIONS.pools._replace(service=(Range(20, 31999),))
    busy = Busy(LISTENERS, lambda one: f"inode {one.inode}")
    assert decide.heard_in_pool(pools, [(Range(31005, 31005),)], busy) == [
        (
            "the pool of ports (20-31999) has 22, which processes of the host use, such as inode 7 on TCP port"
            " 22: no container can be given these"
        )
    ]
    assert decide.heard_in_pool(pools, [(Range(1, 65535),)], busy) == []
    assert decide.heard_in_pool(pools, [], Busy()) == []


def test_a_record_has_what_every_value_was_before_we_changed_it():
    first = base(None, [LO, Sysctl("", FORWARD, "1")])
    assert first.before == {FORWARD: "1", "mtu": "65536", "handles": "directory"}
    assert first.qdiscs == ("eth0", "lo")
    again = base(first, [LO._replace(mtu=9000), Sysctl("", FORWARD, "2")])
    assert (again.before, again.qdiscs) == (first.before, first.qdiscs)


def test_what_is_as_it_shall_be_was_not_changed_by_us():
    qdiscs = [Qdisc(HOST.public_place, "clsact"), Qdisc(HOST.loopback_place, "ingress")]
    there = [
        LO._replace(mtu=1500),
        Sysctl("", FORWARD, "0"),
        HandleDirectory("/run/netns"),
        *qdiscs,
    ]
    assert base(None, there)[1:3] == ({}, ())


def test_reverse_path_filters_that_are_given_back_are_forgotten():
    old = RECORD._replace(before={FORWARD: "1", "mtu": "65536"})
    keep = OPTIONS._replace(rp_filter="keep")
    assert decide.given_back(keep, old, {}) == {FORWARD: "1"}
    assert decide.given_back(OPTIONS, old, {}) == {}
    assert base(old, [], keep).before["mtu"] == "65536"
    assert FORWARD not in base(old, [], keep).before


def test_the_host_s_own_range_is_set_when_it_is_given():
    name = "net/ipv4/ip_local_port_range"
    assert name not in decide.wanted_sysctls(HOST, OPTIONS, {"all": "0", "lo": "0"}, {})
    moved = OPTIONS._replace(host_ephemeral=OWN, rp_filter="keep")
    assert decide.wanted_sysctls(HOST, moved, {}, {})[name] == "57344 60999"
    assert FORWARD not in decide.wanted_sysctls(HOST, moved, {"all": "1", "lo": "0"}, {})


@pytest.mark.parametrize(
    ("options", "old", "said"),
    [
        (OPTIONS, RECORD, ""),
        (OPTIONS._replace(service=(Range(31004, 31999),)), RECORD, "31000-31003 of <pm-web>"),
        (OPTIONS._replace(service=(Range(57000, 58000),)), RECORD, "which the host takes its own"),
        (OPTIONS._replace(service=(Range(57000, 58000),), host_ephemeral=Range(40000, 41000)), RECORD, "of <pm-web>"),
    ],
)  # fmt: skip
def test_a_host_with_containers_cannot_become_any_other(options, old, said):
    def check() -> None:
        decide.check(options, old, survey(WEB), OWN, "<{}>".format)

    if not said:
        check()
        return
    with pytest.raises(InvalidRequest, match=said):
        check()


def test_a_host_moves_to_other_interfaces_only_without_containers():
    old = RECORD._replace(options=OPTIONS.on("eth1", "lo"))
    with pytest.raises(
        InvalidRequest, match=r"cannot move from eth1 and lo to eth0 .*\(db, web\)"
    ):
        decide.check_move(old, HOST, ["web", "db"])
    decide.check_move(old, HOST, [])


def test_containers_are_looked_at_when_what_they_copy_has_changed_or_their_filters_homes():
    plane = choose.plane("u32")
    whole = decide.wanted_objects(plane, HOST, "/run/netns", {}, {})
    assert not decide.containers_are_stale(HOST, whole, whole, RECORD)
    assert decide.containers_are_stale(HOST, whole, whole, RECORD._replace(applied=()))
    homes = [item for item in whole.values() if "divisor" in str(item) or "qdisc" in str(item)]
    assert len(homes) == 2 + 5
    for item in homes:
        left = {name: one for name, one in whole.items() if one != item}
        assert decide.containers_are_stale(HOST, left, whole, RECORD), item


def test_changed_parameters_are_told_with_what_they_are_now():
    told, before, after = decide.changed_parameters(None, RECORD)
    assert "set ports to 31000-31999" in told
    assert before == ""
    assert len(told) == len(after.splitlines()) == 6
    wider = RECORD._replace(options=OPTIONS._replace(service=()))
    assert decide.changed_parameters(RECORD, wider)[0] == ["set ports to none"]


def test_taking_back_leaves_strangers_qdiscs_and_gives_values_back():
    ours, theirs = Qdisc(HOST.public_place, "ingress"), Qdisc(HOST.loopback_place, "clsact")
    seen = survey()
    seen = seen._replace(steered=seen.steered._replace(shared=Seen([ours, theirs])))
    old = RECORD._replace(
        before={"mtu": "65536", FORWARD: "1", "handles": "directory"}, qdiscs=("eth0",)
    )
    changed = [Sysctl("", FORWARD, "0")]
    here = [LO._replace(mtu=1500), HandleDirectory("/run/netns")]
    before, after = host_absent.taken_back(seen, here, changed, old, can_unshare=True)
    assert list(before.values()) == [ours, LO._replace(mtu=1500), here[1], *changed]
    left = LO._replace(mac="02:70:6d:00:00:02")
    assert list(after.values()) == [left, Sysctl("", FORWARD, "1")]
    assert host_absent.changed_sysctls(old) == [FORWARD]
    kept, _after = host_absent.taken_back(seen, here, changed, old, can_unshare=False)
    assert here[1] not in kept.values()

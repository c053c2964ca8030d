# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ports by name: who gets which, what stays, and how the kernel keeps the names."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values import ports, tenants
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.errors import (
    InvalidRequest,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.options import Pools
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.ports import Range
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.sockets import (
    HostSocket,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.tenants import (
    Container,
    Named,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.wanted import (
    claims,
    requests,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.wanted.busy import Busy
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.wanted.claims import (
    Ask,
    Namespace,
)
from hypothesis import given
from hypothesis import strategies as st

POOLS = Pools((Range(31000, 31999),), Range(32768, 40959), 1024)


def ranges(*texts: str) -> ports.Ranges:
    return ports.parse_all(texts, "ports")


def ask(name: str = "web", *, by_number: list[str] | None = None, **request: int) -> Ask:
    given_ports = None if by_number is None else ranges(*by_number)
    return Ask(name, ports=given_ports, request=tuple(request.items()))


def resolve(*asks: Ask, current: tuple[Container, ...] = (), **more: Any) -> list[Container]:
    return claims.resolve(
        asks,
        more.get("pools", POOLS),
        {one.name: one for one in current},
        more.get("others", {}),
        {one.name: Namespace(one.name, "created", 0, "") for one in asks},
        more.get("busy", Busy()),
    )


def test_requested_ports_are_the_lowest_free_ones_and_are_added_to_those_by_number() -> None:
    (web,) = resolve(ask(by_number=["31000-31001", "31003"], http=1, admin=2))
    assert web.assigned == {"http": "31002", "admin": "31004-31005"}
    assert ports.text(web.service) == "31000-31005"


def test_a_run_starts_where_few_filters_match_it() -> None:
    (web,) = resolve(ask(rtp=100))
    assert web.assigned == {"rtp": "31040-31139"}  # 31040 is a multiple of 64
    assert [block.size for block in ports.cut(web.service)] == [64, 32, 4]


def test_where_no_such_start_is_left_any_run_will_do() -> None:
    (web,) = resolve(ask(most=900))
    assert web.assigned == {"most": "31040-31939"}
    (web,) = resolve(ask(all=1000))
    assert web.assigned == {"all": "31000-31999"}


def test_ports_of_others_of_later_containers_and_of_the_host_are_not_taken() -> None:
    busy = Busy([HostSocket("TCP", 31001, "", 1), HostSocket("TCP", 31002, "192.0.2.1:443", 2)])
    later = Ask("db", ports=ranges("31003"))
    web, _db = resolve(ask(http=1), later, others={"cache": ranges("31000")}, busy=busy)
    assert web.assigned == {"http": "31004"}


def placed(**request: int) -> Container:
    (web,) = resolve(ask(by_number=["31000"], **request))
    return web


def test_named_ports_stay_as_long_as_as_many_are_wanted() -> None:
    web = placed(http=1, admin=2)
    for again in (ask(admin=2, http=1), Ask("web"), Ask("web", ports=ranges("31000"))):
        assert resolve(again, current=(web,)) == [web]


def test_another_number_moves_that_name_only() -> None:
    web = placed(http=1, admin=2, metrics=1)
    assert web.assigned == {"http": "31001", "admin": "31002-31003", "metrics": "31004"}
    (now,) = resolve(ask(http=1, admin=4, metrics=1), current=(web,))
    assert now.assigned == {"http": "31001", "admin": "31008-31011", "metrics": "31004"}
    assert ports.text(now.service) == "31000-31001, 31004, 31008-31011"


def test_a_name_that_is_left_out_gives_its_ports_back() -> None:
    (now,) = resolve(ask(metrics=1), current=(placed(http=1, metrics=1),))
    assert (now.assigned, ports.text(now.service)) == ({"metrics": "31002"}, "31000, 31002")
    (none,) = resolve(ask(), current=(now,))
    assert (none.assigned, ports.text(none.service)) == ({}, "31000")


@pytest.mark.parametrize("state", ["present", "exact"])
def test_setting_ports_keeps_those_with_a_name(state: str) -> None:
    web = placed(http=1)
    wanted = claims.changed_ports(web.service, ranges("31500"), state)
    (now,) = resolve(Ask("web", ports=wanted), current=(web,))
    assert now.assigned == web.assigned
    kept = "31000-31001" if state == "present" else "31001"
    assert ports.text(now.service) == f"{kept}, 31500"


def test_ports_with_a_name_are_not_taken_away_by_number() -> None:
    requests.check_kept(placed(http=1), ranges("31000"))
    with pytest.raises(InvalidRequest) as refused:
        requests.check_kept(placed(http=1), ranges("31000-31005"))
    assert str(refused.value) == (
        "cannot take ports 31001 from web: it has them as http; leave that name out of its request instead"
    )


def test_what_a_boot_brings_back_has_its_names() -> None:
    web = placed(http=1)
    again = Ask("web", ports=web.service, ephemeral=web.ephemeral, named=web.named)
    assert resolve(again) == [web]


def test_too_many_are_refused_with_the_pool() -> None:
    with pytest.raises(InvalidRequest) as refused:
        resolve(ask(rtp=1001))
    assert str(refused.value) == (
        "cannot give web the 1001 ports that it requests as rtp: so many free ones in a row are not"
        " left in the host's pool 31000-31999"
    )


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        ({"HTTP": 1}, "cannot request ports for web as 'HTTP': a name has"),
        ({"a_b": 1}, "as 'a_b'"),
        ({"-a": 1}, "as '-a'"),
        ({"7": 1}, "as '7'"),
        ({"": 1}, "as ''"),
        ({"x" * 16: 1}, f"as '{'x' * 16}'"),
        ({"http-outside": 1}, "and does not end with '-outside'"),
        ({"http": 0}, "cannot request 0 ports as 'http': expected how many, from 1 to 65535"),
        ({"http": "many"}, "cannot request 'many' ports as 'http'"),
        ({"http": True}, "cannot request True ports"),
        ({"http": -1}, "cannot request -1 ports"),
        ({"http": 65536}, "cannot request 65536 ports"),
        ({"http": "9" * 5000}, "from 1 to 65535"),
    ],
)
def test_what_is_no_request_is_refused(request_: dict[object, object], sentence: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        requests.read(request_, "web")
    assert sentence in str(refused.value)


def test_a_request_is_read_from_numbers_and_text() -> None:
    assert requests.read({"http": 1, "rtp-in": "100"}, "web") == (("http", 1), ("rtp-in", 100))


# --- in the kernel --------------------------------------------------------------------------------


def test_names_stand_in_the_alias_and_are_read_from_it() -> None:
    web = placed(http=1, admin=2)
    assert tenants.alias(web) == "portmap:web ports=admin:31002-31003,http:31001"
    assert tenants.read_told(tenants.alias(web)).named == web.named
    assert tenants.read_alias(tenants.alias(web)) == ("web", "web", "created")
    assert tenants.mark(web) == "portmap:web"


@pytest.mark.parametrize(
    "text", ["portmap:web", "portmap:web ports=", "portmap:web kept", "", "x"]
)
def test_an_alias_without_names_has_none(text: str) -> None:
    assert tenants.read_told(text).named == ()


def test_what_cannot_be_read_has_no_name() -> None:
    found = tenants.read_told("portmap:web ports=a:1,b,c:,d:99999,e:9-1,f:2-3").named
    assert found == (Named("a", Range(1, 1)), Named("f", Range(2, 3)))


@given(st.dictionaries(st.from_regex(r"[a-z][a-z0-9]{0,14}", fullmatch=True), st.integers(1, 9)))
def test_names_that_are_granted_fit_and_come_back(request_: dict[str, int]) -> None:
    try:
        (web,) = resolve(Ask("web", request=tuple(request_.items())))
    except InvalidRequest as error:
        assert "the kernel has room for 255" in str(error)
        assert len(request_) > 8
    else:
        assert len(tenants.alias(web)) <= 255
        assert tenants.read_told(tenants.alias(web)).named == web.named
        assert resolve(Ask("web", request=tuple(request_.items())), current=(web,)) == [web]

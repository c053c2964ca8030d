# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which of several addresses containers share: a VIP that comes first or last, and one that goes."""

from __future__ import annotations

import json

import pytest

import shape
from lab import state, steering
from lab.machines import HOST, PEER, Lab
from lab.modules import ModuleError, Modules
from lab.pools import POOLS

VIP = "10.0.0.100"
DEFAULT = f"route replace default via {PEER} dev eth0"


def set_addresses(lab: Lab, *addresses: str) -> None:
    lab.host.ip(
        "address flush dev eth0", *(f"address add {one} dev eth0" for one in addresses), DEFAULT
    )


@pytest.mark.parametrize(
    "addresses",
    [(f"{VIP}/32", f"{HOST}/24"), (f"{HOST}/24", f"{VIP}/32"), (f"{HOST}/24", f"{VIP}/24")],
    ids=["first", "last", "secondary"],
)
def test_a_vip_is_not_taken_for_the_address(
    lab: Lab, modules: Modules, addresses: tuple[str, ...]
) -> None:
    set_addresses(lab, *addresses)
    assert shape.place(modules)["host"]["address"] == f"{HOST}/24"
    assert shape.matrix(lab) == {}
    lab.host.ip(*(f"address del {one} dev eth0" for one in addresses if VIP in one))
    # With eBPF, containers had it, too.
    assert modules.host(**POOLS)["changed"] == steering.by_way(False, True)
    assert shape.matrix(lab) == {}


def test_the_source_of_the_route_is_the_address(lab: Lab, modules: Modules) -> None:
    set_addresses(lab, f"{HOST}/24", "10.0.0.2/24")
    lab.host.ip(f"{DEFAULT} src 10.0.0.2")
    assert shape.place(modules)["host"]["address"] == "10.0.0.2/24"
    assert shape.matrix(lab, "10.0.0.2", sends_from=HOST) == {}


def test_the_address_that_is_named(lab: Lab, modules: Modules) -> None:
    set_addresses(lab, f"{HOST}/24", "10.0.0.2/24")
    prepared = shape.place(modules, address="10.0.0.2")
    assert prepared["host"]["address"] == "10.0.0.2/24"
    assert "but the host itself sends" not in shape.told(prepared)
    assert (f"other addresses ({HOST})" in shape.told(prepared)) == steering.by_way(True, False)
    assert shape.matrix(lab, "10.0.0.2", sends_from=HOST) == {}
    assert not modules.host(**POOLS)["changed"]
    back = modules.host(**POOLS, address=HOST)
    assert back["host"]["address"] == f"{HOST}/24"
    assert shape.matrix(lab) == {}


@pytest.mark.parametrize("address", ["10.0.0.77", "10.0.0.1/24", "::1", "x"])
def test_an_address_that_the_interface_does_not_have(
    lab: Lab, modules: Modules, address: str
) -> None:
    before = state.of(lab.host)
    with pytest.raises(ModuleError, match=f"cannot use address {address}"):
        modules.host(**POOLS, address=address)
    assert state.difference(before, state.of(lab.host)) == ""


def test_an_address_that_comes_later_moves_nobody(lab: Lab, modules: Modules) -> None:
    shape.place(modules)
    set_addresses(lab, f"{VIP}/24", f"{HOST}/24")
    prepared = modules.host(**POOLS)
    assert prepared["changed"] == steering.by_way(False, True)
    assert f"share the address {HOST}, but the host itself sends from {VIP}" in shape.told(
        prepared
    )
    assert {one["kind"] for one in modules.problems()} == {"addresses"}
    assert shape.matrix(lab, sends_from=VIP) == {}
    assert "but the host itself" not in shape.told(modules.host(**POOLS, address=HOST))


def test_a_host_of_an_earlier_version_keeps_the_address_that_it_took(
    lab: Lab, modules: Modules
) -> None:
    """It took the first one, and its record says no more."""
    set_addresses(lab, f"{VIP}/32", f"{HOST}/24")
    shape.place(modules, address=VIP)
    path = lab.host.path("/run/portmap/host.json")
    with open(path, encoding="utf-8") as file:
        data = json.load(file)
    del data["ifindex"], data["address"]
    with open(path, "w", encoding="utf-8") as file:
        json.dump(data, file)
    prepared = modules.host(**POOLS)
    assert prepared["host"]["address"] == f"{VIP}/32"
    assert f"share the address {VIP}, but the host itself sends from {HOST}" in shape.told(
        prepared
    )


def test_when_the_address_is_gone_the_host_s_own_choice_is_followed(
    lab: Lab, modules: Modules
) -> None:
    shape.place(modules)
    set_addresses(lab, "10.0.0.2/24", f"{VIP}/32")
    assert modules.checking().host(**POOLS)["changed"]
    assert modules.host(**POOLS)["host"]["address"] == "10.0.0.2/24"
    assert shape.matrix(lab, "10.0.0.2") == {}


def test_a_vip_does_not_stand_in_for_the_address_that_is_gone(lab: Lab, modules: Modules) -> None:
    """A lease has ended, and keepalived's address is all that is left."""
    set_addresses(lab, f"{HOST}/24", f"{VIP}/32")
    shape.place(modules)
    lab.host.ip(
        f"address del {HOST}/24 dev eth0",
        f"route replace {PEER} dev eth0",
        f"route replace default via {PEER} dev eth0",
    )
    before = state.of(lab.host)
    for run in (modules.checking(), modules):
        with pytest.raises(
            ModuleError, match=rf"10\.0\.0\.1, which .* is gone .* {VIP}/32 may go"
        ):
            run.host(**POOLS)
    assert state.difference(before, state.of(lab.host)) == ""
    assert "addresses" in {one["kind"] for one in modules.problems()}
    assert modules.host(**POOLS, address=VIP)["host"]["address"] == f"{VIP}/32"


def test_when_the_address_is_gone_and_none_is_preferred_a_run_asks(
    lab: Lab, modules: Modules
) -> None:
    lab.host.ip("route del default")
    modules.host(**POOLS, public_interface="eth0")
    modules.container(containers=shape.CONTAINERS)
    lab.host.ip(
        "address flush dev eth0",
        "address add 10.0.0.2/24 dev eth0",
        "address add 10.7.0.1/24 dev eth0",
    )
    before = state.of(lab.host)
    for run in (modules.checking(), modules):
        with pytest.raises(
            ModuleError, match=r"10\.0\.0\.1, which .* is gone .* name one with address"
        ):
            run.host(**POOLS)
    assert state.difference(before, state.of(lab.host)) == ""
    assert modules.host(**POOLS, address="10.0.0.2")["host"]["address"] == "10.0.0.2/24"


def test_an_address_that_was_named_and_is_gone_is_not_replaced(lab: Lab, modules: Modules) -> None:
    set_addresses(lab, f"{HOST}/24", f"{VIP}/32")
    shape.place(modules, address=VIP)
    lab.host.ip(f"address del {VIP}/32 dev eth0")
    with pytest.raises(ModuleError, match=f"cannot use address {VIP}: eth0 does not have it"):
        modules.host(**POOLS)

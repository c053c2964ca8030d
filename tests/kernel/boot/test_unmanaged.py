# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Programs that configure links leave ours alone, although these have the MAC of the uplink.

systemd-networkd is the real one, without the rest of systemd.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import probes
from lab.machines import HOST, PEER, Lab, Machine
from lab.modules import ModuleError, Modules
from lab.pools import POOLS
from lab.probes import Probe
from lab.repairs import carry_out
from scene import inventory

NETWORKD = "/lib/systemd/systemd-networkd"
FILES = "/etc/systemd/network"
LINKS_FILE = f"{FILES}/00--netiso-portmap.network"
LOOPBACK_FILE = f"{FILES}/00--netiso-portmap-lo.network"
STATIC = f"Address={HOST}/24\nGateway={PEER}\nLinkLocalAddressing=no\nIPv6AcceptRA=no"

# Without udev networkd would wait for it, unless /sys says that nobody but the kernel is there.
_START = """
mount -o remount,ro /sys
mkdir -p /run/dbus /run/systemd/netif/links /run/systemd/netif/leases /run/systemd/netif/lldp
chown -R systemd-network: /run/systemd/netif
"""


class Networkd:
    """systemd-networkd and the bus by which it is asked, on the host of a lab."""

    def __init__(self, host: Machine) -> None:
        self.host = host
        host.run("sh", "-ec", _START)
        self._bus = host.start("dbus-daemon", "--system", "--nofork", "--nopidfile")
        self._until("dbus", "test -S /run/dbus/system_bus_socket")
        self._program: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """As after a boot: systemd 252 sometimes fails to set an address that is there already."""
        self.host.ip("address flush dev eth0")
        self.launch()
        self.settle()

    def launch(self) -> None:
        self._program = self.host.start(NETWORKD)
        self._until("networkd", "networkctl list --no-legend")

    def settle(self) -> None:
        configured = "networkctl list --no-legend eth0 | grep -q configured"
        routed = "ip route show default dev eth0 proto static | grep -q ."
        done = f"{configured} && {routed}"
        self._until("eth0", f"{done} && sleep 0.5 && {done}")  # it may just be about to begin

    def restart(self) -> None:
        self.stop()
        self.start()

    def stop(self) -> str:
        """What it has said."""
        if self._program is None:
            return ""
        self._program.terminate()
        said, _nothing = self._program.communicate(timeout=20)
        self._program = None
        return said

    def close(self) -> None:
        self.stop()
        self._bus.terminate()
        self._bus.communicate(timeout=20)

    def setup(self) -> dict[str, str]:
        """What networkd thinks of every link: "configured", "unmanaged" and so on."""
        lines = self.host.run("networkctl", "list", "--no-legend").stdout.splitlines()
        return {words[1]: words[-1] for words in map(str.split, lines)}

    def _until(self, what: str, script: str) -> None:
        give_up = time.monotonic() + 20
        while self.host.run("sh", "-c", script, check=False).returncode:
            if time.monotonic() > give_up:
                said = self.host.run("networkctl", "list", check=False).stdout + self.stop()
                raise RuntimeError(f"{what} does not come: {said}")
            time.sleep(0.05)


@pytest.fixture
def host(lab: Lab) -> Machine:
    if not (Path(NETWORKD).exists() and shutil.which("dbus-daemon")):
        pytest.skip("no systemd-networkd, or no dbus-daemon, on this machine")
    lab.host.own_directories()
    return lab.host


@pytest.fixture
def networkd(host: Machine) -> Iterator[Networkd]:
    made = Networkd(host)
    yield made
    made.close()


def write(host: Machine, name: str, match: str, network: str = STATIC) -> None:
    text = f"[Match]\n{match}\n\n[Network]\n{network}\n"
    Path(host.path(f"{FILES}/{name}")).write_text(text, encoding="utf-8")


def ours(host: Machine) -> list[str]:
    directories = "/etc/systemd/network /etc/NetworkManager/conf.d"
    return host.shell(f"ls -A {directories} | grep portmap", check=False).split()


def addresses(host: Machine, link: str) -> list[str]:
    found = host.json("ip", "-json", "-4", "address", "show", "dev", link)
    return [one["local"] for link in found for one in link.get("addr_info", ())]


def served(lab: Lab) -> None:
    """Packets go from outside to a container and back, and from the host to it."""
    with probes.servers() as servers:
        servers.listen(lab.container("web"), 31000, HOST)
        asked = [Probe(place, "tcp", HOST, 31000) for place in (lab.peer.place, lab.host.place)]
        assert {answer.who for answer in probes.run(asked).values()} == {"web"}


def untouched(networkd: Networkd) -> None:
    """Only the public interface is configured."""
    setup = networkd.setup()
    assert {name for name, state in setup.items() if state != "unmanaged"} == {"eth0"}
    host = networkd.host
    assert addresses(host, "lo") == ["127.0.0.1"]
    assert addresses(host, "pm-web") == []
    assert "dev pm-" not in host.shell("ip route show table all")
    assert "default via 10.0.0.254 dev lo" not in host.shell("ip route show table all")


MATCHES = {
    "name": "Name=eth0",
    "type": "Type=ether",
    "everything": "Name=*",
    "mac": "MACAddress=02:00:00:00:00:10",
}


@pytest.mark.parametrize("match", MATCHES.values(), ids=MATCHES)
def test_networkd_configures_its_uplink_and_nothing_of_ours(
    lab: Lab, modules: Modules, networkd: Networkd, match: str
) -> None:
    write(lab.host, "50-uplink.network", match)
    networkd.start()
    modules.host(**POOLS)
    modules.container(containers=inventory())
    untouched(networkd)
    served(lab)
    networkd.restart()
    untouched(networkd)
    lab.host.shell("ip link set eth0 down; sleep 1; ip link set eth0 up")
    networkd.settle()
    untouched(networkd)
    lab.host.run("networkctl", "reconfigure", "eth0")
    networkd.settle()
    untouched(networkd)
    served(lab)
    assert modules.problems() == []
    assert not modules.host(**POOLS)["changed"]
    modules.container(containers=[], purge=True)
    modules.host(state="absent")
    assert ours(lab.host) == []
    networkd.restart()
    assert HOST in addresses(lab.host, "eth0")
    if match != "Name=*":  # which configured lo before, too
        assert addresses(lab.host, "lo") == ["127.0.0.1"]


def test_a_file_that_is_gone_is_told_foretold_and_written_again(
    lab: Lab, modules: Modules, networkd: Networkd
) -> None:
    write(lab.host, "50-uplink.network", MATCHES["mac"])
    networkd.start()
    modules.host(**POOLS)
    assert ours(lab.host) == ["00--netiso-portmap-lo.network", "00--netiso-portmap.network"]
    lab.host.run("rm", LINKS_FILE)
    lab.host.shell(f"echo >>{LOOPBACK_FILE}")
    told = [one for one in modules.problems() if one["kind"] == "unmanaged"]
    keeps = "which keeps systemd-networkd from our links, is"
    assert sorted(one["description"] for one in told) == [
        f"the file {LOOPBACK_FILE}, {keeps} changed",
        f"the file {LINKS_FILE}, {keeps} missing",
    ]
    foretold = modules.checking().host(**POOLS)
    assert ours(lab.host) == ["00--netiso-portmap-lo.network"]
    done = modules.host(**POOLS)
    assert foretold["changes"] == done["changes"]
    assert modules.problems() == []
    os.chown(lab.host.path(LINKS_FILE), 65534, -1)  # who has it can write what he likes, later
    assert {one["kind"] for one in modules.problems()} == {"unmanaged"}
    assert modules.host(**POOLS)["changed"]
    assert os.stat(lab.host.path(LINKS_FILE)).st_uid == 0
    assert modules.problems() == []


def test_without_such_a_program_nothing_is_written(modules: Modules, host: Machine) -> None:
    host.run("mkdir", "-p", "/run/systemd/netif/links")  # as tmpfiles.d does everywhere
    modules.host(**POOLS)
    assert ours(host) == []


def test_what_the_operator_has_on_lo_stays(lab: Lab, modules: Modules, networkd: Networkd) -> None:
    write(lab.host, "50-uplink.network", MATCHES["name"])
    write(lab.host, "60-lo.network", "Name=lo", "Address=192.0.2.77/32")
    networkd.start()
    modules.host(**POOLS)
    modules.container(containers=inventory())
    networkd.restart()
    assert "192.0.2.77" in addresses(lab.host, "lo")
    assert ours(lab.host) == ["00--netiso-portmap.network"]
    assert modules.problems() == []


def test_a_file_for_the_mac_before_the_one_for_lo_is_refused(
    lab: Lab, modules: Modules, networkd: Networkd
) -> None:
    write(lab.host, "50-uplink.network", MATCHES["mac"])
    write(lab.host, "60-lo.network", "Name=lo", "Address=192.0.2.77/32")
    networkd.start()
    with pytest.raises(ModuleError, match=r"50-uplink\.network instead of .*60-lo\.network"):
        modules.host(**POOLS)
    assert ours(lab.host) == []


def test_an_uplink_named_like_a_veth_stays_managed(
    lab: Lab, modules: Modules, networkd: Networkd
) -> None:
    lab.host.ip("link set eth0 down", "link set eth0 name pm-wan", "link set pm-wan up")
    lab.host.ip(f"route replace default via {PEER} dev pm-wan")
    write(lab.host, "50-uplink.network", MATCHES["mac"])
    modules.host(**POOLS, public_interface="pm-wan")
    networkd.launch()
    modules.host(**POOLS, public_interface="pm-wan")
    setup = networkd.setup()
    assert setup["pm-wan"] != "unmanaged"
    assert setup["portmap-sink0"] == "unmanaged"


# --- NetworkManager, which is not here: what it would read --------------------------------------


def test_network_manager_is_told_where_it_has_run(modules: Modules, host: Machine) -> None:
    host.run("mkdir", "-p", "/run/NetworkManager/devices", "/run/systemd/system")
    modules.host(**POOLS)
    path = "/etc/NetworkManager/conf.d/99-netiso-portmap.conf"
    said = host.run("cat", path).stdout
    assert "match-device=interface-name:pm-*;interface-name:portmap-sink*\nmanaged=0\n" in said
    modules.host(state="absent")
    assert ours(host) == []


# --- a link of ours that others have configured -------------------------------------------------


def test_a_link_of_ours_is_no_public_interface(lab: Lab, prepared: Modules) -> None:
    prepared.container(containers=inventory())
    lab.host.ip("address add 10.0.0.1/24 dev pm-db")
    told = [one for one in prepared.problems() if one["kind"] == "unmanaged"]
    assert told == [
        {
            "kind": "unmanaged",
            "description": "link pm-db has the address 10.0.0.1/24, but is no uplink",
            "containers": ["db"],
            "repair": "ip address flush dev pm-db",
        }
    ]
    refused = "cannot use public_interface pm-db: it is a link of ours"
    with pytest.raises(ModuleError, match=refused):
        prepared.host(**POOLS, public_interface="pm-db")


def test_a_route_through_a_link_of_ours_is_told(lab: Lab, prepared: Modules) -> None:
    prepared.container(containers=inventory())
    lab.host.ip("route add 192.0.2.64/26 dev pm-db")
    (told,) = (one for one in prepared.problems() if one["kind"] == "unmanaged")
    assert told["description"] == "link pm-db has the route 192.0.2.64/26, but is no uplink"
    carry_out(prepared, told["repair"], POOLS, inventory())
    assert prepared.problems() == []


def test_a_link_with_our_group_is_not_found_by_the_default_route(
    lab: Lab, modules: Modules
) -> None:
    lab.host.ip(
        "link add pm-db type veth peer name other",
        "link set pm-db up group 28781",
        "route del default",
        "address add 10.7.0.1/24 dev pm-db",
        "route add default dev pm-db",
    )
    with pytest.raises(
        ModuleError, match="cannot use public_interface pm-db: it is a link of ours"
    ):
        modules.host(**POOLS)

# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which tests are asked about a file, the one most likely to notice first.

Files are known by their names, since they move between folders; one that is not named here is asked
of what most depends on.
"""

from __future__ import annotations

import fnmatch
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
UNIT = "tests/unit"
MOST = "kernel/test_container* kernel/test_host* kernel/test_info kernel/test_trouble"

_TESTS = """
modules/portmap_host.py       kernel/test_bad_* kernel/test_check_mode kernel/test_host*
modules/portmap_container.py  kernel/test_bad_* kernel/test_check_mode kernel/test_container*
modules/portmap_ranges.py     kernel/test_ranges kernel/test_check_mode kernel/test_bad_*
modules/portmap_info.py       kernel/test_info kernel/test_check_mode
boundary.py           kernel/test_bad_* kernel/test_trouble kernel/test_check_mode
restore.py            kernel/test_restore kernel/test_saved kernel/test_lock
claims.py ports.py    kernel/test_bad_* kernel/test_container*
containers.py         kernel/test_bad_* kernel/test_strangers kernel/test_moves kernel/test_trouble kernel/test_container*
comparing.py comparison.py    kernel/test_moves kernel/test_cost kernel/test_trouble robust/test_refused
host.py               kernel/test_strangers kernel/test_bad_* kernel/test_host* kernel/test_check_mode robust/test_killed
info.py problems.py problem.py case.py drift.py leftovers.py reboot.py   kernel/test_info kernel/test_strangers kernel/test_restore kernel/test_saved kernel/test_trouble
saving.py             kernel/test_restore kernel/test_saved robust/test_killed
results.py            kernel/test_host* kernel/test_info kernel/test_ranges
next_boot.py codec.py options.py choosing.py   kernel/test_restore kernel/test_saved kernel/test_crash kernel/test_host*
record.py             kernel/test_host* kernel/test_crash
files.py              kernel/test_crash kernel/test_restore kernel/test_saved robust/test_killed
lock.py               kernel/test_lock robust/test_at_once kernel/test_check_mode
reconcile.py errors.py        kernel/test_trouble robust/test_refused kernel/test_cost robust/test_drift
apply.py pairs.py     kernel/test_trouble kernel/test_container* robust/test_refused
bridge.py             robust/test_skipped robust/test_drift
encode.py objects.py kind.py link.py address.py route.py qdisc.py handle.py   kernel/test_host* kernel/test_container* robust/test_drift
order.py plan.py      kernel/test_container* kernel/test_cost kernel/test_host* robust/test_killed
netlink.py requests.py messages.py routes.py attributes.py rtnl.py uapi.py   robust/test_interrupted kernel/test_info kernel/test_cost robust/test_fuzz
netns.py              kernel/test_strangers kernel/test_host* kernel/test_container* robust/test_killed
procsys.py sysctl.py detached.py  kernel/test_sysctl kernel/test_host*
listeners.py          kernel/test_bad_*
ethtool.py            kernel/test_host*
neighbour.py forwarding.py    hosts/test_ipv6*
usage.py round_trips.py snmp.py   kernel/test_usage
metrics.py exposition.py      kernel/test_metrics
scrape.py             kernel/test_scrape
limits.py shaping.py queueing.py traffic_class.py shaper.py limiting.py   kernel/test_limits* kernel/test_fair_shares
access.py prefixes.py config.py  kernel/test_access kernel/test_allow_from
statistics.py         kernel/test_info kernel/test_lost
survey.py look.py seen.py     kernel/test_info kernel/test_moves kernel/test_host* kernel/test_bad_* robust/test_drift
namespace.py          kernel/test_moves kernel/test_strangers kernel/test_container* robust/test_refused
container.py          kernel/test_strangers kernel/test_trouble kernel/test_info robust/test_hostile robust/test_inside
view.py ids.py plane.py choose.py   kernel/test_strangers kernel/test_host* kernel/test_info robust/test_drift
layout.py keys.py rows.py mirrors.py fields.py numbers.py   kernel/test_matrix kernel/test_ping_arp kernel/test_container*
decode.py             kernel/test_info kernel/test_container* robust/test_fuzz robust/test_drift
sysctls.py            kernel/test_host* kernel/test_container*
unmanaged.py managers.py      kernel/test_reloads kernel/test_unmanaged
uplink.py surroundings.py addresses.py bridge_mac.py sysfs.py host_range.py not_prepared.py dead_process.py replaced_namespace.py inhabitants.py foreign_port.py process.py   hosts/test_problem_* kernel/test_uplink hosts/test_gateway hosts/test_two_uplinks hosts/test_address hosts/test_whole_host kernel/test_host*
unattended.py engine_copy.py units.py systemd.py   kernel/test_at_boot* kernel/test_copied kernel/test_follow_installed
follow.py following.py events.py   kernel/test_follow kernel/test_follow_trouble
plain_ingress.py namespaces.py   hosts/test_own_flows
nat.py netfilter.py nft.py iptables.py   hosts/test_nat hosts/test_firewall
leaving.py quiet.py   kernel/test_leaving_behind kernel/test_trouble robust/test_killed
without.py            hosts/test_gone hosts/test_renamed kernel/test_trouble kernel/test_host*
durable.py            kernel/test_crash kernel/test_restore kernel/test_copied
paths.py places.py    kernel/test_paths kernel/test_restore kernel/test_strangers
processes.py sockets.py busy.py   kernel/test_host_sockets kernel/test_bad_*
linux/programs.py tcx.py      hosts/test_strangers_filters
u32/programs.py       kernel/test_arriving kernel/test_leaving robust/test_frames robust/test_earlier robust/test_drift
bpf/kit.py bpf/look.py bpf/objects.py bpf/plane.py   kernel/test_matrix kernel/test_cost kernel/test_info kernel/test_datagrams robust/test_moving
moving.py             robust/test_moving kernel/test_going_over
strangers.py unfinished.py    kernel/test_strangers robust/hostile/test_offload
nsids.py              kernel/test_strangers kernel/test_container* robust/test_drift
marks.py tenants.py   kernel/test_strangers kernel/test_info kernel/test_container* kernel/test_paths
summary.py            kernel/test_check_mode kernel/test_moves kernel/test_container*
guards.py guarded.py attaching.py guard.py guard_units.py   kernel/test_guard kernel/test_guard_ways kernel/test_guard_watch kernel/test_guard_container kernel/test_guard_killed
guard_follow.py       kernel/test_guard_container
watching.py violations.py guard_problems.py guard_detached.py taken_port.py journal.py listeners.py ring.py   kernel/test_guard_watch
docker.py             hosts/test_docker gates/test_options
workload_leaving.py nspawn.py oci.py bundle.py podman.py service.py spelling.py sound.py setting.py   gates/test_options
roles/*               gates/test_options gates/test_roles gates/test_examples
"""


def tests_of(file: str) -> list[str]:
    """Files of tests, by their path. Unit tests come first, and of them those that are named after it."""
    for line in _TESTS.split("\n"):
        words = line.split()
        patterns = [word for word in words if word.endswith(".py") or word.startswith("roles")]
        if any(
            fnmatch.fnmatch(file, pattern if pattern.startswith("roles") else f"*/{pattern}")
            for pattern in patterns
        ):
            rest = words[len(patterns) :]
            break
    else:
        rest = MOST.split()
    first = [] if file.startswith("roles/") else [*_named_after(file), UNIT]
    return first + [file for name in rest for file in _files(name)]


def _named_after(file: str) -> list[str]:
    """Unit tests that bear the name of the file, or else that of its folder.

    A file of them takes a second, and all take half a minute.
    """
    tests = sorted((_ROOT / UNIT).glob("**/test_*.py"))
    for name in (Path(file).stem, Path(file).parent.name):
        named = [
            path for path in tests if _words(name) <= _words(path.stem.replace("test_decide_", ""))
        ]
        if named:
            return [str(path.relative_to(_ROOT)) for path in named]
    return []


def _words(name: str) -> set[str]:
    return {word.rstrip("s") for word in name.split("_")}


def _files(name: str) -> list[str]:
    folder, _, file = name.partition("/")
    found = _ROOT.glob(f"tests/{folder}/**/{file}.py")
    return sorted(str(path.relative_to(_ROOT)) for path in found)

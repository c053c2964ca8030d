# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which tests are asked about a file, the one most likely to notice first.

Files are known by their names, since they move between folders; one that is not named here is asked
of what most depends on.
"""

from __future__ import annotations

import fnmatch

UNIT = "tests/unit"
MOST = "kernel/test_container kernel/test_host kernel/test_info kernel/test_trouble"

_TESTS = """
modules/portmap_host.py       kernel/test_bad_input kernel/test_check_mode kernel/test_host
modules/portmap_container.py  kernel/test_bad_input kernel/test_check_mode kernel/test_container
modules/portmap_ranges.py     kernel/test_ranges kernel/test_check_mode kernel/test_bad_input
modules/portmap_info.py       kernel/test_info kernel/test_check_mode
boundary.py           kernel/test_bad_input kernel/test_trouble kernel/test_check_mode
restore.py            kernel/test_restore kernel/test_lock
claims.py ports.py    kernel/test_bad_input kernel/test_container
containers.py         kernel/test_bad_input kernel/test_strangers kernel/test_moves kernel/test_trouble kernel/test_container
comparing.py comparison.py    kernel/test_moves kernel/test_cost kernel/test_trouble robust/test_refused
host.py               kernel/test_strangers kernel/test_bad_input kernel/test_host kernel/test_check_mode robust/test_killed
info.py problems.py   kernel/test_info kernel/test_strangers kernel/test_restore kernel/test_trouble
saving.py             kernel/test_restore robust/test_killed
results.py            kernel/test_host kernel/test_info kernel/test_ranges
next_boot.py codec.py options.py   kernel/test_restore kernel/test_crash kernel/test_host
record.py             kernel/test_host kernel/test_crash
files.py              kernel/test_crash kernel/test_restore robust/test_killed
lock.py               kernel/test_lock robust/test_at_once kernel/test_check_mode
reconcile.py errors.py        kernel/test_trouble robust/test_refused kernel/test_cost robust/test_drift
apply.py pairs.py     kernel/test_trouble kernel/test_container robust/test_refused
bridge.py             robust/test_skipped robust/test_drift
encode.py objects.py kind.py link.py address.py route.py qdisc.py handle.py   kernel/test_host kernel/test_container robust/test_drift
order.py plan.py      kernel/test_container kernel/test_cost kernel/test_host robust/test_killed
netlink.py requests.py messages.py attributes.py rtnl.py uapi.py   robust/test_interrupted kernel/test_info kernel/test_cost robust/test_fuzz
netns.py              kernel/test_strangers kernel/test_host kernel/test_container robust/test_killed
procsys.py sysctl.py  kernel/test_sysctl kernel/test_host
listeners.py          kernel/test_bad_input
ethtool.py            kernel/test_host
statistics.py         kernel/test_info kernel/test_lost
survey.py look.py seen.py     kernel/test_info kernel/test_moves kernel/test_host kernel/test_bad_input robust/test_drift
namespace.py          kernel/test_moves kernel/test_strangers kernel/test_container robust/test_refused
container.py          kernel/test_strangers kernel/test_trouble kernel/test_info robust/test_hostile
view.py ids.py plane.py choose.py   kernel/test_strangers kernel/test_host kernel/test_info robust/test_drift
layout.py keys.py rows.py mirrors.py fields.py numbers.py   kernel/test_matrix kernel/test_ping_arp kernel/test_container
decode.py             kernel/test_info kernel/test_container robust/test_fuzz robust/test_drift
sysctls.py            kernel/test_host kernel/test_container
roles/*               gates/test_options gates/test_roles gates/test_examples
"""


def tests_of(file: str) -> list[str]:
    """Files of tests, by their path; unit tests come first."""
    for line in _TESTS.split("\n"):
        words = line.split()
        patterns = [word for word in words if word.endswith((".py", "*"))]
        if any(
            fnmatch.fnmatch(file, pattern if pattern.startswith("roles") else f"*/{pattern}")
            for pattern in patterns
        ):
            rest = words[len(patterns) :]
            break
    else:
        rest = MOST.split()
    first = [] if file.startswith("roles/") else [UNIT]
    return first + [f"tests/{name}.py" for name in rest]

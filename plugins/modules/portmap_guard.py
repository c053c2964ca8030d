#!/usr/bin/python
# Copyright (c) 2026 netiso.portmap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: portmap_guard
short_description: Have services of the host bind no other ports than those that they were given
version_added: 0.2.0
description:
  - What runs in the host's own network can take any port, those of containers too. A guard is for a control group of
    such processes, and says which ports they may bind. The kernel asks it within C(bind), so there is no moment
    in which a port is taken first and looked at later.
  - It is asked for TCP, MPTCP, UDP and UDP-Lite, over IPv4 and IPv6, whatever options the socket has. It knows the ports of
    the network namespace that the module runs in; a process that makes a namespace of its own takes nobody's port there.
  - A guarded unit of systemd attaches its guard itself, before its first process, with C(ExecStartPre) in a drop-in. When that
    fails the unit does not start. A unit that runs gets its guard at once, and other ports without a restart.
  - C(portmap-guard.service) attaches the guards of slices and other groups after a boot, writes what guards see into the
    journal, and does what O(action) says. Nothing that is denied depends on it.
  - Programs that others have attached to the same groups stay, and are asked too.
  - The guards are kept in C(/etc/netiso-portmap/guards.json). The engine is copied to C(/usr/local/lib/netiso-portmap).
  - What guards do not promise is in the file SECURITY.md of the collection.
options:
  guards:
    description:
      - The guards. A host keeps those that are not in the list, unless O(purge) is set.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name of the guard. Letters, digits, C(.), C(_) and C(-), at most 63.
        type: str
        required: true
      state:
        description:
          - Whether the guard is there.
          - V(absent) needs nothing but the name. What the group has bound stays bound.
        type: str
        choices: [present, absent]
        default: present
      unit:
        description:
          - A C(.service) or C(.socket) of systemd.
          - Sockets that systemd opens for a service are those of the C(.socket) unit. Guard both.
        type: str
      slice:
        description:
          - A slice of systemd, with all that runs in it. It has one guard and one set of ports.
          - A slice runs no command when it starts, so C(portmap-guard.service) attaches the guard, up to a second later.
        type: str
      cgroup:
        description:
          - Another control group, such as that of a container of podman, by its path as in
            C(/proc/PID/cgroup). It is attached as soon as the group is there, up to a second later.
        type: path
      ports:
        description:
          - The ports that the group may bind, as V(31000-31007), V(443/tcp) or V(53/udp). A port without a protocol is both.
        type: list
        elements: str
        default: []
      container:
        description:
          - A placed container in which the group's processes run. The group may bind the ports of this container
            there, its ephemeral ones too, and no others. O(policed) and O(guards[].ports) are not for such a guard.
          - A port that is not the container's is refused at the loopback addresses too, since packets to it leave the container.
          - The run that gives the container other ports tells the guard of them, without a restart.
          - It does not judge what the group binds elsewhere, in the host's own network for example.
        type: str
      action:
        description: See O(action).
        type: str
        choices: [report, deny, close, stop, kill]
  policed:
    description:
      - The ports that the listed guards judge. Every process may bind the others.
      - V(pools) are those that M(netiso.portmap.portmap_host) hands out to containers, V(all) are all but those that
        the host takes by itself (C(ip_local_port_range)). Anything else is a port or range, as in O(guards[].ports).
      - What the host takes by itself cannot be policed, since C(listen) without C(bind) gets such a port. The run
        fails when both meet, and names the ports.
    type: list
    elements: str
    default: [pools]
  action:
    description:
      - What becomes of a C(bind) to a port that is policed and not the group's own.
      - V(report) lets it be, and tells the journal. All others let it fail with C(EPERM), and tell the journal.
      - V(deny) does no more.
      - V(close) also closes listeners on such ports that are older than the guard.
      - V(stop) stops the unit or slice, V(kill) kills all processes of the group. A guard of a O(guards[].cgroup) kills in
        both cases.
    type: str
    choices: [report, deny, close, stop, kill]
    default: report
  only_tcp_udp:
    description:
      - Whether the listed guards also judge sockets that have no port which they could look at, SCTP, DCCP and raw ones.
        They are denied when they are made.
      - Some versions of C(ping) need a raw socket.
    type: bool
    default: false
  scan_interval:
    description:
      - Seconds between two looks of C(portmap-guard.service) at all sockets of the host, which find what is older than a
        guard, and at all guards, which attach what is missing. V(0) is never.
      - Left out, it stays what it is, V(60) at first.
    type: int
  purge:
    description: Remove every guard that is not in O(guards). An empty list removes all, and what was installed.
    type: bool
    default: false
extends_documentation_fragment:
  - netiso.portmap.attributes
  - netiso.portmap.attributes.action_group
requirements:
  - Linux 5.8 or later with CONFIG_CGROUP_BPF, and a unified hierarchy of control groups (cgroup v2)
seealso:
  - module: netiso.portmap.portmap_info
author:
  - netiso.portmap contributors (@netiso)
"""

EXAMPLES = r"""
- name: Keep a service on its ports
  netiso.portmap.portmap_guard:
    guards:
      - name: web
        unit: web.service
        ports: [31000-31007]
    action: deny

- name: Have exactly these guards
  netiso.portmap.portmap_guard:
    guards:
      - {name: dns, unit: dns.service, ports: [53/udp, 53/tcp]}
      - {name: batch, slice: batch.slice, ports: [31100-31199], action: stop}
    policed: [all]
    action: deny
    purge: true

- name: Have a server in a container fail on a port on which nobody would hear it
  netiso.portmap.portmap_guard:
    guards:
      - {name: web, unit: web.service, container: web}
    action: deny

- name: Have no guards any more
  netiso.portmap.portmap_guard:
    guards: []
    purge: true
"""

RETURN = r"""
guards:
  description: All guards of the host as they are, or would be in check mode, by name.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The name of the guard.
      type: str
      sample: web
    unit:
      description: The unit that it is for; null when it is for something else.
      type: str
      sample: web.service
    slice:
      description: The slice that it is for; null when it is for something else.
      type: str
      sample: batch.slice
    cgroup:
      description: The control group that is guarded; null when the unit does not run.
      type: str
      sample: /system.slice/web.service
    container:
      description: The container whose ports these are; null when they are the host's own.
      type: str
      sample: null
    ports:
      description: The ports that the group may bind.
      type: list
      elements: str
      sample: ["31000-31007"]
    policed:
      description: The ports that it judges.
      type: list
      elements: str
      sample: ["31000-32000"]
    action:
      description: What becomes of others.
      type: str
      sample: deny
    only_tcp_udp:
      description: Whether sockets without ports are judged.
      type: bool
      sample: false
changes:
  description: >-
    What was changed, or would be in check mode: a line for each guard, then what was done, in order.
  returned: success
  type: list
  elements: str
  sample:
    - "web: guard unit web.service on 31000-31007 of pools (31000-32000), deny"
    - "attach the guard web to /system.slice/web.service"
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.netiso.portmap.plugins.module_utils._portmap import interpreter

ACTIONS = ["report", "deny", "close", "stop", "kill"]
GUARD = {
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "unit": {"type": "str"},
    "slice": {"type": "str"},
    "cgroup": {"type": "path"},
    "ports": {"type": "list", "elements": "str", "default": []},
    "container": {"type": "str"},
    "action": {"type": "str", "choices": ACTIONS},
}
ARGUMENTS = {
    "guards": {"type": "list", "elements": "dict", "required": True, "options": GUARD},
    "policed": {"type": "list", "elements": "str", "default": ["pools"]},
    "action": {"type": "str", "choices": ACTIONS, "default": "report"},
    "only_tcp_udp": {"type": "bool", "default": False},
    "scan_interval": {"type": "int"},
    "purge": {"type": "bool", "default": False},
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    interpreter.check(module.fail_json)
    # Only now: importing the engine takes longer than finding a mistake in the options.
    # Some because Ansible sends what is imported, and the host gets a copy of it.
    from ansible_collections.netiso.portmap.plugins.module_utils._portmap import (  # noqa: F401
        boundary,
        follow,
        guard,
        portmapctl,
        restore,
    )
    from ansible_collections.netiso.portmap.plugins.module_utils._portmap.jobs import guards

    with boundary.failures_reported(module):
        run = guards.place(boundary.wish(module.params), dry_run=module.check_mode)
        module.exit_json(**boundary.guarded(module, run))


if __name__ == "__main__":
    main()

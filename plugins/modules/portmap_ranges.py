#!/usr/bin/python
# Copyright (c) 2026 netiso.portmap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: portmap_ranges
short_description: Change the service ports of a placed container
version_added: 0.1.0
description:
  - Adds ports to a running container, takes some away, or sets them exactly. Connections on the
    ports that stay are not disturbed.
  - The pools that M(netiso.portmap.portmap_host) was given need not be repeated.
options:
  container:
    description: The name of the container.
    type: str
    required: true
  ports:
    description: Ranges of service ports.
    type: list
    elements: str
    required: true
  state:
    description:
      - V(present) adds O(ports) to those that the container owns.
      - V(absent) takes them away.
      - V(exact) makes them the only ones, besides those that
        O(netiso.portmap.portmap_container#module:request) names.
      - Ports with a name are not taken away. Leave the name out of the container's request instead.
    type: str
    choices: [present, absent, exact]
    default: present
  force:
    description:
      - Add ports from which processes of the host have connections open. They are cut, for what
        comes back goes to the container. Without it such ports are refused, with one of the
        connections named.
      - Ports on which a process of the host listens are refused in any case.
    type: bool
    default: false
    version_added: 0.2.0
extends_documentation_fragment:
  - netiso.portmap.portmap
  - netiso.portmap.attributes
  - netiso.portmap.attributes.action_group
author:
  - netiso.portmap contributors (@netiso)
"""

EXAMPLES = r"""
- name: Give the container eight more ports
  netiso.portmap.portmap_ranges:
    container: web
    ports:
      - 31008-31015

- name: Take one of them away
  netiso.portmap.portmap_ranges:
    container: web
    ports: ["31015"]
    state: absent

- name: Leave it these only
  netiso.portmap.portmap_ranges:
    container: web
    ports:
      - 31000-31007
    state: exact
"""

RETURN = r"""
container:
  description: The container as it is, or would be in check mode.
  returned: success
  type: dict
  contains:
    name:
      description: The name of the container.
      type: str
      sample: web
    state:
      description: Whether it is placed.
      type: str
      sample: present
    netns:
      description: The handle of its network namespace.
      type: str
      sample: /run/netns/web
    namespace_inode:
      description:
        - The inode of the namespace, as C(/proc/PID/ns/net) of who is in it has it; null when it is still to be made.
        - The kernel gives the number of a namespace that is gone to a new one.
      type: int
      sample: 4026532345
    created:
      description:
        - Whether the run has made the namespace anew, because it was lost, or would in check mode.
        - What is to run in it must be started again.
      type: bool
      sample: false
    interface:
      description: The host's end of its veth pair.
      type: str
      sample: pm-web
    ports:
      description: The service ports that it owns.
      type: list
      elements: str
      sample: ["31000-31015"]
    assigned:
      description: Those of its service ports that have a name, by name; one port or a range.
      type: dict
      sample: {"http": "31000", "rtp": "31040-31139"}
      version_added: 0.2.0
    ephemeral_ports:
      description: Its ephemeral ports.
      type: str
      sample: 32768-33791
    limits:
      description:
        - What it may receive and send, each with C(rate), C(ceil) and C(burst) in bytes, and as C(text);
          empty when nothing is limited.
      type: dict
      sample: {"receive": {"rate": 1250000, "ceil": null, "burst": null, "text": "10mbit"}}
      version_added: 0.2.0
    host_services:
      description: Whether it may use the servers of its host.
      type: bool
      sample: true
      version_added: 0.2.0
    host_ports:
      description: Ports of the host that it may use although C(host_services) is false.
      type: list
      elements: str
      sample: []
      version_added: 0.2.0
    allow_from:
      description: Who outside may send to it, as networks; V(0.0.0.0/0) with V(::/0) is everybody.
      type: list
      elements: str
      sample: ["0.0.0.0/0", "::/0"]
      version_added: 0.2.0
added:
  description: Ports that the container owns now and did not own before.
  returned: success
  type: list
  elements: str
  sample: ["31008-31015"]
removed:
  description: Ports that the container owned before and does not own any more.
  returned: success
  type: list
  elements: str
  sample: []
changes:
  description: >-
    What was changed, or would be in check mode: a line for each container, then the objects of the kernel in
    order.
  returned: success
  type: list
  elements: str
  sample:
    - "web: ports 31000-31007 -> 31000-31015"
    - "add filter dev lo ingress protocol ip prio 770 302:79:420 match ip dport 31008-31015 redirect dev pm-web"
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.netiso.portmap.plugins.module_utils._portmap import interpreter

ARGUMENTS = {
    "container": {"type": "str", "required": True},
    "ports": {"type": "list", "elements": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent", "exact"], "default": "present"},
    "force": {"type": "bool", "default": False},
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    interpreter.check(module.fail_json)
    # Only now: importing the engine takes longer than finding a mistake in the options.
    from ansible_collections.netiso.portmap.plugins.module_utils._portmap import boundary
    from ansible_collections.netiso.portmap.plugins.module_utils._portmap.jobs import containers

    with boundary.failures_reported(module):
        run = containers.change_ranges(
            module.params["container"],
            boundary.ranges(module.params),
            module.params["state"],
            force=module.params["force"],
            dry_run=module.check_mode,
            with_diff=module._diff,
        )
        module.exit_json(**boundary.changed(module, run))


if __name__ == "__main__":
    main()

# Copyright (c) 2026 netiso.portmap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: free_ports
short_description: Service ports that nobody owns
version_added: 0.2.0
description:
  - Gives the lowest free runs of so many service ports, written as O(netiso.portmap.portmap_container#module:ports) takes them.
  - A run starts at a multiple of the next power of two, which takes the fewest filters.
  - Two plays that ask at the same time get the same ports, and the second one that gives them away is refused.
positional: size, count
options:
  _input:
    description: What M(netiso.portmap.portmap_info) returns for one host and all of its containers.
    type: dict
    required: true
  size:
    description: How many ports side by side a run has.
    type: int
    default: 1
  count:
    description: How many runs are wanted.
    type: int
    default: 1
author:
  - netiso.portmap contributors (@netiso)
"""

EXAMPLES = r"""
- name: Look at the host
  netiso.portmap.portmap_info:
  register: portmap

- name: Place a container on eight ports that are free
  netiso.portmap.portmap_container:
    name: web
    ports: "{{ portmap | netiso.portmap.free_ports(8) }}"
"""

RETURN = r"""
_value:
  description: The runs, from the lowest. It is an error when there are not so many.
  type: list
  elements: str
  sample: ["31008-31015"]
"""

from ansible.errors import AnsibleFilterError
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.decide import ownership
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values import ports
from ansible_collections.netiso.portmap.plugins.plugin_utils.owned_ports import number, owned


def free_ports(result: object, size: object = 1, count: object = 1) -> list[str]:
    found = owned(result)
    wanted = number(size, "size", ports.HIGHEST)
    times = number(count, "count", ports.HIGHEST)
    runs = ownership.runs(found.pools.service, found.taken, wanted, times)
    if len(runs) < times:
        raise AnsibleFilterError(
            f"cannot find {times} free runs of {wanted} ports in"
            f" {ports.text(found.pools.service) or '(empty)'}: there are {len(runs)}"
        )
    return ports.written(runs)


class FilterModule:
    def filters(self) -> dict[str, object]:
        return {"free_ports": free_ports}

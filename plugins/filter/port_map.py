# Copyright (c) 2026 netiso.portmap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: port_map
short_description: Who owns which ports, from the first of the pools to the last
version_added: 0.2.0
description:
  - Gives every port of both pools once, in ranges of one owner, the free ones too.
options:
  _input:
    description: What M(netiso.portmap.portmap_info) returns for one host and all of its containers.
    type: dict
    required: true
author:
  - netiso.portmap contributors (@netiso)
"""

EXAMPLES = r"""
- name: Look at the host
  netiso.portmap.portmap_info:
  register: portmap

- name: Write a table of the host's ports
  ansible.builtin.copy:
    dest: "/tmp/{{ inventory_hostname }}.csv"
    content: |
      {% for one in portmap | netiso.portmap.port_map %}
      {{ one.ports }},{{ one.kind }},{{ one.container or 'free' }}
      {% endfor %}
    mode: "0644"
  delegate_to: localhost
"""

RETURN = r"""
_value:
  description: The ranges in ascending order.
  type: list
  elements: dict
  sample:
    - {"ports": "31000-31007", "first": 31000, "last": 31007, "size": 8, "kind": "service", "container": "web"}
    - {"ports": "31008-31999", "first": 31008, "last": 31999, "size": 992, "kind": "service", "container": null}
  contains:
    ports:
      description: The range.
      type: str
    first:
      description: Its first port.
      type: int
    last:
      description: Its last port.
      type: int
    size:
      description: How many ports it has.
      type: int
    kind:
      description: V(service) or V(ephemeral).
      type: str
    container:
      description: The name of the owner; none when the ports are free.
      type: str
"""

from typing import Any

from ansible_collections.netiso.portmap.plugins.module_utils._portmap.decide import ownership
from ansible_collections.netiso.portmap.plugins.plugin_utils.owned_ports import owned


def port_map(result: object) -> list[dict[str, Any]]:
    found = owned(result)
    return [
        {
            "ports": str(among),
            "first": among.first,
            "last": among.last,
            "size": among.size,
            "kind": kind,
            "container": owner or None,
        }
        for among, owner, kind in ownership.parts(found.pools, found.owners)
    ]


class FilterModule:
    def filters(self) -> dict[str, object]:
        return {"port_map": port_map}

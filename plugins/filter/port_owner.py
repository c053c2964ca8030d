# Copyright (c) 2026 netiso.portmap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: port_owner
short_description: The container that owns a port
version_added: 0.2.0
description:
  - Tells whose a port is, of the service and of the ephemeral ports.
positional: port
options:
  _input:
    description: What M(netiso.portmap.portmap_info) returns for one host and all of its containers.
    type: dict
    required: true
  port:
    description: The port, a number.
    type: int
    required: true
author:
  - netiso.portmap contributors (@netiso)
"""

EXAMPLES = r"""
- name: Look at the host
  netiso.portmap.portmap_info:
  register: portmap

- name: Ask before something else is told to listen there
  ansible.builtin.assert:
    that: portmap | netiso.portmap.port_owner(31025) is none
    fail_msg: "{{ portmap | netiso.portmap.port_owner(31025) }} owns port 31025"
"""

RETURN = r"""
_value:
  description: The name of the container; none when nobody owns the port.
  type: str
  sample: web
"""

from ansible_collections.netiso.portmap.plugins.module_utils._portmap.decide import ownership
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values import ports
from ansible_collections.netiso.portmap.plugins.plugin_utils.owned_ports import number, owned


def port_owner(result: object, port: object) -> str | None:
    found = owned(result)
    asked = number(port, "port", ports.HIGHEST)
    return ownership.whose(asked, found.owners, found.pools).owner or None


class FilterModule:
    def filters(self) -> dict[str, object]:
        return {"port_owner": port_owner}

# Copyright (c) 2026 netiso.portmap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: prometheus_targets
short_description: Targets of Prometheus for the containers that serve a named port
version_added: 0.2.0
description:
  - Gives what a file of C(file_sd_configs) has in it, from O(netiso.portmap.portmap_container#module:request).
positional: name
options:
  _input:
    description:
      - What M(netiso.portmap.portmap_info) returns, or a list of that, one item for each host.
    type: raw
    required: true
  name:
    description: The name of the ports.
    type: str
    required: true
  labels:
    description: Labels that every target gets, besides C(container) and C(port_name).
    type: dict
    default: {}
author:
  - netiso.portmap contributors (@netiso)
"""

EXAMPLES = r"""
- name: Look at every host
  netiso.portmap.portmap_info:
  register: portmap

- name: Tell Prometheus where the containers have their metrics
  ansible.builtin.copy:
    dest: /etc/prometheus/containers.json
    content: "{{ groups['all'] | map('extract', hostvars, 'portmap') | netiso.portmap.prometheus_targets('metrics')
      | to_nice_json }}"
    mode: "0644"
  delegate_to: prometheus
  run_once: true
"""

RETURN = r"""
_value:
  description: A group of targets for each container.
  type: list
  elements: dict
  sample:
    - targets: ["198.51.100.10:31008"]
      labels: {container: web, port_name: metrics}
"""

from itertools import groupby

from ansible_collections.netiso.portmap.plugins.plugin_utils.named_ports import served


def prometheus_targets(
    results: object, name: str, labels: dict[str, str] | None = None
) -> list[dict[str, object]]:
    groups = groupby(served(results, name), lambda one: (one.container, one.address))
    return [
        {
            "targets": [one.endpoint for one in targets],
            "labels": {**(labels or {}), "container": container, "port_name": name},
        }
        for (container, _address), targets in groups
    ]


class FilterModule:
    def filters(self) -> dict[str, object]:
        return {"prometheus_targets": prometheus_targets}

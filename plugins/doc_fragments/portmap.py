# Copyright (c) 2026 netiso.portmap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every module of the collection needs."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options: {}
requirements:
  - Linux with ingress queueing disciplines, the u32 classifier and the mirred action.
  - pyroute2 0.7.2 or later on the host (C(python3-pyroute2) on Debian and Ubuntu). A run that changes nothing does without.
  - Root on the host.
notes:
  - A range is written as C(first-last), or as one number for a single port.
    Both ends belong to it.
  - What exists is read from the kernel in every run. It ends with the boot of the host.
  - Runs on one host wait for each other.
seealso:
  - module: netiso.portmap.portmap_host
  - module: netiso.portmap.portmap_container
  - module: netiso.portmap.portmap_ranges
  - module: netiso.portmap.portmap_info
  - module: netiso.portmap.portmap_workload
  - module: netiso.portmap.portmap_guard
"""

# Copyright (c) 2026 netiso.portmap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every module of the collection promises."""

from __future__ import annotations


class ModuleDocFragment:
    # For modules that change the host.
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode and return what the run would change, without changing it.
    support: full
    details:
      - The returned values and RV(ignore:changes) are those that the run without check mode gives.
  diff_mode:
    description: Returns the kernel objects before and after, when run with C(--diff).
    support: full
    details:
      - One line for each link, address, route, kernel parameter, queueing discipline and filter,
        sorted, and without anything that differs from one run to the next.
  idempotent:
    description: A second run with the same options changes nothing and reports no change.
    support: full
  platform:
    description: The operating systems of the hosts that the module can manage.
    support: full
    platforms: linux
"""

    # For modules that only look.
    INFO_MODULE = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode and return what the run would change, without changing it.
    support: full
    details:
      - This module never changes anything.
  diff_mode:
    description: Returns the kernel objects before and after, when run with C(--diff).
    support: N/A
    details:
      - This module never changes anything.
  idempotent:
    description: A second run with the same options changes nothing and reports no change.
    support: full
    details:
      - This module never changes anything.
  platform:
    description: The operating systems of the hosts that the module can manage.
    support: full
    platforms: linux
"""

    # All modules take their defaults from the same group.
    ACTION_GROUP = r"""
options: {}
attributes:
  action_group:
    description: >-
      Use C(group/netiso.portmap.portmap) in C(module_defaults) to set defaults for this module.
    support: full
    membership:
      - netiso.portmap.portmap
"""

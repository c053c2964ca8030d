# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Do the tests bite?  Faults are planted one at a time, and what no test notices is named."""

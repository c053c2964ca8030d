# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Takes measurements: each part of the benchmark is a file here, and yields samples."""

import sys
from pathlib import Path

# Everything is measured on the machines of the tests' lab.
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))

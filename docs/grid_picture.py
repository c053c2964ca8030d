# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The grid of the guide to the picture, as the playbook draws it: python docs/grid_picture.py >grid.svg"""

from __future__ import annotations

import re
import sys
from pathlib import Path

COLLECTIONS = Path(__file__).resolve().parents[1] / ".build" / "collections"
sys.path.insert(1, str(COLLECTIONS))

from ansible_collections.netiso.portmap.plugins.plugin_utils.picture import grid, style  # noqa: E402
from ansible_collections.netiso.portmap.plugins.plugin_utils.picture.seen import seen  # noqa: E402
from ansible_collections.netiso.portmap.tests.unit.plugins.plugin_utils import told  # noqa: E402


def picture() -> str:
    """A file of its own; in light colours, as the pages of the documentation are."""
    drawn = str(grid.svg(seen("node2", told.crowded(count=60))))
    size = re.search(r'viewBox="0 -2 (\d+) (\d+)"', drawn)
    assert size
    light = re.sub(r"@media \(prefers-color-scheme: dark\)", "@media not all", style.CSS)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{size[1]}" height="{size[2]}"'
    return f'{head} font-family="DejaVu Sans, sans-serif"><style>{light.replace(">", "&gt;")}</style>{drawn}</svg>\n'


if __name__ == "__main__":
    sys.stdout.write(picture())

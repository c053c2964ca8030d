# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pages of the playbook `picture` as a browser shows them, for the guide: python docs/photographs.py DIRECTORY

Where there is no browser there are no photographs, and the guide is without them.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[1:1] = [str(ROOT / ".build" / "collections"), str(ROOT / "tests" / "browser")]

from ansible_collections.netiso.portmap.plugins.filter.port_index import port_index  # noqa: E402
from ansible_collections.netiso.portmap.plugins.filter.port_page import port_page  # noqa: E402
from ansible_collections.netiso.portmap.tests.unit.plugins.plugin_utils import told  # noqa: E402

from chromium import browser  # noqa: E402

# By the name of the photograph: the page, how wide the screen is, and what its owner likes.
SHOWN = {
    "picture-index.png": ("index.html", 1280, "light"),
    "picture-host.png": ("hosts/node1.html", 1280, "light"),
    "picture-host-dark.png": ("hosts/node1.html", 400, "dark"),
}


def pages() -> Iterator[dict[str, str]]:
    fleet = told.fleet()
    yield port_index(fleet, time="2026-11-30 15:00 UTC")
    for name, result in fleet.items():
        yield port_page(result, name)


def take(directory: Path) -> None:
    """Raises FileNotFoundError where there is no browser."""
    with tempfile.TemporaryDirectory() as made:
        place, profile = Path(made, "pages"), Path(made, "profile")
        (place / "hosts").mkdir(parents=True)
        profile.mkdir()
        for page in pages():
            (place / page["file"]).write_text(page["text"], encoding="utf-8")
        with browser(profile) as seen:
            for name, (file, width, scheme) in SHOWN.items():
                seen.visit(place / file, width, scheme)
                seen.photograph(directory / name)


if __name__ == "__main__":
    try:
        take(Path(sys.argv[1]))
    except FileNotFoundError as error:
        sys.stderr.write(f"docs: the guide has no photographs of pages: {error}\n")

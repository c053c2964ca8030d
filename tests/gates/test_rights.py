# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who lacks rights is told the one command to run."""

from __future__ import annotations

import os
import subprocess

from documentation import ROOT

NOBODY = "65534"


def test_a_user_without_rights_is_told_what_to_run() -> None:
    # By standard input: nobody may not be allowed to look into the checkout.
    done = subprocess.run(
        ["setpriv", f"--reuid={NOBODY}", "--clear-groups", "bash", "-s", "demo/run"],
        input=(ROOT / "tools" / "as-root").read_text(),
        env={**os.environ, "GOALS": "demo"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == (
        "as-root: cannot run demo/run: it needs root. Run:\n    sudo make demo\n"
    )

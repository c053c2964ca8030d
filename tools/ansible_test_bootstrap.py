# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Let ansible-test make its virtual environments where only a package index is reached.

ansible-test fetches get-pip.py from a site of its own unless it finds one in its cache. A
get-pip.py is pip packed into a script, so pip's wheel and a short script do the same.
Usage: ansible_test_bootstrap.py HOME, the home directory that ansible-test is going to have.
"""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

SCRIPT = '''\
"""Install pip from the wheel next to this file."""
import os
import runpy
import sys

# Known to get-pip.py, unknown to pip.
OWN_OPTIONS = ("--no-setuptools", "--no-wheel")

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), {wheel!r}))
sys.argv[1:] = ["install", "--upgrade"] + [a for a in sys.argv[1:] if a not in OWN_OPTIONS]
runpy.run_module("pip", run_name="__main__", alter_sys=True)
'''


def wanted_versions() -> list[str]:
    """The versions of pip that the installed ansible-test asks for."""
    spec = importlib.util.find_spec("ansible_test")
    if spec is None or not spec.submodule_search_locations:
        sys.exit("ansible_test_bootstrap: no ansible-test beside this Python")
    source = Path(spec.submodule_search_locations[0], "_internal", "python_requirements.py")
    return sorted(set(re.findall(r"pip='([\d.]+)'", source.read_text())))


def main() -> None:
    cache = Path(sys.argv[1], ".ansible", "test", "cache")
    cache.mkdir(parents=True, exist_ok=True)
    for version in wanted_versions():
        script = cache / f"get_pip_{version.replace('.', '_')}.py"
        if script.exists():
            continue
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "-qq", "--no-deps", "--dest", str(cache)]
            + [f"pip=={version}"],
            check=True,
        )
        script.write_text(SCRIPT.format(wheel=f"pip-{version}-py3-none-any.whl"))


if __name__ == "__main__":
    main()

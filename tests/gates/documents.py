# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The blocks of code in Markdown and reStructuredText, and the commands in them."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MARKDOWN = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
RESTRUCTURED = re.compile(r"^\.\. code-block:: (\S+)\n\n((?:(?: {3,}[^\n]*)?\n)+)", re.MULTILINE)
SHELLS = {"shell", "sh", "bash", "console"}


@dataclass(frozen=True)
class Block:
    language: str
    text: str

    def commands(self) -> Iterator[str]:
        """The command lines of a shell block, without prompts, comments and output."""
        if self.language not in SHELLS:
            return
        lines = self.text.replace("\\\n", " ").splitlines()
        if self.language == "console":
            lines = [line[2:] for line in lines if line.startswith(("$ ", "# "))]
        for line in lines:
            command = re.sub(r"\s+#\s.*", "", " ".join(line.split()))
            if command and not command.startswith("#"):
                yield command


def blocks(path: Path) -> list[Block]:
    pattern = RESTRUCTURED if path.suffix == ".rst" else MARKDOWN
    found = pattern.findall(path.read_text())
    return [Block(language.lower(), textwrap.dedent(text)) for language, text in found]

# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real browser without a screen, told what to do by its own protocol over a pair of pipes."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome")
# No sandbox: it runs as root here, and shows nothing but pages that this test has made.
OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--remote-debugging-pipe",
)
TROUBLE = {"Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled"}


class Refused(Exception):
    """The browser answers a command with an error, or ends."""


class Browser:
    """One page in a browser; `trouble` is what it has said on its console since the last visit."""

    def __init__(self, commands: int, answers: int) -> None:
        self._commands = os.fdopen(commands, "wb", buffering=0)
        self._answers = os.fdopen(answers, "rb")
        self._number = 0
        self._session: str | None = None
        self._loaded = False
        self.trouble: list[Any] = []
        target = self.tell("Target.createTarget", url="about:blank")["targetId"]
        attached = self.tell("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Accessibility"):
            self.tell(f"{domain}.enable")

    def tell(self, method: str, **values: Any) -> Any:
        """Its answer to a command; events that come before it are looked at."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": values}
        if self._session:
            message["sessionId"] = self._session
        self._commands.write(json.dumps(message).encode() + b"\0")
        while (answer := self._next()).get("id") != self._number:
            self._notice(answer)
        if "error" in answer:
            raise Refused(f"{method}: {answer['error']}")
        return answer["result"]

    def _next(self) -> dict[str, Any]:
        said = bytearray()
        while (byte := self._answers.read(1)) != b"\0":
            if not byte:
                raise Refused("the browser has ended")
            said += byte
        found: dict[str, Any] = json.loads(said)
        return found

    def _notice(self, event: dict[str, Any]) -> None:
        self._loaded |= event.get("method") == "Page.loadEventFired"
        if event.get("method") in TROUBLE:
            self.trouble.append(event["params"])

    def visit(self, page: Path, width: int, scheme: str) -> None:
        """Show a page on a screen so wide, to somebody who wants it `light` or `dark`."""
        screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        self.tell("Emulation.setDeviceMetricsOverride", **screen)
        wish = {"name": "prefers-color-scheme", "value": scheme}
        self.tell("Emulation.setEmulatedMedia", features=[wish])
        self.trouble.clear()
        self._loaded = False
        self.tell("Page.navigate", url=page.as_uri())
        while not self._loaded:
            self._notice(self._next())

    def ask(self, expression: str) -> Any:
        """The value of an expression of JavaScript in the page."""
        options = {"returnByValue": True, "awaitPromise": True}
        answer = self.tell("Runtime.evaluate", expression=expression, **options)
        if "exceptionDetails" in answer:
            raise Refused(str(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def press(self, key: str) -> None:
        for kind in ("keyDown", "keyUp"):
            self.tell("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=9)

    def read_aloud(self) -> list[tuple[str, str]]:
        """What a screen reader is told: role and name of everything that it does not pass over."""
        nodes = self.tell("Accessibility.getFullAXTree")["nodes"]
        heard = [node for node in nodes if not node["ignored"]]
        return [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in heard]

    def photograph(self, file: Path) -> None:
        size = self.tell("Page.getLayoutMetrics")["cssContentSize"]
        clip = {
            "x": 0,
            "y": 0,
            "width": size["width"],
            "height": min(size["height"], 4000),
            "scale": 1,
        }
        taken = self.tell("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)
        file.write_bytes(base64.b64decode(taken["data"]))


@contextmanager
def browser(profile: Path) -> Iterator[Browser]:
    """Raises FileNotFoundError where there is none."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        raise FileNotFoundError(f"cannot find a browser: none of {', '.join(NAMES)} is installed")
    its_commands, commands = os.pipe()
    answers, its_answers = os.pipe()
    # The browser reads from descriptor 3 and writes to descriptor 4.
    line = f'exec "$@" 3<&{its_commands} 4>&{its_answers}'
    words = [program, *OPTIONS, f"--user-data-dir={profile}", "about:blank"]
    with (profile / "browser.log").open("wb") as log:
        running = subprocess.Popen(
            ["bash", "-c", line, "bash", *words],
            pass_fds=(its_commands, its_answers),
            stdout=log,
            stderr=log,
        )
    os.close(its_commands)
    os.close(its_answers)
    try:
        yield Browser(commands, answers)
    finally:
        running.kill()
        running.wait()

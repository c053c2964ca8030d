# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Send one frame again and again, as fast as it goes: flood.py INTERFACE FRAME (in hex) SECONDS."""

from __future__ import annotations

import errno
import socket
import sys
import time


def main(interface: str, frame: str, seconds: str) -> None:
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    wire.bind((interface, 0))
    data = bytes.fromhex(frame)
    end = time.monotonic() + float(seconds)
    sent = 0
    while time.monotonic() < end:
        for _ in range(20):
            try:
                wire.send(data)
                sent += 1
            except OSError as error:
                if error.errno != errno.ENOBUFS:  # the other end takes no more for now
                    raise
    print(sent)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""This file is a child that does not end when it is asked to."""

from __future__ import annotations

import signal
import sys

signal.signal(signal.SIGTERM, signal.SIG_IGN)
sys.stdout.write("ready\n")
sys.stdout.flush()
while True:
    signal.pause()

"""This file is a child that says its own number again and again, and never ends by itself."""

from __future__ import annotations

import os
import sys
import time

while True:
    sys.stdout.write(f"{os.getpid()}\n")
    sys.stdout.flush()
    time.sleep(0.001)

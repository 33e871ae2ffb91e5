"""This file runs the fuzz: `make fuzz`, or `make fuzz SEED=7 COUNT=2000`.

Seeded, so that a case comes back by its number, and resumable: --from goes on where a run ended.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from pathlib import Path

from tests.fuzz.play import Estate, Findings, play


def main() -> int:
    """Play, print the figures as JSON, and answer 1 where something broke."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=100_000, help="messages, and requests")
    parser.add_argument("--from", dest="first", type=int, default=0, help="the first number")
    parser.add_argument("--folder", type=Path, help="where the programs keep their data and logs")
    options = parser.parse_args()
    numbers = range(options.first, options.first + options.count)
    with tempfile.TemporaryDirectory(prefix="lophoc-fuzz-") as temporary:
        with Estate(options.folder or Path(temporary)).running() as estate:
            findings = asyncio.run(play(estate, options.seed, numbers, numbers))
        print(json.dumps(findings.figures(), indent=1, ensure_ascii=False))
    return 1 if is_broken(findings) else 0


def is_broken(findings: Findings) -> bool:
    """Whether a program ended, broke inside, answered 500 or grew by more than 5 %."""
    grown = any(growth > 1.05 for growth in findings.growth().values())
    slow = any(ack_s > 1.0 for ack_s in findings.acks_calm_s)
    return bool(findings.ended or findings.tracebacks or findings.broken or grown or slow)


if __name__ == "__main__":
    sys.exit(main())

"""This file runs the benchmarks: `make bench`, or `make bench OUT=figures.json PARTS="idle tray"`.

Each part is a process of its own with a bound: one that hangs or fails is named, and the others go
on. Ratios and counts of one run on one machine; quote ratios, not times, from a noisy one.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Final

# Every part with the longest it may take [s]: about twice what it took on two quiet cores.
PARTS: Final[Mapping[str, int]] = {
    "ingest": 180,
    "flood": 60,
    "encryption": 240,
    "school": 120,
    "discovery": 120,
    "camera": 60,
    "cards": 300,
    "copies": 150,
    "exports": 90,
    "sheets": 120,
    "hostile_sheets": 240,
    "first_room": 150,
    "tablets": 120,
    "lesson": 45,
    "idle": 200,
    "tray": 90,
    "province": 600,
    "department": 400,
}

LIMITS = {
    "ingest_ratio": ("messages stored a second / counted by bare paho", ">=", 0.75),
    "flood_ack_s": ("another's longest wait for an ack beside 60,000 events [s]", "<=", 1.0),
    "flood_ack_ratio": ("the same / the time that the flood itself takes", "<=", 0.4),
    "tls_line_ratio": ("messages a second by an encrypted line / a plain one", ">=", 0.5),
    "tls_line_cpu_ratio": ("the same in CPU of both ends", "<=", 2.0),
    "tls_line_broker_cpu_ratio": ("the same in CPU of the broker", "", 0.0),
    "tls_screen_cpu_ratio": ("a page by https / by http, on an open line [CPU]", "<=", 2.0),
    "tls_screen_fresh_ms": ("what a page on a fresh line takes longer by https [ms]", "", 0.0),
    "agent_pss_mib": ("agent's own memory, idle, local API up [MiB]", "<=", 36.0),
    "agent_cpu_percent": (
        "agent's idle CPU at a 10 s beat, every sense on [% of a core]",
        "<=",
        0.15,
    ),
    # One each minute; of two minutes' edges one more falls in.
    "messages_per_minute": ("what the idle agent says a minute", "<=", 1.5),
    "usb_watched": ("whether it watched USB by a real udev meanwhile", ">=", 1.0),
    "first_room_s": ("an empty folder to the first room that has joined, by clicks [s]", "", 0.0),
    "first_report_s": ("agent's start to its first report stored [s]", "", 0.0),
    "live_p95_ms": ("change at the agent to the browser's socket, p95 [ms]", "<=", 300.0),
    "catchup_per_s": ("events a second stored after an outage of 10,000", "", 0.0),
    "discovery_all_s": ("500 mDNS services of 20 types, all resolved [s]", "<=", 0.5),
    "avahi_browse_s": ("the same by avahi-browse -rpt, in the same run [s]", "", 0.0),
    "discovery_idle_cpu_percent": ("mDNS afterwards, idle [% of a core]", "<=", 0.2),
    "picture_judged_ms": ("a camera's picture of 1920 x 1080, judged [ms of CPU]", "<=", 5.0),
    "checkin_p95_ms": ("40 tablets check in within 10 s on one core, p95 [ms]", "<=", 300.0),
    "checkin_burst_s": ("40 tablets at the same moment, the last one [s]", "<=", 10.0),
    "start_ms": ("the press on Start to Đang học, without a line [ms]", "<=", 300.0),
    "start_ratio": ("the same / a look at the same page", "<=", 8.0),
    "class_checkin_s": ("40 tablets at once at a real agent, the last one [s]", "<=", 0.3),
    "class_checkin_ratio": ("the same / 40 tablets that open the page", "<=", 8.0),
    "tray_pss_mib": ("the teacher's window after a lesson, icon in the tray [MiB]", "<=", 60.0),
    "tray_icon_s": ("a late tray's start to the icon in it [s]", "<=", 5.0),
    "picture_ratio": ("the same / decoding it", "", 0.0),
    "cards_recall": ("cards read in one frame, from 30 px, tilt to 55 degrees", ">=", 0.97),
    "cards_followed_recall": ("the same over ten frames, from 18 px", ">=", 0.99),
    "cards_wrong": ("ids read that were not there, in all these pictures", "<=", 0.0),
    "cards_wrong_single": ("the same in single pictures of a class, one sighting each", "", 0.0),
    "cards_blurred_recall": ("cards read over ten frames, each blurred by 9 px", ">=", 0.5),
    "cards_blurred_before": ("the same by the reader before decision 0086", "", 0.0),
    "cards_blurred_default": ("the same by OpenCV's defaults", "", 0.0),
    "cards_gripped_recall": ("cards read over ten frames, fingers over one edge", ">=", 0.8),
    "cards_edge_hidden_recall": ("the same, one edge hidden from end to end", ">=", 0.8),
    "cards_held_wrong": ("ids that counted and were not there, in all of these", "<=", 0.0),
    "cards_cpu_ratio": ("a frame of these / by the reader before [CPU]", "<=", 1.0),
    "cards_fast_ratio": ("the fast profile / OpenCV's defaults [CPU]", "<=", 1.0),
    "sqlite_pull_flat": ("a changed row's pull [CPU], dearest size / cheapest, SQLite", "<=", 1.5),
    "postgresql_pull_flat": ("the same on PostgreSQL", "<=", 1.5),
    "postgresql_pull_flat_1200_schools": ("the same with 1,200 schools", "<=", 1.5),
    "sqlite_first_pull_s": ("a first pull of everything, SQLite [s]", "", 0.0),
    "postgresql_first_pull_s": ("the same on PostgreSQL [s]", "", 0.0),
    "sqlite_first_pull_mib": ("what its memory grows by meanwhile [MiB]", "<=", 8.0),
    "postgresql_first_pull_mib": ("the same on PostgreSQL [MiB]", "<=", 8.0),
    "door_ms": ("a full-HD picture searched for door cards [ms of CPU]", "<=", 15.0),
    "door_forged": ("forged door codes accepted", "<=", 0.0),
    "xlsx_school_s": ("a school's workbook of 1,360 rows [s of CPU]", "<=", 0.5),
    "xlsx_12k_s": ("a workbook of 12,000 rows [s of CPU]", "<=", 3.0),
    "book_xlsx_50k_s": ("an equipment book of 50,000 rows, read, .xlsx [s of CPU]", "<=", 5.0),
    "book_formats_50k_s": ("the same with numbers that their format shows otherwise", "<=", 5.0),
    "book_csv_50k_s": ("the same as .csv", "<=", 5.0),
    "book_xlsx_50k_mib": ("the memory of its process, .xlsx [MiB]", "<=", 300.0),
    "book_formats_50k_mib": ("the same with formatted numbers", "<=", 300.0),
    "book_csv_50k_mib": ("the same as .csv", "<=", 300.0),
    "book_xlsx_50k_waiting_s": ("what its answer costs the controller [s of CPU]", "<=", 0.5),
    "hostile_growth": (
        "hostile sheets: what 4 times one costs more / what twice it does, the worst of them",
        "<=",
        4.5,  # 3 if linear, 5 if quadratic
    ),
    "copy_step_ratio": ("a step of the copies / a full copy of 500 MB [CPU]", "<=", 0.35),
    "copy_step_bytes_ratio": ("the same in bytes, 300 rows changed", "<=", 0.05),
    "copy_full_s": ("that full copy, read back [s of CPU]", "", 0.0),
    "copy_memory_mib": ("its worker's memory at most [MiB]", "<=", 100.0),
    "department_first_page_s": ("/schools of 400 schools after a start, the first [s]", "<=", 1.0),
    "department_tile_s": ("the tile of 400 schools [s]", "<=", 0.1),
    "department_schools_busy_p95_s": ("/schools beside a pull and two exports, p95", "<=", 0.5),
    "department_telling_busy_ratio": ("telling beside these / alone", "<=", 1.3),
    "department_memory_mib": ("ingest and two workers, all that they take [MiB]", "", 0.0),
    "glpi_school_s": ("a school's GLPI documents as ZIP [s of CPU]", "<=", 0.5),
}


def main() -> int:
    """Measure the parts, print a table, and write the figures if asked to.

    Returns 1 where a part hung or failed.
    """
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; or all")
    parser.add_argument("--out", type=Path, help="file for the figures, as JSON")
    parser.add_argument("--quick", action="store_true", help="shorter runs, rougher figures")
    parser.add_argument("--here", action="store_true", help="one part, in this process")
    options = parser.parse_args()
    if unknown := set(options.parts) - PARTS.keys():
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    if options.here:
        _measure_here(options.parts[0], options.out, quick=options.quick)
        return 0
    names = options.parts or list(PARTS)
    whole_s = sum(PARTS[name] for name in names)
    print(f"{len(names)} parts, {whole_s / 60:.0f} minutes at most", flush=True)
    measured = {name: _measured_apart(name, quick=options.quick) for name in names}
    figures = {name: value for part in measured.values() for name, value in (part or {}).items()}
    _show(figures)
    lacking = [name for name, part in measured.items() if part is None]
    if lacking:
        print(f"not measured: {', '.join(lacking)}")
    if options.out:
        options.out.write_text(json.dumps(figures, indent=2) + "\n", "utf-8")
    return int(bool(lacking))


def _measure_here(name: str, out: Path | None, *, quick: bool) -> None:
    part = import_module(f"tests.bench.{name}").measure(quick=quick)
    figures = {figure: _rounded(value) for figure, value in part.items()}
    (out or Path(os.devnull)).write_text(json.dumps(figures), "utf-8")


def _measured_apart(name: str, *, quick: bool) -> dict[str, object] | None:
    """The figures of a part that had a process of its own; None where it hung or failed."""
    bound_s = PARTS[name]
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        command = [sys.executable, "-m", "tests.bench", "--here", name, "--out", out.name]
        began_s = time.monotonic()
        child = subprocess.Popen(
            command + ["--quick"] * quick, env=os.environ, start_new_session=True
        )
        try:
            code = child.wait(bound_s)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            with suppress(ProcessLookupError):  # nothing of a part outlives it
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        took_s = time.monotonic() - began_s
        figures: dict[str, object] = json.loads(Path(out.name).read_bytes() or b"{}")
    if code != 0:
        why = f"did not end within {bound_s} s" if code is None else f"ended with {code}"
        print(f"-- {name}: {why}", flush=True)
        return None
    names = ", ".join(figures) or "nothing on this machine"
    print(f"-- {name}: {took_s:.0f} of {bound_s} s; measured {names}", flush=True)
    return figures


def _show(figures: Mapping[str, object]) -> None:
    print()
    for name, (what, relation, limit) in LIMITS.items():
        value = figures.get(name)
        if not isinstance(value, int | float):
            continue  # this machine could not measure it, and said so
        asked = f"{relation} {limit:g}" if relation else ""
        is_met = {"<=": value <= limit, ">=": value >= limit}.get(relation, True)
        print(f"{name:22} {value:>10.3f}  {asked:8} {'' if is_met else 'NOT MET'} {what}")
    for name, value in figures.items():
        if name not in LIMITS:
            print(f"{name:22} {value}")


def _rounded(value: object) -> object:
    return round(value, 3) if isinstance(value, float) else value


if __name__ == "__main__":
    sys.exit(main())

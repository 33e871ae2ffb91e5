"""What a person runs by hand, as Windows runs it."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from protocol import __version__
from protocol.version import build_in
from simulators.devices.cards import Scene, class_of
from tests.windows.wine import AGENT, PYTHON, Wine

_MODULES = """
import importlib, pkgutil, sys
for name in ("protocol", "hardware", "agent"):
    package = importlib.import_module(name)
    for found in pkgutil.walk_packages(package.__path__, name + "."):
        if not found.name.endswith(("__main__", "locale.build")):
            try:
                importlib.import_module(found.name)
                print("+", found.name)
            except ImportError as error:
                print("-", found.name, error)
"""
HELD = Scene(side=(60, 90), tilt=(0, 30), covered=0.0)
# What no Windows needs: the tray for Linux, by Qt, and the controller's websockets.
_ELSEWHERE = {"PySide6", "websockets"}


def test_it_says_its_version(wine: Wine) -> None:
    """The interpreter, our folders and the launcher's way fit together; it names its build."""
    program, said = wine.run(*AGENT, "--version").stdout.split()
    assert program == "lophoc-agent"
    assert said.partition("+")[0] == __version__
    assert build_in(said) == said


def test_every_module_can_be_imported(wine: Wine) -> None:
    """Whatever of it would only be loaded when something is plugged in or pressed."""
    (wine.drive / "modules.py").write_text(_MODULES)
    told = wine.run(PYTHON, "-X", "utf8", "modules.py").stdout.splitlines()
    missing = {line for line in told if line[0] == "-"}
    assert len(told) > 300
    assert {line for line in missing if not any(name in line for name in _ELSEWHERE)} == set()


def test_it_looks_once_around(wine: Wine) -> None:
    """It is a device itself, and no sense of Linux is asked."""
    seen = json.loads(wine.run(*AGENT, "scan", "--json", "--seconds", "1").stdout)
    assert seen["host"]["kind"] == "host"


@pytest.mark.parametrize("suffix", ["png", "jpg", "bmp"])
def test_a_picture_with_a_vietnamese_name_is_judged(wine: Wine, suffix: str) -> None:
    """By bytes: the library's own reading takes the code page for a path."""
    folder = wine.drive / "Ảnh lớp"
    folder.mkdir(exist_ok=True)
    picture = cv2.imdecode(np.frombuffer(class_of(6, HELD)[0].jpeg, np.uint8), cv2.IMREAD_COLOR)
    (folder / f"lớp 6A1.{suffix}").write_bytes(cv2.imencode(f".{suffix}", picture)[1].tobytes())
    done = wine.run(*AGENT, "check-camera", f"C:\\Ảnh lớp\\lớp 6A1.{suffix}", "--json")
    assert json.loads(done.stdout)["measures"], done.stderr


def test_cards_are_read(wine: Wine) -> None:
    """The same numbers as on Linux, from a picture beside one that is none."""
    (wine.drive / "thẻ.jpg").write_bytes(class_of(6, HELD, ids=[3, 14, 15])[0].jpeg)
    (wine.drive / "chữ.jpg").write_text("no picture")
    done = wine.run(*AGENT, "read-cards", "thẻ.jpg", "chữ.jpg", "--json")
    cards, bad = map(json.loads, done.stdout.splitlines())
    assert [each["id"] for each in cards["cards"]] == [3, 14, 15]
    assert bad["error"] == "no_picture"

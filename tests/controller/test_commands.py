"""The commands: old lines are still taken, each speaks both languages, none ends in a traceback."""

from __future__ import annotations

import argparse
import importlib
import inspect
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import controller
from controller.__main__ import EXIT_SETTINGS, command_parser, main
from controller.commands import COMMANDS
from protocol.command_line import CommandParser
from protocol.settings import SettingsError
from protocol.words import translator
from tests.controller.fresh import fresh_folder

PLACE = "--data d --config c.toml"
# Every command as it stood before the commands moved to their features, with all its options.
OLD = [
    "run --config c.toml --school 1 --province 14 --data d --http-port 8001 --mdns false",
    "ingest --config c.toml --school 1 --province 14 --data d --mqtt-port 1884",
    "web --workers 3 --config c.toml --school 1 --province 14 --data d --http-port 8001",
    "agents add laptop-6a1 --data d",
    "agents remove laptop-6a1 --data d",
    "agents list --data d",
    "agents refused --data d",
    "repair --data d",
    f"backup --to usb --token-file t --new-passphrase --passphrase-file p {PLACE}",
    f"restore usb --token-file t --force --passphrase-file p {PLACE}",
    "guests add 14 00140708 --limit-mb 5 --data d",
    "guests end 14 00140708 --data d",
    "guests list --data d",
    f"roster import ds.csv --dry-run --names --all --json --errors e.csv {PLACE}",
    f"roster show {PLACE}",
    f"students erase 1400000007 --yes --json {PLACE}",
    f"students export 1400000007 -o hs.xlsx {PLACE}",
    f"students proofs {PLACE}",
    f"roster erase 1400000007 {PLACE}",
    f"schedule import mau --dry-run --json {PLACE}",
    "schedule sample mau",
    f"cards print --class 10A1 --out the.pdf --door --student 7 --names {PLACE}",
    f"cards revoke 0a1b --student 7 {PLACE}",
    f"cards revoke --student 7 {PLACE}",
    "cards keys --end --data d --config c.toml",
    f"register import so.csv --dry-run --all --json --map a=serial --errors e.csv {PLACE}",
    f"register import so.csv --heading-row 1 --unit 1000 {PLACE}",
    f"register decide net-1 match --line 3 --as-of 2026 --observations o.json {PLACE}",
    f"register condition 12 broken --note x --quality 50 --json {PLACE}",
    f"register history 12 --json {PLACE}",
    f"register undo 4 {PLACE}",
    f"register undo-import 2 {PLACE}",
    f"register imports {PLACE}",
    f"register decisions {PLACE}",
    f"reconcile --as-of 2026 --observations o.json --json {PLACE}",
    f"use --weeks 4 --json {PLACE}",
    f"forecast --init-tables --json --xlsx a.xlsx {PLACE}",
    f"report list --json {PLACE}",
    f"report make month {PLACE}",
    f"report show 2 --before 1 --json {PLACE}",
    f"report write 2 --plain -o a.xlsx {PLACE}",
    f"report template a.xlsx {PLACE}",
    f"webhooks --json {PLACE}",
    f"updates list {PLACE}",
    f"updates add x.lophoc --update-keys k {PLACE}",
    f"updates begin 0.2.0 --room P203 {PLACE}",
    f"updates stop {PLACE}",
    f"updates go-on {PLACE}",
    f"updates back {PLACE}",
    f"inspection begin --title t --of-school s --of-area a --type b --seed x --json {PLACE}",
    f"inspection begin --unit rooms --size 5 --hours 24 {PLACE}",
    f"inspection withdraw 1 {PLACE}",
    f"history list {PLACE}",
    f"history write {PLACE}",
    f"history show --figure missing --by area --span year --school s --area a --json {PLACE}",
    f"history show --type board {PLACE}",
    f"repairs list --all --json {PLACE}",
    f"repairs open 12 --note x --json {PLACE}",
    f"repairs pick 3 12 --json {PLACE}",
    f"repairs start 3 --json {PLACE}",
    f"repairs done 3 --outcome awaiting_disposal --note x --json {PLACE}",
    f"repairs undo 3 --json {PLACE}",
    f"repairs figures --days 30 --json {PLACE}",
    f"export xlsx -o a.xlsx --school 1 --room P203 --type board --kind board {PLACE}",
    f"export json --out a.json --status ok --state moved --condition good {PLACE}",
    f"labels -o a.pdf --room P203 --room P204 --type board --only-new --sheet 2x7 --skip 3 {PLACE}",
    f"labels --out a {PLACE}",
    f"stocktake begin --room P203 --room P204 {PLACE}",
    f"stocktake list {PLACE}",
    f"stocktake finish 1 {PLACE}",
    f"stocktake minutes 1 -o a.docx {PLACE}",
    f"stocktake minutes 1 --out a.xlsx {PLACE}",
    f"inspection list {PLACE}",
    f"inspection draw 1 {PLACE}",
    f"inspection minutes 1 -o a.docx {PLACE}",
    "inspection verify frame.txt --seed 7 --size 10",
    *(
        f"{what} import {what}.csv --dry-run --json {PLACE}"
        for what in ("areas", "schools", "rooms")
    ),
    *(f"{what} merge 1 2 --since 01/08/2026 {PLACE}" for what in ("areas", "schools")),
    *(f"{what} retire 1 --since 01/08/2026 {PLACE}" for what in ("areas", "schools")),
    *(f"{what} undo 1 {PLACE}" for what in ("areas", "schools")),
    *(f"{what} history {PLACE}" for what in ("areas", "schools")),
    f"schools seals 1 -o a.json {PLACE}",
    f"attendance verify --json {PLACE}",
    f"attendance verify --seals a.json --against b --against c {PLACE}",
    f"attendance export --class 10A1 --from 2026-11-02 --to 2026-11-30 --out a.csv {PLACE}",
    f"attendance find 7 {PLACE}",
    f"attendance erase 7 --yes {PLACE}",
    "password set --data d",
    f"doctor --bundle b.json {PLACE}",
    f"dossier notice -o n.pdf {PLACE}",
    f"enrol ABC DEF --department h {PLACE}",
    f"dossier register --class 6A1 -o r.pdf {PLACE}",
    f"dossier safety -o h.md {PLACE}",
    "password setup-link --data d",
    f"token create glpi --days 90 --json {PLACE}",
    "pull https://so.example --token-file t --into a.csv",
    "sample-config",
]
WITH_DEEDS = {
    *("roster", "schedule", "cards", "register", "repairs", "stocktake"),
    *("areas", "schools", "rooms", "guests", "dossier", "inspection"),
    *("history", "report", "updates"),
}
FOLDERLESS = (
    "doctor",
    "dossier notice",
    "dossier safety",
    "enrol",
    "ingest",
    "inspection verify",
    "pull",
    "restore",
    "run",
    "schedule sample",
    "sample-config",
    "web",
)
IN_FOLDER = [line for line in OLD if not line.startswith(FOLDERLESS)]


def leaves(parser: CommandParser) -> Iterator[CommandParser]:
    """Every command that does something."""
    if parser._fill:
        parser._fill(parser)
        parser._fill = None
    deeds = [each for each in parser._actions if isinstance(each, argparse._SubParsersAction)]
    for deed in deeds:
        for child in deed.choices.values():
            yield from leaves(child)
    if not deeds:
        yield parser


def end_of(line: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """The exit code of a command line, and what it told to people."""
    capsys.readouterr()
    code = main(line.split())
    out, err = capsys.readouterr()
    return code, out + err


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of its own, a language, and no settings of the machine's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LOPHOC_CONTROLLER_DATABASE", raising=False)
    monkeypatch.setenv("LOPHOC_CONTROLLER_LANG", "en")


@pytest.mark.parametrize("line", OLD)
def test_every_old_line_is_still_taken(line: str) -> None:
    """Each word of it arrives, each flag is set."""
    options = vars(command_parser(str).parse_args(line.split()))
    taken = {str(word) for value in options.values() for word in _words_in(value)}
    command, *words = [word for word in line.split() if not word.startswith("-")]
    assert [word for word in words[command in WITH_DEEDS :] if word not in taken] == []
    for flag in ("--dry-run", "--names", "--all", "--json", "--door", "--yes", "--only-new"):
        assert bool(options.get(flag[2:].replace("-", "_"))) == (flag in line.split()), flag
    assert callable(options["command"])


def _words_in(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_no_command_of_the_old_ones_is_missing_above() -> None:
    """Nor one that came since."""
    progs = [each.prog.removeprefix("lophoc-controller ") for each in leaves(command_parser(str))]
    assert [prog for prog in progs if not any(line.startswith(prog) for line in OLD)] == []


def test_every_command_file_is_listed() -> None:
    """Each function that fills a command is found by its command's name."""
    here = Path(controller.__file__).parent
    names = {f"controller.{path.parent.name}.{path.stem}" for path in here.glob("*/*command.py")}
    functions = {
        f"{module}:{name}"
        for module in names
        for name, _ in inspect.getmembers(importlib.import_module(module), inspect.isfunction)
        if name.startswith("fill_")
    }
    assert functions == {f"controller.{each.module}:fill_{each.name}" for each in COMMANDS}


def test_help_loads_neither_a_database_nor_a_web_server() -> None:
    """A slow computer answers at once; `run --help` as well."""
    script = (
        "import sys; from controller.__main__ import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "heavy = {'sqlalchemy', 'fastapi', 'starlette', 'openpyxl', 'reportlab', 'alembic'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    for line in (["--help"], ["--version"], ["run", "--help"], ["rnu"], ["sample-config"]):
        done = subprocess.run(
            [sys.executable, "-c", script, *line], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr


def test_help_of_every_command_is_in_both_languages() -> None:
    """What it is for, and every argument."""
    vietnamese = [*leaves(command_parser(translator("vi")))]
    english = [*leaves(command_parser(translator("en")))]
    assert len(vietnamese) == len(english) > 30
    for vi, en in zip(vietnamese, english, strict=True):
        for said, meant in zip(vi._actions, en._actions, strict=True):
            if meant.help and meant.help != argparse.SUPPRESS:
                assert said.help != meant.help, (en.prog, meant.help)
        assert vi.format_help() != en.format_help()


def test_no_place_is_the_folder_that_one_stands_in_because_a_variable_is_empty() -> None:
    """Whatever takes a path says so in its usage, by which the grammar knows it."""
    places = [
        (leaf, action)
        for leaf in leaves(command_parser(str))
        for action in leaf._actions
        if action.type is Path or action.dest in {"out", "source", "config", "data"}
    ]
    assert len(places) > 60
    for leaf, action in places:
        with pytest.raises(SettingsError, match="names no file") as refused:
            raise LookupError(leaf.prog, action.dest, leaf._get_values(action, [""]))
        assert refused.value.code == "place_empty"


@pytest.mark.parametrize("line", IN_FOLDER)
def test_a_command_finds_a_folder_and_never_makes_one(
    line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It names the folder where it looked, and how another is named; no "kept", no traceback."""
    line = line.replace(" --config c.toml", "").replace(" --dry-run", "")
    _sources(tmp_path)
    code, told = end_of(line, capsys)
    assert code == EXIT_SETTINGS, told
    assert str(tmp_path / "d") in told
    assert all(word in told for word in ("--data", "--config", "LOPHOC_CONTROLLER_DATA"))
    assert not (tmp_path / "d").exists()
    assert not (tmp_path / "lophoc-controller-data").exists()


@pytest.mark.parametrize(
    "line", [line for line in IN_FOLDER if not line.startswith(("agents", "password"))]
)
def test_a_folder_without_a_database_is_no_controllers(
    line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else a wrong folder would take what the server never hears of. Passwords need none."""
    line = line.replace(" --config c.toml", "").replace(" --dry-run", "")
    _sources(tmp_path)
    (tmp_path / "d").mkdir()
    code, told = end_of(line, capsys)
    assert code == EXIT_SETTINGS, told
    assert str(tmp_path / "d" / "lophoc.db") in told
    assert [*(tmp_path / "d").iterdir()] == []


@pytest.mark.parametrize("line", [line for line in OLD if line != "sample-config"])
def test_an_unknown_option_and_a_settings_file_that_is_not_there(
    line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each ends in a sentence."""
    code, told = end_of(f"{line} --bogus", capsys)
    notice, *_ = told.splitlines()
    assert (code, told.count("\n")) == (EXIT_SETTINGS, 1 + ("now." in notice)), told
    assert "No such option: --bogus." in told
    assert len(told) < 900
    if "--config" in line:
        code, told = end_of(line.replace(" --dry-run", ""), capsys)
        assert code != 0
        assert "Traceback" not in told
        assert told.strip()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("stoktake list", ["stocktake"]),
        ("stocktake lst", ["list"]),
        ("schedule import timetable t.csv", ["t.csv", "schedule import --help"]),
        ("attendance export --yess", ["--yess", "--yes"]),
        ("labels", ["--out", "labels --help"]),
        ("use --weeks many", ["--weeks", "many"]),
        ("use --weeks 0", ["104"]),
        ("repairs done x", ["x"]),
        ("repairs done 1 --outcome gone", ["gone", "good"]),
        ("export pdf -o a.pdf", ["pdf", "csv"]),
        ("export csv -o a.xlsx", ["a.xlsx", ".csv"]),
        ("export glpi -o a.json", ["a.json", ".zip"]),
        ("attendance export --out a.docx", ["a.docx", ".xlsx, .csv"]),
        ("stocktake minutes 1 -o a.pdf", ["a.pdf", ".xlsx, .docx"]),
        ("labels -o a.xlsx", ["a.xlsx", ".pdf"]),
        ("forecast --xlsx a.csv", ["a.csv", ".xlsx"]),
        ("roster import so.csv --errors ./so.csv", ["so.csv"]),
        ("register import so.csv --errors ./so.csv", ["so.csv"]),
        ("agents add --data .", ["id"]),
        ("schedule sample so.csv", ["so.csv"]),
        ("reconcile --as-of never --data d", ["never"]),
        ("reconcile --observations none.json --data d", ["none.json"]),
        ("schools merge 1 2 --since never --data d", ["day"]),
    ],
)
def test_what_is_wrong_is_a_sentence_with_a_hint(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str, words: list[str]
) -> None:
    """It names what is wrong and what is right; the file that was read is as it was."""
    _sources(tmp_path)
    fresh_folder(tmp_path / "d")
    before = (tmp_path / "so.csv").read_bytes()
    code, told = end_of(line, capsys)
    assert code == EXIT_SETTINGS, told
    assert [word for word in words if word not in told] == [], told
    assert (tmp_path / "so.csv").read_bytes() == before


@pytest.mark.parametrize(
    "line", ["roster import", "register import", "schedule import", "areas import", "rooms import"]
)
def test_a_missing_file_is_named(
    line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As one that cannot be used is."""
    fresh_folder(tmp_path / "d")
    code, told = end_of(f"{line} none.csv --data d", capsys)
    assert (code, "none.csv" in told) == (1, True), told


@pytest.mark.parametrize(
    "line",
    [
        "export xlsx -o {}.xlsx --data d",
        "export json -o {}.json --data d",
        "forecast --out {}.xlsx --data d",
        "attendance export --class 1 --from 2026-11-02 --to 2026-11-03 --out {}.csv --data d",
    ],
)
@pytest.mark.parametrize("name", ["missing/a", "so.csv/a"])
def test_a_file_that_cannot_be_written_is_named(
    line: str, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder that is not there, and a file in a folder's place."""
    _sources(tmp_path)
    fresh_folder(tmp_path / "d")
    code, told = end_of(line.format(name), capsys)
    assert (code, name in told, "may write" in told) == (EXIT_SETTINGS, True, True), told


def test_an_option_by_its_old_name_is_taken_and_answers_with_the_new_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file is the same."""
    fresh_folder(tmp_path / "d")
    written = []
    for name, notice in (("--xlsx", "--xlsx is called --out now.\n"), ("--out", ""), ("-o", "")):
        assert main(["forecast", name, "a.xlsx", "--data", "d"]) == 0
        out, err = capsys.readouterr()
        assert (out, err) == ("", notice)
        written.append((tmp_path / "a.xlsx").exists())
        (tmp_path / "a.xlsx").unlink()
    assert written == [True] * 3
    for line in (["forecast", "--help"], ["run", "--help"]):
        with pytest.raises(SystemExit):
            main(line)
        assert "--xlsx" not in capsys.readouterr().out


def test_the_folder_is_named_by_option_environment_and_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The option before the environment, that before the file."""
    for name in "abc":
        fresh_folder(tmp_path / name)
    (tmp_path / "c.toml").write_text('data = "c"\n')
    for line, where in (("", "c"), ("", "b"), (" --data a", "a")):
        if where == "b":
            monkeypatch.setenv("LOPHOC_CONTROLLER_DATA", "b")
        assert end_of(f"agents add p203 --config c.toml{line}", capsys)[0] == 0
        assert (tmp_path / where / "agents.json").exists()
        (tmp_path / where / "agents.json").unlink()


def _sources(folder: Path) -> None:
    """The files that the lines above read."""
    (folder / "so.csv").write_text("Mã tài sản;Tên;Phòng\nTS-1;Bảng tương tác;P203\n", "utf-8")
    (folder / "ds.csv").write_text("STT;Lớp;Mã học sinh\n1;10A1;1\n", "utf-8")
    (folder / "areas.csv").write_text("Mã xã;Tên xã\n1;A\n", "utf-8")
    (folder / "schools.csv").write_text("Mã trường;Tên trường\n1;A\n", "utf-8")
    (folder / "rooms.csv").write_text("Phòng;Dãy nhà\nP203;A\n", "utf-8")
    (folder / "o.json").write_text("[]")
    (folder / "mau").mkdir()
    bells = folder / "mau" / "bells.csv"
    bells.write_text("period,start,end\n1,07:15,08:00\n", "utf-8")

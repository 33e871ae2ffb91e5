"""A page's script comes in one answer with what it imports, and does what its parts do."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

import controller
from controller.database.store import Store
from controller.web.scripts import join_scripts
from tests.conftest import need
from tests.controller.web_school import a_store, asked
from tests.waiting import LIMIT_S

FOLDERS = sorted({file.parent for file in Path(controller.__file__).parent.glob("*/static/*.js")})
FILES = {file.stem: file for folder in FOLDERS for file in folder.glob("*.js")}
IMPORTING = sorted(name for name, file in FILES.items() if "\nimport {" in file.read_text())
DIAMOND = {
    "top": 'import { one as first } from "./left.js";\nimport { both, Two } from "./right.js";\n'
    "const seed = 40;\nconsole.log(first(), both, new Two().three, seed);\n",
    "left": 'import { seed } from "./seed.js";\n'
    "export function one() {\n  return seed.next();\n}\n",
    "right": 'import { one } from "./left.js";\nimport { seed } from "./seed.js";\n'
    "export const both = [one(), seed.next()].join();\nexport class Two {\n  three = 3;\n}\n",
    "seed": "let at = 0;\nexport const seed = { next: () => (at += 1) };\n",
}


def said(folder: Path, texts: Mapping[str, str]) -> str:
    """What a module says that stands among others."""
    for name, text in texts.items():
        (folder / f"{name}.js").write_text(text)
    (folder / "package.json").write_text('{"type": "module"}')
    ended = subprocess.run(
        [need("node", "nodejs"), folder / "top.js"],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_a_joined_script_does_what_its_modules_do(tmp_path: Path) -> None:
    """What two of them import is one; their own names do not meet."""
    apart, joined = tmp_path / "apart", tmp_path / "joined"
    apart.mkdir()
    joined.mkdir()
    text = join_scripts("top", DIAMOND.__getitem__)
    assert said(joined, {"top": text}) == said(apart, DIAMOND) != ""


@pytest.mark.parametrize("text", ['import "./a.js";\n', "export default 1;\n"])
def test_what_cannot_be_joined_is_refused(text: str) -> None:
    """Rather than left out."""
    with pytest.raises(ValueError, match="top"):
        join_scripts("top", {"top": text}.__getitem__)


@pytest.mark.parametrize("name", IMPORTING)
def test_every_script_of_ours_is_served_whole(tmp_path: Path, name: str) -> None:
    """Without an import; who has it is told that it is the same."""
    with a_store(tmp_path) as store:
        answer = asked(store, f"/static/{name}.js")
        assert answer.headers["content-type"].startswith("text/javascript")
        assert not re.search(r"^(import|export)\b", answer.text, re.MULTILINE)
        assert answer.text.endswith(FILES[name].read_text().splitlines()[-1] + "\n")
        assert again(store, name, answer.headers["etag"]) == (304, "")
        assert again(store, name, '"other"') == (200, answer.text)


def again(store: Store, name: str, tag: str) -> tuple[int, str]:
    """What who has a script is answered."""
    answer = asked(store, f"/static/{name}.js", headers={"If-None-Match": tag})
    return answer.status_code, answer.text

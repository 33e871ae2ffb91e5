"""This file finds functions, methods and classes that no product code or template names."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Final

from vulture import Vulture
from vulture.config import make_config
from vulture.core import Item

# Values are left out: fields are read by libraries, as JSON, and by those who come after us.
KINDS: Final = {"class", "function", "import", "method", "property", "unreachable_code"}
_IN_TEMPLATES: Final = re.compile(r"\{[{%].*?[%}]\}", re.DOTALL)


def dead_code() -> list[Item]:
    """What [tool.vulture] in pyproject.toml finds dead; what a template calls is alive."""
    config = make_config([])
    finder = Vulture(
        ignore_names=config["ignore_names"], ignore_decorators=config["ignore_decorators"]
    )
    finder.scavenge(config["paths"], exclude=config["exclude"])
    finder.used_names.update(*map(template_names, config["paths"]))
    found: list[Item] = finder.get_unused_code(min_confidence=config["min_confidence"])
    return [item for item in found if item.typ in KINDS]


def template_names(folder: str) -> set[str]:
    """The words that stand in expressions of the templates below a folder."""
    texts = (page.read_text("utf-8") for page in Path(folder).rglob("*.html"))
    code = (part for text in texts for part in _IN_TEMPLATES.findall(text))
    return {name for part in code for name in re.findall(r"\w+", part)}


if __name__ == "__main__":
    sys.exit("\n".join(item.get_report() for item in dead_code()) or 0)

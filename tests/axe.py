"""This file asks axe-core whether a page can be used by everybody (WCAG, levels A and AA).

The script is Deque's (MPL-2.0) and stays in the package that carries it.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

from tests.browser import Page

PACKAGES: Final = ("axe_playwright_python", "axe_core_python")  # the newer axe-core first
WCAG_21: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa")
WCAG_22: Final = (*WCAG_21, "wcag22aa")
_SHORT: Final = """(found) => found.violations.flatMap((each) => each.nodes.map((node) =>
    `${each.id} at ${node.target.join(" ")}: ${node.failureSummary}`.replace(/\\s+/g, " ")))"""


# Whether letters stand out is nine tenths of axe's work, and the same wherever all that is around
# them looks the same: it is asked of one place of each look, once for all sizes of a window.
_SEEN: Final = "data-look-seen"
_MARK_SEEN: Final = """(() => {
  const {numbers, seen} = (window.looks ??= {numbers: new Map(), seen: new Set()});
  const around = new Map();
  const number = (look) => numbers.get(look) ?? numbers.set(look, numbers.size).get(look);
  for (const each of document.querySelectorAll("*")) {
    const style = getComputedStyle(each);
    const words = [...each.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE)
      .map((node) => node.data).join("").trim().length;
    const look = [around.get(each.parentElement), each.localName, each.getAttribute("class"),
      each.getAttribute("style"), each.getAttribute("aria-disabled"), each.matches(":disabled"),
      each.control?.disabled, style.color, style.backgroundColor, style.backgroundImage,
      style.opacity, style.fontSize, style.fontWeight, style.position, style.textShadow].join();
    around.set(each, number(look));
    const place = `${number(look)} ${Math.min(words, 2)}`;
    if (seen.has(place)) each.setAttribute("SEEN", "");
    else if (each.checkVisibility({visibilityProperty: true})) seen.add(place);
  }
  axe.configure({rules: [{id: "color-contrast", selector: ":not([SEEN])"}]});
})()"""
_UNMARK: Final = """document.querySelectorAll("[SEEN]").forEach((each) =>
    each.removeAttribute("SEEN"))"""
# One feature's class for what is read out across a room once made another's tables shout.
_LOUD: Final = """[...document.querySelectorAll("td, td *")].filter((each) => each.innerText &&
    parseFloat(getComputedStyle(each).fontSize) > 24).map((each) =>
    `text of a table is too large: ${each.outerHTML.slice(0, 200)}`)"""


def axe_script() -> str:
    """The text of axe.min.js; the test is skipped where no package holds it."""
    for name in PACKAGES:
        found = importlib.util.find_spec(name)  # is not imported: it would want Playwright
        if found is not None and found.origin is not None:
            return Path(found.origin).with_name("axe.min.js").read_text(encoding="utf-8")
    pytest.skip("needs the package axe-playwright-python")


def violations(page: Page, levels: Sequence[str] = WCAG_21) -> list[str]:
    """What axe-core finds against the open page, and tables that shout: one line for each place."""
    if not page.see("'axe' in window"):
        page.call("Runtime.evaluate", expression=axe_script())
    page.see(_MARK_SEEN.replace("SEEN", _SEEN))
    only = {"type": "tag", "values": list(levels)}
    found: list[str] = page.see(
        f"axe.run(document, {{runOnly: {only}, resultTypes: ['violations']}}).then({_SHORT})"
    )
    page.see(_UNMARK.replace("SEEN", _SEEN))
    return found + page.see(_LOUD)

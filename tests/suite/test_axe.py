"""What axe-core is spared must be what it would have said anyway."""

from __future__ import annotations

from base64 import b64encode

import pytest

from tests.axe import violations
from tests.browser import PHONE, Page

PAGE = """<!doctype html><html lang="en"><head><title>Lines</title><style>
.pale { color: #ccc }
@media (max-width: 500px) { .narrow { color: #ccc } }
@media (min-width: 501px) { .phone { display: none } }
</style></head><body><main><h1>Lines</h1><ul>LINES</ul></main></body></html>"""
PLAIN = "<li><b>one</b></li><li><b>two</b></li>"


def seen(page: Page, lines: str) -> list[str]:
    """What is found on a laptop, and then on a phone."""
    text = b64encode(PAGE.replace("LINES", lines).encode()).decode()
    page.open(f"data:text/html;base64,{text}")
    found = violations(page)
    page.size(*PHONE)
    return found + violations(page)


@pytest.mark.parametrize(
    ("spoilt", "faults"),
    [
        ("<li><b>three</b></li>", 0),
        ("<li><b class='pale'>three</b></li>", 1),
        ("<li class='pale'><b>three</b></li>", 1),
        ("<li><b style='color: #ccc'>three</b></li>", 1),
        ("<li style='opacity: 0.3'><b>three</b></li>", 1),
        ("<li><b class='narrow'>three</b></li>", 1),
        ("<li class='phone'><b class='pale'>three</b></li>", 1),
        # One of one look is looked at; what is no matter of looks is asked of all.
        ("<li><b class='pale'>three</b></li>" * 4, 1),
        ("<li><a href='#'></a></li><li><a href='#'></a></li>", 4),
    ],
)
def test_a_pale_line_is_found_at_the_size_that_shows_it(
    page: Page, spoilt: str, faults: int
) -> None:
    """After others of the same kind that are well."""
    assert len(seen(page, PLAIN + spoilt)) == faults
    assert not page.see("document.querySelector('[data-look-seen]')")

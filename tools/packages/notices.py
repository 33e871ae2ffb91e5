"""This file writes under which licences a package stands, and what lintian passes over."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from email.message import Message
from email.parser import Parser
from pathlib import Path
from typing import Final

from tools.packages.role import Role

_OURS: Final = """Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: LopHoc

Files: *
Copyright: 2026 LopHoc's authors
License: GPL-3.0+
 This program is free software: you can redistribute it and/or modify it under the terms of the
 GNU General Public License, version 3 or any later version.
 .
 On Debian systems the whole text is in /usr/share/common-licenses/GPL-3.
"""
# Vendors' wheels go in as their makers publish them, byte for byte, as their hashes are pinned.
_OVERRIDES: Final = (
    ("wheels are not stripped: their makers have patched them for their own libraries",
     ("unstripped-binary-or-object", "unstripped-static-library")),
    ("wheels carry the libraries that they were built with",
     ("embedded-library", "library-not-linked-against-libc", "shared-library-lacks-prerequisites",
      "custom-library-search-path", "hardening-no-relro",
      "hardening-no-fortify-functions", "hardening-no-bindnow", "hardening-no-pie",
      "executable-stack-in-shared-library", "statically-linked-binary", "spelling-error-in-binary",
      "library-package-name-for-application", "exit-in-shared-library",
      "link-to-shared-library-in-wrong-package", "shared-library-is-executable")),
    ("wheels name their licences and lie as their makers wrote them",
     ("extra-license-file", "package-contains-documentation-outside-usr-share-doc",
      "script-not-executable", "executable-not-elf-or-script", "wrong-path-for-interpreter",
      "unusual-interpreter", "example-script-uses-bin-env", "package-contains-empty-directory",
      "python-traceback-in-manpage", "duplicate-files", "privacy-breach-generic",
      "privacy-breach-uses-embedded-file", "source-contains-prebuilt-javascript-object",
      "package-contains-hardlink", "zero-byte-file-in-doc-directory", "national-encoding",
      "font-in-non-font-package", "font-outside-font-dir",
      "truetype-font-prohibits-installable-embedding",
      "missing-dep-on-jarwrapper", "package-has-long-file-name", "embedded-javascript-library",
      "python3-script-but-no-python3-dep",
      "script-uses-bin-env", "interpreter-not-absolute", "duplicate-font-file",
      "script-uses-unversioned-python-in-shebang",
      "license-problem-font-adobe-copyrighted-fragment",
      "license-problem-font-adobe-copyrighted-fragment-no-credit")),
)  # fmt: skip
_OWN: Final = """# The system's own Python runs LopHoc; PATH may lead to one of a version manager.
{package}: command-with-path-in-maintainer-script /usr/bin/python3 *
"""
_PRINTED: Final = ("License-Expression", "License")


def copyright_of(wheels: Iterable[Path], licence: Path) -> str:
    """Whose everything is: ours, then each wheel as it says itself."""
    assert "GNU GENERAL PUBLIC LICENSE" in licence.read_text("utf-8"), "the licence is another"  # noqa: S101
    return "\n".join([_OURS, *(_stanza(wheel) for wheel in wheels)])


def overrides_of(role: Role) -> str:
    """What lintian says of the vendors' wheels, with the reason; of ours one thing is passed."""
    if not role.is_native:
        return ""
    place = f"usr/lib/{role.package}/*"
    return _OWN.format(package=role.package) + "".join(
        f"# {reason[0].upper()}{reason[1:]}.\n"
        + "".join(f"{role.package}: {tag} *{place}\n" for tag in tags)
        for reason, tags in _OVERRIDES
    )


def _stanza(wheel: Path) -> str:
    """A wheel's own words; the texts that it brings lie in its .dist-info."""
    data = _metadata(wheel)
    name = data["Name"]
    said = next((line for key in _PRINTED if (line := _first_line(data[key]))), "")
    classed = [line.rpartition(" :: ")[2] for line in data.get_all("Classifier", [])
               if line.startswith("License :: ")]  # fmt: skip
    licence = said or ", ".join(classed) or "as its files say"
    author = _first_line(data["Author"]) or _first_line(data["Author-email"]) or f"{name}'s authors"
    folder = "-".join(wheel.name.split("-")[:2])
    return (
        f"Files: usr/lib/lophoc-*/{folder}.*\n"
        f"Comment: the wheel {wheel.name}, as published\n"
        f"Copyright: {author}\n"
        f"License: {licence[:120]}\n"
    )


def _metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        [name] = (one for one in archive.namelist()
                  if one.endswith(".dist-info/METADATA") and one.count("/") == 1)  # fmt: skip
        return Parser().parsestr(archive.read(name).decode("utf-8"), headersonly=True)


def _first_line(text: str | None) -> str:
    return (text or "").strip().split("\n")[0].strip()

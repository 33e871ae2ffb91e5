"""This file is `python -m tools.packages`: it builds the packages, and what a stick carries."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from protocol import __version__
from protocol.package import Arch, System, public_of
from tools.packages.bundle import make_bundle
from tools.packages.deb import make_deb
from tools.packages.role import AGENT, ROLES, Role
from tools.packages.target import MACHINES, MINORS, Target, glibc_of
from tools.packages.tree import Build, lay_out
from tools.packages.update import make_update, read_key
from tools.packages.wheels import Chosen, chosen, fetch

SOURCE: Final = Path(__file__).parents[2]
_NONE: Final = Chosen((), {})


def main(arguments: Sequence[str] | None = None) -> int:
    """Build; prints each file that was made."""
    options = _parser().parse_args(arguments)
    stamp_s, version = moment_of(SOURCE), version_of(SOURCE)
    options.out.mkdir(parents=True, exist_ok=True)
    roles = [role for role in ROLES if role.package in options.packages]
    with tempfile.TemporaryDirectory(prefix="lophoc-packages-") as place:
        trusts = (public_of(options.sign),) if options.sign else ()
        wheel = own_wheel(SOURCE, Path(place), stamp_s)
        build = Build(SOURCE, version, stamp_s, wheel, trusts)
        debs = [
            _make(build, role, [Target(arch, minor) for minor in options.minors], options)
            for arch in options.arch
            for role in roles
            if role.is_native and arch in role.arches
        ]
        debs += [_make(build, role, [], options) for role in roles if not role.is_native]
    if options.bundle:
        bundle = make_bundle(
            debs, options.out, version=version, stamp_s=stamp_s, windows=options.windows
        )
        _say(bundle)
    return 0


def moment_of(source: Path) -> int:
    """The time of every file, seconds since 1970: as asked for, else that of the last commit."""
    asked = os.environ.get("SOURCE_DATE_EPOCH")
    return int(asked or _git(source, "log", "-1", "--format=%ct"))


def version_of(source: Path) -> str:
    """The version, and between two releases which build of it; a later build is a greater one."""
    if not (source / ".git").exists():
        return __version__
    if f"v{__version__}" in _git(source, "tag", "--points-at", "HEAD").split():
        return __version__
    committed = datetime.fromtimestamp(int(_git(source, "log", "-1", "--format=%ct")), UTC)
    commit = _git(source, "rev-parse", "--short=8", "HEAD")
    return f"{__version__}+{committed:%Y%m%d.%H%M%S}.{commit}"


def own_wheel(source: Path, folder: Path, stamp_s: int) -> Path:
    """Our own code as a wheel."""
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"),
            *("--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(source)),
        ],
        env={**os.environ, "SOURCE_DATE_EPOCH": str(stamp_s)},
        check=True,
    )
    [wheel] = folder.glob("lophoc-*.whl")
    return wheel


def _make(build: Build, role: Role, targets: Sequence[Target], options: argparse.Namespace) -> Path:
    picked = _picked(role, targets, options.cache) if role.is_native else _NONE
    with tempfile.TemporaryDirectory(prefix=f"{role.package}-", dir=options.out) as stage:
        root = Path(stage, "root")
        lay_out(build, role, picked, root)
        path = make_deb(
            role, root, options.out,
            version=build.version,
            arch=targets[0].arch if targets else "all",
            glibc=glibc_of(wheel.name for wheel in picked.all()),
            stamp_s=build.stamp_s,
            compression=options.compression,
        )  # fmt: skip
        if role is AGENT and options.sign:
            _say(_make_update(build, root, targets, options))
    _say(path)
    return path


def _make_update(
    build: Build, root: Path, targets: Sequence[Target], options: argparse.Namespace
) -> Path:
    """The libraries of the package, for a school's server to give to its rooms."""
    libraries = root / "usr/lib" / AGENT.package
    return make_update(
        libraries, options.out,
        key=options.sign,
        version=build.version,
        system=System.LINUX,
        arch=Arch(targets[0].arch),
        minors=[target.minor for target in targets],
        stamp_s=build.stamp_s,
        folders=[folder.name for folder in libraries.iterdir()],
    )  # fmt: skip


def _picked(role: Role, targets: Sequence[Target], cache: Path) -> Chosen:
    text = _pins(role)
    # What several packages share is fetched once.
    texts = [text] if role.beside else [_pins(one) for one in ROLES if one.pins and not one.beside]
    wheels = {target: fetch(target, texts, cache) for target in targets}
    return chosen(targets, wheels, text)


def _pins(role: Role) -> str:
    return (SOURCE / "requirements" / role.pins).read_text("utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.packages", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("dist"))
    parser.add_argument("--cache", type=Path, default=Path("dist/wheels"))
    parser.add_argument("--arch", nargs="+", choices=list(MACHINES), default=list(MACHINES))
    parser.add_argument("--minors", nargs="+", type=int, choices=MINORS, default=list(MINORS))
    parser.add_argument("--compression", choices=("xz", "zstd", "gzip"), default="xz")
    parser.add_argument("--bundle", action="store_true", help="and one file for a stick")
    text = "the private key that updates are signed with; makes them"
    parser.add_argument("--sign", type=lambda file: read_key(Path(file)), help=text)
    parser.add_argument("--windows", type=Path, help="an installer that goes onto the stick, too")
    packages = [role.package for role in ROLES]
    parser.add_argument("--packages", nargs="+", choices=packages, default=packages)
    return parser


def _git(source: Path, *arguments: str) -> str:
    git = shutil.which("git") or "git"
    return subprocess.run(
        [git, "-C", str(source), *arguments], capture_output=True, text=True, check=True
    ).stdout.strip()


def _say(path: Path) -> None:
    print(f"{path}  {path.stat().st_size / 1e6:.1f} MB", flush=True)


if __name__ == "__main__":
    sys.exit(main())

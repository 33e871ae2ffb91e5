"""A package is known by its signed head: whatever is changed in it, nobody takes it."""

from __future__ import annotations

import io
import lzma
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.package import (
    MAX_HEAD,
    Arch,
    Fit,
    Manifest,
    PackageError,
    PackageFlaw,
    System,
    check_signature,
    fitting,
    head_bytes,
    head_in,
    keys_in,
    manifest_in,
    public_of,
    sign,
    text_of,
)
from protocol.settings import SettingsError
from protocol.trust_in_updates import trusted_keys
from tools.packages.update import KeyFileError, main, make_key, make_update, read_key

PRIVATE, OTHER = bytes(range(32)), bytes(32)
MANIFEST = Manifest(
    version="0.2.0+20261130.111923.9120b954", system=System.LINUX, arch=Arch.AMD64,
    minors=(11, 12, 13), size=100, sha256="ab" * 32, unpacked=300,
)  # fmt: skip
TEXT = text_of(MANIFEST)
SIGNATURE = sign(PRIVATE, TEXT)
HEAD = head_bytes(TEXT, SIGNATURE)


@given(st.integers(0, len(HEAD) - 1))
def test_a_head_is_read_as_soon_as_it_is_there(cut: int) -> None:
    """From a stream, and nothing behind it is read."""
    assert head_in(HEAD[:cut]) is None
    head = head_in(HEAD + b"rest")
    assert head is not None
    assert (head.manifest, head.signature, head.size) == (MANIFEST, SIGNATURE, len(HEAD))


@given(st.integers(0, len(HEAD) - 1), st.integers(1, 255))
def test_a_changed_byte_is_found(place: int, change: int) -> None:
    """In the head by form or signature."""
    spoilt = bytearray(HEAD)
    spoilt[place] ^= change
    with pytest.raises(PackageError):
        _checked(bytes(spoilt))


def _checked(start: bytes) -> None:
    head = head_in(start)
    if head is None:
        raise PackageError(PackageFlaw.MALFORMED)
    check_signature(head.text, head.signature, [public_of(PRIVATE)])


@given(st.binary(max_size=MAX_HEAD + 50))
def test_any_bytes_are_no_package(start: bytes) -> None:
    """Refused or waited for, and no longer than a head is."""
    try:
        assert head_in(start) is None
        assert len(start) < MAX_HEAD
    except PackageError:
        return


def test_only_a_trusted_key_signs() -> None:
    """The school's own among them."""
    with pytest.raises(PackageError) as refused:
        check_signature(TEXT, SIGNATURE, [public_of(OTHER), "00" * 32])
    assert refused.value.flaw is PackageFlaw.NOT_SIGNED
    check_signature(TEXT, SIGNATURE, [public_of(OTHER), public_of(PRIVATE)])


@pytest.mark.parametrize(
    "change",
    [
        b'"version":"0.2"', b'"minors":[]', b'"size":0', b'"sha256":"AB"', b'"arch":"mips"',
        b'"unpacked":9999999999999', b'"least":"x.y"', b'"more":1',
    ],
    ids=bytes.decode,
)  # fmt: skip
def test_a_manifest_says_what_it_must(change: bytes) -> None:
    """And no more."""
    name = change.partition(b":")[0]
    text = b"{" + b",".join(
        [part for part in _parts() if not part.startswith(name)] + [change]
    ) + b"}"  # fmt: skip
    with pytest.raises(PackageError) as refused:
        manifest_in(text)
    assert refused.value.flaw is PackageFlaw.MALFORMED


def _parts() -> list[bytes]:
    return [
        b'"version":"0.2.0"', b'"system":"linux"', b'"arch":"amd64"', b'"minors":[11]',
        b'"size":1', b'"sha256":"%s"' % (b"ab" * 32), b'"unpacked":1', b'"least":""',
    ]  # fmt: skip


def test_the_package_for_a_computer_is_found() -> None:
    """By its system, its processors and its Python."""
    arm = Manifest(**{**_fields(MANIFEST), "arch": Arch.ARM64})
    offered = [arm, MANIFEST]
    assert fitting(offered, Fit(System.LINUX, Arch.AMD64, 12)) == 1
    assert fitting(offered, Fit(System.LINUX, Arch.ARM64, 11)) == 0
    assert fitting(offered, Fit(System.LINUX, Arch.AMD64, 14)) is None
    assert fitting(offered, Fit(System.WINDOWS, Arch.AMD64, 12)) is None


def _fields(manifest: Manifest) -> dict[str, object]:
    return {name: getattr(manifest, name) for name in manifest.__struct_fields__}


def test_keys_are_read_with_what_people_say_of_them() -> None:
    """A line each, or between commas."""
    one, other = "ab" * 32, "cd" * 32
    assert keys_in(f"# ours\n{one}  # now\n{other.upper()}, {one}") == (one, other)
    for wrong in ("abc", "zz" * 32, ",".join(f"{n:064x}" for n in range(9))):
        with pytest.raises(ValueError, match="key"):
            keys_in(wrong)


def test_a_school_adds_its_own_key(tmp_path: Path) -> None:
    """To those that came with the program; a wrong one is said, not passed over."""
    file = tmp_path / "keys.txt"
    file.write_text(f"{'ab' * 32}\n")
    assert trusted_keys("cd" * 32, file) == ("ab" * 32, "cd" * 32)
    assert trusted_keys("", tmp_path / "none") == ()
    with pytest.raises(SettingsError):
        trusted_keys("cd", file)


def test_an_update_is_made_alike_each_time(tmp_path: Path) -> None:
    """By the key's file; what a start compiled is left out, programs stay programs."""
    key_file = tmp_path / "key"
    public = make_key(key_file)
    assert key_file.stat().st_mode & 0o777 == 0o600
    root = tmp_path / "root"
    (root / "common/agent/__pycache__").mkdir(parents=True)
    (root / "common/agent/__init__.py").write_text("x = 1\n")
    (root / "common/agent/__pycache__/x.pyc").write_text("compiled")
    (root / "common/bin").mkdir()
    (root / "common/bin/tool").write_text("#!/bin/sh\n")
    (root / "common/bin/tool").chmod(0o755)
    made = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        path = make_update(
            root, tmp_path / name, key=read_key(key_file), version="0.2.0", system=System.LINUX,
            arch=Arch.ARM64, minors=[11], stamp_s=1, folders=["common"], preset=0,
        )  # fmt: skip
        made.append(path.read_bytes())
        assert [*path.parent.iterdir()] == [path]
    assert made[0] == made[1]
    head = head_in(made[0])
    assert head is not None
    check_signature(head.text, head.signature, [public])
    rest = made[0][head.size :]
    assert len(rest) == head.manifest.size
    with tarfile.open(fileobj=io.BytesIO(lzma.decompress(rest))) as tar:
        modes = {entry.name: entry.mode for entry in tar}
    assert modes == {"common/agent/__init__.py": 0o644, "common/bin/tool": 0o755}
    assert head.manifest.unpacked == len("x = 1\n#!/bin/sh\n")


def test_a_wrong_key_file_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And none that is there is written over."""
    (tmp_path / "key").write_text("ab")
    for file in ("key", "none"):
        with pytest.raises(KeyFileError):
            read_key(tmp_path / file)
    assert main(["key", str(tmp_path / "key")]) == 1
    assert "nothing done" in capsys.readouterr().err
    assert (tmp_path / "key").read_text() == "ab"


def test_a_key_is_made_and_its_public_half_shown_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """For its owner alone; what is printed is a line of the file of keys."""
    file = tmp_path / "key"
    assert main(["key", str(file)]) == 0
    made = capsys.readouterr().out
    assert file.stat().st_mode & 0o777 == 0o600
    assert main(["public", str(file)]) == 0
    assert capsys.readouterr().out == made
    assert keys_in(f"# ours\n{made}") == (made.strip(),)

"""This file answers a device that asks for a password, by HTTP or RTSP. Pure.

Sources: RFC 7235 section 4.1 (several challenges in one header), RFC 7617 (Basic), RFC 7616
(Digest), RFC 2326 section 14: RTSP uses all of it unchanged.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

# A scheme is a word that no "=" follows; all behind it up to the next one belongs to it. Some
# leave the marks around a text of several words out, or set others.
_WORD: Final = re.compile(
    r"""([a-z][\w.-]*)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'"""
    r"""|([^\s,;"']*(?:[ \t]+(?!(?:basic|digest)\b|[\w.-]+\s*=)[^\s,;"'=]+)*)))?""",
    re.IGNORECASE,
)
_SCHEMES: Final = ("basic", "digest")
_LISTED: Final = re.compile(r"[,;\s]+")
_SESSION: Final = "-sess"
_LONGEST: Final = 4000
_NONCE_LEAST: Final = 8  # what a camera makes up has more; a nonce known before is worth a table
_DIGESTS: Final = ("sha-256", "md5")  # the better first


class BasicOnly(Exception):  # noqa: N818 - what the camera wants, not a fault
    """The camera takes the password in clear only, and nobody vouched for its address."""


@dataclass(frozen=True, slots=True)
class WebLogin:
    """Who asks. is_typed: whether a person gave address and password together."""

    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    is_typed: bool = False


NOBODY: Final = WebLogin()


class Challenge(NamedTuple):
    """What the camera asks for: Basic, or Digest with a nonce of its own.

    algorithm: "md5" or "sha-256", for Digest only; label: as the camera wrote it, "" where it
    named none. qop: whether it takes qop "auth". stale: it refused the nonce, not the password.
    """

    algorithm: str = ""
    session: bool = False
    realm: str = ""
    nonce: str = ""
    opaque: str = ""
    qop: bool = False
    label: str = ""
    stale: bool = False

    @property
    def way(self) -> str:
        """What tells it from other ways to say the same password."""
        return f"{self.algorithm}{_SESSION * self.session}"


def challenge_of(headers: Sequence[str], *, is_typed: bool = False) -> Challenge | None:
    """The best of what the headers ask for, as challenges_of; None where we can answer none."""
    return next(iter(challenges_of(headers, is_typed=is_typed)), None)


def challenges_of(headers: Sequence[str], *, is_typed: bool = False) -> list[Challenge]:
    """What the WWW-Authenticate headers ask for and we can answer, the best first.

    is_typed: whether a person gave address and password together, for this very camera. Raises
    BasicOnly of another that wants the password itself: by TLS as well, for no camera of a school
    has a certificate that anyone vouches for.
    """
    challenges = [one for header in headers for one in _challenges(header[:_LONGEST])]
    digests = [one for name in _DIGESTS for one in challenges if one.algorithm == name]
    # Basic comes last: it gives the password away to whoever listens.
    basic = [one for one in challenges if not one.algorithm]
    if basic and not digests and not is_typed:
        raise BasicOnly
    return [*digests, *(basic if is_typed else [])]


def answer(
    challenge: Challenge,
    user: str,
    password: str,
    *,
    method: str,
    uri: str,
    cnonce: str,
    count: int = 1,
) -> str:
    """The Authorization header's value.

    uri: as in the request's line. cnonce: a few random hex digits. count: of the requests so
    far with this challenge, this one included. What the camera did not name is not named to it:
    some refuse a right password for an algorithm that they did not ask for.
    """
    if not challenge.algorithm:
        return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode("ascii")
    secret = _hash(challenge, f"{user}:{challenge.realm}:{password}")
    if challenge.session:
        secret = _hash(challenge, f"{secret}:{challenge.nonce}:{cnonce}")
    request_hash = _hash(challenge, f"{method}:{uri}")
    nc = f"{count:08x}"
    between = f"{challenge.nonce}:{nc}:{cnonce}:auth" if challenge.qop else challenge.nonce
    fields = {
        "username": user.replace("\\", "\\\\").replace('"', '\\"'),
        "realm": challenge.realm,
        "nonce": challenge.nonce,
        "uri": uri,
        "response": _hash(challenge, f"{secret}:{between}:{request_hash}"),
    }
    if challenge.opaque:
        fields["opaque"] = challenge.opaque
    bare = {"algorithm": challenge.label} if challenge.label else {}
    if challenge.qop:
        bare |= {"qop": "auth", "nc": nc}
    if challenge.qop or challenge.session:
        fields["cnonce"] = cnonce
    parts = [f'{name}="{value}"' for name, value in fields.items()]
    return "Digest " + ", ".join(parts + [f"{name}={value}" for name, value in bare.items()])


def _challenges(header: str) -> Iterator[Challenge]:
    """Each challenge of one header that we know how to answer."""
    scheme, last, parts = "", "", dict[str, str]()
    for word in _WORD.finditer(header):
        name, *texts = word.groups()
        text = next((one for one in texts if one is not None), None)
        if text is not None:
            last = name.lower()
            parts.setdefault(last, text)
        elif not scheme or name.lower() in _SCHEMES:
            yield from _challenge(scheme, parts)
            scheme, parts = name.lower(), {}
        elif last in parts:  # a list without marks around it: qop=auth,auth-int
            parts[last] += f",{name}"
    yield from _challenge(scheme, parts)


def _challenge(scheme: str, parts: dict[str, str]) -> Iterator[Challenge]:
    if scheme == "basic":
        yield Challenge()
    label, algorithm = _algorithm(parts.get("algorithm", ""))
    nonce, qop = parts.get("nonce", ""), parts.get("qop")
    base = algorithm.removesuffix(_SESSION)
    offered = {*_LISTED.split((qop or "").lower())}
    if scheme != "digest" or base not in _DIGESTS or len(nonce) < _NONCE_LEAST:
        return
    if qop and "auth" not in offered:
        return
    yield Challenge(
        algorithm=base,
        session=algorithm != base,
        realm=parts.get("realm", ""),
        nonce=nonce,
        opaque=parts.get("opaque", ""),
        qop="auth" in offered,
        label=label,
        stale=parts.get("stale", "").lower() == "true",
    )


def _algorithm(text: str) -> tuple[str, str]:
    """The algorithm as it is written, the first that we know of several, and its usual name."""
    labels = _LISTED.split(text.strip())
    names = [label.lower().replace("sha256", "sha-256") or _DIGESTS[-1] for label in labels]
    known = (pair for pair in zip(labels, names, strict=True) if pair[1].startswith(_DIGESTS))
    return next(known, (labels[0], names[0]))


def _hash(challenge: Challenge, text: str) -> str:
    # MD5 is what cameras ask for; a reason to choose it is nowhere in our hands.
    name = challenge.algorithm.replace("-", "")
    return hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest()

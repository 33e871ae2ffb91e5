"""This file answers a camera that asks for a password, by HTTP or RTSP. Pure.

Sources: RFC 7617 (Basic), RFC 7616 (Digest), RFC 2326 section 14: RTSP uses both unchanged.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from typing import Final, NamedTuple

_PART: Final = re.compile(r'([a-z]+)\s*=\s*(?:"([^"]*)"|([^\s,"]+))', re.IGNORECASE)
_SESSION: Final = "-sess"
_LONGEST: Final = 2000
_NONCE_LEAST: Final = 8  # what a camera makes up has more; a nonce known before is worth a table


class BasicOnly(Exception):  # noqa: N818 - what the camera wants, not a fault
    """The camera takes the password in clear only, and nobody vouched for its address."""


class Challenge(NamedTuple):
    """What the camera asks for: Basic, or Digest with a nonce of its own.

    algorithm: "md5" or "sha-256", for Digest only; qop: whether it takes qop "auth".
    """

    algorithm: str = ""
    session: bool = False
    realm: str = ""
    nonce: str = ""
    opaque: str = ""
    qop: bool = False


def challenge_of(headers: Sequence[str], *, is_typed: bool = False) -> Challenge | None:
    """The best of what the WWW-Authenticate headers ask for; None where we can answer none.

    is_typed: whether a person gave address and password together, for this very camera. Raises
    BasicOnly of another that wants the password itself: by TLS as well, for no camera of a school
    has a certificate that anyone vouches for.
    """
    challenges = [challenge for header in headers if (challenge := _parse(header)) is not None]
    # Basic comes last: it gives the password away to whoever listens.
    best = max(challenges, default=None, key=lambda one: one.algorithm)
    if best is not None and not best.algorithm and not is_typed:
        raise BasicOnly
    return best


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
    far with this challenge, this one included.
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
    bare = {"algorithm": challenge.algorithm.upper() + (_SESSION if challenge.session else "")}
    if challenge.qop:
        bare |= {"qop": "auth", "nc": nc}
    if challenge.qop or challenge.session:
        fields["cnonce"] = cnonce
    parts = [f'{name}="{value}"' for name, value in fields.items()]
    return "Digest " + ", ".join(parts + [f"{name}={value}" for name, value in bare.items()])


def _parse(header: str) -> Challenge | None:
    scheme, _, rest = header[:_LONGEST].strip().partition(" ")
    if scheme.lower() == "basic":
        return Challenge()
    parts = {name.lower(): quoted or bare for name, quoted, bare in _PART.findall(rest)}
    algorithm = parts.get("algorithm", "md5").lower()
    base = algorithm.removesuffix(_SESSION)
    nonce = parts.get("nonce", "")
    known = scheme.lower() == "digest" and base in {"md5", "sha-256"}
    if not known or len(nonce) < _NONCE_LEAST:
        return None
    offered = {word.strip().lower() for word in parts.get("qop", "").split(",")}
    return Challenge(
        algorithm=base,
        session=algorithm != base,
        realm=parts.get("realm", ""),
        nonce=nonce,
        opaque=parts.get("opaque", ""),
        qop="auth" in offered,
    )


def _hash(challenge: Challenge, text: str) -> str:
    # MD5 is what cameras ask for; a reason to choose it is nowhere in our hands.
    name = challenge.algorithm.replace("-", "")
    return hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest()

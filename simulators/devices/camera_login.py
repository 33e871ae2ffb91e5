"""This file asks for a simulated camera's password as real ones do, and checks what is said. Pure.

Written anew, not shared with what it tests. Sources: RFC 7617, RFC 7616, RFC 2069; WS-Security
UsernameToken Profile 1.0.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Final

from simulators.devices.camera_faults import CameraFault

REALM: Final = "camera"
_TWO_WORDS: Final = "IP Camera"
_FRESH_S: Final = 60
_LOGIN: Final = re.compile(rb"authorization:\s*(digest|basic)\s+(.*)", re.IGNORECASE)
_PART: Final = re.compile(r'([a-z]+)=(?:"([^"]*)"|([^\s,]+))', re.IGNORECASE)
_TOKEN: Final = re.compile(
    rb"<wsse:Username>(.*?)</wsse:Username>.*?<wsse:Password[^>]*>(.*?)</wsse:Password>"
    rb".*?<wsse:Nonce[^>]*>(.*?)</wsse:Nonce>.*?<wsu:Created>(.*?)</wsu:Created>",
    re.DOTALL,
)


def challenge_of(faults: Collection[CameraFault], nonce: str) -> str:
    """The WWW-Authenticate headers; Digest as RFC 2069 has it, which every player knows."""
    digest = f'Digest realm="{REALM}", nonce="{nonce}"'
    if CameraFault.OTHER_LOGIN in faults:
        challenges = "Negotiate"
    elif CameraFault.BASIC in faults:
        challenges = f'Basic realm="{REALM}"'
    elif CameraFault.SHA_256 in faults:
        challenges = f'{digest}, algorithm=SHA-256, qop="auth"'
    elif CameraFault.TWO_CHALLENGES in faults:
        challenges = f'Basic realm="{REALM}", {digest}, algorithm=MD5, qop="auth,auth-int"'
    elif CameraFault.LOOSE_LOGIN in faults:
        challenges = f"Digest realm={_TWO_WORDS}; nonce='{nonce}'; qop=auth,auth-int"
    else:
        challenges = digest
    return f"WWW-Authenticate: {challenges}"


def is_login(
    head: bytes, user: str, password: str, nonce: str, faults: Collection[CameraFault] = ()
) -> bool:
    """Whether a request's head answers the camera's question for a password."""
    match = next((one for line in head.split(b"\r\n") if (one := _LOGIN.match(line))), None)
    if match is None or CameraFault.OTHER_LOGIN in faults:
        return False
    said = match[2].decode("utf-8", "replace")
    if match[1].lower() == b"basic":
        right = base64.b64encode(f"{user}:{password}".encode()).decode()
        return CameraFault.BASIC in faults and said.strip() == right
    parts = {name: quoted or bare for name, quoted, bare in _PART.findall(said)}
    if CameraFault.BASIC in faults or (
        CameraFault.STRICT_DIGEST in faults and "algorithm" in parts
    ):
        return False
    hashed = _sha_256 if CameraFault.SHA_256 in faults else _md5
    method = head.partition(b" ")[0].decode("utf-8", "replace")
    realm = _TWO_WORDS if CameraFault.LOOSE_LOGIN in faults else REALM
    secret, asked = hashed(f"{user}:{realm}:{password}"), hashed(f"{method}:{parts.get('uri', '')}")
    between = nonce
    if "qop" in parts:
        between = f"{nonce}:{parts.get('nc')}:{parts.get('cnonce')}:{parts['qop']}"
    known = (parts.get("username"), parts.get("nonce")) == (user, nonce)
    return known and parts.get("response") == hashed(f"{secret}:{between}:{asked}")


def is_token(request: bytes, user: str, password: str, clock: datetime) -> bool:
    """Whether a call carries this password, said within a minute of the camera's clock."""
    match = _TOKEN.search(request)
    if match is None:
        return False
    name, digest, nonce, created = (part.decode("utf-8", "replace") for part in match.groups())
    said_at = datetime.strptime(created, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    salted = base64.b64decode(nonce) + created.encode() + password.encode()
    right = base64.b64encode(hashlib.sha1(salted).digest()).decode()  # noqa: S324 - the standard's
    return (name, digest) == (user, right) and abs((said_at - clock).total_seconds()) < _FRESH_S


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _sha_256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

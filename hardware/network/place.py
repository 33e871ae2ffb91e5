"""This file reads the address of a device that a person typed, or that a QR code holds; pure."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from dataclasses import dataclass, field
from urllib.parse import unquote

from hardware.readings import clean
from hardware.serials import trusted_serial

_TEXT_LIMIT = 2048
_HOST_LIMIT = 253
_PORT_HIGHEST = 65_535
_SCHEMES = frozenset({"", "http", "https", "rtsp", "rtsps", "pjlink", "onvif"})
# A scheme in front of "//"; then all up to white space.
_URL = re.compile(r"([a-z][a-z0-9+.-]*)://(\S+)", re.IGNORECASE)
_IPV4_SOMEWHERE = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?(?![\d.])")
_IPV4 = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
# "user:pass#word@" in front of an address: no port follows the colon, and no "@" the name.
_RAW_LOGIN = re.compile(
    r"(?!\d{1,3}(?:\.\d{1,3}){3}:)[^/?#@:]+:(?!\d{1,5}/)[^/?#@]*[/?#].*@"
    r"(?=\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?(?:[/?#]|$))"
)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_SCOPE = re.compile(r"[A-Za-z0-9_.-]{1,15}")
# Cheap cameras want the password in the path: "/user=admin_password=x_channel=1", "?pwd=x&...".
_SECRET = re.compile(
    r"((?:pass?|pwd|psw|pswd|secret|token|auth|sign|key)\w*=)[^&/?]*", re.IGNORECASE
)
_PLAIN_WORD = re.compile(r"[\w.-]{0,40}")
# Stops of other scripts, which a phone's keyboard may put.
_STOPS = str.maketrans({"。": ".", "．": ".", "｡": ".", "：": ":", "∶": ":", "﹕": ":"})  # noqa: RUF001 - the point

_REASONS = {
    "empty": "Nothing was typed.",
    "too_long": "This is too long to be an address.",
    "no_address": "There is no address in it.",
    "bad_address": "This is not a valid address.",
    "bad_port": "A port is a number from 1 to 65535.",
    "unknown_scheme": "Only addresses of devices on the network can be added.",
    "loopback": "This address means this very computer.",
    "multicast": "This address means many devices, not one.",
}


class PlaceError(ValueError):
    """A text that names no device. code: a stable word; reason: one plain English sentence."""

    def __init__(self, code: str) -> None:
        super().__init__(_REASONS[code])
        self.code = code
        self.reason = _REASONS[code]


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedPlace:
    """Where a device is to be asked for.

    scheme: "" where none was typed. host: an IP address without brackets, or a host name.
    port: 0 where none was typed. path: with its query, which may hold a password of its own.
    user, password: kept apart, and never shown.
    """

    host: str
    scheme: str = ""
    port: int = 0
    path: str = field(default="", repr=False)
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    @property
    def url(self) -> str:
        """Give the place as a URL that may be shown, without any password; "" without scheme."""
        if not self.scheme:
            return ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = f":{self.port}" if self.port else ""
        return f"{self.scheme}://{host}{port}{secretless(self.path)}"


def secretless(path: str) -> str:
    """A path with its query as it may be kept: without the passwords that cheap cameras want."""
    return _SECRET.sub(r"\g<1>", path)


def place_of(text: str, *, own: bool = False) -> TypedPlace:
    """Read a place out of what was typed or scanned. Raises PlaceError.

    own: whether this computer itself may be meant (loopback). What stands around an address, as
    on a label ("IP: 192.168.1.50"), is left out. Source: RFC 3986; RFC 6874 for scopes.
    """
    if len(text) > _TEXT_LIMIT:
        raise PlaceError("too_long")
    tidy = _tidy(text)
    if not tidy:
        raise PlaceError("empty")
    if (url := _URL.search(tidy)) is not None:
        return _from_url(url[1].lower(), url[2], own=own)
    if " " in tidy or (tidy.count(":") == 1 and not _port_at_end(tidy)):
        tidy = _only_address(tidy)
    host, slash, path = tidy.partition("/")
    return _from_authority("", host, slash + path, own=own)


def shown_url(url: str) -> str:
    """A URL as it may be shown: scheme, host and the path's last word, where that holds no secret.

    A word that nobody could guess is one: who knows it sees the picture (UniFi Protect). Never
    raises: what cannot be read is shown as its scheme alone.
    """
    scheme, _, rest = url.partition("://")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    path = rest[len(authority) :].partition("?")[0].partition("#")[0]
    host = authority.rpartition("@")[2] if rest.count("@") == authority.count("@") else ""
    word = path.rpartition("/")[2]
    is_plain = bool(_PLAIN_WORD.fullmatch(word)) and not _SECRET.search(word)
    is_plain = is_plain and not any(map(trusted_serial, re.split(r"[\W_]+", word)))
    name = word if is_plain else "***" if path.strip("/") else ""
    between = "/" if path.count("/") <= 1 else "/.../"
    return clean(f"{scheme}://{host or '***'}{between if path else ''}{name}")


def canonical_address(address: str, *, own: bool = False) -> str:
    """Give an IP address in its one spelling. Raises PlaceError where it is not one device's."""
    plain, percent, scope = address.partition("%")
    try:
        parsed = ipaddress.ip_address(_decimal(plain))
    except ValueError as error:
        raise PlaceError("bad_address") from error
    if percent and (parsed.version == 4 or not _SCOPE.fullmatch(scope)):  # noqa: PLR2004 - IPv4
        raise PlaceError("bad_address")
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    if parsed.is_loopback or parsed.is_unspecified:
        if not own or parsed.is_unspecified:
            raise PlaceError("loopback")
    elif parsed.is_multicast or str(parsed) == "255.255.255.255":
        raise PlaceError("multicast")
    return f"{parsed}%{scope}" if percent else str(parsed)


def _tidy(text: str) -> str:
    """Undo what phones and labels do: full-width digits, foreign stops, invisible signs."""
    plain = unicodedata.normalize("NFKC", text.translate(_STOPS)).translate(_STOPS)
    return clean(plain, _TEXT_LIMIT).strip(" \"'<>()`,;")


def _port_at_end(text: str) -> bool:
    host, _, rest = text.partition(":")
    return bool(host) and rest.partition("/")[0].isdigit()


def _only_address(text: str) -> str:
    addresses = dict.fromkeys(_IPV4_SOMEWHERE.findall(text))
    if len(addresses) != 1:
        raise PlaceError("no_address")
    return str(next(iter(addresses)))


def _from_url(scheme: str, rest: str, *, own: bool) -> TypedPlace:
    if scheme not in _SCHEMES:
        raise PlaceError("unknown_scheme")
    # People type passwords as they are, "#", "/" and "?" too.
    login = found[0] if (found := _RAW_LOGIN.match(rest)) else ""
    begin = len(login)
    end = next((at for at in range(begin, len(rest)) if rest[at] in "/?#"), len(rest))
    return _from_authority(scheme, rest[:end], rest[end:].partition("#")[0], own=own)


def _from_authority(scheme: str, authority: str, path: str, *, own: bool) -> TypedPlace:
    login, _, place = authority.rpartition("@")
    user, _, password = login.partition(":")
    host, port = _split_port(place)
    return TypedPlace(
        scheme=scheme,
        host=_host(host, own=own),
        port=port,
        path=path,
        user=unquote(user),
        password=unquote(password),
    )


def _split_port(place: str) -> tuple[str, int]:
    if place.startswith("["):
        host, bracket, rest = place[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise PlaceError("bad_address")
        return host, _port(rest[1:]) if rest else 0
    if place.count(":") > 1:  # an IPv6 address without brackets
        return place, 0
    host, colon, port = place.partition(":")
    return host, _port(port) if colon else 0


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 5):  # noqa: PLR2004 - digits
        raise PlaceError("bad_port")
    port = int(text)
    if not 1 <= port <= _PORT_HIGHEST:
        raise PlaceError("bad_port")
    return port


def _host(text: str, *, own: bool) -> str:
    host = unquote(text).rstrip(".").lower() if ":" not in text else unquote(text)
    if not host:
        raise PlaceError("no_address")
    if ":" in host or _IPV4.fullmatch(host):
        return canonical_address(host, own=own)
    labels = host.split(".")
    if len(host) > _HOST_LIMIT or not all(_LABEL.fullmatch(label) for label in labels):
        raise PlaceError("bad_address")
    if labels[-1].isdigit():  # "192.168.1": an address cut short, or one with too much
        raise PlaceError("bad_address")
    if labels[-1] == "localhost" and not own:
        raise PlaceError("loopback")
    return host


def _decimal(address: str) -> str:
    """Drop the zeros that projectors put before numbers on their screens: 192.168.001.050."""
    if not _IPV4.fullmatch(address):
        return address
    return ".".join(str(int(number)) for number in address.split("."))

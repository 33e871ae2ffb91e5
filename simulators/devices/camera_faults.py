"""This file names what can be wrong with a simulated camera, each as a real one was reported."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class CameraFault(StrEnum):
    """What can be wrong with the camera; each may be switched while it runs.

    Of its login: http_digest: calls want HTTP's Digest, no token. strict_digest: refuses an answer
    that names an algorithm. sha_256, two_challenges, basic, other_login: how it asks. page_nonce:
    each of its pages asks with a nonce of its own. fresh_nonce: each nonce serves once. hangs_up:
    ends the line after a refusal. loose_login: asks without the marks around its words. Of its
    answers: folders: what it announces stands below a folder of its maker's, its addresses without
    scheme. empty_inputs: of a recorder's channels only the first two have a camera. action,
    no_action: wants the action named beside the content's type, refuses it. media_2: only the later
    media service. mtom, utf_16, wrong_tags: how it writes. From no_type on: what its pictures are
    called, and how they are sent: asides (words between them), gzip (unasked), says_chunked (and
    cuts nothing), unsaid_chunks (cut, and not said), partial (status 206), icy and headless (no
    status as HTTP has it, no head at all), nameless (a header without its name), many_headers,
    short_length. no_ipv4, no_ipv6: how it does not answer. From redirects on: where it sends us,
    and what a hostile one does.
    """

    SILENT = "silent"
    STALL = "stall"
    BLACK = "black"
    OVEREXPOSED = "overexposed"
    COVERED = "covered"
    COLOUR_CAST = "colour_cast"
    PARTLY_COVERED = "partly_covered"
    BLURRED = "blurred"
    FREEZE = "freeze"
    SLOW = "slow"
    CORRUPT = "corrupt"
    WRONG_CLOCK = "wrong_clock"
    PASSWORD = "password"  # noqa: S105 - a fault, not a password
    GARBAGE = "garbage"
    ENTITIES = "entities"
    OFF = "off"
    HTTP_DIGEST = "http_digest"
    STRICT_DIGEST = "strict_digest"
    SHA_256 = "sha_256"
    TWO_CHALLENGES = "two_challenges"
    BASIC = "basic"
    OTHER_LOGIN = "other_login"
    PAGE_NONCE = "page_nonce"
    FRESH_NONCE = "fresh_nonce"
    HANGS_UP = "hangs_up"
    LOCAL_CLOCK = "local_clock"
    FALSE_UTC = "false_utc"
    NO_CLOCK = "no_clock"
    LATE = "late"
    NO_CAPABILITIES = "no_capabilities"
    MEDIA_2 = "media_2"
    ACTION = "action"
    NO_ACTION = "no_action"
    SHY = "shy"
    NO_SNAPSHOT = "no_snapshot"
    BROKEN_XML = "broken_xml"
    CUT_XML = "cut_xml"
    AMPERSAND = "ampersand"
    DEVICE_TYPE = "device_type"
    SPELLINGS = "spellings"
    FOLDERS = "folders"
    RECORDER = "recorder"
    EMPTY_INPUTS = "empty_inputs"
    TLS = "tls"
    LOOSE_LOGIN = "loose_login"
    MTOM = "mtom"
    UTF_16 = "utf_16"
    WRONG_TAGS = "wrong_tags"
    NO_TYPE = "no_type"
    ODD_TYPE = "odd_type"
    NO_BOUNDARY = "no_boundary"
    OTHER_BOUNDARY = "other_boundary"
    LATE_BOUNDARY = "late_boundary"
    BARE = "bare"
    ASIDES = "asides"
    PREAMBLE = "preamble"
    PARTIAL = "partial"
    GZIP = "gzip"
    SAYS_CHUNKED = "says_chunked"
    UNSAID_CHUNKS = "unsaid_chunks"
    ICY = "icy"
    HEADLESS = "headless"
    NAMELESS = "nameless"
    MANY_HEADERS = "many_headers"
    SHORT_LENGTH = "short_length"
    NO_IPV4 = "no_ipv4"
    NO_IPV6 = "no_ipv6"
    REDIRECTS = "redirects"
    ELSEWHERE = "elsewhere"
    ENDLESS = "endless"
    DRIP = "drip"
    FLOOD = "flood"


LOOKS: Final = (
    CameraFault.BLACK,
    CameraFault.OVEREXPOSED,
    CameraFault.COVERED,
    CameraFault.COLOUR_CAST,
    CameraFault.PARTLY_COVERED,
    CameraFault.BLURRED,
)
# Each asks for the password, in its own way.
LOGINS: Final = frozenset(
    {
        CameraFault.PASSWORD,
        CameraFault.HTTP_DIGEST,
        CameraFault.STRICT_DIGEST,
        CameraFault.SHA_256,
        CameraFault.TWO_CHALLENGES,
        CameraFault.BASIC,
        CameraFault.OTHER_LOGIN,
        CameraFault.LOOSE_LOGIN,
        CameraFault.PAGE_NONCE,
        CameraFault.FRESH_NONCE,
        CameraFault.HANGS_UP,
        CameraFault.LATE,
    }
)
# Those of them that take no token inside a call.
BY_HTTP: Final = frozenset(
    {
        CameraFault.HTTP_DIGEST,
        CameraFault.STRICT_DIGEST,
        CameraFault.SHA_256,
        CameraFault.TWO_CHALLENGES,
        CameraFault.BASIC,
        CameraFault.OTHER_LOGIN,
        CameraFault.LOOSE_LOGIN,
        CameraFault.PAGE_NONCE,
        CameraFault.FRESH_NONCE,
    }
)
HOSTILE: Final = frozenset(
    {CameraFault.ELSEWHERE, CameraFault.ENDLESS, CameraFault.DRIP, CameraFault.FLOOD}
)

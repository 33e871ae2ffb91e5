"""This file packs JPEG pictures into RTP packets, as cameras stream them.

Source: RFC 2435 (RTP payload for JPEG), RFC 3550 section 5.1 (RTP), RFC 2326 section 10.12
(interleaved over the control connection).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

CLOCK_HZ: Final = 90_000
_PAYLOAD: Final = 26
_MOST: Final = 1400
_SSRC: Final = 0x4C48
_SAMPLING_422, _SAMPLING_420 = 0, 1  # RFC 2435, section 4.1: the types 0 and 1
_TABLES_FOLLOW: Final = 255


class JpegScan(NamedTuple):
    """What RTP needs of a JPEG: its size, sampling, quantization tables and entropy-coded scan."""

    width: int
    height: int
    type: int
    tables: bytes
    data: bytes


def scan_of(jpeg: bytes) -> JpegScan:
    """Take a baseline JPEG apart (ITU-T T.81, annex B). Raises ValueError if it is none."""
    tables, width, height, sampling = b"", 0, 0, _SAMPLING_420
    at = 2
    while at + 4 <= len(jpeg):
        marker, length = struct.unpack_from(">HH", jpeg, at)
        segment = jpeg[at + 4 : at + 2 + length]
        match marker:
            case 0xFFDB:  # quantization tables, each a number and 64 bytes
                tables += b"".join(segment[n + 1 : n + 65] for n in range(0, len(segment), 65))
            case 0xFFC0:  # baseline frame
                height, width = struct.unpack_from(">HH", segment, 1)
                sampling = _SAMPLING_420 if segment[7] == 0x22 else _SAMPLING_422  # noqa: PLR2004 - 2x2
            case 0xFFDA:  # the scan, up to the end of the picture
                return JpegScan(width, height, sampling, tables, jpeg[at + 2 + length : -2])
        at += 2 + length
    raise ValueError("not a baseline JPEG")


def packets(scan: JpegScan, sequence: int, timestamp: int) -> Iterator[bytes]:
    """Give the RTP packets of one picture, numbered from sequence on."""
    for at in range(0, len(scan.data), _MOST):
        part = scan.data[at : at + _MOST]
        payload = _PAYLOAD | (0x80 if at + _MOST >= len(scan.data) else 0)
        number = (sequence + at // _MOST) & 0xFFFF
        head = struct.pack(">BBHII", 0x80, payload, number, timestamp & 0xFFFFFFFF, _SSRC)
        kind = bytes((scan.type, _TABLES_FOLLOW, scan.width // 8, scan.height // 8))
        jpeg = at.to_bytes(4, "big") + kind  # no type-specific byte: offsets need three of four
        first = struct.pack(">BBH", 0, 0, len(scan.tables)) + scan.tables if at == 0 else b""
        yield head + jpeg + first + part


def interleave(packet: bytes, channel: int = 0) -> bytes:
    """Wrap a packet to travel on the control connection."""
    return b"$" + struct.pack(">BH", channel, len(packet)) + packet

"""The header of a WebP file: size and orientation, read without touching its pixels.

Pillow reads a WebP file whole and sets up its decoder to tell the size; a scan of many cannot
afford that. Source: WebP container specification (RFC 9649): chunks of a four-letter name, a 32-bit
length and a body padded to even length.
"""

import struct
from dataclasses import dataclass
from typing import BinaryIO

from annotator.document.tiff_directories import exif_orientation

_HAS_EXIF = 0x08  # in the flags of an extended file
_LARGEST_EXIF_BYTES = 1 << 20
_MOST_CHUNKS = (
    1 << 16
)  # an animation has one a frame; a file of empty chunks has hundreds of millions


@dataclass(frozen=True, slots=True)
class WebpHeader:
    """Canvas size as stored, (width, height) in pixels, and EXIF orientation 1 to 8."""

    size: tuple[int, int]
    orientation: int


def is_webp(stream: BinaryIO) -> bool:
    """Whether the stream begins like a WebP file; leaves it at its beginning."""
    stream.seek(0)
    magic = stream.read(12)
    stream.seek(0)
    return magic[:4] == b"RIFF" and magic[8:] == b"WEBP"


def read_webp_header(stream: BinaryIO) -> WebpHeader:
    """Raises `ValueError` where the file is shorter than it says or begins with no picture."""
    end = stream.seek(0, 2)
    stream.seek(0)
    head = stream.read(30)
    if len(head) < 30 or end < 8 + struct.unpack_from("<I", head, 4)[0]:
        raise ValueError("the file is shorter than it says")
    kind, body = head[12:16], head[20:]
    if kind == b"VP8X":
        orientation = _orientation(stream, end) if body[0] & _HAS_EXIF else 1
        width, height = (int.from_bytes(body[at : at + 3], "little") + 1 for at in (4, 7))
        return WebpHeader((width, height), orientation)
    if kind == b"VP8 " and body[3:6] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", body, 6)
        return WebpHeader((width & 0x3FFF, height & 0x3FFF), 1)  # the upper bits say upscaling
    if kind == b"VP8L" and body[0] == 0x2F:
        bits = int.from_bytes(body[1:5], "little")
        return WebpHeader(((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1), 1)
    raise ValueError("its first chunk is no picture")


def _orientation(stream: BinaryIO, end: int) -> int:
    """Walk the chunks to the EXIF block, which most writers put last."""
    at = 12
    for _ in range(_MOST_CHUNKS):
        if at + 8 > end:
            break
        stream.seek(at)
        kind, length = struct.unpack("<4sI", stream.read(8))
        if kind == b"EXIF":
            return exif_orientation(stream.read(min(length, _LARGEST_EXIF_BYTES)))
        at += 8 + length + length % 2
    return 1

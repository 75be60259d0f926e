"""Directories of TIFF structures: the few numbers that describe each page, nothing decoded.

An EXIF block is a small TIFF structure, so its orientation is read by the same code. Sources: TIFF
6.0 section 2 (image file directories) and appendix A (tags); BigTIFF widens offsets to 8 bytes.
"""

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

TIFF_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")

_MOST_ENTRIES = 4096  # real directories hold some tens; more is damage or malice
_SUBFILE, _OLD_SUBFILE, _WIDTH, _HEIGHT, _ORIENTATION = 254, 255, 256, 257, 274
_WANTED = frozenset((_SUBFILE, _OLD_SUBFILE, _WIDTH, _HEIGHT, _ORIENTATION))
_NUMBERS = {1: "B", 3: "H", 4: "I", 16: "Q"}  # field type -> struct code of unsigned integers
_PREVIEW_OR_MASK = 0b101  # bits of NewSubfileType: reduced copy of another page, or its mask
_OLD_REDUCED = 2


class DirectoryError(ValueError):
    """The structure ends too early, is absurd or runs in a circle; the text says which."""


@dataclass(frozen=True, slots=True)
class Directory:
    """One page as stored, before orientation. ``preview``: only a copy or a mask of another."""

    width: int
    height: int
    orientation: int  # 1 to 8, EXIF numbering
    preview: bool


@dataclass(frozen=True, slots=True)
class _Layout:
    """How one file writes its numbers."""

    order: str  # "<" or ">"
    number: str  # struct code of the entry count
    entry: str  # tag, type, count; the value field follows
    offset: str  # struct code of an offset, as wide as a value field

    def read(self, stream: BinaryIO, code: str) -> int:
        raw = stream.read(struct.calcsize(self.order + code))
        try:
            return int(struct.unpack(self.order + code, raw)[0])
        except struct.error as error:
            raise DirectoryError("its list of pages is cut off") from error


def directories(stream: BinaryIO) -> Iterator[Directory]:
    """Every page of the main chain, in order; lazily, so a caller may stop early.

    Raises `DirectoryError` when the chain is truncated, absurd or circular.
    """
    stream.seek(0)
    layout = _layout(stream.read(4))
    if layout.offset == "Q":
        stream.seek(8)  # BigTIFF repeats the width of its offsets before the first one
    offset, seen = layout.read(stream, layout.offset), set[int]()
    while offset:
        if offset in seen:
            raise DirectoryError("its pages point at each other in a circle")
        seen.add(offset)
        stream.seek(offset)
        numbers = _numbers(stream, layout)
        # Read before the pause: the caller may move the stream while it holds a page.
        offset = layout.read(stream, layout.offset)
        yield _directory(numbers)


def exif_orientation(block: bytes) -> int:
    """Orientation 1 to 8 of an EXIF block; 1 where there is none or the block is damaged.

    A picture with a damaged EXIF block is still a picture, so this never raises.
    """
    stream = io.BytesIO(block.removeprefix(b"Exif\0\0"))
    try:
        return next((page.orientation for page in directories(stream)), 1)
    except DirectoryError:
        return 1


def _layout(magic: bytes) -> _Layout:
    if magic not in TIFF_MAGIC:
        raise DirectoryError("it does not begin like a TIFF structure")
    order = "<" if magic[:2] == b"II" else ">"
    if b"+" in magic:
        return _Layout(order, "Q", "HHQ", "Q")
    return _Layout(order, "H", "HHI", "I")


def _numbers(stream: BinaryIO, layout: _Layout) -> dict[int, int]:
    count = layout.read(stream, layout.number)
    if count > _MOST_ENTRIES:
        raise DirectoryError(f"one of its pages claims {count} fields")
    start = struct.calcsize(layout.order + layout.entry)
    width = start + struct.calcsize(layout.order + layout.offset)
    raw = stream.read(count * width)
    if len(raw) < count * width:
        raise DirectoryError("its list of pages is cut off")
    numbers = {}
    for at in range(0, len(raw), width):
        tag, kind, length = struct.unpack_from(layout.order + layout.entry, raw, at)
        if tag in _WANTED and kind in _NUMBERS and length == 1:
            numbers[tag] = _value(raw[at + start : at + width], layout.order + _NUMBERS[kind])
    return numbers


def _value(field: bytes, code: str) -> int:
    if struct.calcsize(code) > len(field):
        raise DirectoryError("one of its fields has the wrong width")
    return int(struct.unpack_from(code, field)[0])


def _directory(numbers: dict[int, int]) -> Directory:
    orientation = numbers.get(_ORIENTATION, 1)
    return Directory(
        width=numbers.get(_WIDTH, 0),
        height=numbers.get(_HEIGHT, 0),
        orientation=orientation if 1 <= orientation <= 8 else 1,
        preview=bool(numbers.get(_SUBFILE, 0) & _PREVIEW_OR_MASK)
        or numbers.get(_OLD_SUBFILE) == _OLD_REDUCED,
    )

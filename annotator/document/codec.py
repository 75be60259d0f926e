"""Sealed payloads: a small JSON header and binary parts in one checksummed blob.

Layout, little endian: magic ``AN1\\0``, CRC-32 of all that follows, number of parts, length of the
header, length of each part, the header (UTF-8 JSON), the parts. Nothing here runs code on reading,
and no length is believed before it is compared with what is really there.
"""

import json
import struct
import zlib
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Header: TypeAlias = dict[str, Any]  # what JSON can say; every reader checks what it takes out
Bytes: TypeAlias = npt.NDArray[np.uint8]

MAGIC = b"AN1\0"
PART_LIMIT = 1 << 16  # number of parts; a polygon with that many holes is no polygon
EXPANDED_LIMIT_BYTES = 1 << 30  # one part, unpacked: an image of a gigapixel
_PREFIX = struct.Struct("<4sIII")  # magic, crc, parts, header length


class DamagedPayload(ValueError):
    """A stored blob is not what was once sealed; whoever reads it says which thing it was."""


def seal(header: Header, parts: Sequence[bytes] = ()) -> bytes:
    """One blob holding the header and the parts."""
    text = json.dumps(header, separators=(",", ":"), allow_nan=False).encode()
    lengths = struct.pack(f"<{len(parts)}I", *map(len, parts))
    rest = struct.pack("<II", len(parts), len(text)) + lengths + text + b"".join(parts)
    return MAGIC + struct.pack("<I", zlib.crc32(rest)) + rest


def unseal(blob: bytes) -> tuple[Header, list[bytes]]:
    """Header and parts of a blob made by `seal`; `DamagedPayload` for anything else."""
    if len(blob) < _PREFIX.size:
        raise DamagedPayload("too short")
    magic, crc, part_count, text_length = _PREFIX.unpack_from(blob)
    if magic != MAGIC:
        raise DamagedPayload("unknown beginning")
    if zlib.crc32(memoryview(blob)[8:]) != crc:
        raise DamagedPayload("checksum differs")
    if part_count > PART_LIMIT or len(blob) < _PREFIX.size + 4 * part_count + text_length:
        raise DamagedPayload("lengths disagree")
    lengths = struct.unpack_from(f"<{part_count}I", blob, _PREFIX.size)
    start = _PREFIX.size + 4 * part_count
    if start + text_length + sum(lengths) != len(blob):
        raise DamagedPayload("lengths disagree")
    header = _header(blob[start : start + text_length])
    return header, _cut(blob, start + text_length, lengths)


def _header(text: bytes) -> Header:
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as cause:
        raise DamagedPayload("header unreadable") from cause
    if not isinstance(header, dict):
        raise DamagedPayload("header unreadable")
    return header


def _cut(blob: bytes, start: int, lengths: Sequence[int]) -> list[bytes]:
    parts = []
    for length in lengths:
        parts.append(blob[start : start + length])
        start += length
    return parts


def whole_number(header: Header, key: str) -> int:
    """An int from a header; `DamagedPayload` if it is missing or something else."""
    value = header.get(key)
    if not isinstance(value, int) or isinstance(value, bool):
        raise DamagedPayload(f"no whole number '{key}'")
    return value


def number(header: Header, key: str) -> float:
    """A float from a header; `DamagedPayload` if it is missing or something else."""
    value = header.get(key)
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise DamagedPayload(f"no number '{key}'")
    return float(value)


def words(header: Header, key: str) -> str:
    """A str from a header; `DamagedPayload` if it is missing or something else."""
    value = header.get(key)
    if not isinstance(value, str):
        raise DamagedPayload(f"no text '{key}'")
    return value


def deflate(content: bytes) -> bytes:
    """Zlib at its quickest: label maps are smooth and shrink a hundredfold even so."""
    return zlib.compress(content, 1)


def inflate(packed: bytes, size: int) -> bytes:
    """Exactly ``size`` bytes out of `deflate`'s; `DamagedPayload` for more, fewer or none."""
    if not 0 <= size <= EXPANDED_LIMIT_BYTES:
        raise DamagedPayload("impossible size")
    stream = zlib.decompressobj()
    try:
        content = stream.decompress(packed, size + 1)  # one more than wanted shows a bomb
    except zlib.error as cause:
        raise DamagedPayload("compressed data broken") from cause
    if len(content) != size or not stream.eof or stream.unused_data:
        raise DamagedPayload("size differs")
    return content


def squeeze(values: Bytes) -> bytes:
    """uint8 values of any shape, at least one -> a single byte where all are equal, else zlib."""
    flat = np.ascontiguousarray(values).reshape(-1)
    if (flat == flat[0]).all():
        return flat[:1].tobytes()
    return deflate(flat.tobytes())


def expand(packed: bytes, count: int) -> Bytes:
    """(count,) uint8 from `squeeze`; `DamagedPayload` where that does not come out."""
    if len(packed) != 1:  # zlib never makes a single byte
        return np.frombuffer(inflate(packed, count), np.uint8)
    if not 0 < count <= EXPANDED_LIMIT_BYTES:
        raise DamagedPayload("impossible size")
    return np.full(count, packed[0], np.uint8)

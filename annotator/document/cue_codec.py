"""Cues as blobs and back, exact to the last bit of every coordinate."""

from collections.abc import Callable, Sequence

import numpy as np

from annotator.document.annotations import (
    BitMask,
    Box,
    Cue,
    CueId,
    ImageTag,
    MaskPatch,
    Point,
    Polygon,
    Stroke,
    TextPrompt,
)
from annotator.document.classes import ClassId
from annotator.document.codec import (
    DamagedPayload,
    Header,
    deflate,
    inflate,
    number,
    seal,
    unseal,
    whole_number,
    words,
)
from annotator.document.cue_checks import check_cue_shape, check_mask
from annotator.document.errors import InvalidEdit

Parts = list[bytes]


def pack_cue(cue: Cue) -> bytes:
    """A cue as one sealed blob."""
    header, parts = _record(cue)
    identity = {"kind": type(cue).__name__, "id": int(cue.cue_id), "target": int(cue.target)}
    return seal(identity | header, parts)


def unpack_cue(blob: bytes) -> Cue:
    """The cue in a blob; `DamagedPayload` for anything that is no sound cue."""
    header, parts = unseal(blob)
    make = _MAKERS.get(words(header, "kind"))
    if make is None:
        raise DamagedPayload("unknown kind of cue")
    cue_id, target = CueId(whole_number(header, "id")), ClassId(whole_number(header, "target"))
    try:
        cue = make(cue_id, target, header, parts)
        check_cue_shape(cue)
    except (InvalidEdit, IndexError, ValueError) as cause:
        raise DamagedPayload("cue unsound") from cause
    return cue


def pack_mask(mask: BitMask) -> tuple[Header, bytes]:
    """A bitmap as a header entry and one part."""
    return {"origin": list(map(int, mask.origin)), "shape": list(map(int, mask.shape))}, deflate(
        mask.bits
    )


def unpack_mask(header: Header, part: bytes) -> BitMask:
    """A bitmap from `pack_mask`; `DamagedPayload` where origin, shape and bits do not agree."""
    x, y = _pair(header, "origin")
    h, w = _pair(header, "shape")
    if h <= 0 or w <= 0:
        raise DamagedPayload("bitmap without pixels")
    mask = BitMask((x, y), (h, w), inflate(part, -(-h * w // 8)))
    try:
        check_mask(mask)
    except InvalidEdit as cause:
        raise DamagedPayload("bitmap unsound") from cause
    return mask


def _record(cue: Cue) -> tuple[Header, Sequence[bytes]]:
    match cue:
        case Stroke(points=points, radius=radius):
            return {"radius": float(radius), "counts": [len(points)]}, [_pack_points(points)]
        case Box(corners=corners):
            return {"corners": list(map(float, corners))}, []
        case Polygon(ring=ring, holes=holes):
            rings = (ring, *holes)
            return {"counts": list(map(len, rings))}, list(map(_pack_points, rings))
        case MaskPatch(mask=mask):
            header, part = pack_mask(mask)
            return header, [part]
        case TextPrompt(text=text):
            return {"text": text}, []
        case ImageTag(present=present):
            return {"present": bool(present)}, []


def _pack_points(points: Sequence[Point]) -> bytes:
    return deflate(np.asarray(points, "<f8").tobytes())


def _rings(header: Header, parts: Parts) -> list[tuple[Point, ...]]:
    counts = header.get("counts")
    if not isinstance(counts, list) or len(counts) != len(parts):
        raise DamagedPayload("counts of points missing")
    return [_unpack_points(part, count) for part, count in zip(parts, counts, strict=True)]


def _unpack_points(part: bytes, count: object) -> tuple[Point, ...]:
    if not isinstance(count, int) or count < 0:
        raise DamagedPayload("impossible count of points")
    pairs = np.frombuffer(inflate(part, count * 16), "<f8").reshape(count, 2)
    return tuple((x, y) for x, y in pairs.tolist())


def _pair(header: Header, key: str) -> tuple[int, int]:
    pair = header.get(key)
    if not isinstance(pair, list) or [type(part) for part in pair] != [int, int]:
        raise DamagedPayload(f"no pair '{key}'")
    return pair[0], pair[1]


def _stroke(cue_id: CueId, target: ClassId, header: Header, parts: Parts) -> Cue:
    return Stroke(cue_id, target, _rings(header, parts)[0], number(header, "radius"))


def _box(cue_id: CueId, target: ClassId, header: Header, parts: Parts) -> Cue:
    corners = header.get("corners")
    if not isinstance(corners, list) or [type(c) for c in corners] != [float] * 4:
        raise DamagedPayload("box without corners")
    x0, y0, x1, y1 = corners
    return Box(cue_id, target, (x0, y0, x1, y1))


def _polygon(cue_id: CueId, target: ClassId, header: Header, parts: Parts) -> Cue:
    ring, *holes = _rings(header, parts)
    return Polygon(cue_id, target, ring, tuple(holes))


def _mask_patch(cue_id: CueId, target: ClassId, header: Header, parts: Parts) -> Cue:
    return MaskPatch(cue_id, target, unpack_mask(header, parts[0]))


def _text_prompt(cue_id: CueId, target: ClassId, header: Header, parts: Parts) -> Cue:
    return TextPrompt(cue_id, target, words(header, "text"))


def _image_tag(cue_id: CueId, target: ClassId, header: Header, parts: Parts) -> Cue:
    if not isinstance(header.get("present"), bool):
        raise DamagedPayload("tag says neither yes nor no")
    return ImageTag(cue_id, target, header["present"])


_MAKERS: dict[str, Callable[[CueId, ClassId, Header, Parts], Cue]] = {
    "Stroke": _stroke,
    "Box": _box,
    "Polygon": _polygon,
    "MaskPatch": _mask_patch,
    "TextPrompt": _text_prompt,
    "ImageTag": _image_tag,
}

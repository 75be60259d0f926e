"""Evidence: the marks of a shot as named pieces of weighted cells, each of one row.

Strokes and masks are taken at their word. A box only says that an object is within: its inside is
sorted by a model of that one image, and a ring around it stands for background, so that a box
alone is enough to learn from.
"""

import hashlib
from dataclasses import dataclass, replace

import numpy as np

from engines.exchange import BACKGROUND_ROW, Bitmap, Mark, MarkKind, PixelBox
from engines.fewshot.method import EncodedShot

RING = 1.0  # width of the ring around a box, as a share of the box's mean side


@dataclass(frozen=True, eq=False)
class Piece:
    """One piece of evidence. Equal keys mean equal cells of the equal image.

    ``mark`` holds the pixels; for the inside of a box, ``ring`` holds those just outside of it.
    """

    key: str
    row: int
    mark: Mark
    ring: Mark | None = None


def pieces_of(shot: EncodedShot) -> list[Piece]:
    """All evidence of a shot in the order of its marks; a box gives its inside, then its ring."""
    found: list[Piece] = []
    for mark in shot.marks:
        if not mark.mask.any():
            continue
        if mark.kind is not MarkKind.BOX:
            found.append(Piece(f"{shot.digest}/{mark.key}", mark.row, mark))
            continue
        found.extend(_box_pieces(shot, mark))
    return found


def _box_pieces(shot: EncodedShot, box: Mark) -> list[Piece]:
    """The inside and the ring depend on every mark around, hence on the whole shot's keys."""
    content = hashlib.blake2b(digest_size=16)
    for mark in shot.marks:
        content.update(mark.key.encode())
    key = f"{shot.digest}/{box.key}/{content.hexdigest()}"
    ring = ring_around(shot, box)
    if not ring.mask.any():
        return [Piece(f"{key}/inside", box.row, _without(shot, box), None)]
    return [
        Piece(f"{key}/inside", box.row, _without(shot, box), ring),
        Piece(f"{key}/ring", BACKGROUND_ROW, ring),
    ]


def ring_around(shot: EncodedShot, box: Mark) -> Mark:
    """A background mark: the surroundings of a box that no other mark claims."""
    x0, y0, x1, y1 = box.box
    reach = max(1, round(RING * (x1 - x0 + y1 - y0) / 2))
    left, top = max(0, x0 - reach), max(0, y0 - reach)
    right, bottom = min(shot.size[1], x1 + reach), min(shot.size[0], y1 + reach)
    free = np.ones((max(0, bottom - top), max(0, right - left)), np.bool_)
    for mark in shot.marks:
        _clear(free, (left, top), mark)
    return Mark(BACKGROUND_ROW, (left, top), free)


def _without(shot: EncodedShot, box: Mark) -> Mark:
    """The inside of a box without what strokes and masks already say."""
    inside = box.mask.copy()
    for mark in shot.marks:
        if mark.kind is not MarkKind.BOX:
            _clear(inside, box.origin, mark)
    return replace(box, mask=inside)


def _clear(pixels: Bitmap, origin: tuple[int, int], mark: Mark) -> None:
    """Unset what the mark covers; ``origin`` (x, y) is the place of ``pixels`` in the image."""
    x0, y0, x1, y1 = _overlap(mark.box, (*origin, *_far_corner(pixels, origin)))
    if x0 >= x1 or y0 >= y1:
        return
    (px, py), (mx, my) = origin, mark.origin
    pixels[y0 - py : y1 - py, x0 - px : x1 - px] &= ~mark.mask[y0 - my : y1 - my, x0 - mx : x1 - mx]


def _far_corner(pixels: Bitmap, origin: tuple[int, int]) -> tuple[int, int]:
    return origin[0] + pixels.shape[1], origin[1] + pixels.shape[0]


def _overlap(one: PixelBox, other: PixelBox) -> PixelBox:
    return (
        max(one[0], other[0]),
        max(one[1], other[1]),
        min(one[2], other[2]),
        min(one[3], other[3]),
    )

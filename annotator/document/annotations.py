"""Cues: what a person drew or said, kept as drawn.

Points are (x, y) in image coordinates, orientation applied: pixel (column c, row r) covers
[c, c + 1) x [r, r + 1), its centre is (c + 0.5, r + 0.5). Boxes are x0, y0, x1, y1, half open.
Every cue is a frozen, hashable value. Its order in the image's list is the order of drawing:
a later stroke, polygon or patch wins where two overlap.
"""

from dataclasses import dataclass
from typing import NewType, TypeAlias

import numpy as np
import numpy.typing as npt

from annotator.document.classes import ClassId

CueId = NewType("CueId", int)
Point = tuple[float, float]
PixelBox = tuple[int, int, int, int]
Bitmap = npt.NDArray[np.bool_]

ERASE = ClassId(-1)  # target of a stroke that takes earlier cues away under it


@dataclass(frozen=True, slots=True)
class BitMask:
    """A rectangular bitmap somewhere in an image, packed to bits. ``origin`` is (x, y)."""

    origin: tuple[int, int]
    shape: tuple[int, int]  # (h, w)
    bits: bytes

    @classmethod
    def of(cls, mask: Bitmap, origin: tuple[int, int] = (0, 0)) -> "BitMask":
        """Pack a (h, w) bool array."""
        h, w = mask.shape
        return cls((int(origin[0]), int(origin[1])), (int(h), int(w)), np.packbits(mask).tobytes())

    @property
    def box(self) -> PixelBox:
        """x0, y0, x1, y1, half open."""
        (x, y), (h, w) = self.origin, self.shape
        return x, y, x + w, y + h

    def array(self) -> Bitmap:
        """(h, w) bool."""
        h, w = self.shape
        flat = np.unpackbits(np.frombuffer(self.bits, np.uint8), count=h * w)
        return flat.reshape(h, w).astype(np.bool_)


@dataclass(frozen=True, slots=True)
class Stroke:
    """A scribble: a round pen of ``radius`` pixels led through ``points`` (one point: a click).

    ``target`` is a class id, BACKGROUND, or ERASE.
    """

    cue_id: CueId
    target: ClassId
    points: tuple[Point, ...]
    radius: float


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle around one object: weak, the object is somewhere within."""

    cue_id: CueId
    target: ClassId
    corners: tuple[float, float, float, float]  # x0, y0, x1, y1


@dataclass(frozen=True, slots=True)
class Polygon:
    """An outlined object: ``ring`` of at least three points, each hole likewise."""

    cue_id: CueId
    target: ClassId
    ring: tuple[Point, ...]
    holes: tuple[tuple[Point, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class MaskPatch:
    """Pixels set as a bitmap, for instance a pasted or imported mask used as a cue."""

    cue_id: CueId
    target: ClassId
    mask: BitMask


@dataclass(frozen=True, slots=True)
class TextPrompt:
    """Words for a class, valid for the whole project when attached to no image."""

    cue_id: CueId
    target: ClassId
    text: str


@dataclass(frozen=True, slots=True)
class ImageTag:
    """The class is somewhere in the image (``present``) or nowhere in it."""

    cue_id: CueId
    target: ClassId
    present: bool


Cue: TypeAlias = Stroke | Box | Polygon | MaskPatch | TextPrompt | ImageTag

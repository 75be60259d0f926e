"""The vocabulary of the door: frozen numpy values that go into the engines and come out.

Letters: N ways (classes), K = N + 1 rows including background, H W image size.
Rows: row 0 is background; row r stands for ``class_ids[r - 1]``; 255 means "nobody said".
Arrays are (rows, columns); boxes are x0, y0, x1, y1, half open. No torch in here.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt

BACKGROUND_ROW = 0
UNLABELLED_ROW = 255

Pixels = npt.NDArray[np.uint8]  # (H, W, 3) RGB
RowMap = npt.NDArray[np.uint8]  # (H, W) rows
Bitmap = npt.NDArray[np.bool_]  # (h, w)
Floats = npt.NDArray[np.float32]
PixelBox = tuple[int, int, int, int]


class ImageSource(Protocol):
    """An image the engine may look at; pixels are decoded only when features are not cached."""

    @property
    def digest(self) -> str:
        """Hex digest of the content: equal digests mean equal pixels."""

    @property
    def size(self) -> tuple[int, int]:
        """(H, W), orientation applied."""

    def pixels(self) -> Pixels:
        """(H, W, 3) uint8 RGB."""


@dataclass(frozen=True, eq=False)
class ArrayImage:
    """An image that is already in memory. ``array`` (H, W, 3) uint8 RGB."""

    array: Pixels

    @cached_property
    def digest(self) -> str:
        """blake2b of shape and pixels."""
        content = hashlib.blake2b(repr(self.array.shape).encode(), digest_size=20)
        content.update(np.ascontiguousarray(self.array).data)
        return content.hexdigest()

    @property
    def size(self) -> tuple[int, int]:
        """(H, W)."""
        return int(self.array.shape[0]), int(self.array.shape[1])

    def pixels(self) -> Pixels:
        """The array itself."""
        return self.array


@dataclass(frozen=True, eq=False)
class LazyImage:
    """An image that is decoded when somebody needs its pixels."""

    digest: str
    size: tuple[int, int]
    load: Callable[[], Pixels]

    def pixels(self) -> Pixels:
        """Decode now."""
        return self.load()


class MarkKind(Enum):
    """How strongly a mark binds: strokes and masks are exact, a box only surrounds."""

    STROKE = "stroke"
    MASK = "mask"
    BOX = "box"


@dataclass(frozen=True, eq=False)
class Mark:
    """One gesture of a person on one image: these pixels are this row.

    ``origin`` (x, y) is the place of ``mask`` (h, w) bool in the image. A BOX mark has a full mask.
    """

    row: int
    origin: tuple[int, int]
    mask: Bitmap
    kind: MarkKind = MarkKind.STROKE

    @cached_property
    def key(self) -> str:
        """Hex digest of everything above: equal keys mean the same mark."""
        content = hashlib.blake2b(digest_size=16)
        content.update(repr((self.row, self.origin, self.mask.shape, self.kind.value)).encode())
        content.update(np.packbits(self.mask).tobytes())
        return content.hexdigest()

    @property
    def box(self) -> PixelBox:
        """x0, y0, x1, y1 of the mask in the image, half open."""
        (x, y), (h, w) = self.origin, self.mask.shape
        return x, y, x + w, y + h


@dataclass(frozen=True, eq=False)
class Shot:
    """One annotated image. Marks never overlap, except that strokes may lie within a BOX."""

    image: ImageSource
    marks: tuple[Mark, ...]
    present: frozenset[int] = frozenset()  # rows said to be somewhere in the image
    absent: frozenset[int] = frozenset()  # rows said to be nowhere in it


@dataclass(frozen=True, eq=False)
class SupportSet:
    """Everything a method may learn from. ``names`` and ``prompts`` follow ``class_ids``."""

    class_ids: tuple[int, ...]
    names: tuple[str, ...]
    shots: tuple[Shot, ...]
    prompts: tuple[str | None, ...] = ()
    version: int = 0

    @property
    def row_count(self) -> int:
        """K = N + 1."""
        return len(self.class_ids) + 1


@dataclass(frozen=True, eq=False)
class Query:
    """An image to segment. ``fixed`` marks are a person's pixels: hard constraints."""

    image: ImageSource
    fixed: tuple[Mark, ...] = ()


@dataclass(frozen=True, eq=False)
class Prediction:
    """The engine's answer for one image.

    probabilities (K, h, w) float32, summing to 1 over K, fixed pixels one-hot. h, w equal
    ``image_size`` (H, W) unless the image is larger than the session's output limit.
    """

    class_ids: tuple[int, ...]
    probabilities: Floats
    image_size: tuple[int, int]
    support_version: int
    fixed: tuple[Mark, ...] = field(default=(), repr=False)

    @cached_property
    def uncertainty(self) -> Floats:
        """(h, w) in [0, 1]: 1 - (p1 - p2), the margin between the two likeliest rows."""
        if self.probabilities.shape[0] < 2:
            return np.zeros(self.probabilities.shape[1:], np.float32)
        top = np.partition(self.probabilities, -2, axis=0)[-2:]  # (2, h, w)
        margin: Floats = 1.0 - (top[1] - top[0])
        return margin


@dataclass(frozen=True, slots=True)
class CrossScores:
    """Marked images judged by each other; all scores are mean IoU in [0, 1].

    ``scores``: of each shot, what the others say of its marked pixels. ``effects``: what the scores
    of the others gain, in the mean, when the shot teaches too. None where there is nothing to say.
    ``expected``: mean of the scores, ``interval`` its 95 % half width. ``curve``: (number of marked
    images, mean IoU on others). ``support_version`` as in the support set.
    """

    scores: tuple[float | None, ...] = ()
    effects: tuple[float | None, ...] = ()
    expected: float | None = None
    interval: float | None = None
    curve: tuple[tuple[int, float], ...] = ()
    support_version: int = 0

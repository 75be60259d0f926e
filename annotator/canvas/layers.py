"""The label layers: what is accepted, proposed and doubted, cut into indexed pieces for the screen.

Arrays are read in place at the resolution of the screen; nothing of full size is ever coloured.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from annotator.canvas.overlay import hatch, outline
from annotator.canvas.pyramid import Window, sample_places
from annotator.document.annotations import PixelBox
from annotator.document.classes import BACKGROUND, ClassId
from annotator.document.label_map import Labels, Provenance

_ALL_DOUBT = 255


@dataclass(frozen=True, slots=True, eq=False)
class LabelPieces:
    """One window of the screen, each (h, w) uint8 class ids, 0 clear; ``doubt`` 0 .. 255."""

    accepted_fill: Labels
    accepted_ink: Labels
    proposed_fill: Labels
    proposed_ink: Labels
    doubt: Labels

    @classmethod
    def blank(cls, height: int, width: int) -> "LabelPieces":
        """All clear."""
        return cls(*(np.zeros((height, width), np.uint8) for _ in range(5)))

    def put(self, part: "LabelPieces", *, x: int, y: int) -> None:
        """Replace a part of all five, in place."""
        for whole, piece in zip(self.planes, part.planes, strict=True):
            whole[y : y + piece.shape[0], x : x + piece.shape[1]] = piece

    def part(self, window: Window) -> "LabelPieces":
        """A view of a part of all five."""
        x0, y0, x1, y1 = window
        pictured = (
            self.accepted_fill,
            self.accepted_ink,
            self.proposed_fill,
            self.proposed_ink,
            self.doubt,
        )
        return LabelPieces(*(plane[y0:y1, x0:x1] for plane in pictured))

    def looks_like(self, other: "LabelPieces") -> bool:
        """Whether all five are equal."""
        return all(map(np.array_equal, self.planes, other.planes))

    @property
    def planes(self) -> tuple[Labels, ...]:
        """All five, in the order of painting: proposals lie under what was accepted."""
        return (
            self.proposed_fill,
            self.proposed_ink,
            self.accepted_fill,
            self.accepted_ink,
            self.doubt,
        )


class LabelLayers:
    """The arrays shown over an image of ``size`` (H, W). Raises ValueError for other shapes."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.size = size
        self.classes: Labels | None = None
        self.proposal: Labels | None = None
        self._provenance: Labels | None = None
        self._doubt: Labels | None = None
        self._owned = False  # whether the accepted arrays are ours to write

    def set_accepted(self, classes: Labels, provenance: Labels) -> None:
        """Both (H, W) uint8, read and not copied."""
        for array in (classes, provenance):
            self._check(array)
        self.classes, self._provenance, self._owned = classes, provenance, False

    def patch_accepted(self, box: PixelBox, classes: Labels, provenance: Labels) -> None:
        """Set the box x0, y0, x1, y1; arrays (y1 - y0, x1 - x0) uint8."""
        x0, y0, x1, y1 = box
        shape = (y1 - y0, x1 - x0)
        inside = 0 <= x0 < x1 <= self.size[1] and 0 <= y0 < y1 <= self.size[0]
        if not inside or classes.shape != shape or provenance.shape != shape:
            raise ValueError(f"A patch of {classes.shape} does not fit the box {box}.")
        self._own()
        if self.classes is None or self._provenance is None:
            return
        self.classes[y0:y1, x0:x1] = classes
        self._provenance[y0:y1, x0:x1] = provenance

    def set_proposal(self, classes: Labels | None) -> None:
        """(H, W) uint8, read and not copied."""
        if classes is not None:
            self._check(classes)
        self.proposal = classes

    def set_doubt(self, doubt: npt.NDArray[np.floating] | None) -> None:
        """(h, w) in [0, 1], of any size: it is stretched over the image."""
        if doubt is None:
            self._doubt = None
            return
        if doubt.ndim != 2 or not doubt.size:
            raise ValueError(f"An uncertainty map is (h, w), not {doubt.shape}.")
        self._doubt = (np.nan_to_num(doubt).clip(0, 1) * _ALL_DOUBT).astype(np.uint8)

    def class_at(self, x: float, y: float) -> ClassId | None:
        """What was accepted there, else what is proposed; None outside the image."""
        row, column = int(y // 1), int(x // 1)
        if not (0 <= row < self.size[0] and 0 <= column < self.size[1]):
            return None
        touched = self._provenance is not None and self._provenance[row, column]
        plane = self.classes if touched else self.proposal
        return BACKGROUND if plane is None else ClassId(int(plane[row, column]))

    def pieces(self, window: Window, zoom: float, *, line: int, under: bool) -> LabelPieces:
        """What a window of the screen shows; ``under``: proposals under accepted areas as well.

        ``line``: thickness of outlines and hatches in device pixels.
        """
        x0, y0, x1, y1 = window
        pieces = LabelPieces.blank(y1 - y0, x1 - x0)
        wider = x0 - line, y0 - line, x1 + line, y1 + line
        core = slice(line, line + y1 - y0), slice(line, line + x1 - x0)
        touched = None
        if self.classes is not None and self._provenance is not None:
            ids = self._sample(self.classes, wider, zoom)
            provenance = self._sample(self._provenance, wider, zoom)
            pieces.accepted_fill[:] = ids[core]
            if ids.any():
                inked = provenance[core] == Provenance.DRAWN
                inked &= hatch((y1 - y0, x1 - x0), (x0, y0), line)
                inked |= outline(ids, line)
                np.multiply(ids[core], inked, out=pieces.accepted_ink)
            touched = provenance != Provenance.UNTOUCHED
        if self.proposal is not None:
            ids = self._sample(self.proposal, wider, zoom)
            if touched is not None and not under:
                ids = ids * ~touched
            pieces.proposed_fill[:] = ids[core]
            if ids.any():
                np.multiply(ids[core], outline(ids, line), out=pieces.proposed_ink)
        if self._doubt is not None:
            pieces.doubt[:] = self._sample(self._doubt, window, zoom)
        return pieces

    def _sample(self, plane: Labels, window: Window, zoom: float) -> Labels:
        """A plane of any size, stretched over the image, as the window of the screen shows it."""
        x0, y0, x1, y1 = window
        (height, width), (h, w) = self.size, plane.shape
        columns = sample_places(x0, x1, zoom * width / w, w)
        rows = sample_places(y0, y1, zoom * height / h, h)
        block = plane[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        sampled: Labels = block.take(rows - rows[0], 0).take(columns - columns[0], 1)
        return sampled

    def _own(self) -> None:
        """Copy once what others may hold, before the first pixel is written."""
        if self._owned:
            return
        empty = np.zeros(self.size, np.uint8)
        self.classes = empty if self.classes is None else self.classes.copy()
        self._provenance = empty.copy() if self._provenance is None else self._provenance.copy()
        self._owned = True

    def _check(self, array: Labels) -> None:
        if array.shape != self.size or array.dtype != np.uint8:
            raise ValueError(
                f"Labels of {array.shape} {array.dtype} do not fit an image of {self.size} pixels."
            )

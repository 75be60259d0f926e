"""The label layers: what is accepted, proposed and doubted, cut into indexed pieces for the screen.

Arrays are read in place at the resolution of the screen; nothing of full size is ever coloured.
"""

import numpy as np
import numpy.typing as npt

from annotator.canvas.pieces import (
    MARGIN,
    Cut,
    Grid,
    LabelPieces,
    put_accepted,
    put_changes,
    put_proposed,
)
from annotator.canvas.pyramid import Window, sample_places
from annotator.document.annotations import PixelBox
from annotator.document.classes import BACKGROUND, ClassId
from annotator.document.label_map import Labels

_ALL_DOUBT = 255


class LabelLayers:
    """The arrays shown over an image of ``size`` (H, W). Raises ValueError for other shapes."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.size = size
        self.classes: Labels | None = None
        self.proposal: Labels | None = None
        self._provenance: Labels | None = None
        self._doubt: Labels | None = None
        self._changes: Labels | None = None
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

    def set_difference(self, kinds: Labels | None) -> None:
        """(H, W) uint8 of `Change`, read and not copied."""
        if kinds is not None:
            self._check(kinds)
        self._changes = kinds

    @property
    def differs(self) -> bool:
        """Whether a preview of changes is shown."""
        return self._changes is not None

    def class_at(self, x: float, y: float) -> ClassId | None:
        """What was accepted there, else what is proposed; None outside the image."""
        row, column = int(y // 1), int(x // 1)
        if not (0 <= row < self.size[0] and 0 <= column < self.size[1]):
            return None
        touched = self._provenance is not None and self._provenance[row, column]
        plane = self.classes if touched else self.proposal
        return BACKGROUND if plane is None else ClassId(int(plane[row, column]))

    def pieces(self, window: Window, zoom: float, *, line: int, cut: Cut) -> LabelPieces:
        """What a window of the screen shows.

        ``line``: thickness of outlines and hatches in device pixels.
        """
        x0, y0, x1, y1 = window
        pieces, grid = LabelPieces.blank(y1 - y0, x1 - x0), Grid((x0, y0), line)
        margin = MARGIN * line
        wider = x0 - margin, y0 - margin, x1 + margin, y1 + margin
        touched = None
        if self.classes is not None and self._provenance is not None:
            ids = self._sample(self.classes, wider, zoom)
            provenance = self._sample(self._provenance, wider, zoom)
            touched = put_accepted(pieces, ids, provenance, grid=grid, cut=cut)
        if self.proposal is not None:
            ids = self._sample(self.proposal, wider, zoom)
            if touched is not None and not cut.apart:
                ids = ids * ~touched
            put_proposed(pieces, ids, grid=grid, cut=cut)
        if self._doubt is not None:
            pieces.doubt[:] = self._sample(self._doubt, window, zoom)
        if self._changes is not None:
            put_changes(pieces, self._sample(self._changes, wider, zoom), grid)
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

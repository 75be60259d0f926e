"""Pieces: one window of the screen cut from label arrays, indexed, with rims, hatches and patterns.

The functions here get arrays that are sampled at the screen's resolution already, with a margin
around the window so that rims of neighbouring windows fit together.
"""

from dataclasses import dataclass, fields
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from annotator.canvas.overlay import INKED, Shade, outline
from annotator.canvas.patterns import (
    BACKGROUND_PERIOD,
    CHANGE_BOOK,
    CLASS_BOOK,
    Stencil,
    dashes,
    hatch,
)
from annotator.canvas.pyramid import Window
from annotator.document.classes import BACKGROUND
from annotator.document.label_map import Labels, Provenance

Pixel = TypeVar("Pixel", np.uint8, np.bool_)

MARGIN = 2  # lines of neighbours that a window needs around itself


@dataclass(frozen=True, slots=True)
class Cut:
    """How pieces are cut: which areas are left out, and which marks are put on the others."""

    accepted: bool = True
    drawn: bool = True
    apart: bool = False  # proposals are whole, under accepted areas as well
    patterned: bool = False  # a pattern for each class
    rimmed: bool = False  # a dark line beside each outline


@dataclass(frozen=True, slots=True)
class Grid:
    """Where a window lies in the scaled image, (x, y), and how many device pixels a line has."""

    origin: tuple[int, int]
    line: int

    def inner(self, ids: npt.NDArray[Pixel], lines: int = MARGIN) -> npt.NDArray[Pixel]:
        """``ids`` without so many lines of its margin."""
        cut = lines * self.line
        return ids[cut:-cut, cut:-cut]

    def hatch(self, shape: tuple[int, ...], shift: int = 0, **options: int) -> Stencil:
        """Diagonals in step with the image."""
        return hatch((shape[0], shape[1]), self.origin, self.line, shift=shift, **options)


@dataclass(frozen=True, slots=True, eq=False)
class LabelPieces:
    """One window of the screen, each (h, w) uint8, 0 clear, in the order of painting.

    Fills and inks hold class ids, ``shade`` bits of `Shade`, ``doubt`` 0 .. 255, ``changes`` kinds
    of `Change`, INKED higher where they are marked.
    """

    proposed_fill: Labels
    accepted_fill: Labels
    shade: Labels
    proposed_ink: Labels
    accepted_ink: Labels
    doubt: Labels
    changes: Labels

    @classmethod
    def blank(cls, height: int, width: int) -> "LabelPieces":
        """All clear."""
        return cls(*(np.zeros((height, width), np.uint8) for _ in fields(cls)))

    def put(self, part: "LabelPieces", *, x: int, y: int) -> None:
        """Replace a part of all, in place."""
        for whole, piece in zip(self.planes, part.planes, strict=True):
            whole[y : y + piece.shape[0], x : x + piece.shape[1]] = piece

    def part(self, window: Window) -> "LabelPieces":
        """A view of a part of all."""
        x0, y0, x1, y1 = window
        return LabelPieces(*(plane[y0:y1, x0:x1] for plane in self.planes))

    def looks_like(self, other: "LabelPieces") -> bool:
        """Whether all are equal."""
        return all(map(np.array_equal, self.planes, other.planes))

    @property
    def planes(self) -> tuple[Labels, ...]:
        """All, in the order of painting: proposals lie under what was accepted."""
        return (
            self.proposed_fill,
            self.accepted_fill,
            self.shade,
            self.proposed_ink,
            self.accepted_ink,
            self.doubt,
            self.changes,
        )


def put_accepted(
    pieces: LabelPieces, ids: Labels, provenance: Labels, *, grid: Grid, cut: Cut
) -> Stencil:
    """What was accepted and drawn, both (h, w) with their margin; where it hides proposals."""
    drawn: Stencil = provenance == Provenance.DRAWN
    shown: Stencil = provenance != Provenance.UNTOUCHED
    if not (cut.accepted and cut.drawn):
        shown &= drawn if cut.drawn else ~drawn if cut.accepted else np.False_
        ids = ids * shown
    pieces.accepted_fill[:] = grid.inner(ids)
    by_hand = grid.inner(drawn & shown)
    if by_hand.any():
        _put_hatch(pieces, by_hand, grid)
    if ids.any():
        _put_ink(pieces.accepted_ink, pieces.shade, ids, Shade.ACCEPTED_DARK, grid=grid, cut=cut)
    return shown


def put_proposed(pieces: LabelPieces, ids: Labels, *, grid: Grid, cut: Cut) -> None:
    """What is proposed, (h, w) with its margin; what lies under accepted areas is 0 already."""
    pieces.proposed_fill[:] = grid.inner(ids)
    if ids.any():
        _put_ink(pieces.proposed_ink, pieces.shade, ids, Shade.PROPOSED_DARK, grid=grid, cut=cut)


def put_changes(pieces: LabelPieces, kinds: Labels, grid: Grid) -> None:
    """What an accept would do, (h, w) with its margin."""
    core = grid.inner(kinds)
    if core.any():
        marked, _ = CHANGE_BOOK.stamp(core, grid.origin, grid.line)
        marked |= outline(grid.inner(kinds, MARGIN - 1), grid.line)
        pieces.changes[:] = core + INKED * (marked & (core > 0))


def _put_hatch(pieces: LabelPieces, by_hand: Stencil, grid: Grid) -> None:
    """Fine lines on drawn areas, each with a darker one beside it; grey ones on background."""
    ids = pieces.accepted_fill
    np.multiply(ids, grid.hatch(ids.shape) & by_hand, out=pieces.accepted_ink)
    beside = grid.hatch(ids.shape, shift=1) & by_hand & (ids != BACKGROUND)
    emptied = by_hand & (ids == BACKGROUND)
    if emptied.any():
        beside |= grid.hatch(ids.shape, shift=1, period=BACKGROUND_PERIOD) & emptied
        light = grid.hatch(ids.shape, period=BACKGROUND_PERIOD) & emptied
        pieces.shade[light] = Shade.ACCEPTED_LIGHT
    pieces.shade[beside] = Shade.ACCEPTED_DARK


def _put_ink(ink: Labels, shade: Labels, ids: Labels, dark: Shade, *, grid: Grid, cut: Cut) -> None:
    """Rims and patterns into ``ink``, the dark lines beside them into ``shade``."""
    core = grid.inner(ids)
    marked = outline(grid.inner(ids, MARGIN - 1), grid.line)
    kept = np.True_ if dark is Shade.ACCEPTED_DARK else dashes(core.shape, grid.origin, grid.line)
    marked &= kept  # what is only proposed has a broken outline
    if cut.rimmed or cut.patterned:
        beside = outline(ids, MARGIN * grid.line) & kept if cut.rimmed else np.zeros_like(marked)
        if cut.patterned:
            marks, shadows = CLASS_BOOK.stamp(core, grid.origin, grid.line)
            marked |= marks
            beside |= shadows
        shade[beside & ~marked & (core != BACKGROUND)] |= np.uint8(dark)
    np.maximum(ink, core * marked, out=ink)

"""Patterns: fine marks in screen space that tell areas apart without any colour.

Each is a square of eight by eight screen pixels that repeats; it is fixed to the image at one zoom,
so that windows of the screen fit together without a seam, and it is as fine at every zoom.
"""

import numpy as np
import numpy.typing as npt

from annotator.document.classes import BACKGROUND, IGNORE
from annotator.document.label_map import Labels

Stencil = npt.NDArray[np.bool_]  # (h, w): where a mark is set

SIDE = 8  # screen pixels, at 100 % screen scale
DASH_LEAN = 4, 3  # of the bands that break outlines: how steep, down and across
DASH_BAND = 12  # four screen pixels of a level outline, three of an upright one
HATCH_PERIOD = 7  # of drawn areas: the one pattern that leans to the right
BACKGROUND_PERIOD = 2 * HATCH_PERIOD  # of areas drawn as background, which are mostly large

# Apart in direction, in density and in whether lines are whole, so that neighbours in the list,
# which are neighbours in most pictures, look least alike.
_CLASS_PATTERNS = (
    (".#......", "..#.....", "...#....", "....#...",  # lines leaning left
     ".....#..", "......#.", ".......#", "#......."),
    ("........", ".##.....", ".##.....", "........",  # dots
     "........", ".....##.", ".....##.", "........"),
    ("########", "........", "........", "........",  # level lines
     "........", "........", "........", "........"),
    ("#...#...", "#...#...", "#...#...", "#...#...",  # upright lines
     "#...#...", "#...#...", "#...#...", "#...#..."),
    ("#.......", ".#.....#", "..#...#.", "...#.#..",  # a net
     "....#...", "...#.#..", "..#...#.", ".#.....#"),
    ("####....", "........", "........", "........",  # level dashes, like bricks
     "....####", "........", "........", "........"),
    ("...#....", "..#.#...", ".#...#..", "#.....#.",  # waves
     ".......#", "........", "........", "........"),
    ("#######.", "#.....#.", "#.....#.", "#.....#.",  # small squares
     "#.....#.", "#.....#.", "#######.", "........"),
    ("...#....", "...#....", ".#####..", "...#....",  # plus signs
     "...#....", "........", "........", "........"),
    ("##..##..", "##..##..", "..##..##", "..##..##",  # a chequer
     "##..##..", "##..##..", "..##..##", "..##..##"),
    ("########", "#.......", "#.......", "#.......",  # a grid
     "#.......", "#.......", "#.......", "#......."),
    ("#.......", "#.......", "#.......", "#...#...",  # upright dashes
     "....#...", "....#...", "....#...", "........"),
)  # fmt: skip
CLASS_PATTERNS = len(_CLASS_PATTERNS)

_PLUS = ("........", "...#....", "...#....", ".#####..", "...#....", "...#....", "........",
         "........")  # fmt: skip
_MINUS = ("........", "........", "........", ".#####..", "........", "........", "........",
          "........")  # fmt: skip
_RING = ("........", "..###...", ".#...#..", ".#...#..", ".#...#..", "..###...", "........",
         "........")  # fmt: skip


def dashes(shape: tuple[int, int], origin: tuple[int, int], line: int) -> Stencil:
    """(h, w): where an outline that runs anywhere is broken into dashes; True keeps it.

    Bands that lean as no usual edge does: level, upright and diagonal outlines are all broken.
    """
    down, across = DASH_LEAN
    along = np.arange(down * shape[0] + across * shape[1]) + down * origin[1] + across * origin[0]
    bands = along // (DASH_BAND * line) % 2 == 0
    # Every row and every column is the same row of bands begun some places further on.
    return np.lib.stride_tricks.as_strided(bands, shape, (down, across), writeable=False)


class PatternBook:
    """One pattern for each id of a byte; ``rows`` gives them by id, the rest stays bare."""

    def __init__(self, rows: dict[int, tuple[str, ...]]) -> None:
        stencils = np.zeros((256, SIDE, SIDE), np.bool_)
        for number, pattern in rows.items():
            stencils[number] = [[mark == "#" for mark in row] for row in pattern]
        # Below every mark, and to the right of those that stand upon another one: so level, upright
        # and leaning lines all get one companion of their own thickness.
        upright = stencils & np.roll(stencils, -1, axis=1)
        beside = np.roll(stencils, 1, axis=1) | np.roll(upright, 1, axis=2)
        self._marks = stencils.reshape(-1)
        self._beside = (beside & ~stencils).reshape(-1)

    def stamp(self, ids: Labels, origin: tuple[int, int], line: int) -> tuple[Stencil, Stencil]:
        """ids (h, w) uint8 -> where the pattern of each pixel's id has a mark, and what is beside.

        ``origin`` (x, y) of the window; ``line``: device pixels in one screen pixel.
        """
        height, width = ids.shape
        rows = (np.arange(height) + origin[1]) // line % SIDE
        columns = (np.arange(width) + origin[0]) // line % SIDE
        places = ids.astype(np.intp) * (SIDE * SIDE)
        places += (rows * SIDE)[:, None] + columns
        return self._marks.take(places), self._beside.take(places)


def class_pattern(class_id: int) -> int:
    """Which of the patterns a class wears, by the order in which classes were made."""
    return (class_id - 1) % CLASS_PATTERNS


def hatch(
    shape: tuple[int, int],
    origin: tuple[int, int],
    line: int,
    *,
    shift: int = 0,
    period: int = HATCH_PERIOD,
) -> Stencil:
    """(h, w): fine diagonals, in step across windows; ``origin`` (x, y) of the window.

    One line in ``period`` is set, ``shift`` lines further right.
    """
    along = np.arange(shape[0] + shape[1]) + origin[0] + origin[1] - shift * line
    diagonal = along % (period * line) < line
    # Row r is the same line begun r places further on, so all rows are views of one.
    return np.lib.stride_tricks.as_strided(diagonal, shape, (1, 1), writeable=False)


CLASS_BOOK = PatternBook(
    {
        class_id: _CLASS_PATTERNS[class_pattern(class_id)]
        for class_id in range(256)
        if class_id not in (BACKGROUND, IGNORE)
    }
)
CHANGE_BOOK = PatternBook({1: _PLUS, 2: _MINUS, 3: _RING})  # added, removed, changed

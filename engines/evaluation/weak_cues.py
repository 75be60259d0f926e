"""Weak cues made from masks, as a person might have drawn them: scribbles of two kinds, and boxes.

``robot`` follows the idea of the DAVIS 2018 interactive robot: open the region, thin it to its
middle axis, and draw along the longest way through it. Deviations: cycles are broken by a spanning
tree grown from one end instead of by removing the longest edge, and the way is smoothed by a moving
mean instead of a Bezier curve of its thousand points.
``strokes`` follows SEEM and VRP-SAM: one to twenty wandering strokes from random places within the
region, cut off where they leave it.
"""

from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, connected_components
from skimage.morphology import medial_axis

from engines.exchange import BACKGROUND_ROW, UNLABELLED_ROW, Mark, MarkKind, RowMap

Bitmap = npt.NDArray[np.bool_]
ScribbleStyle = Literal["robot", "strokes"]

OPENING_SHARE = 0.15  # of half the side of a square as large as the region
LARGEST_OPENING = 16.0  # pixels
SHORTEST = 4  # pixels of an axis that is worth drawing
SMOOTHING = 9  # pixels of the way that a moving mean takes together
STROKE_LIMIT = 20
STEPS = (15, 60)  # of a wandering stroke
STRIDE = 2.0  # pixels a stroke goes per step


def scribbles(
    rows: RowMap, *, style: ScribbleStyle, radius: float, seed: int, background: bool = True
) -> tuple[Mark, ...]:
    """One scribble per row that occurs in a full label map (H, W); 255 belongs to nobody.

    ``radius`` of the pen in pixels. Rows too small to be drawn on get a dot.
    """
    draw = np.random.default_rng(seed)
    present = [int(r) for r in np.unique(rows) if r != UNLABELLED_ROW]
    wanted = [r for r in present if background or r != BACKGROUND_ROW]
    return tuple(
        mark
        for row in wanted
        if (mark := _scribble(rows == row, row, style, radius, draw)) is not None
    )


def boxes(rows: RowMap) -> tuple[Mark, ...]:
    """The tight box of every row but background, over all its pixels (SEEM's and VRP-SAM's way)."""
    marks = []
    for row in np.unique(rows):
        if row in (BACKGROUND_ROW, UNLABELLED_ROW):
            continue
        y, x = np.nonzero(rows == row)
        shape = (int(y.max() - y.min()) + 1, int(x.max() - x.min()) + 1)
        origin = (int(x.min()), int(y.min()))
        marks.append(Mark(int(row), origin, np.ones(shape, np.bool_), MarkKind.BOX))
    return tuple(marks)


def full_masks(rows: RowMap) -> tuple[Mark, ...]:
    """Every row of a fully labelled image as a mask; 255 stays unsaid."""
    present = [int(row) for row in np.unique(rows) if row != UNLABELLED_ROW]
    return tuple(Mark(row, (0, 0), rows == row, MarkKind.MASK) for row in present)


def coverage(marks: tuple[Mark, ...], size: tuple[int, int]) -> float:
    """The share of an image (H, W) that marks cover, to be told beside every weak figure."""
    return float(sum(int(mark.mask.sum()) for mark in marks) / (size[0] * size[1]))


def _scribble(
    region: Bitmap, row: int, style: ScribbleStyle, radius: float, draw: np.random.Generator
) -> Mark | None:
    line = _robot_line(region) if style == "robot" else _wandering_lines(region, draw)
    if not line.any():
        line = _middle(region)
    if not line.any():
        return None
    thick = ndimage.distance_transform_edt(~line) <= radius
    y, x = np.nonzero(thick & region)
    top, left = int(y.min()), int(x.min())
    mask = (thick & region)[top : y.max() + 1, left : x.max() + 1]
    return Mark(row, (left, top), np.ascontiguousarray(mask), MarkKind.STROKE)


def _robot_line(region: Bitmap) -> Bitmap:
    """The longest way along the middle axis of a region, smoothed; (H, W) bool."""
    axis = medial_axis(_opened(region), rng=0)
    way = _longest_way(axis)
    line = np.zeros_like(region)
    if len(way) < SHORTEST:
        return line
    width = min(SMOOTHING, len(way))
    smooth = ndimage.uniform_filter1d(way.astype(np.float64), width, axis=0, mode="nearest")
    places = np.rint(smooth).astype(np.int64)
    line[places[:, 0], places[:, 1]] = True
    return line


def _opened(region: Bitmap) -> Bitmap:
    """Opened by a disc that shrinks until something is left."""
    reach = min(LARGEST_OPENING, OPENING_SHARE * np.sqrt(region.sum()) / 2)
    inside = ndimage.distance_transform_edt(np.pad(region, 1))[1:-1, 1:-1]
    while reach >= 1:
        core = inside > reach
        if core.any():
            grown: Bitmap = ndimage.distance_transform_edt(~core) <= reach
            return grown & region
        reach *= 0.9
    return region


def _longest_way(axis: Bitmap) -> npt.NDArray[np.int64]:
    """(n, 2) rows and columns along the longest way in the largest piece of a thin axis."""
    places = np.argwhere(axis)
    if len(places) < SHORTEST:
        return places[:0]
    graph = _neighbours(axis, places)
    _, piece = connected_components(graph, directed=False)
    start = int(np.flatnonzero(piece == np.bincount(piece).argmax())[0])
    end, _ = _farthest(graph, start)
    other, before = _farthest(graph, end)
    way = [other]
    while way[-1] != end:
        way.append(int(before[way[-1]]))
    return places[way]


def _farthest(graph: csr_array, start: int) -> tuple[int, npt.NDArray[np.int32]]:
    """The place reached last from ``start``, and from where each place was reached."""
    order, before = breadth_first_order(graph, start, directed=False)
    return int(order[-1]), before


def _neighbours(axis: Bitmap, places: npt.NDArray[np.int64]) -> csr_array:
    """Which places touch which, as a graph over eight neighbours."""
    number = np.full(np.add(axis.shape, 2), -1, np.int64)
    number[places[:, 0] + 1, places[:, 1] + 1] = np.arange(len(places))
    ends = []
    for dy, dx in ((0, 1), (1, 0), (1, 1), (1, -1)):
        other = number[places[:, 0] + 1 + dy, places[:, 1] + 1 + dx]
        here = np.flatnonzero(other >= 0)
        ends.append(np.stack((here, other[here])))
    one, two = np.concatenate(ends, axis=1)
    return csr_array((np.ones(len(one)), (one, two)), shape=(len(places), len(places)))


def _wandering_lines(region: Bitmap, draw: np.random.Generator) -> Bitmap:
    line = np.zeros_like(region)
    starts = np.argwhere(region)
    for _ in range(int(draw.integers(1, STROKE_LIMIT + 1))):
        place = starts[int(draw.integers(len(starts)))].astype(np.float64)
        heading = draw.uniform(0, 2 * np.pi)
        for _ in range(int(draw.integers(*STEPS))):
            y, x = np.rint(place).astype(int)
            if not (0 <= y < region.shape[0] and 0 <= x < region.shape[1] and region[y, x]):
                break
            line[y, x] = True
            heading += draw.normal(0, 0.35)
            place += STRIDE * np.array((np.sin(heading), np.cos(heading)))
    return line


def _middle(region: Bitmap) -> Bitmap:
    """The innermost pixel of a region."""
    line = np.zeros_like(region)
    if region.any():
        inside = ndimage.distance_transform_edt(np.pad(region, 1))[1:-1, 1:-1]
        line[np.unravel_index(int(inside.argmax()), region.shape)] = True
    return line

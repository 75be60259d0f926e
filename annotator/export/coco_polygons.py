"""Polygons that rasterise back to exactly the mask they came from.

A COCO annotation unites its polygons, so a hole cannot be written as a ring of its own: a region
with holes is cut into hole-free pieces first, along the fewest rows or columns that meet every
hole. Each piece becomes one ring of integer pixel corners, which pycocotools (`rleFrPoly`: five
times finer grid, even-odd along columns) turns back into the same pixels.
"""

from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Bitmap = npt.NDArray[np.bool_]  # (h, w)
Pieces = npt.NDArray[np.int32]  # (h, w), 0 outside
Ring = list[int]  # x0, y0, x1, y1, ...
Span = tuple[int, int]  # first and last line at which a cut opens a hole

EIGHT = np.ones((3, 3), np.bool_)
CORNER_X = (0, 1, 1, 0)  # where the top, right, bottom and left border of a pixel begin
CORNER_Y = (0, 0, 1, 1)


def polygons_of(mask: Bitmap, origin: tuple[int, int] = (0, 0)) -> list[Ring]:
    """Clockwise rings of ``mask`` (h, w), moved by ``origin`` (x, y); each has at least 8 numbers.

    The rings never overlap and none encloses a pixel that is not in the mask.
    """
    return _trace(hole_free_pieces(mask), origin)


def hole_free_pieces(mask: Bitmap) -> Pieces:
    """(h, w) int32: a different positive number for every 4-connected, hole-free piece."""
    from scipy import ndimage  # the window opens without it

    pieces, count = ndimage.label(mask)
    holes = _holes(mask, pieces)
    if not holes:
        return np.asarray(pieces, np.int32)
    boxes = ndimage.find_objects(pieces)
    for owner, spans in holes.items():
        count = _cut(pieces[boxes[owner - 1]], owner, _relative(spans, boxes[owner - 1]), count)
    return np.asarray(pieces, np.int32)


def _holes(mask: Bitmap, pieces: Pieces) -> dict[int, list[tuple[Span, Span]]]:
    """Per piece: the row span and column span of each of its holes.

    The foreground is 4-connected, so a hole is 8-connected background that misses the outside.
    """
    from scipy import ndimage  # the window opens without it

    background, _ = ndimage.label(np.pad(~mask, 1, constant_values=True), structure=EIGHT)
    holes: dict[int, list[tuple[Span, Span]]] = defaultdict(list)
    for number, (rows, columns) in enumerate(ndimage.find_objects(background), start=1):
        if number == background[0, 0]:
            continue
        top, left = rows.start - 1, columns.start - 1
        first = left + int(np.argmax(background[rows.start, columns] == number))
        owner = int(pieces[top - 1, first])  # the pixel above a hole's top pixel is its rim
        holes[owner].append(((top, rows.stop - 1), (left, columns.stop - 1)))
    return holes


def _relative(
    spans: Iterable[tuple[Span, Span]], box: tuple[slice, slice]
) -> tuple[list[Span], list[Span]]:
    top, left = box[0].start, box[1].start
    rows = [(first - top, last - top) for (first, last), _ in spans]
    columns = [(first - left, last - left) for _, (first, last) in spans]
    return rows, columns


def _cut(crop: Pieces, owner: int, spans: tuple[list[Span], list[Span]], count: int) -> int:
    """Renumber ``owner`` within ``crop`` into hole-free pieces, in place; the new maximum."""
    from scipy import ndimage

    rows, columns = _fewest_cuts(spans[0]), _fewest_cuts(spans[1])
    if len(columns) < len(rows):
        crop, rows = crop.T, columns
    own = crop == owner
    for start, stop in pairwise([0, *rows, crop.shape[0]]):
        band, found = ndimage.label(own[start:stop])
        crop[start:stop][own[start:stop]] = band[own[start:stop]] + count
        count += found
    return count


def _fewest_cuts(spans: Iterable[Span]) -> list[int]:
    """The smallest set of lines that meets every span, ascending (greedy by last line)."""
    cuts: list[int] = []
    for first, last in sorted(spans, key=lambda span: span[1]):
        if not cuts or cuts[-1] < first:
            cuts.append(last)
    return cuts


def _trace(pieces: Pieces, origin: tuple[int, int]) -> list[Ring]:
    """Follow the border of every piece, keeping it on the right, and note the corners."""
    edges, following = _border_edges(pieces)
    stride = pieces.shape[1] + 2
    pixel, side = np.divmod(edges, 4)
    xs = (pixel % stride - 1 + origin[0] + np.take(CORNER_X, side)).tolist()
    ys = (pixel // stride - 1 + origin[1] + np.take(CORNER_Y, side)).tolist()
    sides, steps = side.tolist(), following.tolist()
    visited = bytearray(len(steps))
    rings: list[Ring] = []
    # Edges are sorted by pixel, so a ring is met first at its topmost left pixel: a corner.
    for start in range(len(steps)):
        if visited[start]:
            continue
        ring: Ring = []
        edge, before = start, -1
        while not visited[edge]:
            visited[edge] = 1
            if sides[edge] != before:
                ring += (xs[edge], ys[edge])
            edge, before = steps[edge], sides[edge]
        rings.append(ring)
    return rings


def _border_edges(pieces: Pieces) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Unit borders as ``4 * pixel + side`` in a frame of one pixel, and which one follows each.

    Sides 0 to 3 are top, right, bottom, left, walked clockwise. At a corner where two pixels of
    one piece touch only diagonally the walk turns right, so a piece stays 4-connected.
    """
    framed = np.pad(pieces, 1)
    stride = framed.shape[1]
    flat = framed.ravel()
    inside = np.flatnonzero(flat)
    outward = (-stride, 1, stride, -1)
    found, following = [], []
    for side in range(4):
        pixel = inside[flat[inside + outward[side]] != flat[inside]]
        ahead = pixel + outward[(side + 1) % 4]
        beyond = ahead + outward[side]
        own = flat[pixel]
        straight = np.where(flat[beyond] != own, 4 * ahead + side, 4 * beyond + (side + 3) % 4)
        follows = np.where(flat[ahead] != own, 4 * pixel + (side + 1) % 4, straight)
        found.append(4 * pixel + side)
        following.append(follows)
    edges, follows = np.concatenate(found), np.concatenate(following)
    order = np.argsort(edges)
    edges = edges[order]
    return edges, np.searchsorted(edges, follows[order])

"""Runs: stretches of pixels within one row, from which shapes are built and filled.

A run is (row, start, stop), half open; runs are an (n, 3) int64 array in no special order and may
overlap. Pixel (column c, row r) belongs to a shape by its centre, (c + 0.5, r + 0.5). Rows of all
edges of a shape are worked out at once, so the work grows with the shape's outline.
"""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Runs = npt.NDArray[np.int64]
Track = npt.NDArray[np.float64]  # (n, 2) points x, y

_Floats = npt.NDArray[np.float64]
_Ints = npt.NDArray[np.int64]

_EDGE_ROWS_AT_A_TIME = 1 << 19  # rows of edges worked on at once: some tens of megabytes
_HAIR = 1e-9  # pixels; a centre exactly on the rim of a pen counts as within, despite rounding


def point_runs(track: Track, size: tuple[int, int]) -> Runs:
    """The pixels of an image of ``size`` (H, W) that lie under the points."""
    cells = np.floor(track).astype(np.int64)
    column, row = cells[((cells >= 0) & (cells < (size[1], size[0]))).all(axis=1)].T
    return np.stack((row, column, column + 1), axis=1)


def capsule_runs(track: Track, radius: float, size: tuple[int, int]) -> Runs:
    """Pixels of an image of ``size`` (H, W) within ``radius`` of a line through (n, 2) points.

    A segment widened by its radius, a capsule, is convex, so it holds one run of each row: from
    the leftmost to the rightmost crossing of that row with its two end discs and its four sides.
    """
    starts, ends = (track[:-1], track[1:]) if len(track) > 1 else (track, track)
    low = np.minimum(starts, ends) - radius
    high = np.maximum(starts, ends) + radius
    near = ((high[:, 0] >= 0) & (low[:, 0] <= size[1])).nonzero()[0]
    first = np.ceil(low[near, 1] - 0.5 - _HAIR)
    last = np.floor(high[near, 1] - 0.5 + _HAIR) + 1
    return _joined(
        [
            _capsule_rows(starts[near[which]], ends[near[which]], radius, rows, size[1])
            for which, rows in _edge_rows(first, last, size[0])
        ]
    )


def polygon_runs(ring: Track, size: tuple[int, int]) -> Runs:
    """Pixels of an image of ``size`` (H, W) inside a closed ring of (n, 2) points, even-odd rule.

    Half open on every side, so rings along a common edge share no pixel and leave none out.
    """
    if len(ring) < 3:
        return _joined([])
    after = np.roll(ring, -1, axis=0)
    # From top to bottom whichever way it is drawn: neighbours must round a common edge alike.
    upward = (ring[:, 1] > after[:, 1])[:, None]
    tops, bottoms = np.where(upward, after, ring), np.where(upward, ring, after)
    first, last = np.ceil(tops[:, 1] - 0.5), np.ceil(bottoms[:, 1] - 0.5)
    return _joined(
        [
            _between_crossings(tops[which], bottoms[which], rows, size[1])
            for which, rows in _edge_rows(first, last, size[0])
        ]
    )


def fill(mask: npt.NDArray[np.bool_], runs: Runs, origin: tuple[int, int], value: bool) -> None:
    """Set what ``runs`` cover of a contiguous (h, w) mask that begins at ``origin`` (x, y)."""
    h, w = mask.shape
    rows = runs[:, 0] - origin[1]
    starts, stops = (runs[:, 1:] - origin[0]).clip(0, w).T
    kept = (rows >= 0) & (rows < h) & (starts < stops)
    flat = mask.reshape(-1)  # a view, as the mask is contiguous
    for start, stop in _merged(rows[kept] * w + starts[kept], rows[kept] * w + stops[kept]):
        flat[start:stop] = value


def _merged(starts: _Ints, stops: _Ints) -> Iterator[tuple[int, int]]:
    """Disjoint stretches that cover the same places."""
    if not len(starts):
        return iter(())
    order = np.argsort(starts, kind="stable")
    starts, reached = starts[order], np.maximum.accumulate(stops[order])
    fresh = np.flatnonzero(starts[1:] > reached[:-1]) + 1
    firsts = np.concatenate(([0], fresh))
    lasts = np.concatenate((fresh - 1, [len(starts) - 1]))
    return zip(starts[firsts].tolist(), reached[lasts].tolist(), strict=True)


def _edge_rows(first: _Floats, last: _Floats, height: int) -> Iterator[tuple[_Ints, _Ints]]:
    """Which edge, and which row of it, for all rows of all edges; in bands to bound memory."""
    tops = first.clip(0, height).astype(np.int64)
    bottoms = last.clip(0, height).astype(np.int64)
    total = int((bottoms - tops).sum())
    if total <= 0:
        return
    bands = 1 + total // _EDGE_ROWS_AT_A_TIME
    limits = np.linspace(tops.min(), bottoms.max(), bands + 1).astype(np.int64)
    for low, high in pairwise(limits):
        begins, counts = tops.clip(low, high), bottoms.clip(low, high) - tops.clip(low, high)
        which = np.repeat(np.arange(len(counts)), counts)
        before = np.cumsum(counts) - counts
        yield which, np.arange(len(which)) - before[which] + begins[which]


def _capsule_rows(starts: Track, ends: Track, radius: float, rows: _Ints, width: int) -> Runs:
    y: _Floats = rows.astype(np.float64) + 0.5
    left, right = np.full(len(rows), np.inf), np.full(len(rows), -np.inf)
    for x, across in _crossings(starts, ends, radius, y):
        np.minimum(left, np.where(across, x, np.inf), out=left)
        np.maximum(right, np.where(across, x, -np.inf), out=right)
    return _as_runs(rows, np.ceil(left - 0.5 - _HAIR), np.floor(right - 0.5 + _HAIR) + 1, width)


def _crossings(
    starts: Track, ends: Track, radius: float, y: _Floats
) -> Iterator[tuple[_Floats, npt.NDArray[np.bool_]]]:
    """Where, and whether, each row meets the discs and the sides of its capsule."""
    for centre in (starts, ends):
        square = radius * radius - (y - centre[:, 1]) ** 2
        reach = np.sqrt(square.clip(0, None))
        yield centre[:, 0] - reach, square >= -_HAIR
        yield centre[:, 0] + reach, square >= -_HAIR
    along = ends - starts
    length = np.hypot(along[:, 0], along[:, 1])[:, None]
    normal = np.stack((-along[:, 1], along[:, 0]), axis=1)
    normal *= radius / np.where(length > 0, length, np.inf)
    corners = (starts + normal, ends + normal, ends - normal, starts - normal)
    for corner, following in pairwise((*corners, corners[0])):
        rise = following[:, 1] - corner[:, 1]
        share = (y - corner[:, 1]) / np.where(rise == 0, np.inf, rise)
        across = (rise != 0) & (share >= 0) & (share <= 1)
        yield corner[:, 0] + share * (following[:, 0] - corner[:, 0]), across


def _between_crossings(tops: Track, bottoms: Track, rows: _Ints, width: int) -> Runs:
    fall = bottoms[:, 1] - tops[:, 1]  # never 0: such an edge has no row
    x = tops[:, 0] + (rows + 0.5 - tops[:, 1]) * (bottoms[:, 0] - tops[:, 0]) / fall
    order = np.lexsort((x, rows))
    x = np.ceil(x[order] - 0.5)
    # A closed ring crosses every row an even number of times, so neighbours make pairs.
    return _as_runs(rows[order][::2], x[::2], x[1::2], width)


def _as_runs(rows: _Ints, starts: _Floats, stops: _Floats, width: int) -> Runs:
    runs = np.stack((rows, starts.clip(0, width), stops.clip(0, width)), axis=1).astype(np.int64)
    return runs[runs[:, 1] < runs[:, 2]]


def _joined(parts: list[Runs]) -> Runs:
    return np.concatenate([np.zeros((0, 3), np.int64), *parts])

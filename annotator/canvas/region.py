"""Connected regions: all pixels of one value that are reached from one pixel over shared sides."""

import numpy as np
import numpy.typing as npt

from annotator.document.annotations import BitMask
from annotator.document.label_map import Labels

_Ints = npt.NDArray[np.intp]


def region_at(labels: Labels, *, row: int, column: int) -> BitMask:
    """The region of ``labels`` (H, W) uint8 around a pixel, cropped to it.

    Works on runs of equal pixels within a row; regions joined by a corner alone are two.
    """
    rows, starts, stops = _runs(labels == labels[row, column])
    reached = _reached(rows, starts, stops, _run_of(rows, starts, row, column), len(labels))
    rows, starts, stops = rows[reached], starts[reached], stops[reached]
    left, top = int(starts.min()), int(rows.min())
    edges = np.zeros((int(rows.max()) + 1 - top, int(stops.max()) + 1 - left), np.int8)
    edges[rows - top, starts - left] += 1
    edges[rows - top, stops - left] -= 1  # no run begins where another ends
    mask = edges.cumsum(axis=1, dtype=np.int8)[:, :-1].astype(np.bool_)
    return BitMask.of(mask, (left, top))


def _runs(mask: npt.NDArray[np.bool_]) -> tuple[_Ints, _Ints, _Ints]:
    """(n,) rows, starts and stops, from top to bottom and left to right."""
    height, width = mask.shape
    closed = np.zeros((height, width + 2), np.bool_)
    closed[:, 1:-1] = mask
    flat = closed.reshape(-1)
    places = np.flatnonzero(flat[1:] != flat[:-1])
    rows, columns = np.divmod(places, width + 2)
    return rows[0::2], columns[0::2], columns[1::2]


def _run_of(rows: _Ints, starts: _Ints, row: int, column: int) -> int:
    first, last = np.searchsorted(rows, (row, row + 1))
    return int(first + np.searchsorted(starts[first:last], column, side="right") - 1)


def _reached(
    rows: _Ints, starts: _Ints, stops: _Ints, seed: int, height: int
) -> npt.NDArray[np.bool_]:
    """Which runs hang together with ``seed``, found a whole front of runs at a time."""
    of_row = np.searchsorted(rows, np.arange(height + 2))
    # Runs of all rows on one line, so that one search finds the neighbours of many runs.
    stride = int(stops.max()) + 2
    line_starts, line_stops = rows * stride + starts, rows * stride + stops
    reached = np.zeros(len(rows), np.bool_)
    front = np.array([seed])
    while front.size:
        reached[front] = True
        found = []
        for step in (-1, 1):
            onto = front[(rows[front] + step >= 0) & (rows[front] + step < height)]
            shift = step * stride
            first = np.searchsorted(line_stops, line_starts[onto] + shift, side="right")
            last = np.searchsorted(line_starts, line_stops[onto] + shift, side="left")
            first = np.maximum(first, of_row[rows[onto] + step])
            last = np.minimum(last, of_row[rows[onto] + step + 1])
            found.append(_spread(first, last))
        near = np.unique(np.concatenate(found))
        front = near[~reached[near]]
    return reached


def _spread(first: _Ints, last: _Ints) -> _Ints:
    """All numbers of the half open stretches first .. last."""
    counts = np.maximum(last - first, 0)
    before = np.cumsum(counts) - counts
    spread: _Ints = np.arange(int(counts.sum())) + np.repeat(first - before, counts)
    return spread

"""From probabilities to one row per pixel at the size of the image; numpy only."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engines.exchange import BACKGROUND_ROW, Floats, Mark, MarkKind, Prediction, RowMap
from engines.reporting import Reporter, SilentReporter

Bytes = npt.NDArray[np.uint8]

STRIP_VALUES = 1 << 23  # up-sampled probabilities held at a time: 32 MiB


@dataclass(frozen=True, eq=False)
class RowAnswer:
    """What is shown of an answer: ``rows`` (H, W), the person's strokes and masks as drawn.

    ``uncertainty`` (h, w) uint8, every s-th pixel of every s-th line, 255 for quite unsure;
    ``doubt`` its mean in [0, 1].
    """

    rows: RowMap
    uncertainty: Bytes
    doubt: float
    support_version: int


def row_map(
    prediction: Prediction, reporter: Reporter | None = None, *, threshold: float = 0.0
) -> RowMap:
    """(H, W) uint8: the likeliest row of every pixel; the person's strokes and masks as drawn.

    Where no probability reaches ``threshold`` the pixel is background.

    Probabilities smaller than the image are up-sampled bilinearly, strip by strip. Raises
    `Cancelled` between strips when the reporter says so.
    """
    reporter = reporter or SilentReporter()
    height, width = prediction.image_size
    rows = np.empty((height, width), np.uint8)
    columns = _axis(prediction.probabilities.shape[2], width)
    for top, bottom in _strips(prediction, height, width):
        reporter.raise_if_cancelled()
        strip = _enlarged(prediction.probabilities, top, bottom, height, columns)
        rows[top:bottom] = strip.argmax(0)
        if threshold > 0:
            rows[top:bottom][strip.max(0) < threshold] = BACKGROUND_ROW
    for mark in hard_marks(prediction.fixed):
        paint(rows, mark)
    return rows


def hard_marks(marks: tuple[Mark, ...]) -> list[Mark]:
    """Those whose pixels are settled: strokes and masks, not boxes."""
    return [mark for mark in marks if mark.kind is not MarkKind.BOX]


def paint(rows: RowMap, mark: Mark) -> None:
    """Set the mark's row under its pixels, in place; what lies outside of (H, W) is cut off."""
    x0, y0, x1, y1 = mark.box
    top, left = max(y0, 0), max(x0, 0)
    bottom, right = max(min(y1, rows.shape[0]), top), max(min(x1, rows.shape[1]), left)
    mask = mark.mask[top - y0 : bottom - y0, left - x0 : right - x0]
    rows[top:bottom, left:right][mask] = mark.row


def fix_probabilities(
    probabilities: Floats, marks: tuple[Mark, ...], size: tuple[int, int]
) -> None:
    """Make cells whose centre a stroke or mask covers one-hot, in place.

    probabilities (K, h, w); marks are on an image of ``size`` (H, W), equal to (h, w) or larger.
    """
    h, w = probabilities.shape[1:]
    centres_y = ((np.arange(h) + 0.5) * (size[0] / h)).astype(np.int64)
    centres_x = ((np.arange(w) + 0.5) * (size[1] / w)).astype(np.int64)
    for mark in hard_marks(marks):
        x0, y0, x1, y1 = mark.box
        inner_y = np.flatnonzero((centres_y >= y0) & (centres_y < y1))
        inner_x = np.flatnonzero((centres_x >= x0) & (centres_x < x1))
        mask = mark.mask[np.ix_(centres_y[inner_y] - y0, centres_x[inner_x] - x0)]
        at_y, at_x = np.nonzero(mask)
        probabilities[:, inner_y[at_y], inner_x[at_x]] = 0.0
        probabilities[mark.row, inner_y[at_y], inner_x[at_x]] = 1.0


def settle(uncertainty: Bytes, marks: tuple[Mark, ...], step: int) -> None:
    """Make what a stroke or mask covers certain, in place; (h, w) is every ``step``-th pixel."""
    for mark in hard_marks(marks):
        x, y = mark.origin
        top, left = -(-max(y, 0) // step), -(-max(x, 0) // step)
        covered = mark.mask[top * step - y :: step, left * step - x :: step]
        there = uncertainty[top : top + covered.shape[0], left : left + covered.shape[1]]
        there[covered[: there.shape[0], : there.shape[1]]] = 0


Axis = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float32]]


def _axis(cells: int, size: int, start: int = 0, stop: int | None = None) -> Axis:
    """Lower cell, upper cell and share of the upper one for pixels ``start..stop`` of ``size``."""
    pixels = np.arange(start, size if stop is None else stop)
    source = ((pixels + 0.5) * (cells / size) - 0.5).clip(0)
    low = np.minimum(source.astype(np.int64), cells - 1)
    return low, np.minimum(low + 1, cells - 1), (source - low).astype(np.float32)


def _enlarged(values: Floats, top: int, bottom: int, height: int, columns: Axis) -> Floats:
    """(K, bottom - top, W): those rows of the values up-sampled to the image."""
    if values.shape[1] == height and values.shape[2] == len(columns[0]):
        return values[:, top:bottom]
    low, high, share = _axis(values.shape[1], height, top, bottom)
    strip = values[:, low] * (1 - share)[None, :, None] + values[:, high] * share[None, :, None]
    low, high, share = columns
    return np.asarray(strip[:, :, low] * (1 - share) + strip[:, :, high] * share, np.float32)


def _strips(prediction: Prediction, height: int, width: int) -> Iterator[tuple[int, int]]:
    step = max(1, STRIP_VALUES // (width * len(prediction.probabilities)))
    for top in range(0, height, step):
        yield top, min(top + step, height)

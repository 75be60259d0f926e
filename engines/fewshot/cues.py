"""Marks on an image turned into weights on a grid of feature cells.

Both ways of doing it are separable: a small matrix per axis says how much of each pixel goes to
each cell, and ``rows @ mask @ columns.T`` is the sum over the mask. Area weights count covered
surface; bilinear weights are the adjoint of bilinear up-sampling, so that averaging cells under
them equals averaging up-sampled features under the mask.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engines.exchange import Bitmap, Mark

Matrix = npt.NDArray[np.float32]
AxisWeights = Callable[[int, int, int, int], Matrix]
STRIP_PIXELS = 1 << 20  # mask pixels turned to float at a time; bounds memory on huge images


@dataclass(frozen=True, eq=False)
class CellWeights:
    """Sparse weights on a grid: ``cells`` (n,) int64 = row * w + column, ``weights`` (n,) > 0."""

    cells: Tensor
    weights: Tensor

    @property
    def total(self) -> float:
        """Sum of the weights."""
        return float(self.weights.sum())


def area_axis(start: int, stop: int, size: int, cells: int) -> Matrix:
    """(cells, stop - start): fraction of each cell's length that each pixel covers.

    Pixels ``start..stop`` of an axis of ``size`` pixels that ``cells`` equal cells tile.
    """
    edges = np.arange(cells + 1) * (size / cells)
    pixels = np.arange(start, stop)
    overlap = np.minimum(pixels + 1, edges[1:, None]) - np.maximum(pixels, edges[:-1, None])
    return np.asarray(overlap.clip(min=0) * (cells / size), np.float32)


def bilinear_axis(start: int, stop: int, size: int, cells: int) -> Matrix:
    """(cells, stop - start): what each pixel reads from each cell in bilinear up-sampling.

    The convention of ``interpolate(..., align_corners=False)``: clamped at the border.
    """
    source = ((np.arange(start, stop) + 0.5) * (cells / size) - 0.5).clip(min=0)
    low = np.minimum(source.astype(np.int64), cells - 1)
    high = np.minimum(low + 1, cells - 1)
    share = (source - low).astype(np.float32)
    matrix = np.zeros((cells, stop - start), np.float32)
    columns = np.arange(stop - start)
    np.add.at(matrix, (low, columns), 1 - share)
    np.add.at(matrix, (high, columns), share)
    return matrix


def area_weights(mark: Mark, *, image: tuple[int, int], grid: tuple[int, int]) -> CellWeights:
    """Fraction in (0, 1] of each cell of ``grid`` (h, w) that the mark covers."""
    return _spread(mark, image, grid, area_axis)


def bilinear_weights(mark: Mark, *, image: tuple[int, int], grid: tuple[int, int]) -> CellWeights:
    """Weights on ``grid`` (h, w) equal in effect to the mark on maps up-sampled to ``image``."""
    return _spread(mark, image, grid, bilinear_axis)


def full_bilinear_weights(*, image: tuple[int, int], grid: tuple[int, int]) -> Tensor:
    """(h * w,) float32: `bilinear_weights` of a mark that covers the whole image."""
    sums = [
        bilinear_axis(0, size, size, cells).sum(1) for size, cells in zip(image, grid, strict=True)
    ]
    return torch.from_numpy(np.outer(sums[0], sums[1]).reshape(-1))


def _spread(
    mark: Mark, image: tuple[int, int], grid: tuple[int, int], axis: AxisWeights
) -> CellWeights:
    (x, y), mask = _clipped(mark, image)
    columns = axis(x, x + mask.shape[1], image[1], grid[1])
    left, right = _touched(columns)
    block = np.zeros((grid[0], right - left), np.float32)
    for top, bottom in _strips(mask):
        rows = axis(y + top, y + bottom, image[0], grid[0])
        first, last = _touched(rows)
        part = rows[first:last] @ mask[top:bottom].astype(np.float32)
        block[first:last] += part @ columns[left:right].T
    down, across = np.nonzero(block > 0)
    weights = torch.from_numpy(block[down, across])
    return CellWeights(torch.from_numpy(down * grid[1] + across + left), weights)


def _touched(matrix: Matrix) -> tuple[int, int]:
    """First and one past the last cell that any pixel goes to."""
    cells = np.flatnonzero(matrix.any(1))
    return (int(cells[0]), int(cells[-1]) + 1) if len(cells) else (0, 0)


def _clipped(mark: Mark, image: tuple[int, int]) -> tuple[tuple[int, int], Bitmap]:
    """The part of the mark inside the image, with its new origin (x, y)."""
    x0, y0, x1, y1 = mark.box
    left, top = max(x0, 0), max(y0, 0)
    right, bottom = max(min(x1, image[1]), left), max(min(y1, image[0]), top)
    return (left, top), mark.mask[top - y0 : bottom - y0, left - x0 : right - x0]


def _strips(mask: Bitmap) -> Iterator[tuple[int, int]]:
    height, width = mask.shape
    step = max(1, STRIP_PIXELS // max(width, 1))
    for top in range(0, height, step):
        yield top, min(top + step, height)

"""Justified rows: tiles of any shape, side by side, in rows that are equally wide."""

from collections.abc import Sequence
from typing import NamedTuple

GRID = 4
ROW_HEIGHTS = ((1, 480), (3, 320), (8, 260), (15, 212))  # (up to so many tiles, wished height)
DENSE_ROW_HEIGHT = 188


class Place(NamedTuple):
    """A rectangle in points, relative to the first tile."""

    x: int
    y: int
    w: int
    h: int


def justified(
    aspects: Sequence[float], *, widths: tuple[int, int], gap: int, below: int
) -> tuple[Place, ...]:
    """A place for each tile, in order; ``aspects`` are width over height.

    Few tiles make one row between the narrowest and the widest of ``widths``. More are broken into
    rows whose heights differ least from a wished height; all but the last fill the widest width.
    ``gap`` separates tiles, ``below`` is left under each row for captions. All on a grid of four.
    """
    if not aspects:
        return ()
    wish = next((high for most, high in ROW_HEIGHTS if len(aspects) <= most), DENSE_ROW_HEIGHT)
    natural = sum(aspects) * wish + gap * (len(aspects) - 1)
    width = min(max(_on_grid(natural), widths[0]), widths[1])
    places: list[Place] = []
    y = 0
    for first, last in _rows(aspects, wish, width, gap):
        row = aspects[first:last]
        full = _row_height(row, width, gap)
        stretched = last < len(aspects) or full <= wish * 1.1
        height = _on_grid(full if stretched else wish)
        places += _row(row, y, height, gap, width if stretched else None)
        y += height + below + gap
    return tuple(places)


def _rows(aspects: Sequence[float], wish: int, width: int, gap: int) -> list[tuple[int, int]]:
    """Where rows begin and end, so that the squared deviations of their heights are least."""
    count = len(aspects)
    best: list[tuple[float, int]] = [(0.0, 0)]
    for last in range(1, count + 1):
        choices = []
        for first in range(last):
            height = _row_height(aspects[first:last], width, gap)
            # A last row that is not full keeps the wished height; a nearly empty one is unsightly.
            gently = last == count and height > wish
            cost = min(height / wish - 1, 1.0) ** 2 * (0.2 if gently else 1.0)
            choices.append((best[first][0] + cost, first))
        best.append(min(choices))
    rows, last = [], count
    while last:
        rows.append((best[last][1], last))
        last = best[last][1]
    return rows[::-1]


def _row_height(row: Sequence[float], width: int, gap: int) -> float:
    return max(width - gap * (len(row) - 1), 1) / sum(row)


def _row(row: Sequence[float], y: int, height: int, gap: int, width: int | None) -> list[Place]:
    """Tiles of one row; with a ``width`` the rounding is spread so that the last one ends there."""
    free = None if width is None else width - gap * (len(row) - 1)
    places: list[Place] = []
    x, used = 0, 0.0
    for index, aspect in enumerate(row):
        used += aspect
        ideal = used * height if free is None else used / sum(row) * free
        end = _on_grid(ideal) + gap * index
        places.append(Place(x, y, max(GRID, end - x), height))
        x = places[-1].x + places[-1].w + gap
    return places


def _on_grid(points: float) -> int:
    return max(GRID, round(points / GRID) * GRID)
